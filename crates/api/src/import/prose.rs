//! Prose of foreign documents: text, a list of texts, or an object of texts, which different files use for the same thing.

use serde_json::Value;

use crate::{
    FieldErrors, Pointer,
    read::{described, limited_string},
};

/// The longest prose, in bytes; what a description may have.
pub(super) const MAX_PROSE_BYTES: usize = 256 * 1024;

/// Reads prose: text as it is, a list as one line per item, an object as one line `key: value` per field. Without any text: none.
pub(super) fn prose(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Option<String>> {
    let text = match value {
        Value::String(_) => limited_string(value, MAX_PROSE_BYTES, at, errors)?,
        Value::Array(items) => {
            let lines: Option<Vec<String>> = items
                .iter()
                .enumerate()
                .map(|(index, item)| scalar(item, &at.index(index), errors))
                .collect();
            lines?.join("\n")
        }
        Value::Object(fields) => {
            let mut lines = Vec::with_capacity(fields.len());
            for (key, value) in fields {
                let value = scalar(value, &at.key(key), errors)?;
                if !value.is_empty() {
                    lines.push(format!("{key}: {value}"));
                }
            }
            lines.join("\n")
        }
        Value::Bool(_) | Value::Number(_) => scalar(value, at, errors)?,
        Value::Null => return Some(None),
    };
    let text = text.trim();
    if text.len() > MAX_PROSE_BYTES {
        errors.push(
            at,
            format!(
                "must be at most {MAX_PROSE_BYTES} bytes of text, this is {}",
                text.len()
            ),
        );
        return None;
    }
    Some((!text.is_empty()).then(|| text.to_owned()))
}

/// Text, a number or a truth value, as text; nothing for null.
fn scalar(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => {
            errors.push(
                at,
                format!(
                    "must be text, a number or true or false here, this is {}",
                    described(value)
                ),
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(value: &Value) -> Result<Option<String>, FieldErrors> {
        crate::read::collect(|at, errors| prose(value, at, errors))
    }

    #[test]
    fn text_lists_and_objects_are_prose() {
        assert_eq!(of(&json!(" a\nb ")).unwrap().unwrap(), "a\nb");
        assert_eq!(of(&json!(["a", 2, true])).unwrap().unwrap(), "a\n2\ntrue");
        assert_eq!(
            of(&json!({"name": "Ada", "age": 36, "pet": null}))
                .unwrap()
                .unwrap(),
            "name: Ada\nage: 36"
        );
        for empty in [json!(null), json!(""), json!(" \n"), json!([]), json!({})] {
            assert_eq!(of(&empty).unwrap(), None, "{empty}");
        }
    }

    #[test]
    fn what_nests_is_named() {
        let refused = of(&json!({"a": "b", "c": {"d": "e"}})).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "/c: must be text, a number or true or false here, this is an object"
        );
        assert!(of(&json!("x".repeat(MAX_PROSE_BYTES + 1))).is_err());
    }
}
