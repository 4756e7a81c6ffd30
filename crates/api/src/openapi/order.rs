//! The order of keys in the document: the same every time, and the one people expect.

use serde_json::{Map, Value};

/// Keys that come first, in this order; all others follow by name.
const FIRST: &[&str] = &[
    "openapi",
    "info",
    "servers",
    "tags",
    "$ref",
    "name",
    "in",
    "title",
    "version",
    "summary",
    "description",
    "license",
    "operationId",
    "security",
    "required",
    "parameters",
    "requestBody",
    "responses",
    "headers",
    "content",
    "links",
    "schema",
    "type",
    "format",
    "const",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "items",
    "properties",
    "additionalProperties",
    "default",
    "example",
    "examples",
    "paths",
    "components",
];

/// Keys whose objects hold names of ours: those keep the order in which they were put together.
const NAMED: &[&str] = &[
    "properties",
    "paths",
    "schemas",
    "responses",
    "headers",
    "links",
    "content",
    "securitySchemes",
    "mapping",
    "parameters",
];

/// Keys whose values are data and stay as they are.
const DATA: &[&str] = &["default", "example", "examples", "const", "enum"];

/// The document with its keys in order.
pub(super) fn ordered(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut entries: Vec<(String, Value)> = fields.into_iter().collect();
            entries.sort_by(|(left, _), (right, _)| (rank(left), left).cmp(&(rank(right), right)));
            let entries = entries.into_iter().map(|(key, value)| {
                let value = below(&key, value);
                (key, value)
            });
            Value::Object(entries.collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(ordered).collect()),
        scalar @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => scalar,
    }
}

fn below(key: &str, value: Value) -> Value {
    if DATA.contains(&key) {
        return value;
    }
    if !NAMED.contains(&key) {
        return ordered(value);
    }
    match value {
        Value::Object(named) => Value::Object(
            named
                .into_iter()
                .map(|(name, value)| (name, ordered(value)))
                .collect::<Map<String, Value>>(),
        ),
        // `parameters` of an operation is a list.
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            ordered(other)
        }
    }
}

fn rank(key: &str) -> usize {
    FIRST
        .iter()
        .position(|first| *first == key)
        .unwrap_or(FIRST.len())
}
