//! Reading lists, maps and alternatives.

use std::{collections::BTreeMap, ops::RangeInclusive};

use model::Json;
use serde_json::Value;

use super::{
    Read, closest,
    fields::MAX_KEY_BYTES,
    scalar::{described, integer},
};
use crate::{FieldErrors, Pointer};

/// A whole number within bounds.
pub(super) fn number(
    value: &Value,
    range: &RangeInclusive<u32>,
    at: &Pointer,
    errors: &mut FieldErrors,
) -> Option<u32> {
    let range = u64::from(*range.start())..=u64::from(*range.end());
    u32::try_from(integer(value, &range, at, errors)?).ok()
}

/// A JSON object, kept as it is.
pub(crate) fn json_object(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Json> {
    if !value.is_object() {
        errors.push(at, format!("must be an object, this is {}", described(value)));
        return None;
    }
    Json::read(value, at, errors)
}

/// Reads every item of a list; all faulty items are reported.
pub(crate) fn list<T>(
    value: &Value,
    count: &RangeInclusive<usize>,
    at: &Pointer,
    errors: &mut FieldErrors,
    mut reader: impl FnMut(&Value, &Pointer, &mut FieldErrors) -> Option<T>,
) -> Option<Vec<T>> {
    let Value::Array(items) = value else {
        errors.push(at, format!("must be a list, this is {}", described(value)));
        return None;
    };
    if !count.contains(&items.len()) {
        let (least, most) = (count.start(), count.end());
        errors.push(
            at,
            format!("must have {least} to {most} items, this has {}", items.len()),
        );
        return None;
    }
    let mut read = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        read.push(reader(item, &at.index(index), errors));
    }
    read.into_iter().collect()
}

/// Reads every value of an object; all faulty ones are reported.
pub(crate) fn map<T>(
    value: &Value,
    most: usize,
    at: &Pointer,
    errors: &mut FieldErrors,
    mut reader: impl FnMut(&Value, &Pointer, &mut FieldErrors) -> Option<T>,
) -> Option<BTreeMap<String, T>> {
    let Value::Object(entries) = value else {
        errors.push(at, format!("must be an object, this is {}", described(value)));
        return None;
    };
    if entries.len() > most {
        errors.push(
            at,
            format!("must have at most {most} entries, this has {}", entries.len()),
        );
        return None;
    }
    let mut read = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        if key.is_empty() || key.len() > MAX_KEY_BYTES {
            errors.push(at, "must have keys of 1 to 512 bytes");
            return None;
        }
        read.push(reader(value, &at.key(key), errors).map(|value| (key.clone(), value)));
    }
    read.into_iter().collect()
}

/// One of several alternatives: a bare word, or an object with the word as its only key.
pub(crate) fn variant<'a>(
    value: &'a Value,
    known: &[&'static str],
    at: &Pointer,
    errors: &mut FieldErrors,
) -> Option<(&'static str, Option<&'a Value>, Pointer)> {
    let (word, content) = match value {
        Value::String(word) => (word, None),
        Value::Object(entries)
            if entries.len() == 1 && entries.keys().all(|key| key.len() <= MAX_KEY_BYTES) =>
        {
            entries
                .iter()
                .next()
                .map(|(word, content)| (word, Some(content)))?
        }
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            errors.push(
                at,
                format!(
                    "must be one of {}, or an object with one of them as its only key",
                    known.join(", ")
                ),
            );
            return None;
        }
    };
    let place = if content.is_some() {
        at.key(word)
    } else {
        at.clone()
    };
    match known.iter().find(|known| *known == word) {
        Some(known) => Some((known, content, place)),
        None => {
            let hint = match closest(word, known.iter().copied()) {
                Some(meant) => format!("; did you mean `{meant}`?"),
                None => String::new(),
            };
            errors.push(&place, format!("must be one of {}{hint}", known.join(", ")));
            None
        }
    }
}
