//! Reading the parameters of queries.
//!
//! On the bus they are typed JSON; from a query string every value is text and every key may repeat. Both forms are
//! accepted, so one reader serves both transports: `"10"` is as good as `10`, and one value as good as a list of one.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::{Fields, Read, integer};
use crate::{FieldErrors, Pointer, SortKey};

/// The most values that one filter may have.
pub(crate) const MAX_VALUES: usize = 1000;

/// The one value of a parameter that must not repeat.
fn single<'a>(value: &'a Value, at: &Pointer, errors: &mut FieldErrors) -> Option<&'a Value> {
    match value {
        Value::Array(values) => match values.as_slice() {
            [value] => Some(value),
            values => {
                errors.push(
                    at,
                    format!("must be given once, this is given {} times", values.len()),
                );
                None
            }
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => Some(value),
    }
}

/// A value as its type wants it, if it came as text.
fn typed(value: &Value) -> Value {
    match value.as_str() {
        Some("true") => Value::Bool(true),
        Some("false") => Value::Bool(false),
        Some(text) => text
            .parse::<u64>()
            .map_or_else(|_not_a_number| value.clone(), Value::from),
        None => value.clone(),
    }
}

impl Fields<'_> {
    /// A parameter that may be absent and does not repeat.
    pub fn single<T: Read>(&mut self, key: &'static str) -> Option<Option<T>> {
        self.optional_with(key, |value, at, errors| {
            T::read(single(value, at, errors)?, at, errors)
        })
    }

    /// A text parameter that must be there.
    pub fn search_terms<T: Read>(&mut self, key: &'static str) -> Option<T> {
        self.with(key, |value, at, errors| {
            T::read(single(value, at, errors)?, at, errors)
        })
    }

    /// True, false or absent.
    pub fn flag(&mut self, key: &'static str) -> Option<Option<bool>> {
        self.optional_with(key, |value, at, errors| {
            bool::read(&typed(single(value, at, errors)?), at, errors)
        })
    }

    /// True or false, with a default.
    pub fn flag_or(&mut self, key: &'static str, default: bool) -> Option<bool> {
        Some(self.flag(key)?.unwrap_or(default))
    }

    /// A whole number within bounds, with a default.
    pub fn count_or(&mut self, key: &'static str, range: RangeInclusive<u64>, default: u64) -> Option<u64> {
        let read = self.optional_with(key, |value, at, errors| {
            integer(&typed(single(value, at, errors)?), &range, at, errors)
        });
        Some(read?.unwrap_or(default))
    }

    /// A whole number within bounds that may be absent.
    pub fn count(&mut self, key: &'static str, range: RangeInclusive<u32>) -> Option<Option<u32>> {
        let range = u64::from(*range.start())..=u64::from(*range.end());
        let read = self.optional_with(key, |value, at, errors| {
            integer(&typed(single(value, at, errors)?), &range, at, errors)
        })?;
        Some(read.and_then(|number| u32::try_from(number).ok()))
    }

    /// The number that a new version must get.
    pub fn version(&mut self, key: &'static str, least: u32) -> Option<Option<u32>> {
        self.count(key, least..=u32::MAX)
    }

    /// A page's size within bounds, with a default.
    pub fn page_size(&mut self, key: &'static str, range: RangeInclusive<u32>, default: u32) -> Option<u32> {
        let range = u64::from(*range.start())..=u64::from(*range.end());
        u32::try_from(self.count_or(key, range, u64::from(default))?).ok()
    }

    /// Where a page begins; 0 is the start.
    pub fn page_start(&mut self, key: &'static str) -> Option<u64> {
        self.count_or(key, 0..=u64::from(u32::MAX), 0)
    }

    /// The distinct values of a filter, in order; none: no filter.
    pub fn values<T: Read + PartialEq>(&mut self, key: &'static str) -> Option<Vec<T>> {
        let read = self.optional_with(key, |value, at, errors| {
            let Value::Array(values) = value else {
                return Some(vec![T::read(value, at, errors)?]);
            };
            if values.len() > MAX_VALUES {
                errors.push(
                    at,
                    format!("must have at most {MAX_VALUES} values, this has {}", values.len()),
                );
                return None;
            }
            let read: Vec<Option<T>> = values
                .iter()
                .enumerate()
                .map(|(index, value)| T::read(value, &at.index(index), errors))
                .collect();
            read.into_iter().collect()
        })?;
        let mut distinct = Vec::new();
        for value in read.unwrap_or_default() {
            if !distinct.contains(&value) {
                distinct.push(value);
            }
        }
        Some(distinct)
    }

    /// The distinct values of a filter, in order; none: these.
    pub fn values_or<T: Read + PartialEq + Clone>(
        &mut self,
        key: &'static str,
        default: &[T],
    ) -> Option<Vec<T>> {
        let values = self.values(key)?;
        if values.is_empty() {
            return Some(default.to_vec());
        }
        Some(values)
    }

    /// The order of a list by some of these fields; none: the default order.
    pub fn order(&mut self, key: &'static str, known: &[&'static str]) -> Option<Vec<SortKey>> {
        let keys: Vec<SortKey> = self.values(key)?;
        if let Some(unknown) = keys.iter().find(|sort| !known.contains(&sort.field.as_str())) {
            let field = unknown.field.escape_default().to_string();
            self.fault(
                key,
                format!("cannot sort by `{field}`; known are {}", known.join(", ")),
            );
            return None;
        }
        Some(keys)
    }
}
