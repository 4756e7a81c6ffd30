//! Reading single messages.

use model::{Json, ToolCall};
use serde_json::Value;

use crate::{
    FieldErrors, Pointer,
    read::{Fields, described, limited_string, list},
};

/// The longest text of a message, in bytes.
const MAX_TEXT_BYTES: usize = 256 * 1024;
/// The most tool calls of a message.
const MAX_CALLS: usize = 200;
/// The most parts of a message.
const MAX_PARTS: usize = 1_000;

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Message {
    /// What the agent was told before the conversation.
    System(String),
    /// What the user says.
    User(String),
    /// What the agent says and calls.
    Agent { text: String, calls: Vec<Call> },
    /// What a tool call came to.
    Result {
        /// The call's id, if the recording has one.
        call: Option<String>,
        result: Json,
    },
}

/// A tool call, and the id by which its result names it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) id: Option<String>,
    pub(super) call: ToolCall,
}

/// Reads a message.
pub(super) fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Message> {
    let mut fields = Fields::of(value, at, errors)?;
    let role: String = fields.required("role")?;
    let text = fields.optional_with("content", content);
    match role.as_str() {
        "system" | "developer" => Some(Message::System(text?.unwrap_or_default())),
        "user" => {
            let text = text?.unwrap_or_default();
            if text.trim().is_empty() {
                fields.fault("content", "must say something: it is a user's message");
                return None;
            }
            Some(Message::User(text))
        }
        "assistant" => {
            let calls = fields.optional_with("tool_calls", |value, at, errors| {
                list(value, &(0..=MAX_CALLS), at, errors, call)
            });
            Some(Message::Agent {
                text: text?.unwrap_or_default(),
                calls: calls?.unwrap_or_default(),
            })
        }
        "tool" => {
            let call = fields.optional("tool_call_id");
            let text = text?.unwrap_or_default();
            match json_or_text(&text) {
                Ok(result) => Some(Message::Result { call: call?, result }),
                Err(reason) => {
                    fields.fault("content", reason.to_string());
                    None
                }
            }
        }
        _ => {
            fields.fault("role", "must be system, developer, user, assistant or tool");
            None
        }
    }
}

/// Text, or a list of parts that are all text.
fn content(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<String> {
    if !value.is_array() {
        return limited_string(value, MAX_TEXT_BYTES, at, errors);
    }
    let parts = list(value, &(0..=MAX_PARTS), at, errors, |part, at, errors| {
        if part.is_string() {
            return limited_string(part, MAX_TEXT_BYTES, at, errors);
        }
        let mut fields = Fields::of(part, at, errors)?;
        fields.with("text", |text, at, errors| {
            limited_string(text, MAX_TEXT_BYTES, at, errors)
        })
    })?;
    let text = parts.join("\n");
    if text.len() > MAX_TEXT_BYTES {
        errors.push(
            at,
            format!(
                "must be at most {MAX_TEXT_BYTES} bytes long, this is {}",
                text.len()
            ),
        );
        return None;
    }
    Some(text)
}

/// A call has name and arguments under `function`, or bare.
fn call(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Call> {
    let mut fields = Fields::of(value, at, errors)?;
    let id: Option<Option<String>> = fields.optional("id");
    let call = match value.get("function") {
        Some(function) if !function.is_null() => called(function, &at.key("function"), errors),
        Some(_) | None => called(value, at, errors),
    };
    Some(Call { id: id?, call: call? })
}

fn called(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<ToolCall> {
    let mut fields = Fields::of(value, at, errors)?;
    let name: Option<String> = fields.required("name");
    let arguments = fields.optional_with("arguments", arguments);
    Some(ToolCall {
        name: name?,
        arguments: arguments?.unwrap_or_else(Json::empty_object),
        result: None,
    })
}

/// Arguments are JSON within text, or JSON. Text that is no JSON is what the agent really sent, and is kept as text.
fn arguments(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Json> {
    let read = match value {
        Value::String(text) if text.trim().is_empty() => Ok(Json::empty_object()),
        Value::String(text) => json_or_text(text),
        Value::Object(_) => Json::from_value(value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            errors.push(
                at,
                format!("must be an object, or one as text, this is {}", described(value)),
            );
            return None;
        }
    };
    match read {
        Ok(json) => Some(json),
        Err(reason) => {
            errors.push(at, reason.to_string());
            None
        }
    }
}

/// The JSON that a text holds, else the text as JSON.
fn json_or_text(text: &str) -> Result<Json, model::Invalid> {
    match Json::try_from(text) {
        Ok(json) => Ok(json),
        Err(_no_json) => Json::from_value(&Value::String(text.to_owned())),
    }
}
