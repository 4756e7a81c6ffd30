//! From what was read to what a run judges.

use std::collections::BTreeMap;

use model::{
    Invalid, MetricValue, RECORDING_FORMAT, RecordedTurn as Turn, Recording, RecordingEnd, Role, UserOutcome,
};

use super::{RecordedConversation, RecordedEnd, RecordedValue};

/// The value that decides where nobody says what does.
pub(super) const REWARD: &str = "reward";

const LEFT: &str = "The recording marks that the user left. Whether it got what it wanted is not recorded.";
const OUT_OF_SCOPE: &str =
    "The recording marks that the conversation went beyond what the user had been told.";
const UNANSWERED: &str = "The recording breaks off: the agent did not answer what the user said last.";
const CUT_SHORT: &str = "The recording breaks off after a tool call of the agent.";

/// The conversation as a recording.
///
/// # Errors
/// Why there is nothing to judge, or that it is larger than a recording may be.
pub(super) fn recording(conversation: RecordedConversation) -> Result<Recording, Invalid> {
    let RecordedConversation {
        mut turns,
        values,
        end,
        ..
    } = conversation;
    // What the agent did not answer is not a turn that it could be judged by.
    let unanswered = match turns.last() {
        Some(last) if last.role != Role::Agent => turns.pop().map(|turn| turn.text),
        Some(_) | None => None,
    };
    if turns.is_empty() {
        return Err(Invalid::new(
            "has no message of the assistant, so there is nothing to judge",
        ));
    }
    let left = |outcome, reason: &str, farewell| RecordingEnd::UserLeft {
        outcome,
        reason: Some(reason.to_owned()),
        farewell,
    };
    let end = match (end, unanswered) {
        (RecordedEnd::UserLeft { farewell }, _) => left(UserOutcome::Achieved, LEFT, farewell),
        (RecordedEnd::OutOfScope { farewell }, _) => left(UserOutcome::GaveUp, OUT_OF_SCOPE, farewell),
        (_, Some(unanswered)) => left(UserOutcome::GaveUp, UNANSWERED, Some(unanswered)),
        (RecordedEnd::CutShort, None) => left(UserOutcome::GaveUp, CUT_SHORT, None),
        // The agent had the last word, and handed the user over or left nothing open.
        (RecordedEnd::Transferred | RecordedEnd::Unmarked, None) => RecordingEnd::AgentCompleted,
    };
    let turns = turns.into_iter().map(|turn| Turn {
        role: turn.role,
        text: turn.text,
        tool_calls: turn.tool_calls,
    });
    let recording = Recording {
        format: RECORDING_FORMAT,
        turns: turns.collect(),
        values: values.into_iter().map(value).collect::<BTreeMap<_, _>>(),
        end,
    };
    match recording.seal() {
        Ok(_) => Ok(recording),
        Err(fault) => Err(Invalid::new(format!("cannot be judged: {fault}"))),
    }
}

/// A reward that is true or false counts as 1 or 0, so that it is a number everywhere.
fn value((name, value): (String, RecordedValue)) -> (String, MetricValue) {
    let value = match value {
        RecordedValue::Boolean(truth) if name == REWARD => MetricValue::Numerical(f64::from(u8::from(truth))),
        RecordedValue::Boolean(truth) => MetricValue::Boolean(truth),
        RecordedValue::Number(number) => MetricValue::Numerical(number),
        RecordedValue::Text(text) => MetricValue::Categorical(text),
    };
    (name, value)
}

/// The reward of a recording, if it has one.
pub(super) fn reward(recording: &Recording) -> Option<f64> {
    match recording.values.get(REWARD) {
        Some(MetricValue::Numerical(reward)) => Some(*reward),
        Some(MetricValue::Boolean(_) | MetricValue::Categorical(_)) | None => None,
    }
}
