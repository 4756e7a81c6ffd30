//! What other tools keep in their files, as suite documents and as recorded conversations.
//!
//! Pure conversion: JSON in, typed values out; nothing here reads a file or talks to anyone. What the foreign files say is data: it
//! becomes text of documents and is never put where a template or an expression is expected.

mod prose;
pub mod recorded;
pub mod tau2;

use serde_json::Value;

/// The longest key of a foreign document that is repeated in a message.
const MAX_SHOWN_KEY_CHARS: usize = 60;

/// A key of a foreign document, short enough to be repeated.
fn shown_key(key: &str) -> String {
    if key.chars().count() <= MAX_SHOWN_KEY_CHARS {
        return key.to_owned();
    }
    let mut short: String = key.chars().take(MAX_SHOWN_KEY_CHARS).collect();
    short.push('…');
    short
}

/// Whether a value says anything.
fn has_content(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// An id that is text or a whole number.
fn read_id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => {
            let id = text.trim();
            (!id.is_empty()).then(|| id.to_owned())
        }
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        Value::Number(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
