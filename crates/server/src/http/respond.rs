//! Answers: JSON, nothing, or a problem.

use api::error::{PROBLEM_CONTENT_TYPE, Problem};
use axum::body::Body;
use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE},
};
use serde::Serialize;

use crate::gateway::internal;

/// How to show who one is, for whoever did not.
const CHALLENGE: &str = "Bearer realm=\"rehearse\"";

/// An answer in JSON; what cannot be written so is a problem.
pub(crate) fn json<T: Serialize>(status: StatusCode, answer: &T) -> Response<Body> {
    match serde_json::to_vec(answer) {
        Ok(bytes) => with_type(status, "application/json", bytes.into()),
        Err(failure) => refuse(internal(&failure)),
    }
}

/// An answer in JSON that has been written already.
pub(super) fn json_bytes(status: StatusCode, bytes: Bytes) -> Response<Body> {
    with_type(status, "application/json", bytes)
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    answer
}

/// The answer to a request that is refused. The pipeline writes the problem out, with the id of the request.
pub(crate) fn refuse(problem: Problem) -> Response<Body> {
    let mut answer = empty(StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    answer.extensions_mut().insert(problem);
    answer
}

/// Writes a problem out, as the body of `refused`.
pub(super) fn problem(mut refused: Response<Body>, problem: &Problem) -> Response<Body> {
    // A problem has no map with keys other than text, so it can always be written.
    let bytes = serde_json::to_vec(problem).unwrap_or_default();
    *refused.body_mut() = Body::from(bytes);
    let headers = refused.headers_mut();
    // The router has noted that there was no body.
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_CONTENT_TYPE));
    if problem.status == StatusCode::UNAUTHORIZED.as_u16() {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
    }
    refused
}

fn with_type(status: StatusCode, content_type: &'static str, bytes: Bytes) -> Response<Body> {
    let mut answer = Response::new(Body::from(bytes));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}
