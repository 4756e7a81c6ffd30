//! The simulated user's brief: persona and scenario.

use model::{Invalid, Text, Time};

use super::task::Brief;
use crate::suite::{PersonaSpec, ScenarioSpec};

/// The part that every persona plays.
const ROLE: &str = "customer";
/// The objective of a user that is told what to do, but not why.
const OBJECTIVE: &str = "Get what the instructions say you want.";
/// The instructions of a user that is told why it calls, but not how to go about it.
const INSTRUCTIONS: &str = "Say what you want, and answer what the agent asks from what you know.";

/// Who the user is, what it knows and what it does not know.
pub(super) fn persona(brief: &Brief) -> Result<PersonaSpec, Invalid> {
    let mut parts = Vec::new();
    parts.extend(brief.persona.clone());
    match &brief.known {
        Some(known) => parts.push(format!("What you know:\n{known}")),
        None if parts.is_empty() => parts.push("A customer who calls for help.".to_owned()),
        None => {}
    }
    if let Some(unknown) = &brief.unknown {
        parts.push(format!(
            "What you do not know and must not make up; if you are asked, say that you do not know it:\n{unknown}"
        ));
    }
    Ok(PersonaSpec {
        role: ROLE.to_owned(),
        background: Text::try_from(parts.join("\n\n"))?.to_string(),
        preferred_language: None,
        timezone: None,
        user_models: Vec::new(),
        variables: std::collections::BTreeMap::new(),
        sensitive_variables: std::collections::BTreeMap::new(),
    })
}

/// Why the user calls and how it goes about it.
pub(super) fn scenario(brief: &Brief, starts_at: Option<Time>) -> ScenarioSpec {
    ScenarioSpec {
        objective: brief.reason.clone().unwrap_or_else(|| OBJECTIVE.to_owned()),
        instructions: brief
            .instructions
            .clone()
            .unwrap_or_else(|| INSTRUCTIONS.to_owned()),
        initial_message_type: None,
        conversation_starts_at: starts_at.map(crate::wire::precise_time),
        script: None,
        milestones: Vec::new(),
    }
}
