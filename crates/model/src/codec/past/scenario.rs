//! Earlier versions of a scenario's content.

use serde::Deserialize;

use super::first;
use crate::{
    FirstVersion, InitialMessageType, Name, ScenarioContent, ScenarioCreated, Script, Tags, Text, Time,
};

/// Version 1 of `scenario.created`: a scenario had no milestones.
#[derive(Deserialize)]
pub(in super::super) struct ScenarioCreatedV1 {
    name: Name,
    tags: Tags,
    first: FirstVersion<ScenarioContentV1>,
}

/// What a scenario version held then.
#[derive(Deserialize)]
pub(in super::super) struct ScenarioContentV1 {
    objective: Text,
    instructions: Text,
    initial_message_type: InitialMessageType,
    conversation_starts_at: Option<Time>,
    script: Option<Script>,
}

impl From<ScenarioContentV1> for ScenarioContent {
    fn from(content: ScenarioContentV1) -> Self {
        Self {
            objective: content.objective,
            instructions: content.instructions,
            initial_message_type: content.initial_message_type,
            conversation_starts_at: content.conversation_starts_at,
            script: content.script,
            milestones: Vec::new(),
        }
    }
}

impl From<ScenarioCreatedV1> for ScenarioCreated {
    fn from(body: ScenarioCreatedV1) -> Self {
        Self {
            name: body.name,
            tags: body.tags,
            first: first(body.first),
        }
    }
}
