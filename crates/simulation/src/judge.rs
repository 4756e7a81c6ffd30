//! Judges: each gives a metric's value for a conversation that is over, with a reason, and finds out which milestones were reached.
//!
//! They quote what was said and never interpret it; those that are language models are told that it is material. A judge that cannot tell says so
//! (no value); a judge that fails, or gives a value that the metric does not admit, is an error of the evaluation, never clamped into a value.

mod agreement;
mod cel;
mod contains;
mod evaluation;
mod evidence;
#[cfg(test)]
mod fake;
mod interactions;
mod json_schema;
mod latency;
mod milestones;
mod panel;
mod recorded;
mod regex;
mod scope;
mod script_outcome;
mod tool_called;

use std::collections::BTreeMap;

pub use agreement::{Confusion, Disagreement, JudgeCheck, JudgeReport, Labelled, Numbers, check_judge};
pub(crate) use cel::VARIABLES as CEL_VARIABLES;
pub use evaluation::evaluate;
use evidence::Evidence;
pub(crate) use json_schema::compile as compile_schema;
use model::{
    EndReason, Evaluation, Judge, MetricContent, MetricDomain, MetricType, MetricValue, MilestoneOutcome,
    Turn, Usage,
};
pub use panel::MAX_MATERIAL_BYTES;

use crate::excerpt::excerpt;

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

impl Judgement {
    /// The metric does not apply.
    fn not_applicable(why: impl std::fmt::Display) -> Self {
        Self {
            value: None,
            justification: format!("Does not apply: {why}."),
            references: Vec::new(),
        }
    }
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

/// What a judge finds that needs nothing but the conversation.
fn measure(metric: &MetricContent, evidence: &Evidence<'_>) -> Result<Judgement, String> {
    let metric_type = metric.value.metric_type();
    match &metric.judge {
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
        Judge::Model(_) | Judge::Milestones | Judge::Recorded { .. } => Err(format!(
            "a `{}` judge needs more than the conversation",
            metric.judge.as_str()
        )),
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
    MetricValue::Numerical(float(n))
}

/// A count as a float; exact below 2³².
fn float(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::INFINITY, f64::from)
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
