//! What came out of a run, as far as it has come.

use std::collections::BTreeMap;

use model::{ConversationResult, MetricId, Oid, Plan, Run, RunId, Tally, UnitTestId, Verdict, evaluation_id};
use serde::{Deserialize, Serialize};

use super::{Spent, TallyView};

/// What is known of a run beside its state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many conversations ended how, so far.
    pub tally: Tally,
    /// The finished conversations, in any order; none: results are not asked for.
    pub outcomes: Option<Vec<Outcome>>,
    /// What the finished conversations took; none: that is not known.
    pub spent: Option<Spent>,
}

/// How one finished conversation came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The conversation's index in the run.
    pub n: u32,
    /// The test's position in the plan.
    pub test_idx: u32,
    /// Which repetition, from 0.
    pub run_index: u32,
    /// The verdict.
    pub verdict: Verdict,
    /// What broke, if something did.
    pub error: Option<String>,
    /// One per criterion, in the plan's order; empty if the conversation was not judged.
    pub criteria: Vec<Criterion>,
}

/// Whether one criterion held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Criterion {
    /// Index of the evaluation it looked at.
    pub evaluation_idx: u32,
    /// Whether it held.
    pub passed: bool,
}

impl From<&ConversationResult> for Outcome {
    fn from(result: &ConversationResult) -> Self {
        let criterion = |criterion: &model::CriterionOutcome| Criterion {
            evaluation_idx: criterion.evaluation_idx,
            passed: criterion.passed,
        };
        Self {
            n: result.n,
            test_idx: result.test_idx,
            run_index: result.run_index,
            verdict: result.verdict,
            error: result.error.clone(),
            criteria: result.criteria.iter().map(criterion).collect(),
        }
    }
}

/// What came out of one test of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunTestResult)]
pub struct TestResult {
    /// The test.
    pub unit_test_id: UnitTestId,
    /// One per criterion, in the order of the spec.
    pub metric_evaluation_results: Vec<MetricResults>,
    /// One per repetition: what broke, if something did.
    pub run_errors: Vec<Option<String>>,
    /// What Rehearse adds.
    pub rehearse: TestExtension,
}

/// What a criterion's metric was in each repetition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunMetricResults)]
pub struct MetricResults {
    /// The metric.
    pub metric_id: MetricId,
    /// Its version.
    pub metric_version: u32,
    /// In order of the repetitions that were judged: the evaluation's id, and whether the criterion held.
    pub results: Vec<(Oid, bool)>,
}

/// What Rehearse adds to the results of a test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunTestExtension)]
pub struct TestExtension {
    /// How many repetitions ended how; hidden from callers who may not see the unit test.
    #[schema(required)]
    pub tally: Option<TallyView>,
    /// The share of repetitions that passed of those that passed or failed; none if there are none of those, or hidden like the tally.
    #[schema(required)]
    pub pass_rate: Option<f64>,
    /// The same, with the invalid repetitions counted as failed.
    #[schema(required)]
    pub pass_rate_invalid_as_failed: Option<f64>,
}

impl Progress {
    /// Of a run of which nothing but its plan is known.
    pub fn of_plan(plan: &Plan) -> Self {
        Self {
            tally: Tally::of(plan.n_conversations()),
            outcomes: None,
            spent: None,
        }
    }

    /// One entry per test of the plan; none for tests that are not finished.
    pub(super) fn results(&self, run: &Run) -> Vec<Option<TestResult>> {
        let mut by_test: BTreeMap<(u32, u32), &Outcome> = BTreeMap::new();
        for outcome in self.outcomes.iter().flatten() {
            by_test.insert((outcome.test_idx, outcome.run_index), outcome);
        }
        let known = self.outcomes.is_some();
        run.plan
            .tests
            .iter()
            .zip(0_u32..)
            .map(|(test, test_idx)| {
                let outcomes: Vec<Option<&Outcome>> = (0..test.run_count)
                    .map(|run_index| by_test.get(&(test_idx, run_index)).copied())
                    .collect();
                let finished = outcomes.iter().all(Option::is_some) || run.is_over();
                (known && finished).then(|| result(run.id, test, &outcomes))
            })
            .collect()
    }
}

fn result(run: RunId, test: &model::PlannedTest, outcomes: &[Option<&Outcome>]) -> TestResult {
    let mut tally = Tally::of(test.run_count);
    outcomes
        .iter()
        .flatten()
        .for_each(|outcome| tally.count(outcome.verdict));
    tally.cancel_rest();
    let tally = TallyView::from(&tally);
    let metric_evaluation_results = test
        .criteria
        .iter()
        .enumerate()
        .map(|(index, planned)| MetricResults {
            metric_id: planned.metric_id,
            metric_version: planned.metric_version,
            results: outcomes
                .iter()
                .flatten()
                .filter_map(|outcome| {
                    let criterion = outcome.criteria.get(index)?;
                    Some((
                        evaluation_id(run, outcome.n, criterion.evaluation_idx),
                        criterion.passed,
                    ))
                })
                .collect(),
        })
        .collect();
    let run_error = |outcome: &Option<&Outcome>| match outcome {
        None => Some("cancelled".to_owned()),
        Some(outcome) => match outcome.verdict {
            Verdict::Passed | Verdict::Failed => None,
            Verdict::Invalid | Verdict::Errored => Some(
                outcome
                    .error
                    .clone()
                    .unwrap_or_else(|| outcome.verdict.as_str().to_owned()),
            ),
        },
    };
    TestResult {
        unit_test_id: test.unit_test_id,
        metric_evaluation_results,
        run_errors: outcomes.iter().map(run_error).collect(),
        rehearse: TestExtension {
            tally: Some(tally),
            pass_rate: tally.pass_rate(),
            pass_rate_invalid_as_failed: tally.pass_rate_invalid_as_failed(),
        },
    }
}
