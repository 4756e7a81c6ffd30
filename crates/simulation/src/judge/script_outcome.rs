//! How the simulated user left.

use model::{EndReason, MetricType, MetricValue, UserOutcome};

use super::{Evidence, Judgement, cannot_give};
use crate::excerpt::{QUOTE_BYTES, excerpt};

pub(super) fn measure(metric_type: MetricType, evidence: &Evidence<'_>) -> Result<Judgement, String> {
    let Some(end) = evidence.end else {
        return Ok(Judgement {
            value: None,
            justification: "Does not apply: the conversation is not over.".to_owned(),
            references: Vec::new(),
        });
    };
    let (outcome, justification) = match end {
        EndReason::UserLeft { outcome, reason } => {
            let why = reason.as_ref().map_or_else(String::new, |reason| {
                format!(": “{}”", excerpt(reason, QUOTE_BYTES))
            });
            let left = match outcome {
                UserOutcome::Achieved => "with its objective achieved",
                UserOutcome::GaveUp => "having given up",
            };
            (Some(*outcome), format!("The simulated user left {left}{why}."))
        }
        EndReason::AgentCompleted => (
            None,
            "The agent ended the conversation before the simulated user did.".to_owned(),
        ),
        EndReason::MaxInteractions => (
            None,
            "The cap on interactions was reached before the simulated user left.".to_owned(),
        ),
        broken @ (EndReason::AgentError { .. }
        | EndReason::SimulatorError { .. }
        | EndReason::Infrastructure { .. }) => {
            let cause = excerpt(broken.cause().unwrap_or_default(), QUOTE_BYTES);
            let justification = format!("Does not apply: the conversation broke ({cause}).");
            return Ok(Judgement {
                value: None,
                justification,
                references: Vec::new(),
            });
        }
    };
    let value = match metric_type {
        MetricType::Boolean => MetricValue::Boolean(outcome == Some(UserOutcome::Achieved)),
        MetricType::Categorical => {
            MetricValue::Categorical(outcome.map_or(end.as_str(), UserOutcome::as_str).to_owned())
        }
        MetricType::Numerical => return Err(cannot_give("script_outcome", metric_type)),
    };
    let references = evidence.turns.last().map(|turn| turn.index).into_iter().collect();
    Ok(Judgement {
        value: Some(value),
        justification,
        references,
    })
}
