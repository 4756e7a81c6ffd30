//! API keys.

mod duration;

pub use duration::Duration;
use model::{ApiKey, ApiKeyId, Command, Name, OrgId, Time, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    UserInfo,
    request::{CommandRequest, request},
};

request! {
    /// What Rehearse adds to the making of a key.
    CreateExtension {
        /// Whose key it is; none: the caller's.
        user_id: Option<UserId> = optional(),
    }
}

request! {
    /// Makes an API key. Its secret is shown once, in the answer.
    Create {
        /// What people call it; none: `API key`.
        name: Option<Name> = optional(),
        /// How long it opens something: 1 to 90 days, ISO 8601; none: for ever.
        duration: Option<Duration> = optional(),
        /// Accepted for compatibility: a key acts with the role of its user.
        role_name: Option<Name> = optional(),
        /// What Rehearse adds.
        rehearse: Option<CreateExtension> = optional(),
    }
}

request! {
    /// Revokes an API key.
    Delete {
        /// The key.
        id: ApiKeyId = required(),
    }
}

impl Create {
    /// The command that it asks for. The caller made the id and the secret, and names who asks and when.
    pub fn into_command(self, id: ApiKeyId, secret_hash: [u8; 32], actor: &UserId, now: Time) -> Command {
        let user_id = self.rehearse.and_then(|extension| extension.user_id);
        Command::CreateApiKey {
            id,
            user_id: user_id.unwrap_or_else(|| actor.clone()),
            name: self.name.unwrap_or_else(unnamed),
            secret_hash,
            expires_at: self
                .duration
                .map(|duration| now.plus_millis(duration.as_millis())),
        }
    }
}

fn unnamed() -> Name {
    Name::try_from("API key").expect("the literal is a name")
}

impl CommandRequest for Delete {
    fn into_command(self) -> Command {
        Command::DeleteApiKey { id: self.id }
    }
}

/// A key was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// Its id; presented along with the secret.
    pub api_key_id: ApiKeyId,
    /// The secret. It is shown here and never again.
    pub api_key: String,
    /// After this it no longer opens anything; none: never.
    pub expires_at: Option<Time>,
}

/// A key was revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// Its id.
    pub deleted_key_id: ApiKeyId,
}

/// A key without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: ApiKeyId,
    /// What people call it.
    pub name: Option<Name>,
    /// The tenant.
    pub org_id: OrgId,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// Its id again, under the name that sign-in uses.
    pub key_id: ApiKeyId,
    /// After this it no longer opens anything; none: never.
    pub expires_at: Option<Time>,
    /// Who made it.
    pub creator: UserInfo,
    /// The role that it acts with: that of its user.
    pub role_id: String,
    /// What Rehearse adds.
    pub rehearse: Extension,
}

/// What Rehearse adds to a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Whose key it is.
    pub user_id: UserId,
    /// Whether it was revoked.
    pub is_deleted: bool,
}

impl Instance {
    /// The key; `role` is its user's, if it is known.
    pub fn of(org: &OrgId, key: &ApiKey, role: Option<&Name>) -> Self {
        Self {
            id: key.id,
            name: Some(key.name.clone()),
            org_id: org.clone(),
            created_at: key.life.created.at,
            updated_at: key.life.updated.at,
            key_id: key.id,
            expires_at: key.expires_at,
            creator: UserInfo::of(org, &key.life.created),
            role_id: role.map(ToString::to_string).unwrap_or_default(),
            rehearse: Extension {
                user_id: key.user_id.clone(),
                is_deleted: key.life.is_deleted(),
            },
        }
    }
}

/// The organization's keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// All live ones.
    pub api_keys: Vec<Instance>,
}
