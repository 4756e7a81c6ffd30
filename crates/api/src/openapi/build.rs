//! One operation of the document.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use utoipa::openapi::path::{Operation as Described, OperationBuilder};

use super::{
    extra::Extra,
    links::links,
    parameters::{body, parameters},
    responses::{self, Body},
    schemas::{Components, EndpointSchemas},
};
use crate::{
    bus::Endpoint,
    http::{Method, Operation, spread},
};

/// An operation, and what it adds to the document.
pub(super) struct Built {
    pub(super) path: String,
    pub(super) method: Method,
    pub(super) operation: Described,
    pub(super) tag: String,
    pub(super) statuses: BTreeSet<u16>,
    pub(super) components: Components,
}

/// The tag of a kind of object.
fn tag(kind: &str) -> String {
    kind.replace('_', " ")
}

/// What an example holds; examples that are no JSON are refused by a test.
fn example(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or(Value::Null)
}

/// An operation that is an endpoint.
pub(super) fn endpoint(operation: &Operation, endpoint: &Endpoint, schemas: EndpointSchemas) -> Built {
    // An example that cannot be spread lacks something; a test says so.
    let spread = spread(operation, example(endpoint.example_request)).unwrap_or_default();
    let mut described = OperationBuilder::new()
        .operation_id(Some(operation.id))
        .tag(tag(operation.kind))
        .summary(Some(endpoint.summary))
        .description(Some(description(operation, endpoint)))
        .request_body(body(operation, &schemas, spread.clone()))
        .build();
    described.parameters = Some(parameters(operation, &schemas, &spread));
    let answer = (operation.status != 204).then(|| Body {
        media_type: "application/json",
        schema: schemas
            .response
            .clone()
            .unwrap_or_else(|| json!({"type": "null"})),
        example: Some(example(endpoint.example_response)),
    });
    let mut success = responses::success(answer);
    for (name, link) in links(operation, &schemas) {
        success.links.insert(name.to_owned(), link.into());
    }
    let mut statuses = responses::statuses(operation.errors, operation.has_body());
    if operation.changes_object() {
        statuses.insert(412);
    }
    if operation.shows_object() {
        success
            .headers
            .insert("ETag".to_owned(), responses::state_tag().into());
    }
    if operation.verb == "page" {
        success
            .headers
            .insert("Link".to_owned(), responses::next_page().into());
    }
    add_responses(&mut described, operation.status, success, &statuses);
    if operation.shows_object() {
        described
            .responses
            .responses
            .insert("304".to_owned(), responses::not_modified().into());
    }
    Built {
        path: operation.full_path(),
        method: operation.method,
        operation: described,
        tag: tag(operation.kind),
        statuses,
        components: schemas.components,
    }
}

/// An operation that is none.
pub(super) fn extra(extra: Extra) -> Built {
    let mut components = Components::new();
    let mut answer = || responses::success(Some((extra.body)(&mut components)));
    let success = answer();
    let also: Vec<_> = extra.also.iter().map(|status| (*status, answer())).collect();
    let parameters = extra.parameters.into_iter().map(|part| part.build());
    let mut described = OperationBuilder::new()
        .operation_id(Some(extra.id))
        .tag(tag(extra.tag))
        .summary(Some(extra.summary))
        .parameters(Some(parameters))
        .build();
    described.security = extra.callers.security();
    let statuses = extra.errors.iter().copied().collect();
    add_responses(&mut described, extra.status, success, &statuses);
    let responses = &mut described.responses.responses;
    let empty = extra
        .empty
        .iter()
        .map(|status| (*status, responses::success(None)));
    responses.extend(
        also.into_iter()
            .chain(empty)
            .map(|(status, answer)| (status.to_string(), answer.into())),
    );
    Built {
        path: extra.path,
        method: extra.method,
        operation: described,
        tag: tag(extra.tag),
        statuses,
        components,
    }
}

fn add_responses(
    operation: &mut Described,
    status: u16,
    success: utoipa::openapi::Response,
    errors: &BTreeSet<u16>,
) {
    let responses = &mut operation.responses.responses;
    responses.insert(status.to_string(), success.into());
    for status in errors {
        responses.insert(status.to_string(), responses::error(*status));
    }
}

/// What the summary leaves out: what the caller must be permitted, and how often it may ask.
fn description(operation: &Operation, endpoint: &Endpoint) -> String {
    let permissions: Vec<String> = endpoint
        .permissions
        .iter()
        .map(|permission| format!("`{}`", permission.replace('|', "` or `")))
        .collect();
    format!(
        "Needs {}. Where rate limits are on, a user may ask {} times a minute.",
        permissions.join(" and "),
        operation.per_minute
    )
}
