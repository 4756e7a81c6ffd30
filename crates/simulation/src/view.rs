//! What templates and expressions see of a briefing and a conversation, as plain JSON. Nothing here depends on a clock.

use std::collections::BTreeMap;

use model::{EndReason, Role, Turn};
use serde_json::{Value, json};

use crate::Briefing;

/// `persona`.
pub(crate) fn persona(briefing: &Briefing) -> Value {
    let content = &briefing.persona.content;
    json!({
        "name": briefing.persona.name.as_str(),
        "role": briefing.persona.role.as_ref().map(model::Name::as_str),
        "background": content.background.as_str(),
        "language": briefing.language.as_ref().map(model::Language::as_str),
        "timezone": briefing.timezone.as_str(),
        "user_models": content.user_models.iter().map(model::Text::as_str).collect::<Vec<_>>(),
        "variables": variables(briefing),
    })
}

/// What agents that speak our own protocol are told: what an agent may know of its user, not what the user wants.
pub(crate) fn told_to_agents(briefing: &Briefing) -> serde_json::Map<String, Value> {
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
    let told = [
        (
            "persona",
            json!({
                "name": briefing.persona.name.as_str(),
                "role": briefing.persona.role.as_ref().map(model::Name::as_str),
                "background": content.background.as_str(),
                "user_models": content.user_models.iter().map(model::Text::as_str).collect::<Vec<_>>(),
                "variables": variables(briefing),
            }),
        ),
        ("scenario", json!({ "name": briefing.scenario.name.as_str() })),
        (
            "language",
            briefing.language.as_ref().map(model::Language::as_str).into(),
        ),
        ("timezone", briefing.timezone.as_str().into()),
        ("starts_at", briefing.starts_at.to_string().into()),
        ("context_graph", briefing.context_graph.value()),
        ("llm_model_preferences", preferences.into()),
    ];
    told.into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The persona's variables, sensitive or not.
pub(crate) fn variables(briefing: &Briefing) -> BTreeMap<&str, &str> {
    let content = &briefing.persona.content;
    let both = [
        &content.nonsensitive_user_variables,
        &content.sensitive_user_variables,
    ];
    both.into_iter()
        .flat_map(|variables| variables.entries())
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

/// `scenario`.
pub(crate) fn scenario(briefing: &Briefing) -> Value {
    json!({
        "name": briefing.scenario.name.as_str(),
        "objective": briefing.scenario.content.objective.as_str(),
        "instructions": briefing.scenario.content.instructions.as_str(),
        "starts_at": briefing.starts_at.to_string(),
    })
}

/// `conversation`: what was said so far.
pub(crate) fn conversation(turns: &[Turn]) -> Value {
    json!({ "turns": turns.iter().map(turn).collect::<Vec<_>>(), "interactions": interactions(turns) })
}

/// `conversation` for judges: also how it ended, if it has, and how long it took.
pub(crate) fn judged_conversation(turns: &[Turn], end: Option<&EndReason>) -> Value {
    let user_outcome = match end {
        Some(EndReason::UserLeft { outcome, reason: _ }) => Some(outcome.as_str()),
        Some(
            EndReason::AgentCompleted
            | EndReason::MaxInteractions
            | EndReason::AgentError { .. }
            | EndReason::SimulatorError { .. }
            | EndReason::Infrastructure { .. },
        )
        | None => None,
    };
    let duration_ms = turns
        .first()
        .zip(turns.last())
        .map_or(0, |(first, last)| last.at.millis_since(first.at));
    json!({
        "turns": turns.iter().map(turn).collect::<Vec<_>>(),
        "interactions": interactions(turns),
        "end": end.map(EndReason::as_str),
        "user_outcome": user_outcome,
        "duration_ms": duration_ms,
    })
}

fn turn(turn: &Turn) -> Value {
    let call = |call: &model::ToolCall| {
        json!({
            "name": call.name,
            "arguments": call.arguments.value(),
            "result": call.result.as_ref().map(model::Json::value),
        })
    };
    json!({
        "index": turn.index,
        "role": turn.role.as_str(),
        "text": turn.text,
        "latency_ms": turn.latency_ms,
        "tool_calls": turn.tool_calls.iter().map(call).collect::<Vec<_>>(),
        "completed": turn.completed,
    })
}

/// `history`: role and text of each turn.
pub(crate) fn history(turns: &[Turn]) -> Value {
    turns
        .iter()
        .map(|turn| json!({ "role": turn.role.as_str(), "text": turn.text }))
        .collect()
}

/// The agent's last message; `""` if there is none.
pub(crate) fn last_agent_text(turns: &[Turn]) -> &str {
    turns
        .iter()
        .rev()
        .find(|turn| turn.role == Role::Agent)
        .map_or("", |turn| turn.text.as_str())
}

/// How many replies the agent gave.
pub(crate) fn interactions(turns: &[Turn]) -> usize {
    turns.iter().filter(|turn| turn.role == Role::Agent).count()
}
