//! What can go wrong with an agent.

use serde::{Deserialize, Serialize};

use crate::Secrets;

/// An agent that could not be talked to. Every text says what went wrong and where, and quotes at most a little of what came
/// back; none holds a secret. Recordings hold it as it is here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum AgentError {
    /// No reply in time. May pass.
    #[error("{place}: no reply within {timeout_ms} ms{detail}")]
    Timeout {
        /// Method and URL, or command.
        place: String,
        /// How long was waited, per try.
        timeout_ms: u32,
        /// What was seen meanwhile; empty, or begins with a separator.
        detail: String,
    },
    /// No connection, or it was cut. May pass.
    #[error("{place}: cannot be reached: {reason}")]
    Unreachable {
        /// Method and URL, or command.
        place: String,
        /// What happened.
        reason: String,
    },
    /// The address is none that this worker may connect to.
    #[error("{place}: {reason}")]
    NotAllowed {
        /// Method and URL.
        place: String,
        /// Which host, and which setting would allow it.
        reason: String,
    },
    /// Too many requests (429). May pass.
    #[error("{place}: too many requests (429){detail}")]
    RateLimited {
        /// Method and URL.
        place: String,
        /// How long the agent asked to wait.
        retry_after_ms: Option<u64>,
        /// What came back; empty, or begins with a separator.
        detail: String,
    },
    /// The agent answered with a status that is not success. 408 and 5xx may pass.
    #[error("{place}: answered with status {status}{detail}")]
    Refused {
        /// Method and URL.
        place: String,
        /// The status.
        status: u16,
        /// How long the agent asked to wait.
        retry_after_ms: Option<u64>,
        /// What came back; empty, or begins with a separator.
        detail: String,
    },
    /// The answer does not follow the protocol, or is an error that the agent reported.
    #[error("{place}: {reason}{detail}")]
    Malformed {
        /// Method and URL, or command.
        place: String,
        /// What is wrong.
        reason: String,
        /// What came back; empty, or begins with a separator.
        detail: String,
    },
    /// The answer is longer than the connection allows.
    #[error("{place}: the reply is longer than max_reply_bytes ({limit_bytes})")]
    TooLarge {
        /// Method and URL, or command.
        place: String,
        /// The limit.
        limit_bytes: u32,
    },
    /// The answer holds neither text nor tool calls.
    #[error("{place}: the reply is empty")]
    Empty {
        /// Method and URL, or command.
        place: String,
    },
    /// The process ended, or closed its output.
    #[error("{place}: {status}{output}")]
    Exited {
        /// The command.
        place: String,
        /// How it ended.
        status: String,
        /// What it wrote of a reply, and the end of what it wrote to standard error; empty, or begins with a separator.
        output: String,
    },
    /// A template names a secret that the environment lacks.
    #[error("{field} names secret `{name}`, which this worker's environment does not have")]
    SecretMissing {
        /// The template's place in the connection, such as `api_key`.
        field: String,
        /// The secret's name.
        name: String,
    },
    /// A template could not be filled in.
    #[error("{field}: {reason}")]
    Template {
        /// The template's place in the connection.
        field: String,
        /// What is wrong.
        reason: String,
    },
    /// This agent cannot be talked to so.
    #[error("agent `{agent}`: {reason}")]
    Unsuitable {
        /// The agent's name.
        agent: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The recording holds no reply to this turn, or cannot be read or written.
    #[error("agent `{agent}`: {reason}")]
    NotRecorded {
        /// The agent's name.
        agent: String,
        /// Which recording, and what comes nearest.
        reason: String,
    },
}

impl AgentError {
    /// Whether the same call may succeed later without anyone doing anything. Calls over HTTP were tried again already, as
    /// often as the connection says.
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::Unreachable { .. } | Self::RateLimited { .. } => true,
            Self::Refused { status, .. } => *status == 408 || *status >= 500,
            Self::NotAllowed { .. }
            | Self::Malformed { .. }
            | Self::TooLarge { .. }
            | Self::Empty { .. }
            | Self::Exited { .. }
            | Self::SecretMissing { .. }
            | Self::Template { .. }
            | Self::Unsuitable { .. }
            | Self::NotRecorded { .. } => false,
        }
    }

    /// How long the agent asked to wait before the next try, in milliseconds.
    pub(crate) const fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after_ms, .. } | Self::Refused { retry_after_ms, .. } => {
                *retry_after_ms
            }
            Self::Timeout { .. }
            | Self::Unreachable { .. }
            | Self::NotAllowed { .. }
            | Self::Malformed { .. }
            | Self::TooLarge { .. }
            | Self::Empty { .. }
            | Self::Exited { .. }
            | Self::SecretMissing { .. }
            | Self::Template { .. }
            | Self::Unsuitable { .. }
            | Self::NotRecorded { .. } => None,
        }
    }

    /// The same error without secrets in any of its texts.
    pub(crate) fn redacted(mut self, secrets: &Secrets) -> Self {
        let texts: Vec<&mut String> = match &mut self {
            Self::Timeout { place, detail, .. }
            | Self::RateLimited { place, detail, .. }
            | Self::Refused { place, detail, .. } => vec![place, detail],
            Self::Unreachable { place, reason } | Self::NotAllowed { place, reason } => vec![place, reason],
            Self::Malformed {
                place,
                reason,
                detail,
            } => vec![place, reason, detail],
            Self::TooLarge { place, .. } | Self::Empty { place } => vec![place],
            Self::Exited {
                place,
                status,
                output,
            } => vec![place, status, output],
            Self::Template { reason, .. } | Self::NotRecorded { reason, .. } => vec![reason],
            Self::SecretMissing { .. } | Self::Unsuitable { .. } => Vec::new(),
        };
        for text in texts {
            *text = secrets.redact(text);
        }
        self
    }
}
