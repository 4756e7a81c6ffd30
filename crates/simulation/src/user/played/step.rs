//! A step as the language model gives it, and how it is told what is wrong with one.

use std::collections::BTreeSet;

use model::UserOutcome;
use serde_json::{Value, json};

use crate::{Answer, AnswerSchema, guard::Finding};

/// The longest reason that is kept, in characters.
const MAX_REASON_CHARS: usize = 500;

/// What the simulated user would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// What it would say; without blanks around it.
    pub(super) message: String,
    /// With which outcome it would leave; none: it stays.
    pub(super) leaves: Option<UserOutcome>,
    /// Why.
    pub(super) reason: String,
}

/// The shape of a step.
pub(super) fn schema() -> AnswerSchema {
    AnswerSchema {
        name: "step",
        document: json!({
            "type": "object",
            "properties": {
                "message": { "type": "string", "description": "what the person says, word for word" },
                "state": { "type": "string", "enum": ["continuing", "achieved", "gave_up"] },
                "reason": { "type": "string", "description": "why, in a few words" },
            },
            "required": ["message", "state", "reason"],
            "additionalProperties": false,
        }),
    }
}

/// Reads a step out of an answer. The answer has the shape that was asked for, or whoever gave it has broken its word.
pub(super) fn read(answer: &Answer) -> Result<Step, String> {
    let value = answer.value.as_ref().ok_or("the answer has no value")?;
    let text = |field: &str| {
        let found = value.get(field).and_then(Value::as_str);
        found.ok_or_else(|| format!("the answer has no text `{field}`"))
    };
    let leaves = match text("state")? {
        "continuing" => None,
        "achieved" => Some(UserOutcome::Achieved),
        "gave_up" => Some(UserOutcome::GaveUp),
        _ => return Err("the answer's `state` is none of the three that there are".to_owned()),
    };
    Ok(Step {
        message: text("message")?.trim().to_owned(),
        leaves,
        reason: text("reason")?.trim().chars().take(MAX_REASON_CHARS).collect(),
    })
}

/// What the model is told when the guard did not let its step through.
pub(super) fn correction(findings: &[Finding]) -> String {
    let mut told = "That breaks your part:\n".to_owned();
    for finding in findings {
        told.push_str("- ");
        told.push_str(&finding.detail);
        told.push('\n');
    }
    told.push_str(
        "Give the step again, as the person would do it. Mend only this, and do not mention that you were corrected.",
    );
    told
}

/// The faults in a line, for the report.
pub(super) fn causes(findings: &[Finding]) -> String {
    let faults: BTreeSet<&str> = findings.iter().map(|finding| finding.fault.as_str()).collect();
    let faults: Vec<&str> = faults.into_iter().collect();
    let first = findings.first().map_or("", |finding| finding.detail.as_str());
    format!("{}, also when it was told so: {first}", faults.join(", "))
}
