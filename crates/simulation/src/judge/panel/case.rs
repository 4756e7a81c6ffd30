//! A conversation as language models are shown it.

use model::{EndReason, Named, PersonaContent, Role, ScenarioContent, ToolCall, Turn};
use serde_json::{Map, Value, json};

use super::visible;

/// A conversation that is over, and who took part.
#[derive(Clone, Copy, Debug)]
pub(in crate::judge) struct Case<'a> {
    pub(in crate::judge) turns: &'a [Turn],
    pub(in crate::judge) end: &'a EndReason,
    pub(in crate::judge) persona: Option<&'a Named<PersonaContent>>,
    pub(in crate::judge) scenario: Option<&'a Named<ScenarioContent>>,
}

impl Case<'_> {
    /// Who the user was, in short. What is marked as sensitive stays here.
    pub(super) fn persona(&self) -> Value {
        self.persona.map_or(Value::Null, |persona| {
            json!({
                "name": persona.name.as_str(),
                "role": persona.role.as_ref().map(model::Name::as_str),
                "background": persona.content.background.as_str(),
                "language": persona.content.preferred_language.as_ref().map(model::Language::as_str),
                "facts": persona.content.nonsensitive_user_variables.entries(),
            })
        })
    }

    /// What the user wanted.
    pub(super) fn scenario(&self) -> Value {
        self.scenario.map_or(Value::Null, |scenario| {
            json!({
                "name": scenario.name.as_str(),
                "objective": scenario.content.objective.as_str(),
                "instructions": scenario.content.instructions.as_str(),
            })
        })
    }

    /// What was said and done, and how it ended.
    pub(super) fn conversation(&self) -> Value {
        let reason = match self.end {
            EndReason::UserLeft { outcome: _, reason } => reason.as_deref(),
            EndReason::AgentCompleted
            | EndReason::MaxInteractions
            | EndReason::AgentError { .. }
            | EndReason::SimulatorError { .. }
            | EndReason::Infrastructure { .. } => self.end.cause(),
        };
        json!({
            "turns": self.turns.iter().map(turn).collect::<Vec<_>>(),
            "ended": { "how": self.end.as_str(), "reason": reason },
        })
    }

    /// The turn of this number.
    pub(super) fn turn(&self, index: &Value) -> Option<&Turn> {
        let is_it = |turn: &&Turn| match index.as_u64() {
            Some(index) => u64::from(turn.index) == index,
            // `3.0` is the same number.
            None => index
                .as_f64()
                .is_some_and(|index| f64::from(turn.index).total_cmp(&index).is_eq()),
        };
        self.turns.iter().find(is_it)
    }

    /// Which turns there are, in words.
    pub(super) fn turns_in_words(&self) -> String {
        match (self.turns.first(), self.turns.last()) {
            (Some(first), Some(last)) => format!("its turns are {} to {}", first.index, last.index),
            (Some(_), None) | (None, Some(_) | None) => "it has no turns".to_owned(),
        }
    }
}

fn turn(turn: &Turn) -> Value {
    let mut shown = Map::new();
    shown.insert("turn".to_owned(), turn.index.into());
    shown.insert("role".to_owned(), turn.role.as_str().into());
    shown.insert("text".to_owned(), turn.text.as_str().into());
    if turn.role == Role::Agent {
        let calls: Value = turn.tool_calls.iter().map(tool_call).collect();
        shown.insert("tool_calls".to_owned(), calls);
        shown.insert("latency_ms".to_owned(), turn.latency_ms.into());
        shown.insert("completed".to_owned(), turn.completed.into());
    }
    Value::Object(shown)
}

/// Arguments and result are texts here: as JSON within the JSON they could pass for turns.
fn tool_call(call: &ToolCall) -> Value {
    json!({
        "name": call.name,
        "arguments": call.arguments.as_str(),
        "result": call.result.as_ref().map(model::Json::as_str),
    })
}

/// Whether these words stand in a turn or in one of its tool calls. Blanks and what cannot be seen do not count, and what is escaped in
/// the question may be quoted either way.
pub(super) fn stands_in(quote: &str, turn: &Turn) -> bool {
    let wanted = normalized(quote);
    let calls = turn.tool_calls.iter().flat_map(|call| {
        [
            Some(call.name.as_str()),
            Some(call.arguments.as_str()),
            call.result.as_ref().map(model::Json::as_str),
        ]
    });
    let mut places = std::iter::once(turn.text.as_str()).chain(calls.flatten());
    !wanted.is_empty()
        && places.any(|place| {
            normalized(place).contains(&wanted) || normalized(&visible::inside(place)).contains(&wanted)
        })
}

fn normalized(text: &str) -> String {
    let seen: String = text.chars().filter(|c| !visible::is_hidden(*c)).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}
