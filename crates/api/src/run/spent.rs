//! What a run took, and the rates at which its conversations passed.

use model::Usage;
use serde::{Deserialize, Serialize};

use super::TallyView;
use crate::conversation::UsageView;

/// What the finished conversations of a run took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

/// What the finished conversations of a run consumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunUsageView)]
pub struct RunUsageView {
    /// The agents.
    pub agent: UsageView,
    /// The language models that play users; with the guard's.
    pub simulator: UsageView,
    /// The language models that judge.
    pub judges: UsageView,
    /// All of them together.
    pub total: UsageView,
}

/// How often the finished conversations of a run were begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunAttemptsView)]
pub struct AttemptsView {
    /// All attempts.
    pub all: u32,
    /// Those in which the simulated user broke its part.
    pub broken: u32,
}

impl From<&Spent> for RunUsageView {
    fn from(spent: &Spent) -> Self {
        let mut total = spent.agent;
        total.add(spent.simulator);
        total.add(spent.judges);
        Self {
            agent: spent.agent.into(),
            simulator: spent.simulator.into(),
            judges: spent.judges.into(),
            total: total.into(),
        }
    }
}

impl From<&Spent> for AttemptsView {
    fn from(spent: &Spent) -> Self {
        Self {
            all: spent.attempts,
            broken: spent.broken,
        }
    }
}

impl TallyView {
    /// The share of conversations that passed of those that passed or failed; none if there are none of those. Errored and cancelled
    /// conversations say nothing about the agent.
    pub fn pass_rate(&self) -> Option<f64> {
        share(self.passed, &[self.failed])
    }

    /// The same, with the invalid conversations counted as failed.
    pub fn pass_rate_invalid_as_failed(&self) -> Option<f64> {
        share(self.passed, &[self.failed, self.invalid])
    }
}

fn share(passed: u32, others: &[u32]) -> Option<f64> {
    let of = others
        .iter()
        .fold(f64::from(passed), |of, other| of + f64::from(*other));
    (of > 0.0).then(|| f64::from(passed) / of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errored_conversations_count_in_neither_rate() {
        let tally = TallyView {
            planned: 20,
            passed: 6,
            failed: 2,
            invalid: 4,
            errored: 7,
            cancelled: 1,
        };
        assert_eq!(tally.pass_rate(), Some(0.75));
        assert_eq!(tally.pass_rate_invalid_as_failed(), Some(0.5));
        let nothing = TallyView {
            errored: 3,
            ..TallyView::default()
        };
        assert_eq!(
            (nothing.pass_rate(), nothing.pass_rate_invalid_as_failed()),
            (None, None)
        );
        let invalid = TallyView {
            invalid: 2,
            ..TallyView::default()
        };
        assert_eq!(
            (invalid.pass_rate(), invalid.pass_rate_invalid_as_failed()),
            (None, Some(0.0))
        );
    }
}
