//! Why a try of a job failed, through no fault of the agent or of the simulated user.

use std::error::Error;

use journal::JournalError;

/// The longest cause that is kept, in bytes.
const MAX_CAUSE_BYTES: usize = 2000;

/// A try that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What happened.
    pub(crate) cause: String,
    /// Whether trying again would certainly fail the same way.
    pub(crate) lasting: bool,
}

impl Failure {
    /// A failure that may not happen again.
    pub(crate) fn new(cause: impl Into<String>) -> Self {
        Self {
            cause: bounded(cause.into()),
            lasting: false,
        }
    }

    /// A failure that would happen again.
    pub(crate) fn lasting(cause: impl Into<String>) -> Self {
        Self {
            lasting: true,
            ..Self::new(cause)
        }
    }

    /// A panic in the task of the conversation.
    pub(crate) fn panicked(payload: &(dyn std::any::Any + Send)) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        Self::new(format!("the worker's task panicked: {message}"))
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::TooLarge { .. } => Self::lasting(chain(&error)),
            JournalError::Unreachable { .. }
            | JournalError::Unsuitable { .. }
            | JournalError::Misconfigured { .. }
            | JournalError::Full { .. }
            | JournalError::Unreadable { .. }
            | JournalError::Encode(_)
            | JournalError::Discontinuous { .. }
            | JournalError::Object { .. }
            | JournalError::Forbidden { .. }
            | JournalError::Refused { .. } => Self::new(chain(&error)),
        }
    }
}

/// An error with everything that led to it, in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    bounded(text)
}

fn bounded(mut text: String) -> String {
    if text.len() > MAX_CAUSE_BYTES {
        text.truncate(text.floor_char_boundary(MAX_CAUSE_BYTES));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_bounded_at_a_character() {
        let failure = Failure::new("ö".repeat(MAX_CAUSE_BYTES));
        assert_eq!(failure.cause.len(), MAX_CAUSE_BYTES + '…'.len_utf8());
    }

    #[test]
    fn what_is_too_large_stays_too_large() {
        let error = JournalError::TooLarge {
            operation: "publish_result",
            size: 9,
            limit: 8,
        };
        assert!(Failure::from(error).lasting);
    }
}
