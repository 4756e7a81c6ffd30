//! Runs: one execution of a unit test set, and its plan.

mod admission;
mod budget;
mod plan;
mod tally;
#[cfg(test)]
mod tests;

pub use admission::Admission;
pub use budget::{Budget, BudgetLimit, CancelReason};
pub use plan::{
    Cast, ConversationKey, Guarding, MAX_RERUNS, Plan, PlannedCriterion, PlannedTest, RunOptions,
};
use serde::{Deserialize, Serialize};
pub use tally::{RunVerdict, Tally};

use crate::{Change, Digest, Life, Name, RunId, UnitTestSetId};

/// The most conversations one run may have.
pub const MAX_CONVERSATIONS: u32 = 1_000_000;

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The set that it executes.
    pub set_id: UnitTestSetId,
    /// The set's name when the run started.
    pub set_name: Name,
    /// What it executes, with every version pinned.
    pub plan: Plan,
    /// Names the sealed manifest in the object store.
    pub manifest: Digest,
    /// The request to stop, if there was one. From then on the run is over for everyone who waits for it.
    pub cancelled: Option<Change>,
    /// Why it was cancelled, if it was.
    pub cancel_reason: Option<CancelReason>,
    /// The end: every planned conversation is accounted for and the artifact exists.
    pub completed: Option<RunCompletion>,
    /// Creation and change.
    pub life: Life,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunCompletion {
    /// How many conversations ended how.
    pub tally: Tally,
    /// The run's verdict.
    pub verdict: RunVerdict,
    /// Where the artifact is.
    pub artifact: ArtifactRef,
}

/// Names an artifact in the object store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactRef {
    /// The digest of its bytes.
    pub digest: Digest,
    /// How many bytes.
    pub size_bytes: u64,
}

impl Run {
    /// Whether nothing more is admitted: the run was cancelled, or everything is accounted for.
    pub const fn is_over(&self) -> bool {
        self.cancelled.is_some() || self.completed.is_some()
    }
}
