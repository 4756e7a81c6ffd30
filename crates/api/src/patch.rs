//! Changes to a field that can be kept, cleared or set.

use serde::{Serialize, Serializer, ser::SerializeMap as _};

/// What a change does to one field. On the wire: absent or `{}` keeps it, null clears it, a value sets it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The field stays as it is.
    #[default]
    Keep,
    /// The field has no value from now on.
    Clear,
    /// The field has this value from now on.
    Set(T),
}

impl<T> Patch<T> {
    /// As commands have it: none keeps, `Some(None)` clears.
    pub fn into_change(self) -> Option<Option<T>> {
        match self {
            Self::Keep => None,
            Self::Clear => Some(None),
            Self::Set(value) => Some(Some(value)),
        }
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep => serializer.serialize_map(Some(0))?.end(),
            Self::Clear => serializer.serialize_none(),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}
