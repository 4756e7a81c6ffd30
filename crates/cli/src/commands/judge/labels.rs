//! Labelled conversations: a YAML or JSON list of conversations, each with what people say the metric's value is.

use std::{fs, path::Path};

use model::{EndReason, Json, MetricValue, Role, Time, ToolCall, Turn, UserOutcome};
use serde::Deserialize;
use serde_json::Value;
use simulation::Labelled;

use crate::failure::Failure;

/// The largest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: Option<String>,
    turns: Vec<WrittenTurn>,
    #[serde(default)]
    gave_up: bool,
    label: Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTurn {
    role: WrittenRole,
    #[serde(default)]
    text: String,
    latency_ms: Option<u64>,
    #[serde(default)]
    tool_calls: Vec<WrittenCall>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenRole {
    User,
    Event,
    Agent,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCall {
    name: String,
    #[serde(default)]
    arguments: Value,
    result: Option<Value>,
}

/// Reads a file of labels.
pub(super) fn read(path: &Path) -> Result<Vec<Labelled>, Failure> {
    let unreadable = |source: &std::io::Error| Failure::at_path(path, "cannot be read", source);
    let length = fs::metadata(path).map_err(|source| unreadable(&source))?.len();
    if length > MAX_FILE_BYTES {
        return Err(wrong(path, &format!("it is larger than {MAX_FILE_BYTES} bytes")));
    }
    let text = fs::read_to_string(path).map_err(|source| unreadable(&source))?;
    // JSON is YAML.
    let written: Vec<Written> =
        serde_saphyr::from_str(&text).map_err(|source| wrong(path, &source.to_string()))?;
    let labelled = (1..).zip(written);
    labelled
        .map(|(number, written)| {
            let at = |reason: String| wrong(path, &format!("conversation {number}: {reason}"));
            labelled_of(number, written).map_err(at)
        })
        .collect()
}

fn wrong(path: &Path, reason: &str) -> Failure {
    Failure::configuration(format!("{}: {reason}", path.display())).help(
        "A list of {name, turns: [{role: user|agent, text, tool_calls}], label}; docs/models.md shows one.",
    )
}

fn labelled_of(number: usize, written: Written) -> Result<Labelled, String> {
    let label = match written.label {
        Value::Null => None,
        Value::Bool(value) => Some(MetricValue::Boolean(value)),
        Value::Number(value) => Some(MetricValue::Numerical(
            value
                .as_f64()
                .ok_or("the label is no number that can be compared")?,
        )),
        Value::String(value) => Some(MetricValue::Categorical(value)),
        Value::Array(_) | Value::Object(_) => {
            return Err("the label is neither true, false, a number, a word nor null".to_owned());
        }
    };
    let turns = (0..).zip(written.turns).map(|(index, turn)| turn_of(index, turn));
    Ok(Labelled {
        name: written.name.unwrap_or_else(|| format!("conversation {number}")),
        turns: turns.collect::<Result<_, _>>()?,
        end: EndReason::UserLeft {
            outcome: if written.gave_up {
                UserOutcome::GaveUp
            } else {
                UserOutcome::Achieved
            },
            reason: None,
        },
        persona: None,
        scenario: None,
        label,
    })
}

fn turn_of(index: u32, turn: WrittenTurn) -> Result<Turn, String> {
    let json = |value: &Value| {
        Json::from_value(value).map_err(|invalid| format!("turn {index}: a tool call's JSON {invalid}"))
    };
    let call = |call: WrittenCall| {
        Ok::<_, String>(ToolCall {
            name: call.name,
            arguments: json(&call.arguments)?,
            result: call.result.as_ref().map(json).transpose()?,
        })
    };
    Ok(Turn {
        index,
        role: match turn.role {
            WrittenRole::User => Role::User,
            WrittenRole::Event => Role::Event,
            WrittenRole::Agent => Role::Agent,
        },
        text: turn.text,
        at: Time::default(),
        latency_ms: turn.latency_ms,
        tool_calls: turn.tool_calls.into_iter().map(call).collect::<Result<_, _>>()?,
        usage: None,
        completed: false,
        calls: 0,
        repeated: false,
        note: None,
        violations: Vec::new(),
        session: None,
    })
}
