//! Jobs: conversations admitted and not yet concluded.

use serde::{Deserialize, Serialize};

use crate::{ConversationKey, Digest, Time};

/// A conversation that a worker is to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Which conversation.
    pub key: ConversationKey,
    /// The sealed manifest of its run.
    pub manifest: Digest,
    /// Why earlier tries failed, oldest first. A worker that was lost leaves nothing here.
    pub failures: Vec<JobFailure>,
}

/// One failed try of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFailure {
    /// The worker.
    pub worker: String,
    /// When it gave up.
    pub at: Time,
    /// What happened.
    pub cause: String,
}

/// A job that was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The job, with every failure.
    pub job: Job,
    /// When it was given up.
    pub at: Time,
}
