//! What is counted of simulated users that language models play: attempts that they broke, and milestones that they reached.

use std::collections::BTreeMap;

use model::{ConversationResult, MilestoneOutcome, Name};

/// How often conversations were begun, and how often the simulated user broke its part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// All attempts, those of workers that were lost included.
    pub all: u32,
    /// Attempts in which the simulated user broke its part.
    pub broken: u32,
}

/// How many milestones were reached. What nobody can tell about does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Credit {
    /// Milestones that were reached.
    pub reached: u32,
    /// Milestones that were reached or not.
    pub of: u32,
}

/// How often one milestone of a planned test was reached. Conversations that were not judged are not counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MilestoneReport {
    /// The milestone's name.
    pub name: Name,
    /// Conversations in which it was reached.
    pub reached: u32,
    /// Conversations in which it was not.
    pub missed: u32,
    /// Conversations of which nobody can tell, because the judge failed.
    pub unknown: u32,
}

/// The milestones of one test, by their position in the scenario and their names.
#[derive(Debug, Default)]
pub(super) struct Milestones(BTreeMap<(usize, Name), [u32; 3]>);

impl Attempts {
    /// Those of one conversation.
    pub(crate) fn of(result: &ConversationResult) -> Self {
        Self {
            all: result.attempts,
            broken: u32::try_from(result.broken.len()).unwrap_or(u32::MAX),
        }
    }

    pub(super) const fn add(&mut self, other: Self) {
        self.all = self.all.saturating_add(other.all);
        self.broken = self.broken.saturating_add(other.broken);
    }

    /// The share of attempts in which the simulated user broke its part; none if there was no attempt.
    pub fn broken_rate(&self) -> Option<f64> {
        share(self.broken, self.all)
    }
}

impl Credit {
    /// That of one conversation.
    pub(crate) fn of(result: &ConversationResult) -> Self {
        let mut credit = Self::default();
        for outcome in result.milestones.iter().filter(|outcome| outcome.error.is_none()) {
            credit.of = credit.of.saturating_add(1);
            credit.reached = credit
                .reached
                .saturating_add(u32::from(outcome.reached_at.is_some()));
        }
        credit
    }

    pub(super) const fn add(&mut self, other: Self) {
        self.reached = self.reached.saturating_add(other.reached);
        self.of = self.of.saturating_add(other.of);
    }

    /// The share that was reached, 0 to 1; none if there is nothing to reach.
    pub fn share(&self) -> Option<f64> {
        share(self.reached, self.of)
    }
}

impl Milestones {
    /// Counts the milestones of one conversation.
    pub(super) fn add(&mut self, outcomes: &[MilestoneOutcome]) {
        for (position, outcome) in outcomes.iter().enumerate() {
            let [reached, missed, unknown] = self.0.entry((position, outcome.name.clone())).or_default();
            let count = match (&outcome.error, outcome.reached_at) {
                (Some(_error), _) => unknown,
                (None, Some(_turn)) => reached,
                (None, None) => missed,
            };
            *count += 1;
        }
    }

    /// In the order of the scenario.
    pub(super) fn finish(self) -> Vec<MilestoneReport> {
        let counted = self.0.into_iter();
        counted
            .map(
                |((_position, name), [reached, missed, unknown])| MilestoneReport {
                    name,
                    reached,
                    missed,
                    unknown,
                },
            )
            .collect()
    }
}

fn share(part: u32, of: u32) -> Option<f64> {
    (of > 0).then(|| f64::from(part) / f64::from(of))
}
