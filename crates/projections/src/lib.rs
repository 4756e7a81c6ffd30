//! Projections: what the logs say, as tables that questions can be asked of.
//!
//! [`Projector`] is fed commits and results in the order of their logs; [`Database::view`] gives everything at one moment, and
//! [`View::organization`] one organization of it: a [`model::Directory`] for decisions, and the lists, searches and run queries that
//! people see. The file is never the truth: it can be made again from the logs at any time, and two databases fed the same logs
//! hold the same rows whatever the batches were.
//!
//! This crate neither subscribes to logs nor knows how they are stored; no other crate knows how tables are.

mod check;
mod database;
mod error;
mod fingerprint;
#[cfg(test)]
mod fixture;
mod index;
mod key;
mod project;
mod query;
mod row;
mod tables;
mod view;

pub use database::{Database, OpenOptions, Opened, RebuildTarget};
pub use error::{OpenError, ProjectError, QueryError, RowError, StoreError, WaitError};
pub use fingerprint::{Fingerprint, TableFingerprint};
pub use index::Field;
pub use project::Projector;
pub use query::{
    ArrivedResult, ConversationQuery, Cursor, EvaluationOrigin, EvaluationQuery, FilterValues, ListQuery,
    MAX_FILTER_VALUES, MAX_LIMIT, MAX_SEARCH_RESULTS, Page, ResultQuery, RunState, SortField, SortKey,
    TagFilter, VersionFilter, VersionQuery, Visibility,
};
pub use row::{
    Checkpoint, Concluded, ConversationItem, EvaluationItem, EvaluationSource, Log, MAX_LAST_MESSAGE_CHARS,
    ResultRow, Sequences, Spent,
};
pub use view::{OrgView, View};
