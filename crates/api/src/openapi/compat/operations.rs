//! The operations that the contract and we share, compared.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Document,
    contain::{Difference, Side, differences},
    exceptions::{Exceptions, Of},
};
use crate::{
    http::{CLASSIC, PATH_PREFIX, spread},
    openapi::tests::ours,
    session::SIGN_IN_PATH,
};

/// The contract's document, which is no part of the project.
fn theirs() -> Document {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/contract/openapi-baseline.json");
    let bytes = std::fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; run scripts/setup-tools, which puts it there",
            path.display()
        )
    });
    Document::new(serde_json::from_slice(&bytes).unwrap())
}

/// A shared operation as each describes it.
struct Shared<'a> {
    id: &'a str,
    ours: &'a Value,
    theirs: &'a Value,
}

fn shared<'a>(ours: &'a Document, theirs: &'a Document) -> Vec<Shared<'a>> {
    let sign_in = (
        "sign-in-with-api-key",
        format!("{PATH_PREFIX}{SIGN_IN_PATH}"),
        "POST",
    );
    let operations = CLASSIC
        .iter()
        .map(|operation| (operation.id, operation.full_path(), operation.method.as_str()));
    operations
        .chain([sign_in])
        .map(|(id, path, method)| {
            let method = method.to_lowercase();
            let find = |document: &'a Document, whose: &str| {
                document
                    .operation(&path, &method)
                    .unwrap_or_else(|| panic!("{whose} document has no {method} {path}"))
            };
            Shared {
                id,
                ours: find(ours, "our"),
                theirs: find(theirs, "the contract's"),
            }
        })
        .collect()
}

/// The parameter of this name at this place.
fn parameter<'a>(operation: &'a Value, wanted: &Value) -> Option<&'a Value> {
    let mut parameters = operation["parameters"].as_array()?.iter();
    parameters.find(|known| {
        let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_lowercase();
        known["in"] == wanted["in"] && name(known) == name(wanted)
    })
}

fn body(operation: &Value) -> Option<&Value> {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    (!schema.is_null()).then_some(schema)
}

fn success(operation: &Value) -> Vec<(&String, &Value)> {
    let responses = operation["responses"].as_object().unwrap();
    responses
        .iter()
        .filter(|(status, _)| status.starts_with('2'))
        .collect()
}

#[test]
fn every_operation_of_the_contract_is_ours_with_its_statuses() {
    let (ours, theirs) = (ours(), theirs());
    let shared = shared(&ours, &theirs);
    assert_eq!(shared.len(), CLASSIC.len() + 1);
    for Shared { id, ours, theirs } in shared {
        assert_eq!(ours["operationId"], theirs["operationId"], "{id}");
        for status in theirs["responses"].as_object().unwrap().keys() {
            assert!(
                !ours["responses"][status].is_null(),
                "{id} does not document {status}"
            );
        }
        let statuses = |operation: &Value| {
            let found = success(operation).into_iter();
            found
                .map(|(status, _)| status.clone())
                .collect::<BTreeSet<String>>()
        };
        assert_eq!(statuses(ours), statuses(theirs), "{id}");
    }
}

#[test]
fn every_parameter_of_the_contract_is_ours() {
    let (our_document, their_document) = (ours(), theirs());
    let mut exceptions = Exceptions::new(Of::Parameter);
    for Shared { id, ours, theirs } in shared(&our_document, &their_document) {
        for wanted in theirs["parameters"].as_array().into_iter().flatten() {
            let name = wanted["name"].as_str().unwrap();
            let at = format!("/{}/{name}", wanted["in"].as_str().unwrap());
            let mut note = |why: String| exceptions.note(id, Difference { at: at.clone(), why });
            let Some(found) = parameter(ours, wanted) else {
                note("missing".to_owned());
                continue;
            };
            let required = |parameter: &Value| parameter["required"] == json!(true);
            if required(found) != required(wanted) {
                note("required".to_owned());
            }
            let (mine, their) = (
                our_document.resolve(&found["schema"]),
                their_document.resolve(&wanted["schema"]),
            );
            if let Some(default) = their
                .get("default")
                .filter(|default| mine.get("default") != Some(default))
            {
                note(format!("default: {default}"));
            }
            for bound in ["maximum", "minimum"] {
                if let Some(limit) = their.get(bound).filter(|limit| mine.get(bound) != Some(limit)) {
                    note(format!("{bound}: {limit} is not the limit"));
                }
            }
            for difference in contained(&their_document, &without_null(their), &our_document, mine, &at) {
                exceptions.note(id, difference);
            }
        }
    }
    exceptions.finish();
}

/// A query and a header have no null: a parameter is there or not.
fn without_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(Value::Array(alternatives)) = schema.get_mut("anyOf") {
        alternatives.retain(|alternative| alternative["type"] != "null");
    }
    schema
}

fn contained(
    narrow_document: &Document,
    narrow: &Value,
    wide_document: &Document,
    wide: &Value,
    at: &str,
) -> Vec<Difference> {
    let side = |document, schema| Side { document, schema };
    differences(side(narrow_document, narrow), side(wide_document, wide), at)
}

#[test]
fn no_body_that_the_contract_allows_is_refused() {
    let (our_document, their_document) = (ours(), theirs());
    let mut exceptions = Exceptions::new(Of::Body);
    for Shared { id, ours, theirs } in shared(&our_document, &their_document) {
        let Some(wanted) = body(theirs) else {
            // A body that is not there is read as one without fields.
            assert!(
                body(ours).is_none_or(|schema| schema["required"].is_null()),
                "{id}"
            );
            continue;
        };
        let found = body(ours).unwrap_or_else(|| panic!("{id} has a body"));
        for difference in contained(&their_document, wanted, &our_document, found, "") {
            exceptions.note(id, difference);
        }
    }
    exceptions.finish();
}

#[test]
fn every_answer_is_what_the_contract_promises() {
    let (our_document, their_document) = (ours(), theirs());
    let mut exceptions = Exceptions::new(Of::Answer);
    for Shared { id, ours, theirs } in shared(&our_document, &their_document) {
        for (status, wanted) in success(theirs) {
            let schema = |response: &Value| response["content"]["application/json"]["schema"].clone();
            let (wanted, found) = (schema(wanted), schema(&ours["responses"][status]));
            assert_eq!(wanted.is_null(), found.is_null(), "{id}");
            if wanted.is_null() {
                continue;
            }
            for difference in contained(&our_document, &found, &their_document, &wanted, "") {
                exceptions.note(id, difference);
            }
        }
    }
    exceptions.finish();
}

#[test]
fn our_examples_are_valid_by_the_contract() {
    let theirs = theirs();
    for operation in CLASSIC {
        let endpoint = operation.endpoint().unwrap();
        let request: Value = serde_json::from_str(endpoint.example_request).unwrap();
        let response: Value = serde_json::from_str(endpoint.example_response).unwrap();
        theirs.check_request(operation, &spread(operation, request).unwrap());
        theirs.check_response(operation, &response);
    }
}
