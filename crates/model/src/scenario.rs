//! Scenarios: what the simulated user wants and how the conversation opens.

use serde::{Deserialize, Serialize};

use crate::{Life, Name, ScenarioId, Script, Tags, Text, Time};

/// A scenario: a name, tags and append-only numbered versions of the content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Its id.
    pub id: ScenarioId,
    /// Unique among the organization's live scenarios.
    pub name: Name,
    /// Labels.
    pub tags: Tags,
    /// The newest version's number, counted from 1.
    pub latest_version: u32,
    /// The newest version's content.
    pub latest: ScenarioContent,
    /// Creation, change, deletion.
    pub life: Life,
}

/// What a scenario version holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScenarioContent {
    /// What the simulated user wants to reach.
    pub objective: Text,
    /// How the simulated user goes about it.
    pub instructions: Text,
    /// Who opens the conversation, and with what.
    pub initial_message_type: InitialMessageType,
    /// When the conversation is deemed to start; none: when it really does.
    pub conversation_starts_at: Option<Time>,
    /// The simulated user's lines, when it is scripted rather than played by a model.
    pub script: Option<Script>,
}

/// How a conversation opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum InitialMessageType {
    /// The simulated user writes first.
    UserMessage,
    /// Something happens that starts the conversation; the text describes the event.
    ExternalEvent,
    /// No opening message: the agent greets.
    Skip,
}
