//! How many interactions there were.

use model::{MetricValue, Role};

use super::{Evidence, Judgement, count};

pub(super) fn measure(evidence: &Evidence<'_>) -> Judgement {
    let references = super::scope::indices(evidence.turns.iter().filter(|turn| turn.role == Role::Agent));
    let value: MetricValue = count(references.len());
    let justification = format!("The agent replied {} times.", references.len());
    Judgement {
        value: Some(value),
        justification,
        references,
    }
}
