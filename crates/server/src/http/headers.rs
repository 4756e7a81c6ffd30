//! Headers that stand in every answer, and reading those of a request.

use api::{FieldErrors, Pointer, http::REQUEST_ID_HEADER};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};

/// The longest request id that is taken over from a request, in bytes.
const MAX_REQUEST_ID: usize = 64;

/// What stands in every answer whose handler said nothing else.
const ALWAYS: [(HeaderName, &str); 6] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (X_FRAME_OPTIONS, "DENY"),
    (CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// The name of a request: the one that it came with, if it is harmless, or a new one.
pub(super) fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID_HEADER).and_then(|id| id.to_str().ok());
    let is_harmless = |id: &&str| {
        (1..=MAX_REQUEST_ID).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    given
        .filter(is_harmless)
        .map_or_else(|| format!("{:016x}", rand::random::<u64>()), str::to_owned)
}

/// Puts into an answer what stands in every answer.
pub(super) fn finish(headers: &mut HeaderMap, request_id: &str, is_https: bool) {
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if is_https {
        let two_years = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.insert(STRICT_TRANSPORT_SECURITY, two_years);
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID_HEADER, id);
    }
}

/// A request header that may stand there once.
///
/// # Errors
/// It stands there twice, or holds more than visible ASCII and blanks.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, FieldErrors> {
    let wrong = |detail: &str| Err(FieldErrors::one(&Pointer::root().key(name), detail));
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return wrong("the header must stand there once");
    }
    value.to_str().map_or_else(
        |_not_ascii| wrong("the header must be ASCII"),
        |text| Ok(Some(text)),
    )
}
