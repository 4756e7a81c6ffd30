//! What can go wrong between the client and the server, sorted by what to do about it.
//!
//! JetStream's error numbers are named here and nowhere else.

use std::fmt;

use model::codec::DecodeError;
use serde::Deserialize;

use crate::JournalError;

/// JetStream's error numbers.
pub(super) mod code {
    /// A consumer of this name exists and differs in what cannot be changed, such as where it starts.
    pub(in super::super) const CONSUMER_START_CANNOT_CHANGE: u32 = 10012;
    pub(in super::super) const CONSUMER_NOT_FOUND: u32 = 10014;
    pub(in super::super) const NO_MESSAGE_FOUND: u32 = 10037;
    pub(in super::super) const NOT_ENABLED_FOR_ACCOUNT: u32 = 10039;
    pub(in super::super) const STREAM_NAME_EXISTS: u32 = 10058;
    pub(in super::super) const STREAM_NOT_FOUND: u32 = 10059;
    pub(in super::super) const NOT_ENABLED: u32 = 10076;
    /// The expectation does not hold: a conflict, or our own earlier success.
    pub(in super::super) const WRONG_LAST_SEQUENCE: u32 = 10071;
    /// The expectation cannot be checked right now: another write is on its way. Says nothing about who wins.
    pub(in super::super) const WRITE_IN_PROCESS: u32 = 10164;
    /// A message id of the batch is known: the batch, or part of it, was stored before.
    pub(in super::super) const BATCH_HOLDS_DUPLICATE: u32 = 10201;
    /// Part of a batch did not arrive, so that none of it is stored.
    pub(in super::super) const BATCH_INCOMPLETE: u32 = 10176;

    /// No space left, or a limit of the server, account or stream is reached.
    pub(super) const FULL: &[u32] = &[10002, 10023, 10028, 10047, 10077, 10120, 10122];
    /// A message is larger than the stream or its headers may be.
    pub(super) const TOO_LARGE: &[u32] = &[10054, 10097];
    /// Elections, races and restarts: the same request may succeed in a moment.
    pub(super) const PASSING: &[u32] = &[
        10004,
        10006,
        10007,
        10008,
        10009,
        10041,
        10118,
        10119,
        10158,
        10163,
        WRITE_IN_PROCESS,
        10167,
        BATCH_INCOMPLETE,
        10194,
        10195,
        10210,
    ];
}

/// JetStream's answer when it refuses.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Refusal {
    #[serde(default)]
    pub(super) err_code: u32,
    #[serde(default)]
    pub(super) description: String,
}

/// Why a request failed.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// No answer, or not in time. It may have taken effect.
    Unreachable(String),
    /// Nobody listens.
    NoResponders,
    /// The credentials do not permit it.
    Forbidden(String),
    /// The message is larger than the server takes.
    TooLarge { size: usize, limit: usize },
    /// JetStream refused.
    Refused(Refusal),
    /// The answer is not what JetStream answers.
    Malformed(String),
    /// A stored message is not what should stand there.
    Unreadable {
        stream: &'static str,
        sequence: u64,
        source: DecodeError,
    },
}

impl Failure {
    /// Whether the same request may succeed in a moment.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::NoResponders => true,
            Self::Refused(refusal) => code::PASSING.contains(&refusal.err_code),
            Self::Forbidden(_) | Self::TooLarge { .. } | Self::Malformed(_) | Self::Unreadable { .. } => {
                false
            }
        }
    }

    /// Whether JetStream refused with this number.
    pub(super) fn is(&self, code: u32) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.err_code == code)
    }

    /// The error that callers of a service see.
    pub(crate) fn into_request_error(self, operation: &'static str, subject: &str) -> JournalError {
        if matches!(self, Self::NoResponders) {
            let reason = format!(
                "nobody answers on {subject}: check that `rehearse server` runs, and that it uses the same NATS account"
            );
            return JournalError::Unreachable { operation, reason };
        }
        self.into_error(operation)
    }

    /// The error that callers see.
    pub(crate) fn into_error(self, operation: &'static str) -> JournalError {
        let passing = self.is_passing();
        match self {
            Self::Unreachable(reason) => JournalError::Unreachable { operation, reason },
            Self::NoResponders => JournalError::Unreachable {
                operation,
                reason: self.to_string(),
            },
            Self::Forbidden(reason) => JournalError::Forbidden { operation, reason },
            Self::TooLarge { size, limit } => JournalError::TooLarge {
                operation,
                size,
                limit,
            },
            Self::Refused(refusal) if passing => JournalError::Unreachable {
                operation,
                reason: refusal.to_string(),
            },
            Self::Refused(refusal) if code::FULL.contains(&refusal.err_code) => JournalError::Full {
                operation,
                reason: refusal.to_string(),
            },
            Self::Refused(refusal) if code::TOO_LARGE.contains(&refusal.err_code) => JournalError::Refused {
                operation,
                reason: format!("{refusal}; raise the stream's `max_msg_size`"),
            },
            Self::Refused(refusal) => JournalError::Refused {
                operation,
                reason: refusal.to_string(),
            },
            Self::Malformed(reason) => JournalError::Refused { operation, reason },
            Self::Unreadable {
                stream,
                sequence,
                source,
            } => JournalError::Unreadable {
                stream,
                sequence,
                source,
            },
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (JetStream error {})", self.description, self.err_code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(reason) | Self::Forbidden(reason) | Self::Malformed(reason) => {
                f.write_str(reason)
            }
            Self::NoResponders => {
                f.write_str("nobody answers: JetStream has no leader yet, or the stream or consumer is gone")
            }
            Self::TooLarge { size, limit } => write!(f, "{size} bytes are more than {limit}"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Unreadable {
                stream,
                sequence,
                source,
            } => write!(f, "{stream} {sequence}: {source}"),
        }
    }
}
