//! What operations answer.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use utoipa::openapi::{
    Ref, RefOr,
    content::ContentBuilder,
    header::{Header, HeaderBuilder},
    response::{Response, ResponseBuilder},
};

use super::schemas::schema;
use crate::{
    error::{ErrorCode, PROBLEM_CONTENT_TYPE, Problem},
    http::REQUEST_ID_HEADER,
    request::schema::refer,
};

/// Statuses of errors that every operation of a signed-in caller can have.
const COMMON: &[u16] = &[401, 403, 404, 422, 429, 503];
/// Those that a request gets whose address or head is too long to be read; they have no body.
const OF_HEADS: &[u16] = &[414, 431];
/// Those that an operation with a body can have besides.
const OF_BODIES: &[u16] = &[408, 413];

/// The body of a success.
pub(super) struct Body {
    pub(super) media_type: &'static str,
    pub(super) schema: Value,
    pub(super) example: Option<Value>,
}

fn header(description: &str, keywords: Value) -> Header {
    HeaderBuilder::new()
        .schema(Some(schema(keywords)))
        .description(Some(description))
        .build()
}

fn request_id() -> Header {
    header(
        "Names the request in the server's logs.",
        json!({"type": "string"}),
    )
}

/// The header that names the state of the object that an answer shows.
pub(super) fn state_tag() -> Header {
    header(
        "Names the state that the answer shows; `If-Match` and `If-None-Match` take it.",
        json!({"type": "string"}),
    )
}

/// The header that tells where the further page is.
pub(super) fn next_page() -> Header {
    header(
        "The address of the further page (`rel=\"next\"`, RFC 8288), if there is one.",
        json!({"type": "string"}),
    )
}

/// The answer to a caller who has it already.
pub(super) fn not_modified() -> Response {
    ResponseBuilder::new()
        .description("It is as the caller knows it.")
        .header(REQUEST_ID_HEADER, request_id())
        .header("ETag", state_tag())
        .build()
}

/// A success.
pub(super) fn success(body: Option<Body>) -> Response {
    let mut response = ResponseBuilder::new()
        .description(if body.is_some() {
            "Done."
        } else {
            "Done; there is nothing to say."
        })
        .header(REQUEST_ID_HEADER, request_id());
    if let Some(body) = body {
        let content = ContentBuilder::new()
            .schema(Some(schema(body.schema)))
            .example(body.example)
            .build();
        response = response.content(body.media_type, content);
    }
    response.build()
}

/// The statuses of errors of an operation of a signed-in caller.
pub(super) fn statuses(own: &[u16], has_body: bool) -> BTreeSet<u16> {
    let of_bodies = if has_body { OF_BODIES } else { &[] };
    COMMON
        .iter()
        .chain(OF_HEADS)
        .chain(own)
        .chain(of_bodies)
        .copied()
        .collect()
}

/// The name of the component for an error.
fn component(status: u16) -> String {
    format!("Error{status}")
}

/// An error, by reference.
pub(super) fn error(status: u16) -> RefOr<Response> {
    RefOr::Ref(Ref::from_response_name(component(status)))
}

/// The component for an error of this status.
pub(super) fn error_component(status: u16) -> (String, Response) {
    if OF_HEADS.contains(&status) {
        let response =
            ResponseBuilder::new().description("The address or the head of the request is too long.");
        return (component(status), response.build());
    }
    let codes: Vec<String> = ErrorCode::ALL
        .iter()
        .filter(|code| code.status() == status)
        .map(|code| format!("`{code}`: {}; {}.", code.title(), code.help()))
        .collect();
    let description = if codes.is_empty() {
        format!("Status {status}.")
    } else {
        codes.join("\n\n")
    };
    let content = ContentBuilder::new()
        .schema(Some(schema(refer::<Problem>())))
        .build();
    let mut response = ResponseBuilder::new()
        .description(description)
        .header(REQUEST_ID_HEADER, request_id())
        .content(PROBLEM_CONTENT_TYPE, content);
    if status == 429 {
        let count = json!({"type": "integer", "minimum": 0});
        for (name, description) in [
            ("Retry-After", "After how many seconds to try again."),
            ("X-RateLimit-Limit", "How many requests a minute are allowed."),
            ("X-RateLimit-Remaining", "How many of them are left."),
            (
                "X-RateLimit-Reset",
                "When all of them are there again, in seconds since 1970-01-01T00:00:00Z.",
            ),
        ] {
            response = response.header(name, header(description, count.clone()));
        }
    }
    (component(status), response.build())
}
