//! What templates of a connection see: the conversation, and the turn.

use model::AgentInput;
use serde_json::Value;

use super::AgentCall;
use crate::{Briefing, Secrets, template::Variables, view};

/// What stays the same for the whole conversation, and `secret`.
pub(super) fn of_conversation(briefing: &Briefing, secrets: &Secrets) -> Variables {
    Variables::default()
        .with("session_id", &briefing.session_id.as_str().into())
        .with("persona", &view::persona(briefing))
        .with("scenario", &view::scenario(briefing))
        .with("context_graph", &briefing.context_graph.value())
        .with_secrets(secrets)
}

/// What each turn adds, as plain JSON.
pub(super) fn of_turn(call: &AgentCall<'_>) -> [(&'static str, Value); 5] {
    let (kind, message) = match &call.input {
        AgentInput::Greet => ("greet", ""),
        AgentInput::Message(text) => ("message", text.as_str()),
        AgentInput::Event(text) => ("event", text.as_str()),
    };
    [
        ("message", message.into()),
        ("kind", kind.into()),
        ("turn", call.turn_index.into()),
        ("idempotency_key", call.idempotency_key.as_str().into()),
        ("history", view::history(call.turns)),
    ]
}

/// Both together.
pub(super) fn with_turn(conversation: &Variables, call: &AgentCall<'_>) -> Variables {
    of_turn(call)
        .into_iter()
        .fold(conversation.clone(), |variables, (name, value)| {
            variables.with(name, &value)
        })
}
