//! The stored format.
//!
//! Every message of the log is `RH`, a format byte, then one or more records of type id, version and body (see `registry`).
//! Bodies are postcard, which is positional: a stored type is never changed, only replaced by a new version with an upcast.

mod commit;
mod past;
mod record;
mod registry;
mod row;
#[cfg(test)]
mod tests;

pub use commit::{decode_commit, encode_commit};
pub use record::{
    decode_dead_letter, decode_delivery, decode_job, decode_result, decode_turn, encode_dead_letter,
    encode_delivery, encode_job, encode_result, encode_turn,
};
pub use registry::{REGISTRY, TypeEntry};
pub use row::{from_row, to_row};

/// A value cannot be written in the stored format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} cannot be encoded: {source}")]
pub struct EncodeError {
    what: &'static str,
    source: postcard::Error,
}

/// Stored bytes cannot be read. Readers stop rather than skip.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Something else wrote this.
    #[error("not a Rehearse record: it does not begin with `RH`")]
    Foreign,
    /// A newer build wrote this.
    #[error("format {found} is not known to this build, which reads format {known}; upgrade")]
    Format {
        /// The format byte found.
        found: u8,
        /// The format that this build reads.
        known: u8,
    },
    /// A newer build wrote this.
    #[error("type {type_id} version {version} is not known to this build; upgrade")]
    UnknownType {
        /// The type's id.
        type_id: u16,
        /// The version of its body.
        version: u8,
    },
    /// Another kind of record stands here.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What was to be read.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// The bytes are damaged.
    #[error("{what} is damaged: {reason}")]
    Damaged {
        /// What was being read.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
}
