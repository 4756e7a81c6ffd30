//! What is wrong with a document, field by field.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The most wrong fields that one answer lists.
pub const MAX_FIELD_ERRORS: usize = 100;

/// One wrong field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Where it stands: a JSON Pointer (RFC 6901); empty for the document itself.
    pub pointer: String,
    /// What is wrong with it, as a lower-case clause that also says what would be accepted.
    pub detail: String,
}

/// Everything that is wrong with a document, at most [`MAX_FIELD_ERRORS`] entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// A single wrong field.
    pub fn one(at: &Pointer, detail: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.push(at, detail);
        errors
    }

    /// Adds a wrong field. Beyond [`MAX_FIELD_ERRORS`] nothing more is kept: whoever sent that much mends the first ones first.
    pub fn push(&mut self, at: &Pointer, detail: impl Into<String>) {
        if self.0.len() < MAX_FIELD_ERRORS {
            self.0.push(FieldError {
                pointer: at.to_string(),
                detail: detail.into(),
            });
        }
    }

    /// The wrong fields, in the order in which they were met.
    pub fn as_slice(&self) -> &[FieldError] {
        &self.0
    }

    /// Whether nothing is wrong.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same, in a document that holds the one these errors are about at `at`.
    #[must_use]
    pub fn below(self, at: &Pointer) -> Self {
        let moved = |error: FieldError| FieldError {
            pointer: format!("{at}{}", error.pointer),
            detail: error.detail,
        };
        Self(self.0.into_iter().map(moved).collect())
    }

    /// Adds everything that is wrong elsewhere.
    pub fn extend(&mut self, other: Self) {
        let room = MAX_FIELD_ERRORS.saturating_sub(self.0.len());
        self.0.extend(other.0.into_iter().take(room));
    }
}

impl From<FieldError> for FieldErrors {
    fn from(error: FieldError) -> Self {
        Self(vec![error])
    }
}

impl From<FieldErrors> for Vec<FieldError> {
    fn from(errors: FieldErrors) -> Self {
        errors.0
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            let pointer = if error.pointer.is_empty() {
                "/"
            } else {
                error.pointer.as_str()
            };
            write!(f, "{separator}{pointer}: {}", error.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for FieldErrors {}

/// A place in a JSON document: a JSON Pointer (RFC 6901).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pointer(String);

impl Pointer {
    /// The document itself.
    pub const fn root() -> Self {
        Self(String::new())
    }

    /// The field `key` of the object here.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        Self(format!(
            "{}/{}",
            self.0,
            key.replace('~', "~0").replace('/', "~1")
        ))
    }

    /// The item `index` of the array here.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        Self(format!("{}/{index}", self.0))
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_escape_what_has_a_meaning_in_them() {
        assert_eq!(Pointer::root().key("a/b~c").index(2).to_string(), "/a~1b~0c/2");
    }

    #[test]
    fn only_so_many_errors_are_kept() {
        let mut errors = FieldErrors::default();
        for index in 0..2 * MAX_FIELD_ERRORS {
            errors.push(&Pointer::root().index(index), "is wrong");
        }
        errors.extend(FieldErrors::one(&Pointer::root(), "is wrong"));
        assert_eq!(errors.as_slice().len(), MAX_FIELD_ERRORS);
    }

    #[test]
    fn errors_read_as_one_sentence() {
        let mut errors = FieldErrors::one(&Pointer::root(), "must be an object");
        errors.push(&Pointer::root().key("name"), "is required");
        assert_eq!(
            errors.clone().below(&Pointer::root().index(3)).to_string(),
            "/3: must be an object; /3/name: is required"
        );
        assert_eq!(errors.to_string(), "/: must be an object; /name: is required");
    }
}
