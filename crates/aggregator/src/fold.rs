//! The fold of a run's results into its report. Pure, and the order of the results does not matter.
//!
//! It counts what the results say and judges nothing again. Artifacts and the completion of a run take their numbers from here and
//! nowhere else.

mod cast;
mod summary;

use std::collections::BTreeMap;

use cast::Milestones;
pub use cast::{Attempts, Credit, MilestoneReport};
use model::{
    ConversationResult, CriterionOutcome, Evaluation, MetricId, Name, Plan, PlannedCriterion, PlannedTest,
    Run, RunId, RunVerdict, UnitTestId,
};
use summary::Gathered;
pub use summary::{ErrorCount, LatencyReport, PassRate, Summary};

use crate::bitset::Bitset;

/// What a run's results come to.
#[derive(Clone, Debug, PartialEq)]
pub struct RunReport {
    /// The run's verdict.
    pub verdict: RunVerdict,
    /// Over all conversations.
    pub summary: Summary,
    /// One per planned test, in the plan's order.
    pub tests: Vec<TestReport>,
}

/// What the results of one planned test come to.
#[derive(Clone, Debug, PartialEq)]
pub struct TestReport {
    /// The test.
    pub unit_test_id: UnitTestId,
    /// Its name.
    pub name: Name,
    /// Over its conversations.
    pub summary: Summary,
    /// One per criterion, in the plan's order.
    pub criteria: Vec<CriterionReport>,
    /// One per milestone of its scenario, in order; empty if none was judged.
    pub milestones: Vec<MilestoneReport>,
}

/// How often one criterion of a planned test held. Conversations that were not judged, because something broke before, are not counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CriterionReport {
    /// The criterion's name.
    pub name: Name,
    /// The metric it looks at.
    pub metric_id: MetricId,
    /// The metric's version.
    pub metric_version: u32,
    /// The condition, such as `>= 0.8`.
    pub condition: String,
    /// Conversations in which it held.
    pub passed: u32,
    /// Conversations in which it did not hold: the metric had another value, or did not apply.
    pub missed: u32,
    /// Of those missed: the metric did not apply.
    pub not_applicable: u32,
    /// Of those missed: the judge failed.
    pub judge_failed: u32,
    /// Of those missed: the value is as expected, but the conversation reached the cap on interactions.
    pub capped: u32,
}

/// Results that do not fit the run they are folded for. The run cannot be completed from them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// A result of another run.
    #[error("conversation {n} is of run {found}, not {expected}")]
    OtherRun {
        /// The run that is folded.
        expected: RunId,
        /// The result's run.
        found: RunId,
        /// The conversation.
        n: u32,
    },
    /// A result at a place that the plan does not give it.
    #[error("conversation {n} does not fit the plan: {reason}")]
    Unplanned {
        /// The conversation.
        n: u32,
        /// What does not fit.
        reason: String,
    },
    /// A second result of one conversation.
    #[error("conversation {n} has two results")]
    Twice {
        /// The conversation.
        n: u32,
    },
    /// A run that was not cancelled lacks a result.
    #[error(
        "conversation {first} has no result ({missing} of {planned} have none) and the run was not cancelled"
    )]
    Missing {
        /// The first conversation without a result.
        first: u32,
        /// How many there are.
        missing: u32,
        /// How many conversations the run has.
        planned: u32,
    },
}

/// Folds the results of `run`. Conversations without a result count as cancelled if the run was cancelled, else they are an error.
pub fn fold<'a>(
    run: &Run,
    results: impl IntoIterator<Item = &'a ConversationResult>,
) -> Result<RunReport, FoldError> {
    let mut fold = Fold::new(run);
    for result in results {
        fold.add(result)?;
    }
    fold.finish()
}

/// A fold under way.
#[derive(Debug)]
pub(crate) struct Fold {
    run: RunId,
    cancelled: bool,
    plan: Plan,
    done: Bitset,
    tests: Vec<TestFold>,
}

#[derive(Debug)]
struct TestFold {
    gathered: Gathered,
    criteria: Vec<CriterionReport>,
    milestones: Milestones,
}

impl Fold {
    pub(crate) fn new(run: &Run) -> Self {
        let tests = run.plan.tests.iter().map(TestFold::new).collect();
        Self {
            run: run.id,
            cancelled: run.cancelled.is_some(),
            plan: run.plan.clone(),
            done: Bitset::default(),
            tests,
        }
    }

    /// Counts one result in.
    pub(crate) fn add(&mut self, result: &ConversationResult) -> Result<(), FoldError> {
        let n = result.n;
        if result.run != self.run {
            return Err(FoldError::OtherRun {
                expected: self.run,
                found: result.run,
                n,
            });
        }
        let unplanned = |reason: String| FoldError::Unplanned { n, reason };
        let (test_idx, run_index) = self
            .plan
            .locate(n)
            .ok_or_else(|| unplanned("the run has no such conversation".to_owned()))?;
        let (Some(planned), Some(test)) = (self.plan.tests.get(test_idx), self.tests.get_mut(test_idx))
        else {
            return Err(unplanned("the run has no such test".to_owned()));
        };
        if usize::try_from(result.test_idx) != Ok(test_idx)
            || result.run_index != run_index
            || result.unit_test_id != planned.unit_test_id
        {
            return Err(unplanned(format!(
                "it says test {} ({}), repetition {}; the plan says test {test_idx} ({}), repetition {run_index}",
                result.test_idx, result.unit_test_id, result.run_index, planned.unit_test_id
            )));
        }
        if result.criteria.len() > test.criteria.len() {
            return Err(unplanned(format!(
                "it has {} criteria, the plan {}",
                result.criteria.len(),
                test.criteria.len()
            )));
        }
        let unfounded = |outcome: &&CriterionOutcome| {
            outcome.passed && evaluation_of(result, outcome.evaluation_idx).is_none()
        };
        if let Some(outcome) = result.criteria.iter().find(unfounded) {
            return Err(unplanned(format!(
                "criterion `{}` holds without an evaluation",
                outcome.name
            )));
        }
        if !self.done.insert(n) {
            return Err(FoldError::Twice { n });
        }
        test.gathered.add(result);
        test.milestones.add(&result.milestones);
        for (report, outcome) in test.criteria.iter_mut().zip(&result.criteria) {
            if let Some(evaluation) = evaluation_of(result, outcome.evaluation_idx) {
                report.count(outcome, evaluation);
            }
        }
        Ok(())
    }

    /// The report over everything that was added.
    pub(crate) fn finish(self) -> Result<RunReport, FoldError> {
        let planned = self.plan.n_conversations();
        let missing = planned - self.done.len();
        if missing > 0 && !self.cancelled {
            return Err(FoldError::Missing {
                first: self.done.first_missing(),
                missing,
                planned,
            });
        }
        let mut all = Gathered::default();
        let mut tests = Vec::with_capacity(self.tests.len());
        for (mut test, planned) in self.tests.into_iter().zip(self.plan.tests) {
            test.gathered.cancel_rest();
            all.merge(&test.gathered);
            tests.push(TestReport {
                unit_test_id: planned.unit_test_id,
                name: planned.name,
                summary: test.gathered.finish(),
                criteria: test.criteria,
                milestones: test.milestones.finish(),
            });
        }
        let summary = all.finish();
        // A run that was cancelled stays so, even if everything had finished by then.
        let verdict = if self.cancelled {
            RunVerdict::Cancelled
        } else {
            summary.tally.verdict()
        };
        Ok(RunReport {
            verdict,
            summary,
            tests,
        })
    }
}

impl TestFold {
    fn new(test: &PlannedTest) -> Self {
        Self {
            gathered: Gathered::of(test.run_count),
            criteria: test.criteria.iter().map(CriterionReport::new).collect(),
            milestones: Milestones::default(),
        }
    }
}

impl CriterionReport {
    fn new(planned: &PlannedCriterion) -> Self {
        Self {
            name: planned.name.clone(),
            metric_id: planned.metric_id,
            metric_version: planned.metric_version,
            condition: planned.criterion.to_string(),
            passed: 0,
            missed: 0,
            not_applicable: 0,
            judge_failed: 0,
            capped: 0,
        }
    }

    fn count(&mut self, outcome: &CriterionOutcome, evaluation: &Evaluation) {
        if outcome.passed {
            self.passed += 1;
            return;
        }
        self.missed += 1;
        if evaluation.error.is_some() {
            self.judge_failed += 1;
        } else if evaluation.value.is_none() {
            self.not_applicable += 1;
        } else if outcome.criterion.passes(evaluation.value.as_ref()) {
            self.capped += 1;
        }
    }
}

/// The evaluation at an index that a criterion's outcome gives; none if the conversation was not judged.
pub(crate) fn evaluation_of(result: &ConversationResult, evaluation_idx: u32) -> Option<&Evaluation> {
    result.evaluations.get(usize::try_from(evaluation_idx).ok()?)
}

/// Counts by a key.
type Counts<K> = BTreeMap<K, u32>;

#[cfg(test)]
mod tests;
