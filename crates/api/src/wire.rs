//! Small shapes that many bodies share.

use std::collections::BTreeMap;

use model::{Change, Invalid, Json, OrgId, Tags, Time, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A user, as bodies name one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UserInfo {
    /// The user's organization.
    pub org_id: OrgId,
    /// The user.
    pub user_id: UserId,
}

impl UserInfo {
    /// The user who made a change in an organization.
    pub fn of(org: &OrgId, change: &Change) -> Self {
        Self {
            org_id: org.clone(),
            user_id: change.by.clone(),
        }
    }
}

/// A version was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct VersionCreated {
    /// Its number.
    pub version: u32,
}

/// A label in the list form that all but personas and scenarios have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Tag {
    /// What kind of label.
    pub key: String,
    /// Which.
    #[schema(required)]
    pub value: Option<String>,
}

/// Labels in the list form.
pub fn tag_list(tags: &Tags) -> Vec<Tag> {
    tags.entries()
        .iter()
        .map(|(key, value)| Tag {
            key: key.clone(),
            value: value.clone(),
        })
        .collect()
}

/// Labels from the list form.
///
/// # Errors
/// Too many labels, or too long ones.
pub fn tags_of_list(tags: &[Tag]) -> Result<Tags, Invalid> {
    let entries: BTreeMap<String, Option<String>> = tags
        .iter()
        .map(|tag| (tag.key.clone(), tag.value.clone()))
        .collect();
    entries.try_into()
}

/// The fields of a document that is an object; empty for any other JSON.
pub(crate) fn object(json: &Json) -> Map<String, Value> {
    match json.value() {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

/// Writes a time to the microsecond, with no more digits than it needs.
pub(crate) fn precise_time(time: Time) -> String {
    let micros = time.as_micros();
    let fraction = micros.rem_euclid(1_000_000);
    let whole = Time::from_micros(micros.saturating_sub(fraction)).to_string();
    let Some(seconds) = whole.strip_suffix(".000Z") else {
        return time.to_string();
    };
    if fraction == 0 {
        return format!("{seconds}Z");
    }
    let digits = format!("{fraction:06}");
    format!("{seconds}.{}Z", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_every_microsecond() {
        for text in [
            "2026-01-31T09:30:00Z",
            "2026-01-31T09:30:00.5Z",
            "1969-12-31T23:59:59.000001Z",
        ] {
            let time: Time = text.parse().unwrap();
            assert_eq!(precise_time(time), text);
        }
    }

    #[test]
    fn labels_survive_the_list_form() {
        let entries = BTreeMap::from([("a".to_owned(), None), ("b".to_owned(), Some("1".to_owned()))]);
        let tags: Tags = entries.try_into().unwrap();
        assert_eq!(tags_of_list(&tag_list(&tags)).unwrap(), tags);
    }
}
