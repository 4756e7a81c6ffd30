//! Why a request failed.

use serde_json::error::Error as JsonError;

use crate::{
    FieldErrors,
    error::{ErrorCode, Problem},
};

/// A request failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The client cannot work so.
    #[error("{reason}")]
    Options {
        /// What cannot be, and what to do.
        reason: String,
        /// What the HTTP library says about it.
        #[source]
        source: Option<reqwest::Error>,
    },
    /// There is no such endpoint.
    #[error("this build knows no endpoint `{kind}.{verb}`")]
    UnknownEndpoint {
        /// What it is about.
        kind: String,
        /// What it does.
        verb: String,
    },
    /// The request does not fit the endpoint; nothing was sent.
    #[error("the request cannot be sent: {}", Problem::from(.0.clone()).detail)]
    Request(FieldErrors),
    /// The request is no JSON; nothing was sent.
    #[error("the request cannot be written as JSON")]
    Unwritable {
        /// Why.
        source: JsonError,
    },
    /// Nobody answered in time.
    #[error("{base_url} cannot be reached")]
    Unreachable {
        /// The server's address.
        base_url: String,
        /// Why.
        source: reqwest::Error,
    },
    /// The server does not know the caller: no API key of this id, another secret, expired, revoked, not of this user, or there is no
    /// such organization. It does not say which.
    #[error("{base_url} does not accept the credentials")]
    SignIn {
        /// The server's address.
        base_url: String,
        /// What it said.
        source: Box<Problem>,
    },
    /// The server refused.
    #[error(transparent)]
    Problem(#[from] Box<Problem>),
    /// Something answered that is no Rehearse server.
    #[error("{base_url} does not answer as a Rehearse server does: {what}")]
    NotRehearse {
        /// The address.
        base_url: String,
        /// The status that it answered with.
        status: u16,
        /// What it answered, in a few words.
        what: String,
    },
    /// The answer is larger than this client accepts.
    #[error("the answer is larger than {limit_bytes} bytes")]
    TooLarge {
        /// What is accepted.
        limit_bytes: usize,
    },
    /// The answer is not what this build expects; server and client may be of different versions.
    #[error("the answer to {what} cannot be read")]
    Unreadable {
        /// What was asked.
        what: String,
        /// Why.
        source: JsonError,
    },
}

impl ClientError {
    /// The server's code, if it refused.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::SignIn { source: problem, .. } | Self::Problem(problem) => Some(problem.code),
            Self::Options { .. }
            | Self::UnknownEndpoint { .. }
            | Self::Request(_)
            | Self::Unwritable { .. }
            | Self::Unreachable { .. }
            | Self::NotRehearse { .. }
            | Self::TooLarge { .. }
            | Self::Unreadable { .. } => None,
        }
    }

    /// Whether asking again soon may help.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Problem(problem) => passes(problem.status),
            // What stands before a server answers so while the server is away.
            Self::NotRehearse { status, .. } => passes(*status),
            Self::SignIn { .. }
            | Self::Options { .. }
            | Self::UnknownEndpoint { .. }
            | Self::Request(_)
            | Self::Unwritable { .. }
            | Self::TooLarge { .. }
            | Self::Unreadable { .. } => false,
        }
    }
}

const fn passes(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504)
}
