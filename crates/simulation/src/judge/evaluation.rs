//! Evaluates all metrics and milestones of a conversation.

use std::sync::Arc;

use futures::{
    FutureExt as _, StreamExt as _,
    future::{Shared, join},
    stream,
};
use model::{Criterion, Evaluation, Judge, MetricContent, MetricId, Name, Named, Usage, Vote};

use super::{
    Judged, Judgement, MAX_JUSTIFICATION_BYTES, MAX_REFERENCES, Material, admitted,
    evidence::Held,
    measure, milestones,
    panel::{Case, Inquiry, Judges, Opinion, Subject},
    recorded,
};
use crate::{
    Briefing, ModelSource,
    briefing::seed_of,
    excerpt::excerpt,
    isolated::{DEADLINE, isolated},
};

/// How many metrics are evaluated at once.
const MAX_AT_ONCE: usize = 4;
/// How much of what one of several judges said is kept, in bytes.
const MAX_VOTE_BYTES: usize = 300;

/// A metric of a briefing.
type Planned = (MetricId, u32, Named<MetricContent>);

/// Evaluates every metric and every milestone of the briefing, in order. `models` gives out the language models that judge.
pub async fn evaluate(briefing: &Briefing, material: Material<'_>, models: &dyn ModelSource) -> Judged {
    let room = Room {
        briefing,
        material,
        models,
        held: Arc::new(Held::new(briefing, material)),
    };
    let milestones = reached(&room).boxed().shared();
    let evaluations: Vec<_> = briefing
        .metrics
        .iter()
        .map(|metric| room.evaluation(metric, milestones.clone()).boxed())
        .collect();
    let evaluations = stream::iter(evaluations)
        .buffered(MAX_AT_ONCE)
        .collect::<Vec<_>>();
    let (evaluations, reached) = join(evaluations, milestones).await;
    let mut usage = reached.usage;
    for evaluation in &evaluations {
        usage.add(evaluation.usage.unwrap_or_default());
    }
    Judged {
        evaluations,
        milestones: reached.outcomes.clone(),
        usage,
    }
}

async fn reached(room: &Room<'_>) -> Arc<milestones::Reached> {
    Arc::new(milestones::reach(room).await)
}

/// Everything that judges need.
#[derive(Debug)]
pub(super) struct Room<'a> {
    pub(super) briefing: &'a Briefing,
    pub(super) material: Material<'a>,
    pub(super) models: &'a dyn ModelSource,
    pub(super) held: Arc<Held>,
}

impl<'a> Room<'a> {
    /// The conversation for language models.
    pub(super) const fn case(&self) -> Case<'a> {
        Case {
            turns: self.material.turns,
            end: self.material.end,
            persona: Some(&self.briefing.persona),
            scenario: Some(&self.briefing.scenario),
        }
    }

    /// The language models of this run.
    pub(super) const fn judges(&self) -> Judges<'a> {
        Judges {
            models: self.models,
            default: self.briefing.cast.judge.as_ref(),
        }
    }

    async fn evaluation(
        &self,
        (metric_id, metric_version, metric): &Planned,
        milestones: Shared<impl Future<Output = Arc<milestones::Reached>>>,
    ) -> Evaluation {
        let metric_type = metric.content.value.metric_type();
        let opinion = match &metric.content.judge {
            Judge::Model(judge) => {
                let criteria: Vec<&Criterion> = self
                    .briefing
                    .criteria
                    .iter()
                    .filter(|criterion| criterion.metric_id == *metric_id)
                    .map(|criterion| &criterion.criterion)
                    .collect();
                let inquiry = Inquiry {
                    subject: Subject::Metric {
                        name: &metric.name,
                        content: &metric.content,
                    },
                    case: self.case(),
                    judge,
                    seed: seed_of(&[
                        b"metric",
                        &self.briefing.seed.to_be_bytes(),
                        metric_id.0.as_bytes(),
                        &metric_version.to_be_bytes(),
                    ]),
                    is_sample: false,
                };
                inquiry.ask(&criteria, self.judges()).await
            }
            Judge::Milestones => {
                Opinion::without_models(milestones::measure(metric_type, &milestones.await.outcomes))
            }
            Judge::Recorded { name } => Opinion::without_models(recorded::measure(
                metric_type,
                name.as_str(),
                self.material.recorded,
            )),
            Judge::Contains { .. }
            | Judge::Regex { .. }
            | Judge::JsonSchema { .. }
            | Judge::Cel { .. }
            | Judge::ToolCalled { .. }
            | Judge::Interactions
            | Judge::Latency { .. }
            | Judge::ScriptOutcome => {
                let (held, content) = (Arc::clone(&self.held), metric.content.clone());
                let measured = isolated(DEADLINE, move || measure(&content, &held.whole())).await;
                let measured = measured.map_err(|why| format!("the judge {why}"));
                Opinion::without_models(measured.and_then(|measured| measured))
            }
        };
        let outcome = opinion
            .outcome
            .and_then(|judgement| admitted(&metric.content.value, judgement));
        let (judgement, error) = match outcome {
            Ok(judgement) => (judgement, None),
            Err(error) => (
                Judgement::default(),
                Some(format!("metric `{}`: {error}", metric.name)),
            ),
        };
        let mut references = judgement.references;
        references.truncate(MAX_REFERENCES);
        Evaluation {
            metric_id: *metric_id,
            metric_version: *metric_version,
            value: judgement.value,
            justification: excerpt(&judgement.justification, MAX_JUSTIFICATION_BYTES),
            references,
            error: error.map(|error| excerpt(&error, MAX_JUSTIFICATION_BYTES)),
            votes: opinion
                .votes
                .into_iter()
                .map(|(model, outcome)| vote(model, outcome))
                .collect(),
            usage: opinion.usage,
        }
    }
}

fn vote(model: Name, outcome: Result<Judgement, String>) -> Vote {
    match outcome {
        Ok(judgement) => Vote {
            model,
            value: judgement.value,
            justification: excerpt(&judgement.justification, MAX_VOTE_BYTES),
            error: None,
        },
        Err(error) => Vote {
            model,
            value: None,
            justification: String::new(),
            error: Some(excerpt(&error, MAX_VOTE_BYTES)),
        },
    }
}

impl Opinion {
    /// Of a judge that is no language model.
    fn without_models(outcome: Result<Judgement, String>) -> Self {
        Self {
            outcome,
            votes: Vec::new(),
            usage: None,
        }
    }

    /// What was consumed, if anything.
    pub(super) fn consumed(&self) -> Usage {
        self.usage.unwrap_or_default()
    }
}
