//! The wire contract: the shapes that the SDK expects, made from hand-built state.
//!
//! The expected documents are examples of the contract. What Rehearse adds to them stands under `rehearse`.

mod administration;
pub(crate) mod fixture;
mod requests;
mod responses;
mod traps;

use serde::Serialize;
use serde_json::Value;

/// Checks that `made` is `expected`, but for what Rehearse adds. Times are compared as moments.
fn assert_shape(made: &impl Serialize, expected: &str) {
    let mut made = serde_json::to_value(made).unwrap();
    let expected: Value = serde_json::from_str(expected).unwrap();
    strip(&mut made, &expected);
    assert_eq!(normal(made), normal(expected));
}

/// Removes what Rehearse adds, and optional times that the example leaves out.
fn strip(made: &mut Value, expected: &Value) {
    match (made, expected) {
        (Value::Object(made), Value::Object(expected)) => {
            made.retain(|key, _| {
                let optional = ["rehearse", "created_at", "updated_at"].contains(&key.as_str());
                !optional || expected.contains_key(key)
            });
            for (key, value) in made {
                if let Some(expected) = expected.get(key) {
                    strip(value, expected);
                }
            }
        }
        (Value::Array(made), Value::Array(expected)) => {
            made.iter_mut()
                .zip(expected)
                .for_each(|(made, expected)| strip(made, expected));
        }
        _ => {}
    }
}

fn normal(value: Value) -> Value {
    match value {
        Value::String(text) => match text.parse::<model::Time>() {
            Ok(time) => Value::from(time.as_micros()),
            Err(_not_a_time) => Value::String(text),
        },
        // 8 and 8.0 are the same number on the wire.
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        Value::Array(items) => items.into_iter().map(normal).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| (key, normal(value)))
            .collect(),
        Value::Null | Value::Bool(_) => value,
    }
}
