//! Making the result of a conversation. Pure.

use model::{
    ConversationKey, ConversationResult, CriterionOutcome, EndReason, Engine, Evaluation, MetricId,
    PlannedTest, Time,
};
use simulation::Judged;

/// A conversation that is over.
#[derive(Debug)]
pub(crate) struct Ended<'a> {
    /// The conversation.
    pub(crate) key: &'a ConversationKey,
    /// The test.
    pub(crate) test: &'a PlannedTest,
    /// The test's position in the plan.
    pub(crate) test_idx: usize,
    /// Which repetition, from 0.
    pub(crate) run_index: u32,
    /// The worker that finished it.
    pub(crate) worker: &'a str,
    /// Why it is over.
    pub(crate) end: EndReason,
    /// What the judges found.
    pub(crate) found: Judged,
    /// When it was judged.
    pub(crate) finished_at: Time,
}

/// Whether there is something to judge: a conversation that broke off says nothing about the agent.
pub(crate) const fn is_judged(end: &EndReason) -> bool {
    match end {
        EndReason::AgentCompleted | EndReason::UserLeft { .. } | EndReason::MaxInteractions => true,
        EndReason::AgentError { .. }
        | EndReason::SimulatorError { .. }
        | EndReason::Infrastructure { .. } => false,
    }
}

impl Ended<'_> {
    /// The result. Where nothing was judged there are no evaluations, and the criteria name those that would be there.
    pub(crate) fn into_result(self, engine: Engine) -> ConversationResult {
        let metrics = distinct_metrics(self.test);
        let evaluations = if is_judged(&self.end) {
            in_order(&metrics, self.found.evaluations)
        } else {
            Vec::new()
        };
        let capped = self.end == EndReason::MaxInteractions;
        let criteria: Vec<CriterionOutcome> = self
            .test
            .criteria
            .iter()
            .map(|planned| {
                let metric = (planned.metric_id, planned.metric_version);
                let evaluation_idx = metrics
                    .iter()
                    .position(|other| *other == metric)
                    .unwrap_or_default();
                let value = evaluations
                    .get(evaluation_idx)
                    .and_then(|evaluation| evaluation.value.as_ref());
                CriterionOutcome {
                    name: planned.name.clone(),
                    evaluation_idx: u32::try_from(evaluation_idx).unwrap_or(u32::MAX),
                    criterion: planned.criterion.clone(),
                    passed: !capped && planned.criterion.passes(value),
                }
            })
            .collect();
        let (verdict, error) = ConversationResult::judge(&self.end, &evaluations, &criteria);
        ConversationResult {
            run: self.key.run,
            n: self.key.n,
            test_idx: u32::try_from(self.test_idx).unwrap_or(u32::MAX),
            unit_test_id: self.test.unit_test_id,
            run_index: self.run_index,
            attempts: engine.attempts(),
            claims: engine.claims(),
            worker: self.worker.to_owned(),
            started_at: engine.started_at().unwrap_or(self.finished_at),
            finished_at: self.finished_at,
            usage: engine.usage(),
            simulator_usage: engine.simulator_usage(),
            judge_usage: self.found.usage,
            milestones: self.found.milestones,
            broken: engine.broken().to_vec(),
            turns: engine.into_turns(),
            end: self.end,
            evaluations,
            criteria,
            verdict,
            error,
        }
    }
}

/// Every distinct metric version of the criteria, in the order of first use.
fn distinct_metrics(test: &PlannedTest) -> Vec<(MetricId, u32)> {
    let mut metrics = Vec::new();
    for planned in &test.criteria {
        let metric = (planned.metric_id, planned.metric_version);
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    metrics
}

/// One evaluation for each metric. A judge that said nothing has failed.
fn in_order(metrics: &[(MetricId, u32)], found: Vec<Evaluation>) -> Vec<Evaluation> {
    metrics
        .iter()
        .map(|(metric_id, metric_version)| {
            found
                .iter()
                .find(|evaluation| {
                    evaluation.metric_id == *metric_id && evaluation.metric_version == *metric_version
                })
                .cloned()
                .unwrap_or_else(|| Evaluation {
                    metric_id: *metric_id,
                    metric_version: *metric_version,
                    value: None,
                    justification: String::new(),
                    references: Vec::new(),
                    votes: Vec::new(),
                    usage: None,
                    error: Some(format!(
                        "metric {metric_id} version {metric_version} was not evaluated"
                    )),
                })
        })
        .collect()
}
