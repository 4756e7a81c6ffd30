//! Comparing a suite with what exists.

use serde::{Deserialize, Serialize};
use serde_json::Value;

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

/// The paths of the fields in which two values of one type differ, below `prefix`. Empty: they are equal.
pub(crate) fn fields_that_differ<T: Serialize, U: Serialize>(prefix: &str, old: &T, new: &U) -> Vec<String> {
    let mut fields = Vec::new();
    match (serde_json::to_value(old), serde_json::to_value(new)) {
        (Ok(old), Ok(new)) => differ(prefix, &old, &new, &mut fields),
        (Ok(_) | Err(_), Ok(_) | Err(_)) => fields.push(prefix.to_owned()),
    }
    fields
}

fn differ(path: &str, old: &Value, new: &Value, fields: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for name in names {
                let below = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                let (old, new) = (
                    old.get(name).unwrap_or(&Value::Null),
                    new.get(name).unwrap_or(&Value::Null),
                );
                differ(&below, old, new, fields);
            }
        }
        (old, new) if old == new => {}
        (_, _) => fields.push(path.to_owned()),
    }
}
