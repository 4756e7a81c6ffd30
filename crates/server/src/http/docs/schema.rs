//! Schemas, for people.

use serde_json::{Map, Value};

use super::html::{Escaped, prose};

/// The most words of a closed list that are shown.
const MAX_WORDS: usize = 24;

/// What a value looks like, in a line: references are links.
pub(super) fn line(schema: &Value) -> String {
    let Some(keywords) = schema.as_object() else {
        return if *schema == Value::Bool(false) {
            "nothing"
        } else {
            "anything"
        }
        .to_owned();
    };
    if let Some(name) = keywords
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|path| path.rsplit('/').next())
    {
        return format!("<a href=\"#schema-{0}\">{0}</a>", Escaped(name));
    }
    for several in ["anyOf", "oneOf"] {
        if let Some(Value::Array(parts)) = keywords.get(several) {
            return parts.iter().map(line).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(Value::Array(parts)) = keywords.get("allOf") {
        return parts.iter().map(line).collect::<Vec<_>>().join(" and ");
    }
    if let Some(Value::Array(words)) = keywords.get("enum") {
        return word_list(words);
    }
    if let Some(word) = keywords.get("const") {
        return code(word);
    }
    let mut text = kinds(keywords);
    let limits = limits(keywords);
    if !limits.is_empty() {
        text.extend([format!(" <small>{limits}</small>")]);
    }
    text
}

fn code(value: &Value) -> String {
    format!("<code>{}</code>", Escaped(&value.to_string()))
}

fn word_list(words: &[Value]) -> String {
    let shown: Vec<String> = words.iter().take(MAX_WORDS).map(code).collect();
    let more = words.len().saturating_sub(MAX_WORDS);
    if more == 0 {
        shown.join(" or ")
    } else {
        format!("{} or one of {more} others", shown.join(", "))
    }
}

fn kinds(keywords: &Map<String, Value>) -> String {
    let kinds: Vec<&str> = match keywords.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return "anything".to_owned(),
    };
    let words = kinds.iter().map(|kind| match (*kind, keywords) {
        ("array", keywords) => match (keywords.get("prefixItems"), keywords.get("items")) {
            (Some(Value::Array(parts)), _) => {
                format!("[{}]", parts.iter().map(line).collect::<Vec<_>>().join(", "))
            }
            (_, Some(items)) => format!("list of {}", line(items)),
            _ => "list".to_owned(),
        },
        ("object", keywords) => match keywords.get("additionalProperties") {
            Some(values @ Value::Object(_)) => format!("object of {}", line(values)),
            _ => "object".to_owned(),
        },
        (kind, _) => Escaped(kind).to_string(),
    });
    words.collect::<Vec<_>>().join(" or ")
}

/// The bounds of a value, as they stand in the schema.
fn limits(keywords: &Map<String, Value>) -> String {
    const LIMITS: &[(&str, &str)] = &[
        ("format", ""),
        ("minimum", "from "),
        ("maximum", "to "),
        ("minLength", "length from "),
        ("maxLength", "length to "),
        ("minItems", "items from "),
        ("maxItems", "items to "),
        ("maxProperties", "entries to "),
        ("pattern", "like "),
        ("default", "default "),
    ];
    let shown = LIMITS.iter().filter_map(|(key, word)| {
        let value = keywords.get(*key)?;
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some(format!("{word}<code>{}</code>", Escaped(&value)))
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// Everything about a schema: its line, and its fields.
pub(super) fn block(schema: &Value) -> String {
    let mut html = String::new();
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(Value::Array(parts)) = schema.get(several) {
            let inline = |part: &&Value| part.get("properties").is_some();
            html.extend(parts.iter().filter(inline).map(block));
        }
    }
    let fields = schema.get("properties").and_then(Value::as_object);
    let Some(fields) = fields.filter(|fields| !fields.is_empty()) else {
        let line = format!("<p class=\"type\">{}</p>", line(schema));
        return line + &html;
    };
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |key: &str| required.is_some_and(|keys| keys.iter().any(|known| known == key));
    let rows = fields
        .iter()
        .map(|(key, field)| row(key, is_required(key), field));
    let table = format!("<table><tbody>{}</tbody></table>", rows.collect::<String>());
    table + &html
}

/// A row of a table of fields.
pub(super) fn row(key: &str, required: bool, schema: &Value) -> String {
    let description = schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let inner = if schema.get("properties").is_some() {
        block(schema)
    } else {
        String::new()
    };
    format!(
        "<tr><th><code>{}</code>{}</th><td>{}</td><td>{}{inner}</td></tr>",
        Escaped(key),
        if required { "" } else { " <small>optional</small>" },
        line(schema),
        prose(description),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn schemas_read_like_sentences() {
        assert_eq!(
            line(&json!({"type": ["array", "null"], "items": {"$ref": "#/components/schemas/Name"}})),
            "list of <a href=\"#schema-Name\">Name</a> or null"
        );
        assert_eq!(
            line(&json!({"type": "integer", "minimum": 1})),
            "integer <small>from <code>1</code></small>"
        );
        assert_eq!(
            line(&json!({"enum": ["a", "b"]})),
            "<code>&quot;a&quot;</code> or <code>&quot;b&quot;</code>"
        );
    }

    #[test]
    fn long_lists_are_cut_short() {
        let words: Vec<u32> = (0..100).collect();
        assert!(line(&json!({"enum": words})).ends_with(" or one of 76 others"));
    }
}
