//! Suites: examples, faults, and the round trip of every kind.

mod example;
mod faults;
mod round_trip;
mod strategy;

use serde_json::Value;

use super::*;
use crate::FieldErrors;

/// The documents of a YAML file.
fn documents(yaml: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(yaml).expect("the test's YAML is well-formed")
}

/// The faults of a document, as `pointer: detail`.
fn faults(yaml: &str) -> Vec<String> {
    let [document] = documents(yaml).try_into().expect("the test has one document");
    listed(&read_object(&document).expect_err("the document is faulty"))
}

fn listed(errors: &FieldErrors) -> Vec<String> {
    errors
        .as_slice()
        .iter()
        .map(|error| format!("{}: {}", error.pointer, error.detail))
        .collect()
}

fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(&suite_schema()).expect("the schema is a schema")
}
