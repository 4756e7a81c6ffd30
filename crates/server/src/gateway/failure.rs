//! Failures as callers see them. What is wrong inside is logged here, once; callers are told only what they can use.

use std::error::Error;

use api::error::{ErrorCode, Problem};
use commands::ExecuteError;
use journal::JournalError;
use model::ReadError;
use projections::QueryError;
use tracing::{error, warn};

/// A command that was not carried out.
pub(crate) fn of_execute(failure: &ExecuteError) -> Problem {
    match failure {
        ExecuteError::Rejected(rejection) => rejection.into(),
        ExecuteError::Read(source) => of_read(source),
        ExecuteError::Query(source) => of_query(source),
        ExecuteError::Journal(source) => of_journal(source),
        ExecuteError::Behind(_) | ExecuteError::Queued { .. } => {
            Problem::new(ErrorCode::Unavailable, failure.to_string())
        }
        ExecuteError::Contended { .. } => Problem::new(ErrorCode::Contended, failure.to_string()),
        ExecuteError::Internal { .. } => internal(failure),
    }
}

/// Projections that cannot be read, or a question that they do not answer.
pub(crate) fn of_query(failure: &QueryError) -> Problem {
    match failure {
        QueryError::Row(_) => internal(failure),
        QueryError::Unlisted { .. }
        | QueryError::Filter { .. }
        | QueryError::Sort { .. }
        | QueryError::TwoBeginnings
        | QueryError::CursorOrder { .. }
        | QueryError::TooManyValues { .. }
        | QueryError::TooManyItems { .. }
        | QueryError::TooManyTerms { .. } => Problem::new(ErrorCode::ValidationFailed, failure.to_string()),
    }
}

/// State that cannot be read.
pub(crate) fn of_read(failure: &ReadError) -> Problem {
    internal(failure)
}

/// A log that cannot be used.
pub(crate) fn of_journal(failure: &JournalError) -> Problem {
    match failure {
        JournalError::Unreachable { .. } => {
            warn!(error = failure as &dyn Error, "a request failed");
            Problem::new(
                ErrorCode::Unavailable,
                "the log cannot be reached; try again in a moment",
            )
        }
        JournalError::Full { .. } => {
            error!(error = failure as &dyn Error, "a request failed");
            Problem::new(
                ErrorCode::StorageFull,
                "the log stores nothing more; free space or raise its limits",
            )
        }
        JournalError::TooLarge { .. } => Problem::new(ErrorCode::TooLarge, failure.to_string()),
        JournalError::Unsuitable { .. }
        | JournalError::Misconfigured { .. }
        | JournalError::Unreadable { .. }
        | JournalError::Encode(_)
        | JournalError::Discontinuous { .. }
        | JournalError::Object { .. }
        | JournalError::Forbidden { .. }
        | JournalError::Refused { .. } => internal(failure),
    }
}

/// A bug, or something that only whoever runs the server can mend.
pub(crate) fn internal(failure: &(dyn Error + 'static)) -> Problem {
    error!(error = failure, "a request failed");
    Problem::new(
        ErrorCode::Internal,
        "the server could not do this; its log says why",
    )
}
