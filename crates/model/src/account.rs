//! Organizations, users and API keys.

use serde::{Deserialize, Serialize};

use crate::{ApiKeyId, Language, Life, Name, OrgId, Time, Timezone, UserId};

/// The tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: OrgId,
    /// What it is.
    pub profile: OrganizationProfile,
    /// Creation and change.
    pub life: Life,
}

/// What an organization is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationProfile {
    /// What people call it.
    pub title: Name,
    /// The language of personas that name none.
    pub preferred_language: Option<Language>,
    /// The time zone of personas that name none.
    pub timezone: Option<Timezone>,
}

/// A person or program that acts within an organization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// What people call it.
    pub name: Name,
    /// The name of its role, which says what it may do.
    pub role: Name,
    /// Creation, change, deletion.
    pub life: Life,
}

/// The most API keys that may live in an organization.
pub const MAX_API_KEYS: u64 = 20;

/// A credential of a user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Whose it is.
    pub user_id: UserId,
    /// None: it opens for its user only. Some: it opens for every user whose role this role covers.
    pub role: Option<Name>,
    /// What people call it.
    pub name: Name,
    /// The keyed hash of the secret; the secret itself is shown once and never stored.
    pub secret_hash: [u8; 32],
    /// After this it no longer opens anything; none: never.
    pub expires_at: Option<Time>,
    /// Creation and deletion (revocation).
    pub life: Life,
}
