//! `kind: Scenario`.

use model::{InitialMessageType, ScenarioContent, SuiteSpec, Tags};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    milestone::{self, MilestoneDoc},
    script::{self, StepDoc},
};
use crate::read::{Fields, Word as _, words};

/// What the simulated user wants, and how the conversation opens.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ScenarioSpec {
    /// What the simulated user wants to reach.
    pub objective: String,
    /// How the simulated user goes about it.
    pub instructions: String,
    /// Who opens the conversation: `user-message` (default), `external-event`, or `skip` (the agent greets).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["user-message", "external-event", "skip"]))]
    pub initial_message_type: Option<String>,
    /// When the conversation is deemed to start, with an offset, such as `2026-01-31T09:30:00Z`. Default: when it really does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_starts_at: Option<String>,
    /// The simulated user's lines, if it is scripted rather than played by a model.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500))]
    pub script: Option<Vec<StepDoc>>,
    /// What is to be reached on the way, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default, length(max = 50))]
    pub milestones: Vec<MilestoneDoc>,
}

words! {
    InitialMessageType {
        UserMessage = "user-message",
        ExternalEvent = "external-event",
        Skip = "skip",
    }
}

pub(super) fn read(fields: &mut Fields<'_>, tags: Tags) -> Option<SuiteSpec> {
    let objective = fields.required("objective");
    let instructions = fields.required("instructions");
    let initial_message_type = fields.or("initialMessageType", InitialMessageType::UserMessage);
    let conversation_starts_at = fields.optional("conversationStartsAt");
    let script = fields.optional_with("script", script::read);
    let milestones = fields.optional_with("milestones", milestone::read);
    let content = ScenarioContent {
        objective: objective?,
        instructions: instructions?,
        initial_message_type: initial_message_type?,
        conversation_starts_at: conversation_starts_at?,
        script: script?,
        milestones: milestones?.unwrap_or_default(),
    };
    if let Err((index, reason)) = content.check() {
        let which = index.map_or_else(String::new, |index| format!("number {}: ", index + 1));
        fields.fault("milestones", format!("{which}{reason}"));
        return None;
    }
    Some(SuiteSpec::Scenario { tags, content })
}

pub(super) fn write(content: &ScenarioContent) -> ScenarioSpec {
    let initial = content.initial_message_type;
    ScenarioSpec {
        objective: content.objective.to_string(),
        instructions: content.instructions.to_string(),
        initial_message_type: (initial != InitialMessageType::UserMessage).then(|| initial.word().to_owned()),
        conversation_starts_at: content.conversation_starts_at.map(crate::wire::precise_time),
        script: content.script.as_ref().map(script::write),
        milestones: milestone::write(&content.milestones),
    }
}
