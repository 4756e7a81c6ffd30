//! The document: up to date, consistent, and true of the examples.

mod patterns;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{compat::Document, openapi, openapi_json};
use crate::http::{Operation, operations, spread};

/// Our own document.
pub(super) fn ours() -> Document {
    Document::new(openapi_json())
}

/// Every schema of an operation that is an endpoint, with the example that must be valid by it.
fn examples(operation: &Operation) -> (Value, Value) {
    let endpoint = operation.endpoint().unwrap();
    (
        serde_json::from_str(endpoint.example_request).unwrap(),
        serde_json::from_str(endpoint.example_response).unwrap(),
    )
}

#[test]
fn the_document_is_up_to_date() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let wanted = format!("{}\n", serde_json::to_string_pretty(&openapi_json()).unwrap());
    if std::env::var_os("REHEARSE_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/openapi.json is not up to date: run with REHEARSE_UPDATE_DOCS=1"
    );
}

#[test]
fn the_document_is_openapi_3_1_with_every_operation() {
    let document = openapi_json();
    assert_eq!(document["openapi"], "3.1.0");
    let ids: BTreeSet<&str> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    for operation in operations() {
        assert!(ids.contains(operation.id), "{}", operation.id);
    }
    assert_eq!(openapi().servers.unwrap().len(), 1);
}

#[test]
fn every_reference_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let document = openapi_json();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 100);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn examples_are_valid_by_the_document() {
    let document = ours();
    for operation in operations() {
        let (request, response) = examples(operation);
        let spread = spread(operation, request).unwrap();
        document.check_request(operation, &spread);
        document.check_response(operation, &response);
    }
}

#[test]
fn components_have_names_that_people_can_read() {
    let document = openapi_json();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in schemas.keys() {
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
    }
    for generic in [
        "Create",
        "Instance",
        "List",
        "Extension",
        "Latest",
        "Body",
        "Created",
    ] {
        assert!(
            !schemas.contains_key(generic),
            "{generic} needs the name of its module before it"
        );
    }
}

/// Optional fields of answers are rare, and each is left out for a reason: they stand here so that a field of type `Option` is not left
/// out of `required` by mistake. (`#[schema(required)]` is what such a field needs.)
#[test]
fn answers_say_what_is_always_there() {
    const OPTIONAL: &[(&str, &str)] = &[
        ("AgentInstance", "rehearse"),
        ("ContextGraphInstance", "rehearse"),
        ("MetricExtension", "latest"),
        ("PersonaExtension", "latest"),
        ("Problem", "errors"),
        ("Problem", "request_id"),
        ("RunExtension", "in_flight"),
        ("ScenarioExtension", "latest"),
        ("ScenarioLatest", "rehearse"),
        ("ScenarioLatestExtension", "milestones"),
        ("ScenarioLatestExtension", "script"),
        ("SuiteChangeView", "id"),
        ("SuiteChangeView", "version"),
    ];
    let document = openapi_json();
    let mut optional = BTreeSet::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        // What is closed is a request.
        if schema["additionalProperties"] == json!(false) {
            continue;
        }
        let own = [schema];
        let parts = schema["allOf"]
            .as_array()
            .map(|parts| parts.iter().collect::<Vec<_>>());
        for part in parts.as_deref().unwrap_or(&own) {
            let required = part["required"].as_array().cloned().unwrap_or_default();
            for key in part["properties"]
                .as_object()
                .into_iter()
                .flat_map(|fields| fields.keys())
            {
                if !required.contains(&json!(key)) {
                    optional.insert((name.clone(), key.clone()));
                }
            }
        }
    }
    let known = OPTIONAL
        .iter()
        .map(|(name, key)| ((*name).to_owned(), (*key).to_owned()));
    assert_eq!(optional, known.collect());
}

#[test]
fn what_was_made_leads_to_what_can_be_done_with_it() {
    let document = openapi_json();
    let links =
        &document["paths"]["/v1/{organization}/simulation/persona/"]["post"]["responses"]["201"]["links"];
    let names: Vec<&String> = links.as_object().unwrap().keys().collect();
    for wanted in [
        "get-simulation-personas",
        "update-simulation-persona",
        "delete-simulation-persona",
        "create-simulation-persona-version",
        "get-simulation-persona-versions",
        "get-persona",
    ] {
        assert!(names.iter().any(|name| *name == wanted), "{wanted} in {names:?}");
    }
    assert_eq!(
        links["update-simulation-persona"]["parameters"]["path.simulation_persona_id"],
        "$response.body#/simulation_persona_id"
    );
}
