//! Comparing a suite with what exists.

use serde::{Deserialize, Serialize};

use crate::{Kind, Name};

/// What applying a suite does to one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteChange {
    /// The object's kind.
    pub kind: Kind,
    /// Its name.
    pub name: Name,
    /// What is done.
    pub difference: Difference,
    /// The fields that differ, such as `content.background`; empty for created and unchanged objects.
    pub fields: Vec<String>,
}

/// How an object of a suite differs from what exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Difference {
    /// It does not exist yet.
    Created,
    /// It gets a new version with this number.
    NewVersion(u32),
    /// It is updated in place.
    Updated,
    /// It is as the suite says.
    Unchanged,
}
