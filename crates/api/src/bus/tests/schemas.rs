//! What the document says of a request is what the reader accepts: every example, with every part of it changed in many ways.

use jsonschema::Validator;
use serde_json::{Value, json};
use utoipa::PartialSchema as _;

use super::{super::*, ExampleCheck};
use crate::{http::operation_of, openapi::openapi_json, read::read};

struct Mutations {
    components: Value,
    n_compared: usize,
    lies: Vec<String>,
}

/// Places of requests where parts of suites stand.
const SUITE_PARTS: &[&str] = &[
    "/rehearse/script",
    "/rehearse/judge",
    "/rehearse/connection",
    "/documents/",
];

/// Whether a field is a parameter over HTTP, which is read like those of queries.
fn in_query(endpoint: &Endpoint, place: &str) -> bool {
    let operation = operation_of(endpoint.family, endpoint.kind, endpoint.verb);
    operation.is_some_and(|operation| operation.query_fields.contains(&place.trim_start_matches('/')))
}

/// What stands in the place of a part of an example.
fn replacements() -> Vec<Value> {
    vec![
        json!(null),
        json!({}),
        json!([]),
        json!([null]),
        json!(""),
        json!("  "),
        json!("x y"),
        json!("a\u{0}b"),
        json!("x".repeat(600)),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(4_294_967_296_u64),
        json!(true),
        json!("2026-01-01T00:00:00Z"),
        json!("6618791275130b73714e8d2a"),
        json!({"unknown": 1}),
    ]
}

/// Every place of a value that holds something: pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let place = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                found.push(place.clone());
                places(value, &place, found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                let place = format!("{at}/{index}");
                found.push(place.clone());
                places(value, &place, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn without(value: &Value, place: &str) -> Value {
    let mut changed = value.clone();
    let (parent, key) = place.rsplit_once('/').unwrap();
    match changed.pointer_mut(parent).unwrap() {
        Value::Object(fields) => {
            fields.shift_remove(key);
        }
        Value::Array(items) => {
            items.remove(key.parse().unwrap());
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    changed
}

impl Mutations {
    /// Compares what the reader makes of `value`, which was changed at `place`, with what the document says of it.
    fn compare<C: Call>(&mut self, validator: &Validator, place: &str, value: &Value) {
        let Endpoint {
            family, kind, verb, ..
        } = C::ENDPOINT;
        let accepted = read::<C::Request>(value);
        let valid = validator.is_valid(value);
        self.n_compared += 1;
        let lie = match (&accepted, valid) {
            (Ok(_), true) | (Err(_), false) => return,
            // Parameters are read from text too, and one value is as good as a list of one.
            (Ok(_), false) if family == Family::Query || in_query(&C::ENDPOINT, place) => return,
            // The schemas of suites, made for editors, say shapes and not what texts hold.
            (Err(_), true) if SUITE_PARTS.iter().any(|part| place.contains(part)) => return,
            (Ok(_), false) => "is accepted and not described".to_owned(),
            (Err(errors), true) => format!("is described and refused: {errors}"),
        };
        self.lies.push(format!("{kind}.{verb} {lie}: {value}"));
    }
}

impl ExampleCheck for Mutations {
    fn check<C: Call>(&mut self) {
        let schema = serde_json::to_value(C::Request::schema()).unwrap();
        let whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": self.components,
            "allOf": [schema],
        });
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&whole)
            .unwrap();
        let example: Value = serde_json::from_str(C::ENDPOINT.example_request).unwrap();
        let mut found = Vec::new();
        places(&example, "", &mut found);
        for place in &found {
            self.compare::<C>(&validator, place, &without(&example, place));
            for replacement in replacements() {
                let mut changed = example.clone();
                *changed.pointer_mut(place).unwrap() = replacement;
                self.compare::<C>(&validator, place, &changed);
            }
        }
        let mut unknown = example;
        unknown["qqqqqqqqqqqq"] = json!(1);
        self.compare::<C>(&validator, "", &unknown);
    }
}

#[test]
fn requests_are_what_the_document_says() {
    let mut check = Mutations {
        components: openapi_json()["components"].clone(),
        n_compared: 0,
        lies: Vec::new(),
    };
    commands::check_examples(&mut check);
    queries::check_examples(&mut check);
    assert!(check.n_compared > 2000, "{}", check.n_compared);
    assert!(
        check.lies.is_empty(),
        "{} lies:\n{}",
        check.lies.len(),
        check.lies.join("\n")
    );
}
