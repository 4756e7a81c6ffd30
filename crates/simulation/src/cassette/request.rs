//! Requests as recordings know them: what determines the answer, and nothing that differs from run to run or says only how the answer is got.
//!
//! Of a language model that is its definition without keys, limits, timeouts and prices; of an agent its connection without keys, headers, limits
//! and timeouts, and what it may know of persona, scenario and context graph. Session ids, idempotency keys, run ids, seeds and times are left out; the
//! start of the conversation counts only if the scenario fixes it.

use model::{AgentInput, Digest, LanguageModel, Role, Turn};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{AgentCall, Briefing, Purpose, Question, view};

/// How many digits of a digest are shown where it only tells that something changed.
const SHOWN_DIGITS: usize = 16;

/// Who is asked what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    User,
    Guard,
    Judge,
    Agent,
}

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Guard => "guard",
            Self::Judge => "judge",
            Self::Agent => "agent",
        }
    }
}

impl From<Purpose> for Kind {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::User => Self::User,
            Purpose::Guard => Self::Guard,
            Purpose::Judge => Self::Judge,
        }
    }
}

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    pub(super) kind: Kind,
    /// Of everything that determines the answer.
    pub(super) digest: Digest,
    /// The same in a form for people.
    pub(super) shown: Value,
}

impl Request {
    fn new(kind: Kind, shown: Value) -> Self {
        let canonical = canonical(&shown).to_string();
        Self {
            kind,
            digest: Digest::of_parts(&[kind.as_str().as_bytes(), canonical.as_bytes()]),
            shown,
        }
    }

    /// A question to the language model `name`.
    pub(crate) fn question(name: &str, definition: &LanguageModel, question: &Question) -> Self {
        let messages: Vec<Value> = question
            .messages
            .iter()
            .map(|message| json!({ "role": message.role.as_str(), "text": message.text }))
            .collect();
        let shown = json!({
            "model": {
                "name": name,
                "provider": definition.provider.as_str(),
                "base_url": definition.base_url.as_ref().map(|url| without_user(url.as_str())),
                "model": definition.model.as_str(),
                "parameters": definition.parameters.as_ref().map(model::Json::value),
            },
            "temperature": question.temperature.or(definition.temperature),
            "schema": question.schema.as_ref().map(|schema| json!({
                "name": schema.name,
                "document": schema.document,
            })),
            "messages": messages,
        });
        Self::new(question.purpose.into(), shown)
    }

    /// An agent's turn.
    pub(crate) fn agent_call(briefing: &Briefing, call: &AgentCall<'_>) -> Self {
        let (input, before) = match &call.input {
            AgentInput::Greet => (json!("greet"), call.turns),
            AgentInput::Message(text) => (json!({ "message": text }), before_input(call.turns, text)),
            AgentInput::Event(text) => (json!({ "event": text }), before_input(call.turns, text)),
        };
        let connection = briefing.agent.content.connection.as_ref();
        let shown = json!({
            "agent": {
                "name": briefing.agent.name.as_str(),
                // That one of these changed is told by its digest.
                "connection": connection.map(|connection| {
                    let protocol = serde_json::to_value(&connection.protocol).unwrap_or_default();
                    short_digest(&without_credentials(protocol))
                }),
                "persona": short_digest(&view::persona(briefing)),
                "scenario": short_digest(&scenario(briefing)),
                "context_graph": short_digest(&briefing.context_graph.value()),
                "llm_model_preferences":
                    short_digest(&serde_json::to_value(&briefing.llm_model_preferences).unwrap_or_default()),
            },
            "turns": before.iter().map(turn).collect::<Vec<_>>(),
            "input": input,
        });
        Self::new(Kind::Agent, shown)
    }
}

/// The turns before the one that is the input.
fn before_input<'a>(turns: &'a [Turn], input: &str) -> &'a [Turn] {
    match turns.split_last() {
        Some((last, before)) if last.role != Role::Agent && last.text == input => before,
        Some(_) | None => turns,
    }
}

fn turn(turn: &Turn) -> Value {
    let mut fields = Map::new();
    fields.insert("role".to_owned(), turn.role.as_str().into());
    fields.insert("text".to_owned(), turn.text.as_str().into());
    if !turn.tool_calls.is_empty() {
        let calls = turn.tool_calls.iter().map(|call| {
            json!({
                "name": call.name,
                "arguments": call.arguments.value(),
                "result": call.result.as_ref().map(model::Json::value),
            })
        });
        fields.insert("tool_calls".to_owned(), calls.collect());
    }
    Value::Object(fields)
}

/// What agents may know of the scenario. Without a start that it fixes, a conversation starts when it happens to.
fn scenario(briefing: &Briefing) -> Value {
    let mut scenario = view::scenario(briefing);
    if briefing.scenario.content.conversation_starts_at.is_none()
        && let Value::Object(fields) = &mut scenario
    {
        fields.shift_remove("starts_at");
    }
    scenario
}

/// A URL without name and password.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..authority].rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}://{}", &rest[host..])
}

/// A protocol without what lets one in: whoever changes a key need not record again.
fn without_credentials(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(name, _)| !matches!(name.as_str(), "headers" | "api_key"))
            .map(|(name, field)| (name, without_credentials(field)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_credentials).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn short_digest(value: &Value) -> String {
    let mut digits = Digest::of(canonical(value).to_string().as_bytes()).to_string();
    digits.truncate(SHOWN_DIGITS);
    digits
}

/// The same value with the names of every object in order.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        Value::Array(items) => items.iter().map(canonical).collect(),
        Value::Object(fields) => {
            let mut sorted: Vec<(&String, &Value)> = fields.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            sorted
                .into_iter()
                .map(|(name, field)| (name.clone(), canonical(field)))
                .collect()
        }
    }
}

#[cfg(test)]
mod tests;
