//! Documents of agents and of context graphs: objects that are kept and handed out as they came.
//!
//! Of the fields that clients ask every version for, what they hold is checked when they come, and those that a document lacks are
//! handed out empty. Everything else in a document is its author's own.

use model::{Json, Text};
use serde_json::{Map, Value, json};

use crate::{
    FieldErrors, Pointer,
    read::{Fields, Read as _, described},
    request::schema::{Components, Object, known, refer, referred},
};

/// What a field of a document holds.
#[derive(Debug)]
pub(crate) enum Part {
    /// Text, and not an empty one.
    Text,
    /// Texts.
    Texts,
    /// Objects of the author's own.
    Objects,
    /// An object with these fields, of which any may be left out, and others.
    Object(Parts),
    /// An object with all of these fields, and others.
    Whole(Parts),
}

/// Fields of an object, by name.
pub(crate) type Parts = &'static [(&'static str, Part)];

/// The fields that no reader asked for and that are not null, as a document.
pub(crate) fn document(fields: &mut Fields<'_>, parts: Parts) -> Option<Map<String, Value>> {
    let rest: Map<String, Value> = fields
        .take_rest()
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .collect();
    if let Err(reason) = Json::from_value(&Value::Object(rest.clone())) {
        fields.fault_here(reason.to_string());
        return None;
    }
    fields.look(|at, errors| check_parts(&rest, parts, at, errors))?;
    Some(rest)
}

/// A document as the domain keeps it. Its bounds were checked when it was read.
pub(crate) fn kept(document: Map<String, Value>) -> Json {
    Json::from_value(&Value::Object(document)).unwrap_or_else(|_invalid| Json::empty_object())
}

/// `document` with what it lacks of `defaults`, without the keys that are not a document's.
pub(crate) fn completed(document: Option<&Json>, defaults: Value, own: &[&str]) -> Map<String, Value> {
    let mut fields = document.map(crate::wire::object).unwrap_or_default();
    fields.retain(|key, _| !own.contains(&key.as_str()));
    if let Value::Object(defaults) = defaults {
        complete(&mut fields, defaults);
    }
    fields
}

fn complete(fields: &mut Map<String, Value>, defaults: Map<String, Value>) {
    for (key, default) in defaults {
        match (fields.get_mut(&key), default) {
            (Some(Value::Object(fields)), Value::Object(defaults)) => complete(fields, defaults),
            (Some(_), _) => {}
            (None, default) => {
                fields.insert(key, default);
            }
        }
    }
}

fn check_parts(
    fields: &Map<String, Value>,
    parts: Parts,
    at: &Pointer,
    errors: &mut FieldErrors,
) -> Option<()> {
    let checked: Vec<Option<()>> = parts
        .iter()
        .filter_map(|(key, part)| Some(check(fields.get(*key)?, part, &at.key(key), errors)))
        .collect();
    checked.into_iter().collect()
}

fn check(value: &Value, part: &Part, at: &Pointer, errors: &mut FieldErrors) -> Option<()> {
    match part {
        Part::Text => Text::read(value, at, errors).map(|_text| ()),
        Part::Texts => check_items(value, at, errors, |item, at, errors| {
            Text::read(item, at, errors).map(|_text| ())
        }),
        Part::Objects => check_items(value, at, errors, |item, at, errors| {
            object(item, at, errors).map(|_fields| ())
        }),
        Part::Object(parts) => check_parts(object(value, at, errors)?, parts, at, errors),
        Part::Whole(parts) => {
            let fields = object(value, at, errors)?;
            let mut missing = parts
                .iter()
                .filter(|(key, _)| !fields.contains_key(*key))
                .peekable();
            let is_whole = missing.peek().is_none();
            for (key, _) in missing {
                errors.push(&at.key(key), "is required");
            }
            check_parts(fields, parts, at, errors)?;
            is_whole.then_some(())
        }
    }
}

fn check_items(
    value: &Value,
    at: &Pointer,
    errors: &mut FieldErrors,
    check: impl Fn(&Value, &Pointer, &mut FieldErrors) -> Option<()>,
) -> Option<()> {
    let Some(items) = value.as_array() else {
        errors.push(at, format!("must be a list, this is {}", described(value)));
        return None;
    };
    let items = items.iter().enumerate();
    let checked: Vec<Option<()>> = items
        .map(|(index, item)| check(item, &at.index(index), errors))
        .collect();
    checked.into_iter().collect()
}

fn object<'a>(value: &'a Value, at: &Pointer, errors: &mut FieldErrors) -> Option<&'a Map<String, Value>> {
    let fields = value.as_object();
    if fields.is_none() {
        errors.push(at, format!("must be an object, this is {}", described(value)));
    }
    fields
}

/// Says what the fields of a document look like.
pub(crate) fn describe_parts(object: &mut Object, parts: Parts) {
    for (key, part) in parts {
        object.field(key, "A field of the document.", known(or_null(schema(part))));
    }
}

/// Adds what [`describe_parts`] refers to.
pub(crate) fn add_components(components: &mut Components) {
    referred::<Text>(components);
}

fn or_null(schema: Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}

fn schema(part: &Part) -> Value {
    match part {
        Part::Text => refer::<Text>(),
        Part::Texts => json!({"type": "array", "items": refer::<Text>()}),
        Part::Objects => json!({"type": "array", "items": {"type": "object"}}),
        Part::Object(parts) => json!({"type": "object", "properties": properties(parts)}),
        Part::Whole(parts) => {
            let keys: Vec<&str> = parts.iter().map(|(key, _)| *key).collect();
            json!({"type": "object", "properties": properties(parts), "required": keys})
        }
    }
}

fn properties(parts: Parts) -> Map<String, Value> {
    let property = |(key, part): &(&str, Part)| ((*key).to_owned(), schema(part));
    parts.iter().map(property).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_document_lacks_is_handed_out_empty() {
        let document =
            Json::from_value(&json!({"id": 1, "identity": {"name": "Bo"}, "voice_config": null, "own": [1]}));
        let defaults = json!({"identity": {"name": "bot", "role": ""}, "voice_config": {"voice_id": ""}, "background": ""});
        let completed = completed(document.as_ref().ok(), defaults, &["id"]);
        assert_eq!(
            Value::Object(completed),
            json!({"identity": {"name": "Bo", "role": ""}, "voice_config": null, "background": "", "own": [1]})
        );
    }

    #[test]
    fn every_wrong_part_is_named() {
        const PARTS: Parts = &[
            ("text", Part::Text),
            ("texts", Part::Texts),
            ("objects", Part::Objects),
            ("object", Part::Object(&[("text", Part::Text)])),
            ("whole", Part::Whole(&[("one", Part::Text), ("two", Part::Text)])),
        ];
        let check = |value: Value| {
            let mut errors = FieldErrors::default();
            let read = Fields::of(&value, &Pointer::root(), &mut errors)
                .and_then(|mut fields| document(&mut fields, PARTS));
            assert_eq!(read.is_some(), errors.is_empty());
            let pointers = errors.as_slice().iter().map(|error| error.pointer.clone());
            pointers.collect::<Vec<String>>()
        };
        let good = json!({"text": "a", "texts": [], "objects": [{}], "object": {"other": 1}, "whole": {"one": "1", "two": "2"}, "own": 3});
        assert!(check(good).is_empty());
        assert!(check(json!({"text": null})).is_empty());
        let bad = json!({"text": " ", "texts": ["a", 1], "objects": [1], "object": {"text": null}, "whole": {"two": 2}});
        assert_eq!(
            check(bad),
            [
                "/text",
                "/texts/1",
                "/objects/0",
                "/object/text",
                "/whole/one",
                "/whole/two"
            ]
        );
    }
}
