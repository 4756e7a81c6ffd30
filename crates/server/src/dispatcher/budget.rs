//! What a run has used of its budget.
//!
//! Pure but for reading the projections. Usage is added up as results come, so that a round costs no more for a long run.

use model::{Budget, BudgetLimit, Run, RunId, Time, Usage};
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

    /// Whether usage must be added up.
    pub(super) const fn counts_usage(&self) -> bool {
        self.budget.max_tokens.is_some() || self.budget.max_cost_micros.is_some()
    }

    /// When the time is up; none: never.
    pub(super) fn deadline(&self) -> Option<Time> {
        let most = self.budget.max_duration_ms?;
        Some(self.started_at.plus_millis(most))
    }

    /// The limit that is reached, although there is something left to do.
    pub(super) fn reached(&self, now: Time, finished: u32, used: Usage) -> Option<BudgetLimit> {
        if finished >= self.planned {
            return None;
        }
        let budget = &self.budget;
        if budget.max_conversations.is_some_and(|most| finished >= most) {
            Some(BudgetLimit::Conversations)
        } else if budget.max_tokens.is_some_and(|most| used.tokens() >= most) {
            Some(BudgetLimit::Tokens)
        } else if budget
            .max_cost_micros
            .is_some_and(|most| used.cost_micros >= most)
        {
            Some(BudgetLimit::Cost)
        } else if self.deadline().is_some_and(|deadline| now >= deadline) {
            Some(BudgetLimit::Duration)
        } else {
            None
        }
    }
}

/// What the conversations consumed that are concluded now and were not before.
pub(super) fn usage(
    view: &OrgView<'_>,
    run: RunId,
    before: &Concluded,
    now: &Concluded,
) -> Result<Usage, QueryError> {
    let mut used = Usage::default();
    for n in now.iter().filter(|n| !before.contains(*n)) {
        if let Some(result) = view.run_result(run, n)? {
            used.add(result.spent.usage());
        }
    }
    Ok(used)
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

    const fn tokens(n: u64) -> Usage {
        Usage::of_tokens(n, 0)
    }

    const START: Time = Time::from_micros(0);

    #[test]
    fn what_limits_nothing_is_never_reached() {
        let purse = purse(Budget::default());
        assert_eq!(
            purse.reached(START.plus_millis(u64::from(u32::MAX)), 9, tokens(u64::MAX)),
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
            max_cost_micros: Some(50),
        };
        let purse = purse(budget);
        assert_eq!(purse.n_conversations(), 5);
        assert_eq!(purse.reached(START.plus_millis(999), 4, tokens(99)), None);
        assert_eq!(
            purse.reached(START.plus_millis(1000), 4, tokens(99)),
            Some(BudgetLimit::Duration)
        );
        assert_eq!(
            purse.reached(START, 5, tokens(0)),
            Some(BudgetLimit::Conversations)
        );
        assert_eq!(purse.reached(START, 0, tokens(100)), Some(BudgetLimit::Tokens));
        let dear = Usage {
            cost_micros: 50,
            ..tokens(1)
        };
        assert_eq!(purse.reached(START, 0, dear), Some(BudgetLimit::Cost));
        assert_eq!(
            purse.reached(START.plus_millis(2000), 10, tokens(500)),
            None,
            "there is nothing left to do"
        );
    }
}
