//! Counting a run's conversations by how they ended.

use serde::{Deserialize, Serialize};

use crate::Verdict;

/// How many conversations of a run, or of one test in it, ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// All there are to be.
    pub planned: u32,
    /// Met every criterion.
    pub passed: u32,
    /// Missed a criterion.
    pub failed: u32,
    /// The simulated user broke, not the agent.
    pub invalid: u32,
    /// Something broke that is neither.
    pub errored: u32,
    /// Had not finished when the run was cancelled.
    pub cancelled: u32,
}

/// A run's verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RunVerdict {
    /// Every conversation passed.
    Passed,
    /// Nothing errored, and some conversation failed.
    Failed,
    /// Nothing errored or failed, but some conversation was invalid, so nothing can be said about it.
    Inconclusive,
    /// Some conversation errored.
    Errored,
    /// The run was cancelled.
    Cancelled,
}

impl RunVerdict {
    /// `passed`, `failed`, `inconclusive`, `errored` or `cancelled`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Inconclusive => "inconclusive",
            Self::Errored => "errored",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Tally {
    /// Nothing finished yet of `planned` conversations.
    pub fn of(planned: u32) -> Self {
        Self {
            planned,
            ..Self::default()
        }
    }

    /// Counts one conversation in.
    pub const fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Passed => add_to(&mut self.passed, 1),
            Verdict::Failed => add_to(&mut self.failed, 1),
            Verdict::Invalid => add_to(&mut self.invalid, 1),
            Verdict::Errored => add_to(&mut self.errored, 1),
        }
    }

    /// Conversations with a result. Never wraps: a tally from elsewhere may say anything.
    pub const fn finished(&self) -> u32 {
        let judged = self.passed.saturating_add(self.failed);
        judged.saturating_add(self.invalid).saturating_add(self.errored)
    }

    /// Counts everything that has no result as cancelled.
    pub const fn cancel_rest(&mut self) {
        self.cancelled = self.planned.saturating_sub(self.finished());
    }

    /// Adds another tally to this one.
    pub const fn add(&mut self, other: &Self) {
        add_to(&mut self.planned, other.planned);
        add_to(&mut self.passed, other.passed);
        add_to(&mut self.failed, other.failed);
        add_to(&mut self.invalid, other.invalid);
        add_to(&mut self.errored, other.errored);
        add_to(&mut self.cancelled, other.cancelled);
    }

    /// The verdict of a run that ended so. Errors weigh most: they mean that the measurement itself is incomplete.
    pub const fn verdict(&self) -> RunVerdict {
        if self.cancelled > 0 {
            RunVerdict::Cancelled
        } else if self.errored > 0 {
            RunVerdict::Errored
        } else if self.failed > 0 {
            RunVerdict::Failed
        } else if self.invalid > 0 {
            RunVerdict::Inconclusive
        } else {
            RunVerdict::Passed
        }
    }
}

const fn add_to(count: &mut u32, more: u32) {
    *count = count.saturating_add(more);
}
