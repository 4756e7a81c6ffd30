//! Who made a temporary grant, as filters name it.

use std::fmt;

use model::{OrgId, UserId};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{FieldErrors, Pointer, read::Read};

/// A user: `user`, or `organization,user` as other lists want it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatorFilter {
    /// The user's organization; none: the caller's.
    pub org_id: Option<OrgId>,
    /// The user.
    pub user_id: UserId,
}

impl CreatorFilter {
    fn parse(text: &str) -> Option<Self> {
        let (org_id, user) = match text.split_once(',') {
            Some((org, user)) => (Some(org.trim().parse().ok()?), user),
            None => (None, text),
        };
        let user_id = user.trim().parse().ok()?;
        Some(Self { org_id, user_id })
    }
}

impl fmt::Display for CreatorFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.org_id {
            Some(org) => write!(f, "{org},{}", self.user_id),
            None => write!(f, "{}", self.user_id),
        }
    }
}

impl Serialize for CreatorFilter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Read for CreatorFilter {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let parsed = value.as_str().and_then(Self::parse);
        if parsed.is_none() {
            errors.push(at, "must be a user, `user` or `organization,user`");
        }
        parsed
    }
}

impl PartialSchema for CreatorFilter {
    fn schema() -> RefOr<Schema> {
        crate::openapi::described(
            "A user: `user`, or `organization,user`.",
            json!({
                "type": "string",
                "pattern": r"^\s*([A-Za-z0-9_-]{1,64}\s*,\s*)?[A-Za-z0-9_-]{1,64}\s*$",
                "examples": ["u1", "acme,u1"],
            }),
        )
    }
}

impl ToSchema for CreatorFilter {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::read;

    #[test]
    fn a_user_is_named_with_or_without_its_organization() {
        let of = |text: &str| read::<CreatorFilter>(&json!(text));
        assert_eq!(of("u1").unwrap().org_id, None);
        assert_eq!(of(" acme , u1 ").unwrap().to_string(), "acme,u1");
        for wrong in ["", ",", "acme,", ",u1", "a,b,c", "a b", "*", "a.>"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
