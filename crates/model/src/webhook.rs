//! Webhook destinations: where an organization is told what happened.
//!
//! Secrets are never stored. The server derives one from a key of its own and the salt that is kept here, so a copy of the log
//! signs nothing.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Life, Time, WebhookDestinationId, WebhookUrl};

/// The most webhook destinations that may live in an organization.
pub const MAX_WEBHOOK_DESTINATIONS: u64 = 10;

/// For how long a secret must have been in use before it may be replaced, in milliseconds.
pub const MIN_SECRET_AGE_MS: u64 = 60 * 60 * 1000;

/// For how long the replaced secret is still used beside the new one, in milliseconds.
pub const SECRET_OVERLAP_MS: u64 = 30 * 60 * 1000;

/// A place that is told what happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WebhookDestination {
    /// Its id.
    pub id: WebhookDestinationId,
    /// Where it is.
    pub url: WebhookUrl,
    /// What it is told of.
    pub accepted_types: BTreeSet<WebhookType>,
    /// How often a delivery that failed is tried again: 1 to 5.
    pub retry_attempts: u32,
    /// The secret that signs.
    pub secret: WebhookSecret,
    /// The secret before, while it signs too.
    pub previous: Option<PreviousSecret>,
    /// Creation, change, deletion.
    pub life: Life,
}

/// What a destination's secret follows from, together with the server's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookSecret {
    /// 32 unpredictable bytes.
    pub salt: [u8; 32],
    /// Since when it signs.
    pub generated_at: Time,
}

/// What the secret before follows from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    /// 32 unpredictable bytes.
    pub salt: [u8; 32],
    /// Until when it signs.
    pub until: Time,
}

/// What a destination is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WebhookType {
    /// A conversation is over and was looked at.
    ConversationPostProcessingComplete,
    /// An API key opens nothing any more soon.
    ApiKeyExpirationSoon,
    /// An agent, a context graph or a service changed.
    AgentFrameworkResourceUpdated,
    /// A run is over and its artifact exists.
    RunCompleted,
}

impl WebhookType {
    /// Every type.
    pub const ALL: &[Self] = &[
        Self::ConversationPostProcessingComplete,
        Self::ApiKeyExpirationSoon,
        Self::AgentFrameworkResourceUpdated,
        Self::RunCompleted,
    ];
}
