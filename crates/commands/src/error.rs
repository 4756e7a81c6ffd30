//! What can keep a command from being carried out.

use std::time::Duration;

use journal::JournalError;
use model::{ReadError, Rejection};
use projections::{QueryError, WaitError};

/// A command was not carried out, or it is not known whether it was.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// It would break a rule. Nothing has happened.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The state could not be read. Nothing has happened.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The projections could not be read. Nothing has happened.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The log could not be read or written. Unless the log says that it is full or refuses, the command may have taken effect: the
    /// same command id finds out.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The projections did not catch up with the log in time. Nothing has happened now.
    #[error(transparent)]
    Behind(#[from] WaitError),
    /// Other servers kept changing the organization in between. Nothing has happened.
    #[error("gave up after {tries} tries because other servers kept changing the organization; try again")]
    Contended {
        /// How often it was tried.
        tries: u32,
    },
    /// Earlier commands of the organization took too long. Nothing has happened.
    #[error("other commands of the organization were still being carried out after {} s; try again", .waited.as_secs())]
    Queued {
        /// How long it waited.
        waited: Duration,
    },
    /// A background task of this process ended unexpectedly.
    #[error("internal error: {reason}")]
    Internal {
        /// What ended.
        reason: String,
    },
}
