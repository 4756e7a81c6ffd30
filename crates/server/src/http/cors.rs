//! Which pages of other origins may use the API from a browser.
//!
//! Credentials are not allowed: tokens stand in a header that the page sets itself, and there are no cookies.

use axum::body::Body;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
    },
};

/// Methods that a page may use.
const METHODS: &str = "GET, HEAD, POST, PUT, DELETE";

/// Request headers that a page may set.
const REQUEST_HEADERS: &str = "authorization, content-type, if-match, if-none-match, last-event-id, range, idempotency-key, \
    rehearse-seen, traceparent, x-api-key, x-api-key-id, x-org-id, x-request-id, x-user-id";

/// Answer headers that a page may read.
const ANSWER_HEADERS: &str = "content-disposition, content-range, etag, location, rehearse-sequence, retry-after, \
    x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, x-request-id";

/// The origin that a request comes from, if it is one of those allowed.
pub(super) fn allowed<'a>(headers: &'a HeaderMap, origins: &[String]) -> Option<&'a HeaderValue> {
    let origin = headers.get(ORIGIN)?;
    origins
        .iter()
        .any(|allowed| allowed.as_bytes() == origin.as_bytes())
        .then_some(origin)
}

/// Whether a browser asks what it may ask.
pub(super) fn is_preflight<B>(request: &Request<B>) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// What a browser may ask.
pub(super) fn preflight() -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    let headers = answer.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(REQUEST_HEADERS),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    answer
}

/// Lets the page read the answer. Where the answer depends on the origin it says so, for caches.
pub(super) fn tell(headers: &mut HeaderMap, origin: Option<&HeaderValue>, origins: &[String]) {
    if !origins.is_empty() {
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(ANSWER_HEADERS),
        );
    }
}
