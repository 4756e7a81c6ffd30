//! What can go wrong at the log.

/// The log could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// No server answers, or not in time. May pass.
    #[error("{operation}: the log cannot be reached: {reason}")]
    Unreachable {
        /// What was tried.
        operation: &'static str,
        /// What the client said.
        reason: String,
    },
    /// The server cannot be used: too old, or without JetStream.
    #[error("the server at {url} cannot be used: {reason}")]
    Unsuitable {
        /// The server's address, without credentials.
        url: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A stream exists with another configuration.
    #[error(
        "stream {stream} exists with {field} = {found}, expected {expected}; change it with `nats stream edit` (or `nats consumer edit`) or use another account"
    )]
    Misconfigured {
        /// The stream.
        stream: String,
        /// The first field that differs.
        field: String,
        /// What the server has.
        found: String,
        /// What is needed.
        expected: String,
    },
    /// The server refuses to store: no space, or a limit of the account or stream.
    #[error("{operation}: the log is full: {reason}")]
    Full {
        /// What was tried.
        operation: &'static str,
        /// What the server said.
        reason: String,
    },
    /// A message is larger than the server accepts.
    #[error("{operation}: {size} bytes are more than the log accepts in one message ({limit})")]
    TooLarge {
        /// What was tried.
        operation: &'static str,
        /// Its size.
        size: usize,
        /// The server's `max_payload`.
        limit: usize,
    },
    /// A message of the log cannot be read. Readers stop.
    #[error("{stream} {sequence}: {source}")]
    Unreadable {
        /// The stream.
        stream: &'static str,
        /// The message's sequence.
        sequence: u64,
        /// What is wrong.
        source: model::codec::DecodeError,
    },
    /// A value cannot be written.
    #[error(transparent)]
    Encode(#[from] model::codec::EncodeError),
    /// The log is not the one that was read before, or lost messages that were read before.
    #[error("{stream}: {reason}")]
    Discontinuous {
        /// The stream.
        stream: &'static str,
        /// What does not fit.
        reason: String,
    },
    /// An object in the object store is missing or damaged.
    #[error("object {name}: {reason}")]
    Object {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The server may not be used this way with these credentials.
    #[error("{operation}: not permitted with these credentials: {reason}")]
    Forbidden {
        /// What was tried.
        operation: &'static str,
        /// What the server said.
        reason: String,
    },
    /// The server refused for a reason that has no name here.
    #[error("{operation}: {reason}")]
    Refused {
        /// What was tried.
        operation: &'static str,
        /// What the server said.
        reason: String,
    },
}

impl JournalError {
    /// Whether the same operation may succeed later without anyone doing anything.
    pub const fn retryable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

/// An agent that waits for requests was asked in vain.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody waits on the agent's subject. May pass: the agent may connect.
    #[error(
        "nobody subscribes to `{subject}`: check that the agent runs, and that it is connected to the same NATS account"
    )]
    NobodyThere {
        /// The subject.
        subject: String,
    },
    /// Someone waits there, but did not reply in time. May pass.
    #[error("`{subject}`: no reply within {wait_ms} ms")]
    Late {
        /// The subject.
        subject: String,
        /// How long was waited.
        wait_ms: u64,
    },
    /// The request could not be carried.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// An append did not happen, or may not have.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Something else was appended since `expected`: catch up and decide again.
    #[error("something was appended after {expected}")]
    Conflict {
        /// The sequence that was expected to be the last.
        expected: u64,
    },
    /// The log could not do it.
    #[error(transparent)]
    Journal(#[from] JournalError),
}
