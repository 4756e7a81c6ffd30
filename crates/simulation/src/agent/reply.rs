//! Replies of agents that speak our own protocol, over pipes or NATS: one JSON object,
//! `{"text":"…","tool_calls":[{"name","arguments","result"}],"completed":true,"usage":{"input_tokens","output_tokens"}}` or
//! `{"error":"…"}`; all but one of `text`, `tool_calls` and `completed` may be left out. A reply may repeat the `turn` it answers; it is
//! then checked. Unknown fields are ignored.

use model::Usage;
use serde_json::Value;

use super::{Answer, tool_calls};

/// Reads a reply to turn `turn_index`. `form` is what a reply should be, such as `JSON`.
pub(super) fn read(bytes: &[u8], turn_index: u32, form: &str) -> Result<Answer, String> {
    let reply: Value =
        serde_json::from_slice(bytes).map_err(|why| format!("its reply is not {form} ({why})"))?;
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
        ..Answer::default()
    })
}
