//! Why a conversation failed, in words.

use model::{ConversationResult, EndReason, MetricValue};

use super::manifest::Sealed;
use crate::fold::evaluation_of;

/// One reason why a conversation failed.
#[derive(Debug)]
pub(super) struct Miss<'a> {
    /// What was expected and what was measured, on one line.
    pub(super) headline: String,
    /// What the judge said; may be empty.
    pub(super) justification: &'a str,
}

/// The cap on interactions if it was reached, and the criteria whose value is not as expected, in the plan's order.
pub(super) fn misses<'a>(sealed: &Sealed, result: &'a ConversationResult) -> Vec<Miss<'a>> {
    let mut misses = Vec::new();
    if result.end == EndReason::MaxInteractions {
        let headline = "the cap on interactions was reached".to_owned();
        misses.push(Miss {
            headline,
            justification: "",
        });
    }
    for outcome in result.criteria.iter().filter(|outcome| !outcome.passed) {
        if let Some(evaluation) = evaluation_of(result, outcome.evaluation_idx)
            && !outcome.criterion.passes(evaluation.value.as_ref())
        {
            let metric = sealed.metric_name(evaluation.metric_id, evaluation.metric_version);
            let value = value_text(evaluation.value.as_ref());
            let headline = format!(
                "{}: expected {metric} {}, was {value}",
                outcome.name, outcome.criterion
            );
            misses.push(Miss {
                headline,
                justification: &evaluation.justification,
            });
        }
    }
    misses
}

/// A metric's value in words.
pub(super) fn value_text(value: Option<&MetricValue>) -> String {
    match value {
        Some(MetricValue::Boolean(value)) => value.to_string(),
        Some(MetricValue::Numerical(value)) => value.to_string(),
        Some(MetricValue::Categorical(value)) => value.clone(),
        None => "not applicable".to_owned(),
    }
}
