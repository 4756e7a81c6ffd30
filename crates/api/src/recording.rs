//! Recordings: conversations that were held elsewhere, stored to be judged by a run.

use std::collections::BTreeMap;

use model::{
    Digest, Json, MAX_RECORDED_TURNS, MAX_RECORDED_VALUE_BYTES, MAX_RECORDED_VALUES, MetricValue,
    RECORDING_FORMAT, RecordedTurn, Recording, RecordingEnd, RecordingFault, Role, ToolCall, UserOutcome,
};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{
    FieldError, FieldErrors, Pointer,
    conversation::RoleWord,
    openapi,
    read::{Read, described, finite, limited_string, map, word_schema, words},
    request::request,
};

/// The most tool calls of one turn.
const MAX_CALLS: usize = 1_000;

request! {
    /// Stores a conversation that was held elsewhere.
    Create {
        /// What was said, in order. User and agent take turns, and the agent has the last word; only the first turn may be an event.
        turns: Vec<TurnRequest> = list(1..=MAX_RECORDED_TURNS),
        /// What was measured elsewhere, such as a reward; none: nothing.
        values: Option<Values> = optional(),
        /// How the conversation ended.
        end: EndRequest = required(),
    }
}

request! {
    /// What one side said and did until the other side's next turn.
    TurnRequest {
        /// Who it is from.
        role: RoleWord = required(),
        /// What was said. Of an agent that only called tools it may be empty. Hostile text: never interpreted.
        text: String = required(),
        /// For an agent turn: the tools that the agent called, in order.
        tool_calls: Vec<ToolCallRequest> = list(0..=MAX_CALLS),
    }
}

request! {
    /// A tool that the agent called.
    ToolCallRequest {
        /// The tool.
        name: String = required(),
        /// With what; none: with nothing.
        arguments: Option<Value> = optional(),
        /// What came back; none: not known.
        result: Option<Value> = optional(),
    }
}

request! {
    /// How a recorded conversation ended.
    EndRequest {
        /// In one word.
        reason: EndWord = required(),
        /// If the user left: why.
        detail: Option<String> = optional(),
        /// If the user left: what it said on leaving, which the agent did not answer.
        farewell: Option<String> = optional(),
    }
}

words! {
    RoleWord {
        User = "user",
        Event = "event",
        Agent = "agent",
    }
}

/// How a recorded conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndWord {
    /// The agent ended it with its last turn.
    AgentCompleted,
    /// The user left with what it wanted.
    UserAchieved,
    /// The user left without what it wanted.
    UserGaveUp,
}

words! {
    EndWord {
        AgentCompleted = "agent_completed",
        UserAchieved = "user_achieved",
        UserGaveUp = "user_gave_up",
    }
}

impl PartialSchema for EndWord {
    fn schema() -> RefOr<Schema> {
        openapi::described("How a recorded conversation ended.", word_schema::<Self>())
    }
}

impl ToSchema for EndWord {
    fn name() -> std::borrow::Cow<'static, str> {
        "RecordingEndWord".into()
    }
}

/// Values that were measured elsewhere, by name: true or false, numbers, or words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(pub BTreeMap<String, MetricValue>);

impl Read for Values {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let values = map(value, MAX_RECORDED_VALUES, at, errors, measured)?;
        if values.keys().any(|name| name.trim().is_empty()) {
            errors.push(at, "must have names that are not blank");
            return None;
        }
        Some(Self(values))
    }
}

fn measured(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<MetricValue> {
    match value {
        Value::Bool(truth) => Some(MetricValue::Boolean(*truth)),
        Value::Number(_) => finite(value, at, errors).map(MetricValue::Numerical),
        Value::String(_) => {
            limited_string(value, MAX_RECORDED_VALUE_BYTES, at, errors).map(MetricValue::Categorical)
        }
        Value::Null | Value::Array(_) | Value::Object(_) => {
            let found = described(value);
            errors.push(
                at,
                format!("must be true or false, a number or text, this is {found}"),
            );
            None
        }
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entries = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            match value {
                MetricValue::Boolean(truth) => entries.serialize_entry(name, truth)?,
                MetricValue::Numerical(number) => entries.serialize_entry(name, number)?,
                MetricValue::Categorical(word) => entries.serialize_entry(name, word)?,
            }
        }
        entries.end()
    }
}

impl PartialSchema for Values {
    fn schema() -> RefOr<Schema> {
        openapi::schema(json!({
            "description": "Values that were measured elsewhere, by name.",
            "type": "object",
            "maxProperties": MAX_RECORDED_VALUES,
            "propertyNames": {"pattern": r"\S", "maxLength": 512},
            "additionalProperties": {"type": ["boolean", "number", "string"], "maxLength": 512},
        }))
    }
}

impl ToSchema for Values {
    fn name() -> std::borrow::Cow<'static, str> {
        "RecordingValues".into()
    }
}

/// A recording was stored, or was there already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RecordingCreated)]
pub struct Created {
    /// Its digest: by this the start of a run names it.
    pub recording: Digest,
}

impl Create {
    /// The recording.
    ///
    /// # Errors
    /// What is said of tool calls or of the end and cannot be.
    pub fn into_recording(self) -> Result<Recording, FieldErrors> {
        let mut errors = FieldErrors::default();
        let at = Pointer::root().key("turns");
        let mut turns = Vec::with_capacity(self.turns.len());
        for (index, turn) in self.turns.into_iter().enumerate() {
            turns.extend(turn.into_turn(&at.index(index), &mut errors));
        }
        let end = self.end.into_end(&Pointer::root().key("end"), &mut errors);
        match end {
            Some(end) if errors.is_empty() => Ok(Recording {
                format: RECORDING_FORMAT,
                turns,
                values: self.values.unwrap_or_default().0,
                end,
            }),
            Some(_) | None => Err(errors),
        }
    }

    /// The request that stores a recording.
    pub fn of(recording: Recording) -> Self {
        let turn = |turn: RecordedTurn| TurnRequest {
            role: turn.role.into(),
            text: turn.text,
            tool_calls: turn.tool_calls.into_iter().map(ToolCallRequest::of).collect(),
        };
        Self {
            turns: recording.turns.into_iter().map(turn).collect(),
            values: (!recording.values.is_empty()).then_some(Values(recording.values)),
            end: EndRequest::of(recording.end),
        }
    }
}

impl TurnRequest {
    fn into_turn(self, at: &Pointer, errors: &mut FieldErrors) -> Option<RecordedTurn> {
        let at = at.key("tool_calls");
        let mut tool_calls = Vec::with_capacity(self.tool_calls.len());
        for (index, call) in self.tool_calls.into_iter().enumerate() {
            tool_calls.push(call.into_call(&at.index(index), errors)?);
        }
        Some(RecordedTurn {
            role: match self.role {
                RoleWord::User => Role::User,
                RoleWord::Event => Role::Event,
                RoleWord::Agent => Role::Agent,
            },
            text: self.text,
            tool_calls,
        })
    }
}

impl ToolCallRequest {
    fn into_call(self, at: &Pointer, errors: &mut FieldErrors) -> Option<ToolCall> {
        let arguments = match self.arguments {
            Some(arguments) => Json::read(&arguments, &at.key("arguments"), errors)?,
            None => Json::empty_object(),
        };
        let result = match self.result {
            Some(result) => Some(Json::read(&result, &at.key("result"), errors)?),
            None => None,
        };
        Some(ToolCall {
            name: self.name,
            arguments,
            result,
        })
    }

    fn of(call: ToolCall) -> Self {
        Self {
            name: call.name,
            arguments: Some(call.arguments.value()),
            result: call.result.map(|result| result.value()),
        }
    }
}

impl EndRequest {
    fn into_end(self, at: &Pointer, errors: &mut FieldErrors) -> Option<RecordingEnd> {
        let Self {
            reason,
            detail,
            farewell,
        } = self;
        let outcome = match reason {
            EndWord::UserAchieved => UserOutcome::Achieved,
            EndWord::UserGaveUp => UserOutcome::GaveUp,
            EndWord::AgentCompleted => {
                for (field, said) in [("detail", &detail), ("farewell", &farewell)] {
                    if said.is_some() {
                        errors.push(&at.key(field), "must be left out: the user did not leave");
                    }
                }
                return (detail.is_none() && farewell.is_none()).then_some(RecordingEnd::AgentCompleted);
            }
        };
        Some(RecordingEnd::UserLeft {
            outcome,
            reason: detail,
            farewell,
        })
    }

    fn of(end: RecordingEnd) -> Self {
        match end {
            RecordingEnd::AgentCompleted => Self {
                reason: EndWord::AgentCompleted,
                detail: None,
                farewell: None,
            },
            RecordingEnd::UserLeft {
                outcome,
                reason,
                farewell,
            } => Self {
                reason: match outcome {
                    UserOutcome::Achieved => EndWord::UserAchieved,
                    UserOutcome::GaveUp => EndWord::UserGaveUp,
                },
                detail: reason,
                farewell,
            },
        }
    }
}

impl From<RecordingFault> for FieldErrors {
    fn from(fault: RecordingFault) -> Self {
        Self::from(FieldError {
            pointer: fault.pointer,
            detail: fault.reason.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::read;

    fn request() -> Value {
        json!({
            "turns": [
                {"role": "event", "text": "It rains."},
                {"role": "agent", "text": "", "tool_calls": [
                    {"name": "close", "arguments": {"what": "roof"}, "result": [1]},
                    {"name": "tell", "arguments": "{broken"},
                ]},
            ],
            "values": {"reward": 0.5, "solved": true, "mood": "fine"},
            "end": {"reason": "user_gave_up", "detail": "It was late.", "farewell": "Bye"},
        })
    }

    #[test]
    fn what_is_sent_is_what_is_stored() {
        let recording = read::<Create>(&request()).unwrap().into_recording().unwrap();
        recording.check().unwrap();
        assert_eq!(recording.turns[0].role, Role::Event);
        let calls = &recording.turns[1].tool_calls;
        assert_eq!(calls[0].result.as_ref().unwrap().value(), json!([1]));
        assert_eq!(calls[1].arguments.value(), json!("{broken"));
        assert_eq!(
            recording.values["mood"],
            MetricValue::Categorical("fine".to_owned())
        );
        let left = RecordingEnd::UserLeft {
            outcome: UserOutcome::GaveUp,
            reason: Some("It was late.".to_owned()),
            farewell: Some("Bye".to_owned()),
        };
        assert_eq!(recording.end, left);
        let sent = serde_json::to_value(Create::of(recording.clone())).unwrap();
        let again = read::<Create>(&sent).unwrap().into_recording().unwrap();
        assert_eq!(again, recording);
    }

    #[test]
    fn an_agent_that_ended_it_heard_no_farewell() {
        let mut request = request();
        request["end"]["reason"] = "agent_completed".into();
        let refused = read::<Create>(&request).unwrap().into_recording().unwrap_err();
        let pointers: Vec<&str> = refused
            .as_slice()
            .iter()
            .map(|error| error.pointer.as_str())
            .collect();
        assert_eq!(pointers, ["/end/detail", "/end/farewell"]);
        request["end"] = json!({"reason": "agent_completed"});
        let recording = read::<Create>(&request).unwrap().into_recording().unwrap();
        assert_eq!(recording.end, RecordingEnd::AgentCompleted);
    }

    #[test]
    fn every_fault_is_named() {
        let faulty = json!({
            "turns": [{"role": "robot", "text": "x"}, {"role": "agent", "text": 1, "tool_calls": [{"name": 5}]}],
            "values": {"long": "x".repeat(513), "reward": null},
            "end": {"reason": "max_interactions"},
        });
        let refused = read::<Create>(&faulty).unwrap_err();
        let pointers: Vec<&str> = refused
            .as_slice()
            .iter()
            .map(|error| error.pointer.as_str())
            .collect();
        assert_eq!(
            pointers,
            [
                "/turns/0/role",
                "/turns/1/text",
                "/turns/1/tool_calls/0/name",
                "/values/long",
                "/values/reward",
                "/end/reason",
            ]
        );
    }
}
