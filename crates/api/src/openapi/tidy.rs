//! Schemas that were derived, made to say exactly what is on the wire.

use serde_json::{Map, Value, json};

/// The schema with true bounds: derived ones say `int32` of numbers that have no sign, and leave the length of tuples open. Links of
/// the code's documentation become plain words.
pub(super) fn tidy(schema: Value) -> Value {
    match schema {
        Value::Object(keywords) => {
            let mut tidied: Map<String, Value> = keywords
                .into_iter()
                .map(|(key, value)| {
                    let value = match (key.as_str(), value) {
                        ("description", Value::String(text)) => Value::from(plain(&text)),
                        ("default" | "example" | "examples" | "const" | "enum", value) => value,
                        (_, value) => tidy(value),
                    };
                    (key, value)
                })
                .collect();
            lift_description(&mut tidied);
            bound_integer(&mut tidied);
            bound_tuple(&mut tidied);
            Value::Object(tidied)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(tidy).collect()),
        scalar @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => scalar,
    }
}

/// What a field that may be null means is said of the field, not of the alternative that is not null.
fn lift_description(keywords: &mut Map<String, Value>) {
    if keywords.contains_key("description") {
        return;
    }
    let Some(Value::Array(alternatives)) = keywords.get_mut("oneOf") else {
        return;
    };
    let is_null = |alternative: &Value| *alternative == json!({"type": "null"});
    if alternatives.len() != 2 || !alternatives.iter().any(is_null) {
        return;
    }
    let described = alternatives
        .iter_mut()
        .filter_map(Value::as_object_mut)
        .filter(|alternative| alternative.contains_key("$ref"))
        .find_map(|alternative| alternative.shift_remove("description"));
    if let Some(description) = described {
        keywords.insert("description".to_owned(), description);
    }
}

fn bound_integer(keywords: &mut Map<String, Value>) {
    let unsigned = keywords.get("minimum").is_some_and(|minimum| minimum == 0);
    let format = keywords.get("format").and_then(Value::as_str).unwrap_or_default();
    let widest = match format {
        "int32" if unsigned => Some(json!(u32::MAX)),
        "int64" if unsigned => None,
        _ => return,
    };
    keywords.shift_remove("format");
    if let Some(widest) = widest {
        keywords.entry("maximum").or_insert(widest);
    }
}

fn bound_tuple(keywords: &mut Map<String, Value>) {
    let length = keywords
        .get("prefixItems")
        .and_then(Value::as_array)
        .map(Vec::len);
    if let Some(length) = length {
        keywords.insert("minItems".to_owned(), json!(length));
        keywords.insert("maxItems".to_owned(), json!(length));
    }
}

/// Text without the brackets of documentation links.
fn plain(text: &str) -> String {
    text.replace("[`", "`").replace("`]", "`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_without_a_sign_have_their_true_bounds() {
        let derived = json!({"properties": {"n": {"type": "integer", "format": "int32", "minimum": 0}}});
        let tidied = json!({"properties": {"n": {"type": "integer", "minimum": 0, "maximum": u32::MAX}}});
        assert_eq!(tidy(derived), tidied);
    }

    #[test]
    fn tuples_have_their_length() {
        let tidied = tidy(json!({"type": "array", "prefixItems": [{}, {}], "items": false}));
        assert_eq!((&tidied["minItems"], &tidied["maxItems"]), (&json!(2), &json!(2)));
    }

    #[test]
    fn links_become_words() {
        assert_eq!(
            tidy(json!({"description": "see [`Problem`]"}))["description"],
            "see `Problem`"
        );
    }
}
