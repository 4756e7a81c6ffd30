//! Recordings: conversations that were held elsewhere, to be judged without being held again.
//!
//! A recording is a JSON document, stored under the digest of its bytes like a manifest. Its words are data: nothing in them is
//! interpreted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Digest, InitialMessageType, Invalid, MetricValue, Role, ToolCall, UserOutcome};

/// The number of this document's format.
pub const RECORDING_FORMAT: u32 = 1;
/// The most recordings that one run judges.
pub const MAX_RECORDINGS: usize = 10_000;
/// The most bytes that a recording may have as a document: every worker that judges it holds it in memory.
pub const MAX_RECORDING_BYTES: usize = 4 * 1024 * 1024;
/// The most turns of a recording.
pub const MAX_RECORDED_TURNS: usize = 10_000;
/// The most values of a recording.
pub const MAX_RECORDED_VALUES: usize = 50;
/// The longest text of a turn, and of what is said of the end, in bytes.
pub const MAX_RECORDED_TEXT_BYTES: usize = 256 * 1024;
/// The longest name of a value, and the longest value that is a word, in bytes.
pub const MAX_RECORDED_VALUE_BYTES: usize = 512;

/// A conversation that was held elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// [`RECORDING_FORMAT`].
    pub format: u32,
    /// What was said, in order. User and agent take turns, and the agent has the last word; only the first turn may be an event.
    pub turns: Vec<RecordedTurn>,
    /// What was measured elsewhere, such as a reward, by name.
    pub values: BTreeMap<String, MetricValue>,
    /// How the conversation ended.
    pub end: RecordingEnd,
}

/// What one side said and did until the other side's next turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedTurn {
    /// Who it is from.
    pub role: Role,
    /// What was said. Of an agent that only called tools it may be empty.
    pub text: String,
    /// For an agent turn: the tools that the agent called, in order.
    pub tool_calls: Vec<ToolCall>,
}

/// How a recorded conversation ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordingEnd {
    /// The user left.
    UserLeft {
        /// Whether it got what it wanted.
        outcome: UserOutcome,
        /// Why.
        reason: Option<String>,
        /// What it said on leaving, which the agent did not answer.
        farewell: Option<String>,
    },
    /// The agent ended it with its last turn.
    AgentCompleted,
}

/// What is wrong with a recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {reason}")]
pub struct RecordingFault {
    /// Where it stands: a JSON Pointer; empty for the whole.
    pub pointer: String,
    /// What is wrong.
    pub reason: Invalid,
}

impl RecordingFault {
    fn new(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            reason: Invalid::new(reason),
        }
    }
}

impl Recording {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), RecordingFault> {
        if self.turns.len() > MAX_RECORDED_TURNS {
            let reason = format!(
                "must be at most {MAX_RECORDED_TURNS} turns, these are {}",
                self.turns.len()
            );
            return Err(RecordingFault::new("/turns", reason));
        }
        let mut is_agents_turn = false;
        for (index, turn) in self.turns.iter().enumerate() {
            let at = |field: &str| format!("/turns/{index}/{field}");
            let is_agent = turn.role == Role::Agent;
            if index > 0 && is_agent != is_agents_turn {
                let reason =
                    "user and agent must take turns; what one side says until the other answers is one turn";
                return Err(RecordingFault::new(at("role"), reason));
            }
            if index > 0 && turn.role == Role::Event {
                return Err(RecordingFault::new(
                    at("role"),
                    "must not be an event: only the first turn may be one",
                ));
            }
            if !is_agent && turn.text.trim().is_empty() {
                return Err(RecordingFault::new(at("text"), "must say something"));
            }
            if !is_agent && !turn.tool_calls.is_empty() {
                return Err(RecordingFault::new(
                    at("tool_calls"),
                    "must be empty: only the agent calls tools",
                ));
            }
            check_text(&turn.text, || at("text"))?;
            is_agents_turn = !is_agent;
        }
        if self.turns.last().is_none_or(|last| last.role != Role::Agent) {
            let reason = "must end with a turn of the agent: without one there is nothing to judge, and what the user said on leaving is its farewell";
            return Err(RecordingFault::new("/turns", reason));
        }
        if let RecordingEnd::UserLeft { reason, farewell, .. } = &self.end {
            check_text(reason.as_deref().unwrap_or_default(), || "/end/detail".to_owned())?;
            check_text(farewell.as_deref().unwrap_or_default(), || {
                "/end/farewell".to_owned()
            })?;
        }
        self.check_values()
    }

    fn check_values(&self) -> Result<(), RecordingFault> {
        if self.values.len() > MAX_RECORDED_VALUES {
            let reason = format!(
                "must be at most {MAX_RECORDED_VALUES} values, these are {}",
                self.values.len()
            );
            return Err(RecordingFault::new("/values", reason));
        }
        for (name, value) in &self.values {
            if name.trim().is_empty() || name.len() > MAX_RECORDED_VALUE_BYTES {
                let reason = format!("must have names of 1 to {MAX_RECORDED_VALUE_BYTES} bytes");
                return Err(RecordingFault::new("/values", reason));
            }
            let reason = match value {
                MetricValue::Boolean(_) => continue,
                MetricValue::Numerical(number) if number.is_finite() => continue,
                MetricValue::Numerical(_) => "must be a finite number".to_owned(),
                MetricValue::Categorical(word) if word.len() <= MAX_RECORDED_VALUE_BYTES => continue,
                MetricValue::Categorical(_) => {
                    format!("must be at most {MAX_RECORDED_VALUE_BYTES} bytes long")
                }
            };
            let name = name.replace('~', "~0").replace('/', "~1");
            return Err(RecordingFault::new(format!("/values/{name}"), reason));
        }
        Ok(())
    }

    /// The document and its digest. The same recording always gives the same bytes.
    ///
    /// # Errors
    /// What [`Self::check`] finds, or a document of more than [`MAX_RECORDING_BYTES`].
    pub fn seal(&self) -> Result<(Digest, Vec<u8>), RecordingFault> {
        self.check()?;
        let bytes = serde_json::to_vec(self).map_err(|source| {
            RecordingFault::new("", format!("the recording cannot be written as JSON: {source}"))
        })?;
        if bytes.len() > MAX_RECORDING_BYTES {
            let reason = format!(
                "the recording comes to {} bytes, and may have at most {MAX_RECORDING_BYTES}",
                bytes.len()
            );
            return Err(RecordingFault::new("", reason));
        }
        Ok((Digest::of(&bytes), bytes))
    }

    /// Reads a sealed recording; the bytes must have the digest.
    ///
    /// # Errors
    /// Bytes that are no recording, or not the one that is meant.
    pub fn open(digest: Digest, bytes: &[u8]) -> Result<Self, Invalid> {
        if bytes.len() > MAX_RECORDING_BYTES {
            return Err(Invalid::new(format!(
                "recording {digest} has {} bytes, at most {MAX_RECORDING_BYTES} are read",
                bytes.len()
            )));
        }
        let found = Digest::of(bytes);
        if found != digest {
            return Err(Invalid::new(format!(
                "recording {digest} has been changed: its bytes have digest {found}"
            )));
        }
        let recording: Self = serde_json::from_slice(bytes)
            .map_err(|source| Invalid::new(format!("recording {digest} cannot be read: {source}")))?;
        if recording.format != RECORDING_FORMAT {
            return Err(Invalid::new(format!(
                "recording {digest} has format {}, this build reads {RECORDING_FORMAT}",
                recording.format
            )));
        }
        recording
            .check()
            .map_err(|fault| Invalid::new(format!("recording {digest} is faulty: {fault}")))?;
        Ok(recording)
    }

    /// How the conversation opened.
    pub fn initial_message_type(&self) -> InitialMessageType {
        match self.turns.first().map(|turn| turn.role) {
            Some(Role::User) | None => InitialMessageType::UserMessage,
            Some(Role::Event) => InitialMessageType::ExternalEvent,
            Some(Role::Agent) => InitialMessageType::Skip,
        }
    }
}

fn check_text(text: &str, at: impl FnOnce() -> String) -> Result<(), RecordingFault> {
    if text.len() > MAX_RECORDED_TEXT_BYTES {
        let reason = format!(
            "must be at most {MAX_RECORDED_TEXT_BYTES} bytes long, this is {}",
            text.len()
        );
        return Err(RecordingFault::new(at(), reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
