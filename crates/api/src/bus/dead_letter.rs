//! Conversations that were given up.

use model::{ConversationKey, DeadLetter, RunId, Time};
use serde::{Deserialize, Serialize};

use crate::request::request;

request! {
    /// Lists conversations that were given up.
    DeadLettersQuery {
        /// Only what stands after this sequence.
        after: u64 = count_or(0..=u64::MAX, 0),
        /// The most entries.
        limit: u32 = page_size(1..=1000, 100),
    }
}

/// A conversation that was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DeadLetterView {
    /// Its place in the list.
    pub sequence: u64,
    /// The run.
    pub run_id: RunId,
    /// The conversation's index in the run.
    pub n: u32,
    /// When it was given up.
    pub at: Time,
    /// Why every try failed, oldest first.
    pub failures: Vec<FailureView>,
}

/// A failed try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FailureView {
    /// The worker.
    pub worker: String,
    /// When it gave up.
    pub at: Time,
    /// What happened.
    pub cause: String,
}

impl DeadLetterView {
    /// A dead letter and where it stands.
    pub fn of(sequence: u64, letter: &DeadLetter) -> Self {
        let ConversationKey { org: _, run, n } = &letter.job.key;
        let failure = |failure: &model::JobFailure| FailureView {
            worker: failure.worker.clone(),
            at: failure.at,
            cause: failure.cause.clone(),
        };
        Self {
            sequence,
            run_id: *run,
            n: *n,
            at: letter.at,
            failures: letter.job.failures.iter().map(failure).collect(),
        }
    }
}

/// Conversations that were given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DeadLetters {
    /// In order.
    pub dead_letters: Vec<DeadLetterView>,
    /// Where to go on: the sequence up to which the list was read.
    pub last_sequence: u64,
    /// Whether there are more now.
    pub has_more: bool,
}
