//! A function for each method of [`Fields`](crate::read::Fields) that requests are declared with: what the method accepts.

use std::ops::RangeInclusive;

use model::{Tags, Variables};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use super::{Field, or_null, refer};
use crate::{Patch, SortKey, read::MAX_VALUES};

/// `{}`, which stands for "as if it were not there".
fn not_there() -> Value {
    json!({"type": "object", "maxProperties": 0})
}

fn integer(least: u64, most: u64) -> Value {
    if most == u64::MAX {
        json!({"type": "integer", "minimum": least})
    } else {
        json!({"type": "integer", "minimum": least, "maximum": most})
    }
}

fn integer_of(range: &RangeInclusive<u32>) -> Value {
    integer(u64::from(*range.start()), u64::from(*range.end()))
}

fn with_default(mut schema: Value, default: impl Into<Value>) -> Value {
    schema["default"] = default.into();
    schema
}

fn array(items: Value, count: &RangeInclusive<usize>) -> Value {
    let mut array = json!({"type": "array", "items": items, "maxItems": count.end()});
    if *count.start() > 0 {
        array["minItems"] = json!(count.start());
    }
    array
}

pub(crate) fn required<T: ToSchema>() -> Field<T> {
    Field::new(refer::<T>(), true).of::<T>()
}

/// A field that may be absent and looks like this.
pub(crate) fn known(schema: Value) -> Field<Value> {
    Field::new(schema, false)
}

pub(crate) fn optional<T: ToSchema>() -> Field<Option<T>> {
    Field::new(or_null(refer::<T>()), false).of::<T>()
}

pub(crate) fn patch<T: ToSchema>() -> Field<Patch<T>> {
    let schema = json!({"anyOf": [refer::<T>(), not_there(), {"type": "null"}]});
    Field::new(schema, false).of::<T>()
}

pub(crate) fn not_set<T: ToSchema>() -> Field<Option<T>> {
    let schema = json!({"anyOf": [refer::<T>(), not_there(), {"type": "null"}], "default": {}});
    Field::new(schema, false).of::<T>()
}

pub(crate) fn number(range: RangeInclusive<u32>) -> Field<u32> {
    Field::new(integer_of(&range), true)
}

pub(crate) fn number_or(range: RangeInclusive<u32>, default: u32) -> Field<u32> {
    Field::new(or_null(with_default(integer_of(&range), default)), false)
}

pub(crate) fn optional_number(range: RangeInclusive<u32>) -> Field<Option<u32>> {
    Field::new(or_null(integer_of(&range)), false)
}

pub(crate) fn optional_count(range: RangeInclusive<u64>) -> Field<Option<u64>> {
    Field::new(or_null(integer(*range.start(), *range.end())), false)
}

pub(crate) fn list<T: ToSchema>(count: RangeInclusive<usize>) -> Field<Vec<T>> {
    let schema = array(refer::<T>(), &count);
    let field = if count.contains(&0) {
        Field::new(or_null(schema), false)
    } else {
        Field::new(schema, true)
    };
    field.of::<T>()
}

/// A list of at most so many that must be there, even if it is empty.
pub(crate) fn all<T: ToSchema>(most: usize) -> Field<Vec<T>> {
    Field::new(array(refer::<T>(), &(0..=most)), true).of::<T>()
}

pub(crate) fn optional_list<T: ToSchema>(count: RangeInclusive<usize>) -> Field<Option<Vec<T>>> {
    Field::new(or_null(array(refer::<T>(), &count)), false).of::<T>()
}

pub(crate) fn distinct<T: ToSchema>(count: RangeInclusive<usize>) -> Field<Vec<T>> {
    let Field {
        mut schema,
        required,
        components,
        reads,
    } = list::<T>(count);
    schema["uniqueItems"] = json!(true);
    Field {
        schema,
        required,
        components,
        reads,
    }
}

pub(crate) fn variables() -> Field<Variables> {
    Field::new(or_null(refer::<Variables>()), false).of::<Variables>()
}

/// Labels of personas, scenarios, metrics and services.
pub(crate) struct StrictTags;

impl PartialSchema for StrictTags {
    fn schema() -> RefOr<Schema> {
        let keywords = json!({
            "description": "Labels: letters, digits, `_` and blanks; a value may be null.",
            "type": "object",
            "maxProperties": 20,
            "propertyNames": {"pattern": r"^[\w\s]*\w[\w\s]*$", "maxLength": 512},
            "additionalProperties": {"type": ["string", "null"], "pattern": r"^[\w\s]+$", "maxLength": 512},
        });
        crate::openapi::schema(keywords)
    }
}

impl ToSchema for StrictTags {}

pub(crate) fn strict_tags() -> Field<Tags> {
    Field::new(or_null(refer::<StrictTags>()), false).of::<StrictTags>()
}

pub(crate) fn optional_strict_tags() -> Field<Option<Tags>> {
    Field::new(or_null(refer::<StrictTags>()), false).of::<StrictTags>()
}

/// Labels of unit tests and sets.
pub(crate) struct LooseTags;

impl PartialSchema for LooseTags {
    fn schema() -> RefOr<Schema> {
        let keywords = json!({
            "description": "Labels; a value may be null.",
            "type": "object",
            "maxProperties": 100,
            "propertyNames": {"minLength": 1, "maxLength": 512},
            "additionalProperties": {"type": ["string", "null"], "maxLength": 512},
        });
        crate::openapi::schema(keywords)
    }
}

impl ToSchema for LooseTags {}

pub(crate) fn loose_tags() -> Field<Tags> {
    Field::new(or_null(refer::<LooseTags>()), false).of::<LooseTags>()
}

pub(crate) fn optional_loose_tags() -> Field<Option<Tags>> {
    Field::new(or_null(refer::<LooseTags>()), false).of::<LooseTags>()
}

pub(crate) fn description() -> Field<String> {
    Field::new(refer::<String>(), true)
}

pub(crate) fn single<T: ToSchema>() -> Field<Option<T>> {
    Field::new(refer::<T>(), false).of::<T>()
}

pub(crate) fn search_terms<T: ToSchema>() -> Field<T> {
    required()
}

pub(crate) fn flag() -> Field<Option<bool>> {
    Field::new(json!({"type": "boolean"}), false)
}

pub(crate) fn flag_or(default: bool) -> Field<bool> {
    Field::new(json!({"type": "boolean", "default": default}), false)
}

pub(crate) fn count_or(range: RangeInclusive<u64>, default: u64) -> Field<u64> {
    Field::new(
        with_default(integer(*range.start(), *range.end()), default),
        false,
    )
}

pub(crate) fn count(range: RangeInclusive<u32>) -> Field<Option<u32>> {
    Field::new(integer_of(&range), false)
}

pub(crate) fn version(least: u32) -> Field<Option<u32>> {
    count(least..=u32::MAX)
}

pub(crate) fn page_size(range: RangeInclusive<u32>, default: u32) -> Field<u32> {
    Field::new(with_default(integer_of(&range), default), false)
}

pub(crate) fn page_start() -> Field<u64> {
    Field::new(with_default(integer(0, u64::from(u32::MAX)), 0), false)
}

pub(crate) fn values<T: ToSchema>() -> Field<Vec<T>> {
    let schema = with_default(array(refer::<T>(), &(0..=MAX_VALUES)), json!([]));
    Field::new(schema, false).of::<T>()
}

pub(crate) fn values_or<T: ToSchema + serde::Serialize>(default: &[T]) -> Field<Vec<T>> {
    let schema = with_default(array(refer::<T>(), &(0..=MAX_VALUES)), json!(default));
    Field::new(schema, false).of::<T>()
}

pub(crate) fn order(known: &[&'static str]) -> Field<Vec<SortKey>> {
    let keys: Vec<String> = known
        .iter()
        .flat_map(|field| [format!("+{field}"), format!("-{field}")])
        .collect();
    // A query string turns an unescaped `+` into a blank, which therefore means the same.
    let pattern = format!("^[+ -]({})$", known.join("|").replace('.', "\\."));
    let items = json!({"type": "string", "pattern": pattern, "examples": keys});
    Field::new(with_default(array(items, &(0..=MAX_VALUES)), json!([])), false)
}
