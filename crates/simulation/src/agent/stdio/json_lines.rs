//! One JSON object per line, protocol 1.
//!
//! To the child: first `{"type":"start","protocol":1,…}`, which it does not answer, then per turn
//! `{"type":"message"|"greet"|"event","turn":N,"idempotency_key":"…","text":"…"}` (a greeting has no text). From the
//! child: exactly one line per turn, `{"text":"…","tool_calls":[{"name","arguments","result"}],"completed":true,`
//! `"usage":{"input_tokens","output_tokens"}}` or `{"error":"…"}`; all but one of `text`, `tool_calls` and `completed` may be
//! left out. A reply may repeat the `turn` it answers; it is then checked. Unknown fields are ignored. The child is told
//! what an agent may know of its user, not what the user wants.

use model::{AgentInput, Turn, Usage};
use serde_json::{Value, json};

use super::{
    super::{AgentCall, AgentError, Answer, tool_calls},
    process::Process,
};
use crate::{Briefing, view};

/// The number of this protocol.
const PROTOCOL: u32 = 1;

/// The first line.
pub(super) fn start(briefing: &Briefing, history: &[Turn]) -> String {
    let content = &briefing.persona.content;
    let preferences: serde_json::Map<String, Value> = briefing
        .llm_model_preferences
        .iter()
        .map(|(interaction, preference)| {
            let fields =
                json!({ "llm_name": preference.llm_name.as_str(), "params": preference.params.value() });
            (interaction.clone(), fields)
        })
        .collect();
    json!({
        "type": "start",
        "protocol": PROTOCOL,
        "session_id": briefing.session_id,
        "persona": {
            "name": briefing.persona.name.as_str(),
            "role": briefing.persona.role.as_ref().map(model::Name::as_str),
            "background": content.background.as_str(),
            "user_models": content.user_models.iter().map(model::Text::as_str).collect::<Vec<_>>(),
            "variables": view::variables(briefing),
        },
        "scenario": { "name": briefing.scenario.name.as_str() },
        "language": briefing.language.as_ref().map(model::Language::as_str),
        "timezone": briefing.timezone.as_str(),
        "starts_at": briefing.starts_at.to_string(),
        "context_graph": briefing.context_graph.value(),
        "llm_model_preferences": preferences,
        "history": view::history(history),
    })
    .to_string()
}

/// One turn.
pub(super) async fn exchange(process: &mut Process, call: &AgentCall<'_>) -> Result<Answer, AgentError> {
    process.expect_silence().await?;
    process.write_line(&message(call)).await?;
    let line = process.read_line().await?;
    read(&line, call.turn_index).map_err(|reason| process.malformed(&reason, &line))
}

fn message(call: &AgentCall<'_>) -> String {
    let (kind, text) = match &call.input {
        AgentInput::Greet => ("greet", None),
        AgentInput::Message(text) => ("message", Some(text)),
        AgentInput::Event(text) => ("event", Some(text)),
    };
    let mut line = json!({ "type": kind, "turn": call.turn_index, "idempotency_key": call.idempotency_key });
    if let (Some(text), Some(fields)) = (text, line.as_object_mut()) {
        fields.insert("text".to_owned(), text.as_str().into());
    }
    line.to_string()
}

fn read(line: &[u8], turn_index: u32) -> Result<Answer, String> {
    let reply: Value =
        serde_json::from_slice(line).map_err(|why| format!("its reply is not one line of JSON ({why})"))?;
    let Some(fields) = reply.as_object() else {
        return Err("its reply is not a JSON object".to_owned());
    };
    if let Some(error) = fields.get("error").filter(|error| !error.is_null()) {
        return Err(match error {
            Value::String(_) => "it reports an error".to_owned(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                "it reports an error that is not a text".to_owned()
            }
        });
    }
    if let Some(turn) = fields.get("turn").and_then(Value::as_u64)
        && turn != u64::from(turn_index)
    {
        return Err(format!("its reply is to turn {turn}, not {turn_index}"));
    }
    let text = match fields.get("text") {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) if fields.contains_key("tool_calls") || fields.contains_key("completed") => {
            String::new()
        }
        None | Some(Value::Null) => return Err("its reply has no `text`".to_owned()),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            return Err("the `text` of its reply is not a text".to_owned());
        }
    };
    let completed = match fields.get("completed") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(completed)) => *completed,
        Some(Value::String(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            return Err("`completed` is not true or false".to_owned());
        }
    };
    let tokens = |usage: &Value, name: &str| usage.get(name).and_then(Value::as_u64).unwrap_or(0);
    let usage = fields
        .get("usage")
        .filter(|usage| usage.is_object())
        .map(|usage| Usage::of_tokens(tokens(usage, "input_tokens"), tokens(usage, "output_tokens")));
    Ok(Answer {
        text,
        tool_calls: tool_calls::read(fields.get("tool_calls"))?,
        usage,
        completed,
        silent: false,
        session: None,
    })
}
