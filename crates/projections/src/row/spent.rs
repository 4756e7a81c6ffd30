//! What conversations took: tokens, money, attempts.

use model::{ConversationResult, Usage};
use serde::{Deserialize, Serialize};

/// What one conversation took, or all of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// What agents consumed.
    pub agent: Usage,
    /// What the language models consumed that play users; with the guard's.
    pub simulator: Usage,
    /// What the language models consumed that judge.
    pub judges: Usage,
    /// How often conversations were begun.
    pub attempts: u32,
    /// In how many of these attempts the simulated user broke its part.
    pub broken: u32,
}

impl Spent {
    pub(crate) fn of(result: &ConversationResult) -> Self {
        Self {
            agent: result.usage,
            simulator: result.simulator_usage,
            judges: result.judge_usage,
            attempts: result.attempts,
            broken: u32::try_from(result.broken.len()).unwrap_or(u32::MAX),
        }
    }

    /// Adds what others took to this.
    pub const fn add(&mut self, other: &Self) {
        self.agent.add(other.agent);
        self.simulator.add(other.simulator);
        self.judges.add(other.judges);
        self.attempts = self.attempts.saturating_add(other.attempts);
        self.broken = self.broken.saturating_add(other.broken);
    }

    /// What everybody consumed together: agents, simulated users and judges.
    pub const fn usage(&self) -> Usage {
        let mut usage = self.agent;
        usage.add(self.simulator);
        usage.add(self.judges);
        usage
    }
}
