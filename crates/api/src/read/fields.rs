//! Reading the fields of an object.

use std::{collections::BTreeMap, ops::RangeInclusive};

use model::{Invalid, Json, Tags, Variables};
use serde_json::{Map, Value};

use super::{
    Read, closest,
    container::{json_object, list, map, number},
    scalar::{described, integer},
};
use crate::{FieldErrors, Patch, Pointer};

/// The longest key that is repeated in an error: a hostile document must not come back many times its size.
pub(super) const MAX_KEY_BYTES: usize = 512;

/// The fields of one object, read one after the other. Every method answers `None` if it reported a fault.
#[derive(Debug)]
pub struct Fields<'a> {
    map: &'a Map<String, Value>,
    at: Pointer,
    errors: &'a mut FieldErrors,
    known: Vec<&'static str>,
    /// Fields that no method asks for are welcome.
    open: bool,
}

impl<'a> Fields<'a> {
    /// The fields of `value`, which must be an object.
    pub fn of(value: &'a Value, at: &Pointer, errors: &'a mut FieldErrors) -> Option<Self> {
        match value {
            Value::Object(map) => Some(Self {
                map,
                at: at.clone(),
                errors,
                known: Vec::new(),
                open: false,
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                errors.push(at, format!("must be an object, this is {}", described(value)));
                None
            }
        }
    }

    /// The value of a field, as it stands; none if it is absent. The field counts as known from now on.
    pub fn raw(&mut self, key: &'static str) -> Option<&'a Value> {
        self.known.push(key);
        self.map.get(key)
    }

    /// The value of a field that is there and not null.
    fn present(&mut self, key: &'static str) -> Option<&'a Value> {
        self.raw(key).filter(|value| !value.is_null())
    }

    /// The place of a field.
    pub fn at(&self, key: &str) -> Pointer {
        self.at.key(key)
    }

    /// Reports a fault of a field.
    pub fn fault(&mut self, key: &str, detail: impl Into<String>) {
        let at = self.at(key);
        self.errors.push(&at, detail);
    }

    /// Reports a fault of the object as a whole.
    pub fn fault_here(&mut self, detail: impl Into<String>) {
        self.errors.push(&self.at, detail);
    }

    /// Reports what a check of the whole object found.
    pub fn check(&mut self, checked: Result<(), Invalid>) {
        if let Err(reason) = checked {
            self.errors.push(&self.at, reason.to_string());
        }
    }

    /// Has a look at the whole object.
    pub(crate) fn look<T>(&mut self, look: impl FnOnce(&Pointer, &mut FieldErrors) -> T) -> T {
        look(&self.at, self.errors)
    }

    /// Reads a field, which must be there, by a function of its own.
    pub fn with<T>(
        &mut self,
        key: &'static str,
        reader: impl FnOnce(&Value, &Pointer, &mut FieldErrors) -> Option<T>,
    ) -> Option<T> {
        let at = self.at(key);
        match self.present(key) {
            Some(value) => reader(value, &at, self.errors),
            None => {
                self.errors.push(&at, "is required");
                None
            }
        }
    }

    /// Reads a field by a function of its own; absent or null: none.
    pub fn optional_with<T>(
        &mut self,
        key: &'static str,
        reader: impl FnOnce(&Value, &Pointer, &mut FieldErrors) -> Option<T>,
    ) -> Option<Option<T>> {
        let at = self.at(key);
        match self.present(key) {
            Some(value) => reader(value, &at, self.errors).map(Some),
            None => Some(None),
        }
    }

    /// A field that must be there.
    pub fn required<T: Read>(&mut self, key: &'static str) -> Option<T> {
        self.with(key, T::read)
    }

    /// A field that may be absent or null.
    pub fn optional<T: Read>(&mut self, key: &'static str) -> Option<Option<T>> {
        self.optional_with(key, T::read)
    }

    /// A field with a default for absent or null.
    pub fn or<T: Read>(&mut self, key: &'static str, default: T) -> Option<T> {
        Some(self.optional(key)?.unwrap_or(default))
    }

    /// A field of a change: absent or `{}` keeps, null clears.
    pub fn patch<T: Read>(&mut self, key: &'static str) -> Option<Patch<T>> {
        let at = self.at(key);
        match self.raw(key) {
            None => Some(Patch::Keep),
            Some(Value::Null) => Some(Patch::Clear),
            Some(Value::Object(map)) if map.is_empty() => Some(Patch::Keep),
            Some(value) => T::read(value, &at, self.errors).map(Patch::Set),
        }
    }

    /// A field of something new, for which absent, null and `{}` all mean the default.
    pub fn not_set<T: Read>(&mut self, key: &'static str) -> Option<Option<T>> {
        match self.patch(key)? {
            Patch::Keep | Patch::Clear => Some(None),
            Patch::Set(value) => Some(Some(value)),
        }
    }

    /// A whole number within bounds that must be there.
    pub fn number(&mut self, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        self.with(key, |value, at, errors| number(value, &range, at, errors))
    }

    /// A whole number within bounds, with a default.
    pub fn number_or(&mut self, key: &'static str, range: RangeInclusive<u32>, default: u32) -> Option<u32> {
        Some(self.optional_number(key, range)?.unwrap_or(default))
    }

    /// A whole number within bounds that may be absent.
    pub fn optional_number(&mut self, key: &'static str, range: RangeInclusive<u32>) -> Option<Option<u32>> {
        self.optional_with(key, |value, at, errors| number(value, &range, at, errors))
    }

    /// A large whole number within bounds that may be absent.
    pub fn optional_count(&mut self, key: &'static str, range: RangeInclusive<u64>) -> Option<Option<u64>> {
        self.optional_with(key, |value, at, errors| integer(value, &range, at, errors))
    }

    /// A list of so many items. Absent or null is the empty list, if that is allowed.
    pub fn list<T: Read>(&mut self, key: &'static str, count: RangeInclusive<usize>) -> Option<Vec<T>> {
        match self.optional_list(key, count.clone())? {
            Some(items) => Some(items),
            None if count.contains(&0) => Some(Vec::new()),
            None => {
                self.fault(key, "is required");
                None
            }
        }
    }

    /// A list of at most so many items that must be there, even if it is empty.
    pub fn all<T: Read>(&mut self, key: &'static str, most: usize) -> Option<Vec<T>> {
        self.with(key, |value, at, errors| {
            list(value, &(0..=most), at, errors, T::read)
        })
    }

    /// A list of so many items that may be absent.
    pub fn optional_list<T: Read>(
        &mut self,
        key: &'static str,
        count: RangeInclusive<usize>,
    ) -> Option<Option<Vec<T>>> {
        self.optional_with(key, |value, at, errors| list(value, &count, at, errors, T::read))
    }

    /// A list of so many different items.
    pub fn distinct<T: Read + PartialEq>(
        &mut self,
        key: &'static str,
        count: RangeInclusive<usize>,
    ) -> Option<Vec<T>> {
        let items: Vec<T> = self.list(key, count)?;
        let doubled = items
            .iter()
            .enumerate()
            .find(|(index, item)| items.iter().take(*index).any(|other| other == *item));
        if let Some((index, _)) = doubled {
            let at = self.at(key).index(index);
            self.errors.push(&at, "stands in the list twice");
            return None;
        }
        Some(items)
    }

    /// An object of at most `most` texts by name; absent or null is the empty one.
    pub fn texts(&mut self, key: &'static str, most: usize) -> Option<BTreeMap<String, String>> {
        let read = self.optional_with(key, |value, at, errors| {
            map(value, most, at, errors, String::read)
        })?;
        Some(read.unwrap_or_default())
    }

    /// Variables; absent or null: none.
    pub fn variables(&mut self, key: &'static str) -> Option<Variables> {
        let entries =
            self.optional_with(key, |value, at, errors| map(value, 20, at, errors, String::read))?;
        let made = entries.unwrap_or_default().try_into();
        self.made(key, made)
    }

    /// Labels as personas, scenarios, metrics and services have them; absent or null: none.
    pub fn strict_tags(&mut self, key: &'static str) -> Option<Tags> {
        Some(self.optional_strict_tags(key)?.unwrap_or_default())
    }

    /// The same, where absent or null keeps what is there.
    pub fn optional_strict_tags(&mut self, key: &'static str) -> Option<Option<Tags>> {
        let Some(entries) = self.tag_entries(key)? else {
            return Some(None);
        };
        let made = Tags::strict(entries);
        self.made(key, made).map(Some)
    }

    /// Labels as unit tests and sets have them; absent or null: none.
    pub fn loose_tags(&mut self, key: &'static str) -> Option<Tags> {
        Some(self.optional_loose_tags(key)?.unwrap_or_default())
    }

    /// The same, where absent or null keeps what is there.
    pub fn optional_loose_tags(&mut self, key: &'static str) -> Option<Option<Tags>> {
        let Some(entries) = self.tag_entries(key)? else {
            return Some(None);
        };
        let made = entries.try_into();
        self.made(key, made).map(Some)
    }

    fn tag_entries(&mut self, key: &'static str) -> Option<Option<BTreeMap<String, Option<String>>>> {
        self.optional_with(key, |value, at, errors| {
            map(value, 1000, at, errors, |value, at, errors| {
                if value.is_null() {
                    Some(None)
                } else {
                    String::read(value, at, errors).map(Some)
                }
            })
        })
    }

    /// The description of a metric: trimmed like every other text, but it may be empty.
    pub fn description(&mut self, key: &'static str) -> Option<String> {
        self.with(key, crate::suite::metric::read_description)
    }

    /// A JSON object, kept as it is; absent or null: none.
    pub fn json_object(&mut self, key: &'static str) -> Option<Option<Json>> {
        self.optional_with(key, json_object)
    }

    /// Takes what a constructor made, or reports why it would not.
    fn made<T>(&mut self, key: &str, made: Result<T, Invalid>) -> Option<T> {
        match made {
            Ok(value) => Some(value),
            Err(reason) => {
                self.fault(key, reason.to_string());
                None
            }
        }
    }

    /// The fields that no method has asked for, as they stand. None of them counts as unknown from now on.
    pub fn take_rest(&mut self) -> Map<String, Value> {
        self.open = true;
        let unread = |(key, _): &(&String, &Value)| !self.known.contains(&key.as_str());
        self.map
            .iter()
            .filter(unread)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// Reports every field that no method has asked for.
    pub fn finish(self) {
        if self.open {
            return;
        }
        for key in self.map.keys().filter(|key| !self.known.contains(&key.as_str())) {
            if key.len() > MAX_KEY_BYTES {
                self.errors.push(
                    &self.at,
                    format!("has an unknown field with a name of {} bytes", key.len()),
                );
                continue;
            }
            let at = self.at.key(key);
            let detail = match closest(key, self.known.iter().copied()) {
                Some(meant) => format!("unknown field; did you mean `{meant}`?"),
                None if self.known.is_empty() => "unknown field; none is expected here".to_owned(),
                None => format!("unknown field; known are {}", self.known.join(", ")),
            };
            self.errors.push(&at, detail);
        }
    }
}
