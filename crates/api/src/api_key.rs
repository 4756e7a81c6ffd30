//! API keys.

mod expiry;

use model::{ADMINISTRATOR_ROLE, ApiKey, ApiKeyId, Command, Name, OrgId, RoleId, Time, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    FieldErrors, Pointer, UserInfo, duration,
    request::{CommandRequest, request},
};

/// How long a key lasts: 1 to 90 days.
pub type Duration = duration::Duration<{ duration::SECONDS_PER_DAY }>;

request! {
    /// What Rehearse adds to the making of a key.
    CreateExtension {
        /// The only user whom the key opens for; none: it opens for the users of its role.
        user_id: Option<UserId> = optional(),
    }
}

request! {
    /// Makes an API key. Its secret is shown once, in the answer.
    Create {
        /// What people call it; none: `API key`.
        name: Option<Name> = optional(),
        /// How long it opens something.
        duration: Duration = required(),
        /// The role: the key opens for every user who may do no more than this; none: `DefaultAdministratorRole`.
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
    /// Whom the key will open for.
    ///
    /// # Errors
    /// Both a role and a user are named.
    pub fn opens_for(&self) -> Result<OpensFor, FieldErrors> {
        let user = self
            .rehearse
            .as_ref()
            .and_then(|extension| extension.user_id.clone());
        match (user, self.role_name.clone()) {
            (Some(_), Some(_)) => Err(FieldErrors::one(
                &Pointer::root().key("role_name"),
                "a key that opens for one user has no role; leave out this or `rehearse.user_id`",
            )),
            (Some(user), None) => Ok(OpensFor::User(user)),
            (None, role) => Ok(OpensFor::Role(role.unwrap_or_else(administrator))),
        }
    }

    /// The command that it asks for. The caller made the secret and names who asks.
    ///
    /// # Errors
    /// Both a role and a user are named.
    pub fn into_command(self, secret_hash: [u8; 32], actor: &UserId) -> Result<Command, FieldErrors> {
        let (user_id, role) = match self.opens_for()? {
            OpensFor::User(user) => (user, None),
            OpensFor::Role(role) => (actor.clone(), Some(role)),
        };
        Ok(Command::CreateApiKey {
            id: None,
            user_id,
            name: self.name.unwrap_or_else(unnamed),
            secret_hash,
            lifetime_ms: Some(self.duration.as_millis()),
            role,
        })
    }
}

/// Whom a key opens for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpensFor {
    /// Every user who may do no more than the role of this name.
    Role(Name),
    /// This user only.
    User(UserId),
}

fn administrator() -> Name {
    Name::try_from(ADMINISTRATOR_ROLE).expect("the literal is a name")
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ApiKeyCreated)]
pub struct Created {
    /// Its id; presented along with the secret.
    pub api_key_id: ApiKeyId,
    /// The secret. It is shown here and never again.
    pub api_key: String,
    /// After this it no longer opens anything; in the year 9999: never.
    #[serde(with = "expiry")]
    #[schema(value_type = Time)]
    pub expires_at: Option<Time>,
}

/// A key was revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ApiKeyDeleted)]
pub struct Deleted {
    /// Its id.
    pub deleted_key_id: ApiKeyId,
}

/// A key without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ApiKeyInstance)]
pub struct Instance {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: ApiKeyId,
    /// What people call it.
    #[schema(required)]
    pub name: Option<Name>,
    /// The tenant.
    pub org_id: OrgId,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// Its id again, under the name that sign-in uses.
    pub key_id: ApiKeyId,
    /// After this it no longer opens anything; in the year 9999: never.
    #[serde(with = "expiry")]
    #[schema(value_type = Time)]
    pub expires_at: Option<Time>,
    /// Who made it.
    pub creator: UserInfo,
    /// The id of its role, or else of the role of the user it opens for; empty: of a role that is not known.
    pub role_id: String,
    /// What Rehearse adds.
    pub rehearse: Extension,
}

/// What Rehearse adds to a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ApiKeyExtension)]
pub struct Extension {
    /// The user it opens for, if it has no role; else who made it.
    pub user_id: UserId,
    /// The role: it opens for every user who may do no more than this.
    #[schema(required)]
    pub role_name: Option<Name>,
    /// Whether it was revoked.
    pub is_deleted: bool,
}

impl Instance {
    /// The key; `role` is its own or else its user's, if it is known.
    pub fn of(org: &OrgId, key: &ApiKey, role: Option<RoleId>) -> Self {
        Self {
            id: key.id,
            name: Some(key.name.clone()),
            org_id: org.clone(),
            created_at: key.life.created.at,
            updated_at: key.life.updated.at,
            key_id: key.id,
            expires_at: key.expires_at,
            creator: UserInfo::of(org, &key.life.created),
            role_id: role.map(|role| role.to_string()).unwrap_or_default(),
            rehearse: Extension {
                user_id: key.user_id.clone(),
                role_name: key.role.clone(),
                is_deleted: key.life.is_deleted(),
            },
        }
    }
}

/// The organization's keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ApiKeyList)]
pub struct List {
    /// All live ones.
    pub api_keys: Vec<Instance>,
}
