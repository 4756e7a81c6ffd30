//! Reading JSON so that every wrong field is reported at once, each with its place.
//!
//! A reader goes through all fields before it gives up: `None` means that something was reported, never that a value was
//! absent. Derived deserialization stops at the first fault, which is why requests and suites do not use it.

mod container;
mod fields;
mod query;
mod scalar;
mod similar;
mod word;

pub(crate) use container::{json_object, list, map, variant};
pub use fields::Fields;
pub(crate) use query::MAX_VALUES;
pub(crate) use scalar::{described, finite, integer, limited_string};
use serde_json::Value;
pub(crate) use similar::closest;
pub use word::Word;
pub(crate) use word::{read_word, word_schema, words};

use crate::{FieldErrors, Pointer};

/// A value that can be read from JSON, with every fault reported.
pub trait Read: Sized {
    /// The value; `None` if at least one fault was added to `errors`.
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self>;
}

/// Reads a whole document.
///
/// # Errors
/// Every wrong field of the document.
pub fn read<T: Read>(value: &Value) -> Result<T, FieldErrors> {
    collect(|at, errors| T::read(value, at, errors))
}

/// Runs a reader from the root of a document.
pub(crate) fn collect<T>(
    reader: impl FnOnce(&Pointer, &mut FieldErrors) -> Option<T>,
) -> Result<T, FieldErrors> {
    let mut errors = FieldErrors::default();
    match reader(&Pointer::root(), &mut errors) {
        Some(value) if errors.is_empty() => Ok(value),
        Some(_) => Err(errors),
        None => {
            if errors.is_empty() {
                errors.push(&Pointer::root(), "cannot be read");
            }
            Err(errors)
        }
    }
}

#[cfg(test)]
mod tests;
