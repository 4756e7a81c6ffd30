//! Judges: each gives a metric's value for a conversation that is over, with a reason.
//!
//! All of these are deterministic. They quote what was said and never interpret it. A judge that cannot tell says so (no
//! value); a judge that fails, or gives a value that the metric does not admit, is an error of the evaluation, never
//! clamped into a value. A judge that is a model is a further arm of [`measure`].

mod cel;
mod contains;
mod interactions;
mod json_schema;
mod latency;
mod regex;
mod scope;
mod script_outcome;
mod tool_called;

use std::{collections::BTreeMap, sync::Arc};

pub(crate) use cel::VARIABLES as CEL_VARIABLES;
pub(crate) use json_schema::compile as compile_schema;
use model::{
    EndReason, Evaluation, Judge, MetricContent, MetricDomain, MetricType, MetricValue, MilestoneOutcome,
    Turn, Usage,
};

use crate::{
    Briefing, ModelSource,
    excerpt::excerpt,
    isolated::{DEADLINE, isolated},
    view,
};

/// The most turns an evaluation refers to.
const MAX_REFERENCES: usize = 50;
/// The longest justification, in bytes.
const MAX_JUSTIFICATION_BYTES: usize = 1000;

/// A judge's finding.
#[derive(Clone, Debug, Default, PartialEq)]
struct Judgement {
    /// None: the metric does not apply.
    value: Option<MetricValue>,
    justification: String,
    references: Vec<u32>,
}

/// A conversation that is over, and who took part.
#[derive(Clone, Debug)]
struct Evidence {
    turns: Vec<Turn>,
    end: EndReason,
    persona: serde_json::Value,
    scenario: serde_json::Value,
}

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub struct Material<'a> {
    /// What was said.
    pub turns: &'a [Turn],
    /// Why the conversation is over.
    pub end: &'a EndReason,
    /// The values that came with the conversation, if it was recorded elsewhere.
    pub recorded: Option<&'a BTreeMap<String, MetricValue>>,
}

/// What the judges found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// One per metric of the briefing, in order.
    pub evaluations: Vec<Evaluation>,
    /// One per milestone of the scenario, in order.
    pub milestones: Vec<MilestoneOutcome>,
    /// What the language models among them consumed.
    pub usage: Usage,
}

/// Evaluates every metric and every milestone of the briefing, in order. `models` gives out the language models that judge.
pub async fn evaluate(briefing: &Briefing, material: Material<'_>, models: &dyn ModelSource) -> Judged {
    let _models = models;
    let evidence = Arc::new(Evidence {
        turns: material.turns.to_vec(),
        end: material.end.clone(),
        persona: view::persona(briefing),
        scenario: view::scenario(briefing),
    });
    let mut judged = Judged::default();
    for (metric_id, metric_version, metric) in &briefing.metrics {
        let (evidence, content) = (Arc::clone(&evidence), metric.content.clone());
        let measured = isolated(DEADLINE, move || measure(&content, &evidence)).await;
        let judgement = measured
            .map_err(|why| format!("the judge {why}"))
            .and_then(|measured| measured)
            .and_then(|judgement| admitted(&metric.content.value, judgement));
        let (judgement, error) = match judgement {
            Ok(judgement) => (judgement, None),
            Err(error) => (
                Judgement::default(),
                Some(format!("metric `{}`: {error}", metric.name)),
            ),
        };
        let mut references = judgement.references;
        references.truncate(MAX_REFERENCES);
        judged.evaluations.push(Evaluation {
            metric_id: *metric_id,
            metric_version: *metric_version,
            value: judgement.value,
            justification: excerpt(&judgement.justification, MAX_JUSTIFICATION_BYTES),
            references,
            error: error.map(|error| excerpt(&error, MAX_JUSTIFICATION_BYTES)),
            votes: Vec::new(),
            usage: None,
        });
    }
    judged
}

fn measure(metric: &MetricContent, evidence: &Evidence) -> Result<Judgement, String> {
    let metric_type = metric.value.metric_type();
    match &metric.judge {
        Judge::Model(_) => Err(
            "no model judge is configured; give the metric another judge, such as `contains`, `regex` or \
                             `cel`"
                .to_owned(),
        ),
        Judge::Contains {
            texts,
            all,
            case_sensitive,
            scope,
        } => contains::measure(
            metric_type,
            &contains::Wanted {
                texts,
                all: *all,
                case_sensitive: *case_sensitive,
            },
            *scope,
            evidence,
        ),
        Judge::Regex { pattern, scope } => regex::measure(metric_type, pattern.as_str(), *scope, evidence),
        Judge::JsonSchema { schema, scope } => json_schema::measure(metric_type, schema, *scope, evidence),
        Judge::Cel { expression } => cel::measure(metric_type, expression.as_str(), evidence),
        Judge::ToolCalled { name, arguments } => {
            tool_called::measure(metric_type, name.as_str(), arguments.as_ref(), evidence)
        }
        Judge::Interactions => Ok(interactions::measure(evidence)),
        Judge::Latency { statistic } => Ok(latency::measure(*statistic, evidence)),
        Judge::ScriptOutcome => script_outcome::measure(metric_type, evidence),
        Judge::Milestones | Judge::Recorded { .. } => Err("cannot be measured".to_owned()),
    }
}

/// The judgement, if its value is one that the metric may have.
fn admitted(domain: &MetricDomain, judgement: Judgement) -> Result<Judgement, String> {
    let Some(value) = &judgement.value else {
        return Ok(judgement);
    };
    if domain.admits(value) {
        return Ok(judgement);
    }
    Err(format!(
        "the value {} is not {} ({})",
        shown(value),
        admitted_values(domain),
        judgement.justification
    ))
}

fn shown(value: &MetricValue) -> String {
    match value {
        MetricValue::Boolean(value) => value.to_string(),
        MetricValue::Numerical(value) => value.to_string(),
        MetricValue::Categorical(value) => format!("`{}`", excerpt(value, 100)),
    }
}

fn admitted_values(domain: &MetricDomain) -> String {
    match domain {
        MetricDomain::Boolean => "true or false".to_owned(),
        MetricDomain::Numerical {
            lower_bound,
            upper_bound,
        } => format!("within {lower_bound} to {upper_bound}"),
        MetricDomain::Categorical { categories } => {
            let shown: Vec<String> = categories
                .iter()
                .map(|category| format!("`{category}`"))
                .collect();
            format!("one of {}", shown.join(", "))
        }
    }
}

/// A count as a metric's value. Counts of turns are exact in a float.
fn count(n: usize) -> MetricValue {
    MetricValue::Numerical(u32::try_from(n).map_or(f64::INFINITY, f64::from))
}

/// What a judge says that was asked for a type of value it does not give; metrics are checked against this when made.
fn cannot_give(judge: &str, metric_type: MetricType) -> String {
    format!(
        "a `{judge}` judge cannot measure a {} value",
        metric_type.as_str()
    )
}

#[cfg(test)]
mod tests;
