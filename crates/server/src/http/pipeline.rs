//! What happens to every request and every answer, whatever it is about.

use std::{any::Any, net::IpAddr, panic::AssertUnwindSafe};

use api::error::{ErrorCode, Problem};
use axum::{BoxError, Router, body::Body};
use bytes::Bytes;
use futures::FutureExt as _;
use http::{
    Method, Request, Response, StatusCode,
    header::{ALLOW, CONTENT_LENGTH},
};
use tokio::time::Instant;
use tower_service::Service as _;
use tracing::{Instrument as _, debug, error, info_span};

use super::{
    app::{App, Peer},
    cors,
    headers::{finish, request_id},
    limit::Allowance,
    respond::{problem, refuse},
};

/// Answers a request: whatever happens, with an answer that has its headers, and is a problem if it is an error.
pub(super) async fn answer<B>(
    app: &App,
    mut router: Router,
    peer: IpAddr,
    request: Request<B>,
) -> Response<Body>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let began = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    let origin = cors::allowed(request.headers(), &app.options().cors_origins).cloned();
    let span = info_span!("request", request.id = %id, method = %method, path = request.uri().path());
    let answering = async {
        let mut answer = match &origin {
            Some(_) if cors::is_preflight(&request) => cors::preflight(),
            Some(_) | None => {
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(Peer(peer));
                // The router is always ready.
                let routed = AssertUnwindSafe(router.call(request)).catch_unwind();
                match routed.await {
                    Ok(Ok(answer)) => options_of(&method, answer),
                    Ok(Err(never)) => match never {},
                    Err(panic) => refuse(panicked(panic.as_ref())),
                }
            }
        };
        if let Some(refused) = answer.extensions_mut().remove::<Problem>() {
            answer = problem(answer, &refused.with_request_id(&id));
        }
        if let Some(allowance) = answer.extensions_mut().remove::<Allowance>() {
            allowance.tell(answer.headers_mut());
        }
        if answer.status() == StatusCode::NO_CONTENT {
            // The router has noted a length of 0, which must not stand where there can be no body.
            answer.headers_mut().remove(CONTENT_LENGTH);
        }
        cors::tell(answer.headers_mut(), origin.as_ref(), &app.options().cors_origins);
        finish(answer.headers_mut(), &id, app.options().is_https());
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        debug!(status = answer.status().as_u16(), took_ms, "answered");
        answer
    };
    answering.instrument(span).await
}

/// `OPTIONS` of an address that exists has no handler: it is told the methods, which is what it asked for.
fn options_of(method: &Method, mut answer: Response<Body>) -> Response<Body> {
    if method != Method::OPTIONS || answer.status() != StatusCode::METHOD_NOT_ALLOWED {
        return answer;
    }
    let mut told = Response::new(Body::empty());
    *told.status_mut() = StatusCode::NO_CONTENT;
    if let Some(allow) = answer.headers_mut().remove(ALLOW) {
        told.headers_mut().insert(ALLOW, allow);
    }
    told
}

/// A bug.
fn panicked(panic: &(dyn Any + Send)) -> Problem {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    error!(panic = text.unwrap_or("of another type"), "a request panicked");
    Problem::new(
        ErrorCode::Internal,
        "the server could not do this; its log says why",
    )
}
