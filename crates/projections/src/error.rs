//! What can go wrong: opening, projecting, asking, waiting.

use std::path::PathBuf;

use model::{ConversationKey, Kind, Misfit, ReadError, Time, codec};

use crate::Log;

/// The database underneath failed.
#[derive(Debug, thiserror::Error)]
#[error("the projection database failed")]
pub struct StoreError(#[source] Box<redb::Error>);

macro_rules! store_errors {
    ($($name:ident),+) => {$(
        impl From<redb::$name> for StoreError {
            fn from(source: redb::$name) -> Self {
                Self(Box::new(source.into()))
            }
        }

        impl From<redb::$name> for RowError {
            fn from(source: redb::$name) -> Self {
                Self::Store(source.into())
            }
        }
    )+};
}

store_errors!(
    TransactionError,
    TableError,
    StorageError,
    CommitError,
    DatabaseError,
    SetDurabilityError,
    CursorError
);

/// A row cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// The database underneath failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row holds what no build of this schema writes.
    #[error("a row of table `{table}` is damaged: run `rehearse projections rebuild`")]
    Damaged {
        /// The table.
        table: &'static str,
        /// What is wrong with the row.
        source: codec::DecodeError,
    },
    /// A row's key, or how rows belong together, is not as this build writes it.
    #[error("table `{table}` is inconsistent: {reason}; run `rehearse projections rebuild`")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// What does not fit.
        reason: &'static str,
    },
    /// A row cannot be encoded.
    #[error(transparent)]
    Encode(#[from] codec::EncodeError),
}

/// A database cannot be opened or replaced.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process, or another part of this one, has the file open.
    #[error(
        "{} is in use by another process: stop that server, or give this one its own data directory",
        path.display()
    )]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file is not a projection database. It is left as it is.
    #[error("{} is not a projection database: move it away or name another file", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be used.
    #[error("{} cannot be opened: if it is damaged, run `rehearse projections rebuild`", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: RowError,
    },
    /// The file system refused.
    #[error("cannot {operation} {}", path.display())]
    FileSystem {
        /// What was tried.
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
}

/// A projection cannot follow its log. Nothing of the batch took effect, and serving stops: a log is never skipped.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// [`crate::Projector::bind`] was not called for this log.
    #[error("the projection is not bound to the {log} log: bind it before feeding it")]
    Unbound {
        /// The log.
        log: Log,
    },
    /// The log is another one than the projection was made from.
    #[error(
        "the {log} log was created at {found}, the projection was made from one created at {known}: \
         serving stops until `rehearse projections rebuild`"
    )]
    Recreated {
        /// The log.
        log: Log,
        /// When the log was created that the projection was made from.
        known: Time,
        /// When the log was created that is there now.
        found: Time,
    },
    /// The log lost messages that the projection holds.
    #[error(
        "the {log} log ends at {last}, the projection has already taken in {checkpoint}: \
         serving stops until `rehearse projections rebuild`"
    )]
    Shorter {
        /// The log.
        log: Log,
        /// The last sequence taken in.
        checkpoint: u64,
        /// The log's last sequence.
        last: u64,
    },
    /// A sequence is missing, or came twice.
    #[error("the {log} log: expected sequence {expected}, got {found}")]
    Gap {
        /// The log.
        log: Log,
        /// The sequence that comes next.
        expected: u64,
        /// The sequence that came.
        found: u64,
    },
    /// A commit cannot follow the state it meets.
    #[error("the events log, sequence {sequence}")]
    Misfit {
        /// The commit's sequence.
        sequence: u64,
        /// What does not fit.
        source: Misfit,
    },
    /// A conversation has two results, which the log's subjects rule out.
    #[error("the results log, sequence {sequence}: conversation {key} has a result already")]
    Repeated {
        /// The conversation.
        key: ConversationKey,
        /// The sequence of the second result.
        sequence: u64,
    },
    /// A row cannot be read or written.
    #[error(transparent)]
    Row(#[from] RowError),
}

/// A question cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// A row cannot be read.
    #[error(transparent)]
    Row(#[from] RowError),
    /// Objects of this kind are not listed.
    #[error("{kind} objects cannot be listed")]
    Unlisted {
        /// The kind.
        kind: Kind,
    },
    /// Lists of this kind know no such filter.
    #[error("a list of {kind} objects cannot be filtered by {filter}")]
    Filter {
        /// The kind.
        kind: Kind,
        /// The filter.
        filter: &'static str,
    },
    /// Lists of this kind know no such order.
    #[error("a list of {kind} objects cannot be sorted by {field}")]
    Sort {
        /// The kind.
        kind: Kind,
        /// The field.
        field: &'static str,
    },
    /// A page was asked for by offset and by cursor at once.
    #[error("a page begins at an offset or after a cursor, not both")]
    TwoBeginnings,
    /// A list that is not in the order of time was asked for by cursor.
    #[error(
        "a list of {kind} objects goes on after a cursor only in the order of time: use an offset, or sort by {time}"
    )]
    CursorOrder {
        /// The kind.
        kind: Kind,
        /// The order that has cursors.
        time: &'static str,
    },
    /// A filter has too many values.
    #[error("a filter may have at most {limit} values, this one has {found}")]
    TooManyValues {
        /// The most values a filter may have.
        limit: usize,
        /// How many it has.
        found: usize,
    },
    /// A page is too long.
    #[error("a page may have at most {limit} items, {found} were asked for")]
    TooManyItems {
        /// The most items a page may have.
        limit: usize,
        /// How many were asked for.
        found: usize,
    },
    /// A search has too many words.
    #[error("a search may have at most {limit} different words, this one has {found}")]
    TooManyTerms {
        /// The most words a search may have.
        limit: usize,
        /// How many it has.
        found: usize,
    },
}

macro_rules! store_errors_through_row {
    ($($outer:ident),+) => {$(
        impl From<StoreError> for $outer {
            fn from(source: StoreError) -> Self {
                Self::Row(source.into())
            }
        }
    )+};
}

store_errors_through_row!(ProjectError, QueryError);

impl From<QueryError> for ReadError {
    fn from(source: QueryError) -> Self {
        Self(Box::new(source))
    }
}

impl From<RowError> for ReadError {
    fn from(source: RowError) -> Self {
        Self(Box::new(source))
    }
}

/// The projection did not get as far as was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the projection of the {log} log stands at {reached}, sequence {wanted} did not arrive in time: try again"
)]
pub struct WaitError {
    /// The log.
    pub log: Log,
    /// The sequence that was waited for.
    pub wanted: u64,
    /// The sequence that was reached.
    pub reached: u64,
}
