//! Scenarios: what the simulated user wants and how the conversation opens.

use serde::{Deserialize, Serialize};

use crate::{Invalid, Judge, Life, Name, ScenarioId, Script, Tags, Text, Time};

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
    /// What is to be reached on the way, in order: at most [`MAX_MILESTONES`]. They are recorded; only a metric makes them count.
    pub milestones: Vec<Milestone>,
}

/// The most milestones that a scenario has.
pub const MAX_MILESTONES: usize = 50;

/// A goal on the way to the scenario's objective.
///
/// One is reached at the first turn with which its judge finds it reached, but not before the one before it. One that was not reached bars all
/// that come after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Milestone {
    /// Unique in its scenario.
    pub name: Name,
    /// What has to have happened; a judge that is a model needs it.
    pub description: Option<Text>,
    /// Who finds out; gives a boolean.
    pub judge: Judge,
}

impl ScenarioContent {
    /// Checks what the types do not say. The error names the milestone, from 0, or none if it is about all of them.
    pub fn check(&self) -> Result<(), (Option<usize>, Invalid)> {
        if self.milestones.len() > MAX_MILESTONES {
            let reason = format!("a scenario has at most {MAX_MILESTONES} milestones");
            return Err((None, Invalid::new(reason)));
        }
        for (index, milestone) in self.milestones.iter().enumerate() {
            let refuse = |reason: String| Err((Some(index), Invalid::new(reason)));
            if self
                .milestones
                .iter()
                .take(index)
                .any(|other| other.name == milestone.name)
            {
                return refuse(format!(
                    "another milestone is called `{}` already",
                    milestone.name
                ));
            }
            match &milestone.judge {
                Judge::Contains { .. }
                | Judge::Regex { .. }
                | Judge::Cel { .. }
                | Judge::ToolCalled { .. }
                | Judge::JsonSchema { .. } => {}
                Judge::Model(_) if milestone.description.is_none() => {
                    return refuse("needs a description, or another judge".to_owned());
                }
                Judge::Model(_) => {}
                Judge::Interactions
                | Judge::Latency { .. }
                | Judge::ScriptOutcome
                | Judge::Milestones
                | Judge::Recorded { .. } => {
                    return refuse(format!(
                        "a `{}` judge cannot say whether something was reached",
                        milestone.judge.as_str()
                    ));
                }
            }
        }
        Ok(())
    }
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
