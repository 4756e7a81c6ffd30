//! What can go wrong when a language model is asked.

use model::Usage;
use serde::{Deserialize, Serialize};

/// A language model that gave no usable answer. The texts hold no secrets. Recordings hold it as it is here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum AskError {
    /// No answer in time.
    #[error("model `{model}`: no answer within {timeout_ms} ms{tries}")]
    Timeout {
        /// The model's name in the configuration.
        model: String,
        /// The limit of one try.
        timeout_ms: u32,
        /// Which try, if not the only one; empty, or begins with a blank.
        tries: String,
    },
    /// The provider cannot be reached.
    #[error("model `{model}`: {place} cannot be reached: {reason}")]
    Unreachable {
        /// The model's name in the configuration.
        model: String,
        /// Where it would be.
        place: String,
        /// What happened.
        reason: String,
    },
    /// The provider refused the request, for now (429) or for good.
    #[error("model `{model}`: the provider answered {status}{detail}")]
    Refused {
        /// The model's name in the configuration.
        model: String,
        /// The HTTP status.
        status: u16,
        /// How long it asked to wait, in milliseconds.
        retry_after_ms: Option<u64>,
        /// The beginning of what it said; empty, or begins with a separator.
        detail: String,
    },
    /// The answer does not follow the provider's protocol: no choices, an error inside a success, a body cut short.
    #[error("model `{model}`: {reason}{detail}")]
    Malformed {
        /// The model's name in the configuration.
        model: String,
        /// What is wrong.
        reason: String,
        /// The beginning of the answer; empty, or begins with a separator.
        detail: String,
    },
    /// The answer does not have the shape that was asked for, and did not after a correction either.
    #[error("model `{model}`: the answer is not what was asked for: {reason}{detail}")]
    Unusable {
        /// The model's name in the configuration.
        model: String,
        /// What is wrong.
        reason: String,
        /// The beginning of the answer; empty, or begins with a separator.
        detail: String,
        /// What was consumed for nothing.
        usage: Usage,
    },
    /// The API key is not there.
    #[error(
        "model `{model}`: secret `{secret}` holds its API key, and this worker's environment does not have it"
    )]
    SecretMissing {
        /// The model's name in the configuration.
        model: String,
        /// The secret's name.
        secret: String,
    },
    /// The conversation has used up what it may.
    #[error("model `{model}`: {reason}")]
    Exhausted {
        /// The model's name in the configuration.
        model: String,
        /// Which limit, and where it is set.
        reason: String,
    },
    /// The recording holds no answer to this question, or cannot be read or written.
    #[error("model `{model}`: {reason}")]
    NotRecorded {
        /// The model's name in the configuration.
        model: String,
        /// Which recording, and what comes nearest.
        reason: String,
    },
    /// The model cannot be used as it is configured.
    #[error("model `{model}`: {reason}")]
    Unsuitable {
        /// The model's name in the configuration.
        model: String,
        /// What is wrong and what to do.
        reason: String,
    },
}

impl AskError {
    /// Whether the same question may be answered later without anyone doing anything.
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => matches!(*status, 408 | 409 | 429 | 500..=599),
            Self::Malformed { .. }
            | Self::Unusable { .. }
            | Self::SecretMissing { .. }
            | Self::Exhausted { .. }
            | Self::NotRecorded { .. }
            | Self::Unsuitable { .. } => false,
        }
    }
}
