//! What a run has used of its budget.
//!
//! Pure but for reading the projections. Tokens are added up as results come, so that a round costs no more for a long run.

use model::{Budget, BudgetLimit, Run, RunId, Time};
use projections::{Concluded, OrgView, QueryError};

/// A run's budget, and what never changes about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purse {
    budget: Budget,
    started_at: Time,
    planned: u32,
}

impl Purse {
    pub(super) fn of(run: &Run) -> Self {
        Self {
            budget: run.plan.options.budget,
            started_at: run.life.created.at,
            planned: run.plan.n_conversations(),
        }
    }

    /// How many conversations may be begun.
    pub(super) fn n_conversations(&self) -> u32 {
        let most = self.budget.max_conversations.unwrap_or(u32::MAX);
        self.planned.min(most)
    }

    /// Whether tokens must be added up.
    pub(super) const fn counts_tokens(&self) -> bool {
        self.budget.max_tokens.is_some()
    }

    /// When the time is up; none: never.
    pub(super) fn deadline(&self) -> Option<Time> {
        let most = self.budget.max_duration_ms?;
        Some(self.started_at.plus_millis(most))
    }

    /// The limit that is reached, although there is something left to do.
    pub(super) fn reached(&self, now: Time, finished: u32, tokens: u64) -> Option<BudgetLimit> {
        if finished >= self.planned {
            return None;
        }
        let budget = &self.budget;
        if budget.max_conversations.is_some_and(|most| finished >= most) {
            Some(BudgetLimit::Conversations)
        } else if budget.max_tokens.is_some_and(|most| tokens >= most) {
            Some(BudgetLimit::Tokens)
        } else if self.deadline().is_some_and(|deadline| now >= deadline) {
            Some(BudgetLimit::Duration)
        } else {
            None
        }
    }
}

/// The tokens of the conversations that are concluded now and were not before.
pub(super) fn tokens(
    view: &OrgView<'_>,
    run: RunId,
    before: &Concluded,
    now: &Concluded,
) -> Result<u64, QueryError> {
    let mut tokens = 0_u64;
    for n in now.iter().filter(|n| !before.contains(*n)) {
        if let Some(result) = view.run_result(run, n)? {
            let usage = result.usage;
            tokens = tokens
                .saturating_add(usage.input_tokens)
                .saturating_add(usage.output_tokens);
        }
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purse(budget: Budget) -> Purse {
        Purse {
            budget,
            started_at: Time::from_micros(0),
            planned: 10,
        }
    }

    const START: Time = Time::from_micros(0);

    #[test]
    fn what_limits_nothing_is_never_reached() {
        let purse = purse(Budget::default());
        assert_eq!(
            purse.reached(START.plus_millis(u64::from(u32::MAX)), 9, u64::MAX),
            None
        );
        assert_eq!((purse.n_conversations(), purse.deadline()), (10, None));
    }

    #[test]
    fn each_limit_is_reached_when_it_is_used_up() {
        let budget = Budget {
            max_duration_ms: Some(1000),
            max_conversations: Some(5),
            max_tokens: Some(100),
        };
        let purse = purse(budget);
        assert_eq!(purse.n_conversations(), 5);
        assert_eq!(purse.reached(START.plus_millis(999), 4, 99), None);
        assert_eq!(
            purse.reached(START.plus_millis(1000), 4, 99),
            Some(BudgetLimit::Duration)
        );
        assert_eq!(purse.reached(START, 5, 0), Some(BudgetLimit::Conversations));
        assert_eq!(purse.reached(START, 0, 100), Some(BudgetLimit::Tokens));
        assert_eq!(
            purse.reached(START.plus_millis(2000), 10, 500),
            None,
            "there is nothing left to do"
        );
    }
}
