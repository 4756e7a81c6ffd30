//! Temporary grants: what one user may do for a while.

mod creator;

use std::borrow::Cow;

pub use creator::CreatorFilter;
use model::{Command, OrgId, Tags, TemporaryGrant, TemporaryGrantId, Text, Time, UserId, openapi::BLANK};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{
    FieldErrors, Pointer, SortKey, TagFilter, UserInfo, duration,
    read::Read,
    request::{CommandRequest, request, schema::StrictTags, versions},
    shape::PermissionGrantShape,
};

/// How long a temporary grant lasts: 1 second to 90 days.
pub type Duration = duration::Duration<1>;

/// The least characters of a justification.
const MIN_JUSTIFICATION_CHARS: usize = 10;

/// Why a temporary grant is made: at least 10 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Justification(Text);

impl Read for Justification {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let text = Text::read(value, at, errors)?;
        let n_chars = text.as_str().chars().count();
        if n_chars < MIN_JUSTIFICATION_CHARS {
            errors.push(
                at,
                format!("must be at least {MIN_JUSTIFICATION_CHARS} characters long, this is {n_chars}"),
            );
            return None;
        }
        Some(Self(text))
    }
}

impl PartialSchema for Justification {
    fn schema() -> RefOr<Schema> {
        let between = MIN_JUSTIFICATION_CHARS - 2;
        crate::openapi::described(
            "Why the grant is made: trimmed, then at least 10 characters, at most 256 KiB.",
            json!({
                "type": "string",
                "minLength": MIN_JUSTIFICATION_CHARS,
                "maxLength": 256 * 1024,
                "pattern": format!("[^{BLANK}][\\s\\S]{{{between},}}[^{BLANK}]"),
            }),
        )
    }
}

impl ToSchema for Justification {
    fn name() -> Cow<'static, str> {
        "TemporaryGrantJustification".into()
    }
}

request! {
    /// Lets a user do something for a while.
    Create {
        /// The user.
        user_id: UserId = required(),
        /// For how long.
        duration: Duration = required(),
        /// What the user may do.
        permission_grant: PermissionGrantShape = required(),
        /// Labels.
        tags: Tags = strict_tags(),
        /// Why.
        justification: Justification = required(),
    }
}

request! {
    /// Lists temporary grants, those that have ended too.
    ListQuery {
        /// Only these.
        id: Vec<TemporaryGrantId> = values(),
        /// Only those of these users.
        user_id: Vec<UserId> = values(),
        /// Only those of this permission.
        permission_grant_name: Option<String> = single(),
        /// Only those that have ended, or only others; none: both.
        is_expired: Option<bool> = flag(),
        /// The page's size.
        limit: u32 = page_size(0..=10, 10),
        /// Where the page begins.
        continuation_token: u64 = page_start(),
        /// Made by any of these.
        creator: Vec<CreatorFilter> = values(),
        /// With all of these labels.
        tag: Vec<TagFilter> = values(),
        /// The order; none: newest first.
        sort_by: Vec<SortKey> = order(&["user_id", "expires_at", "permission_grant.permission_name"]),
    }
}

impl CommandRequest for Create {
    fn into_command(self) -> Command {
        Command::CreateTemporaryGrant {
            user_id: self.user_id,
            lifetime_ms: self.duration.as_millis(),
            grant: self.permission_grant.0,
            justification: self.justification.0,
            tags: self.tags,
        }
    }
}

/// A temporary grant was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TemporaryGrantCreated)]
pub struct Created {
    /// Its id.
    pub temporary_permission_grant_id: TemporaryGrantId,
    /// From then on it permits nothing any more.
    pub expires_at: Time,
}

/// A temporary grant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = TemporaryGrantInstance)]
pub struct Instance {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: TemporaryGrantId,
    /// The tenant.
    pub org_id: OrgId,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// Whose it is.
    pub user_id: UserId,
    /// From then on it permits nothing any more.
    pub expires_at: Time,
    /// What it permits.
    pub permission_grant: PermissionGrantShape,
    /// Why it was made.
    pub justification: Text,
    /// Who made it.
    pub creator: UserInfo,
    /// Labels.
    #[schema(value_type = StrictTags)]
    pub tags: Tags,
}

impl Instance {
    /// The grant.
    pub fn of(org: &OrgId, grant: &TemporaryGrant) -> Self {
        Self {
            id: grant.id,
            org_id: org.clone(),
            created_at: grant.life.created.at,
            updated_at: grant.life.updated.at,
            user_id: grant.user_id.clone(),
            expires_at: grant.expires_at,
            permission_grant: PermissionGrantShape(grant.grant.clone()),
            justification: grant.justification.clone(),
            creator: UserInfo::of(org, &grant.life.created),
            tags: grant.tags.clone(),
        }
    }
}

versions! {
    /// A page of temporary grants.
    List { temporary_permission_grants: Instance }
}
