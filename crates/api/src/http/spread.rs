//! One request in two forms: the JSON object that an endpoint reads, and path, query and body of HTTP.

use serde_json::{Map, Value};

use super::{Method, Operation};
use crate::{FieldErrors, Pointer};

/// What stands in the path for the id of an object that the query names: `…/personas/~?name=Maria`. No id is like that.
pub const BY_NAME: &str = "~";

/// Whether an operation reads one object, so that it can be asked for by name too.
pub(crate) fn is_by_name(operation: &Operation, field: &str) -> bool {
    operation.method == Method::Get && operation.verb == "get" && field == "id"
}

/// A request spread over HTTP.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spread {
    /// The placeholders' values, in the order of [`Operation::path_fields`], as they are: not yet percent-encoded.
    pub path: Vec<String>,
    /// The query's keys and values, as they are; a key may repeat.
    pub query: Vec<(String, String)>,
    /// The body, if the operation has one.
    pub body: Option<Value>,
}

/// Puts an endpoint's request together from path, query and body.
///
/// A key that the query repeats becomes a list. What stands in the path or the query may not stand in the body too.
///
/// # Errors
/// A body that is not an object, a field at two places, or a parameter that the operation takes in its body.
pub fn gather(
    operation: &Operation,
    path: &[(String, String)],
    query: &[(String, String)],
    body: Option<Value>,
) -> Result<Value, FieldErrors> {
    let mut errors = FieldErrors::default();
    let mut request = match body {
        None => Map::new(),
        Some(Value::Object(fields)) => fields,
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            return Err(FieldErrors::one(&Pointer::root(), "must be an object"));
        }
    };
    let elsewhere = operation
        .path_fields
        .iter()
        .map(|(_, field)| *field)
        .chain(operation.query_fields.iter().copied());
    for field in elsewhere {
        if request.contains_key(field) {
            errors.push(
                &Pointer::root().key(field),
                "unknown field; it does not stand in the body",
            );
        }
    }
    for (key, value) in query {
        let known = operation.method == Method::Get || operation.query_fields.contains(&key.as_str());
        let in_path = operation.path_fields.iter().any(|(_, field)| field == key);
        if in_path || !known {
            errors.push(&Pointer::root().key(key), "unknown parameter");
            continue;
        }
        add(&mut request, key, value);
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    for (placeholder, value) in path {
        let field = operation
            .path_fields
            .iter()
            .find(|(name, _)| name == placeholder)
            .map(|(_, field)| *field)
            .filter(|field| value != BY_NAME || !is_by_name(operation, field));
        if let Some(field) = field {
            request.insert(field.to_owned(), Value::from(value.as_str()));
        }
    }
    Ok(Value::Object(request))
}

/// Adds one more value of a parameter.
fn add(request: &mut Map<String, Value>, key: &str, value: &str) {
    let value = Value::from(value);
    match request.get_mut(key) {
        None => {
            request.insert(key.to_owned(), value);
        }
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

/// Spreads an endpoint's request over path, query and body, so that [`gather`] gives the same request back.
///
/// # Errors
/// A request that lacks a field of the path, or holds an object where only text can stand.
pub fn spread(operation: &Operation, request: Value) -> Result<Spread, FieldErrors> {
    let Value::Object(mut fields) = request else {
        return Err(FieldErrors::one(&Pointer::root(), "must be an object"));
    };
    let mut errors = FieldErrors::default();
    let mut spread = Spread::default();
    for (_, field) in operation.path_fields {
        match fields.remove(*field).as_ref().and_then(text) {
            Some(text) if !text.is_empty() => spread.path.push(text),
            None if is_by_name(operation, field) && fields.contains_key("name") => {
                spread.path.push(BY_NAME.to_owned());
            }
            Some(_) | None => errors.push(&Pointer::root().key(field), "is required"),
        }
    }
    let in_query: Vec<String> = if operation.method == Method::Get {
        fields.keys().cloned().collect()
    } else {
        operation
            .query_fields
            .iter()
            .map(|field| (*field).to_owned())
            .collect()
    };
    for key in in_query {
        let Some(value) = fields.remove(&key) else {
            continue;
        };
        let values = match value {
            Value::Null => continue,
            Value::Array(values) => values,
            value @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => vec![value],
        };
        for value in values {
            match text(&value) {
                Some(text) => spread.query.push((key.clone(), text)),
                None => errors.push(&Pointer::root().key(&key), "cannot stand in a query"),
            }
        }
    }
    if operation.has_body() {
        spread.body = Some(Value::Object(fields));
    }
    if errors.is_empty() {
        Ok(spread)
    } else {
        Err(errors)
    }
}

/// A scalar as text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
