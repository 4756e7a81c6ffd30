//! A JSON Schema as a list of alternatives of one type each, so that two can be compared.

use serde_json::{Map, Value, json};

use super::Document;

/// One alternative of a schema: values of one type.
#[derive(Clone, Debug)]
pub(super) struct Alternative {
    /// `null`, `boolean`, `integer`, `number`, `string`, `array`, `object`; `any`: all of them, without any bound.
    pub(super) kind: String,
    pub(super) keywords: Map<String, Value>,
}

/// Keywords that say nothing about which values are valid.
const ANNOTATIONS: &[&str] = &[
    "title",
    "description",
    "default",
    "example",
    "examples",
    "discriminator",
    "deprecated",
];

/// Every alternative of a schema.
pub(super) fn alternatives(document: &Document, schema: &Value) -> Vec<Alternative> {
    if *schema == json!(true) {
        return vec![any()];
    }
    let mut keywords = flat(document, schema);
    keywords.retain(|key, _| !ANNOTATIONS.contains(&key.as_str()));
    for several in ["anyOf", "oneOf"] {
        if let Some(Value::Array(parts)) = keywords.shift_remove(several) {
            return parts
                .iter()
                .flat_map(|part| alternatives(document, part))
                .map(|alternative| narrowed(alternative, &keywords))
                .collect();
        }
    }
    if let Some(value) = keywords.shift_remove("const") {
        keywords.insert("enum".to_owned(), json!([value]));
    }
    kinds(&keywords)
        .into_iter()
        .map(|kind| Alternative {
            keywords: of_kind(&kind, &keywords),
            kind,
        })
        .collect()
}

fn any() -> Alternative {
    Alternative {
        kind: "any".to_owned(),
        keywords: Map::new(),
    }
}

/// The keywords of a schema with references followed and `allOf` put together.
fn flat(document: &Document, schema: &Value) -> Map<String, Value> {
    let mut keywords = document.resolve(schema).as_object().cloned().unwrap_or_default();
    let Some(Value::Array(parts)) = keywords.shift_remove("allOf") else {
        return keywords;
    };
    for part in parts {
        for (key, value) in flat(document, &part) {
            match (keywords.get_mut(&key), value) {
                (Some(Value::Object(known)), Value::Object(more)) if key == "properties" => {
                    known.extend(more)
                }
                (Some(Value::Array(known)), Value::Array(more)) if key == "required" => known.extend(more),
                (_, value) => {
                    keywords.insert(key, value);
                }
            }
        }
    }
    keywords
}

/// An alternative with what stands beside `anyOf` too.
fn narrowed(mut alternative: Alternative, beside: &Map<String, Value>) -> Alternative {
    for (key, value) in beside {
        if key != "type" {
            alternative.keywords.entry(key).or_insert_with(|| value.clone());
        }
    }
    alternative
}

fn kinds(keywords: &Map<String, Value>) -> Vec<String> {
    match keywords.get("type") {
        Some(Value::String(kind)) => vec![kind.clone()],
        Some(Value::Array(kinds)) => kinds
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => match keywords.get("enum") {
            Some(Value::Array(values)) => {
                let mut kinds: Vec<String> = values.iter().map(|value| kind_of(value).to_owned()).collect();
                kinds.dedup();
                kinds
            }
            _ if keywords.contains_key("properties") => vec!["object".to_owned()],
            _ => vec!["any".to_owned()],
        },
    }
}

const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The keywords that matter for a type; bounds of whole numbers include their ends.
fn of_kind(kind: &str, keywords: &Map<String, Value>) -> Map<String, Value> {
    let known: &[&str] = match kind {
        "string" => &["minLength", "maxLength", "pattern", "format", "enum"],
        "integer" | "number" => &[
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "enum",
        ],
        "array" => &["items", "prefixItems", "minItems", "maxItems", "uniqueItems"],
        "object" => &[
            "properties",
            "required",
            "additionalProperties",
            "propertyNames",
            "minProperties",
            "maxProperties",
        ],
        "boolean" => &["enum"],
        _ => &[],
    };
    let mut kept: Map<String, Value> = keywords
        .iter()
        .filter(|(key, _)| known.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for (open, closed, step) in [
        ("exclusiveMinimum", "minimum", 1.0),
        ("exclusiveMaximum", "maximum", -1.0),
    ] {
        if kind == "integer"
            && let Some(bound) = kept.shift_remove(open).and_then(|bound| bound.as_f64())
        {
            kept.insert(closed.to_owned(), json!(bound + step));
        }
    }
    kept
}
