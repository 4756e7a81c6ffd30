//! Milestones of scenarios. Also the shape under `rehearse.milestones` of a scenario version.

use model::{Judge, MAX_MILESTONES, Milestone, ModelJudge, Text};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::judge::{self, JudgeDoc};
use crate::{
    FieldErrors, Pointer,
    read::{Fields, list},
};

/// A goal on the way to the scenario's objective.
///
/// One is reached at the first turn with which its judge finds it reached, but not before
/// the one before it. It is recorded; only a metric with the judge `milestones` makes it count.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct MilestoneDoc {
    /// Unique in its scenario.
    pub name: String,
    /// What has to have happened. Required for the judge `model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who finds out. Default: `model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judge: Option<JudgeDoc>,
}

/// Reads a scenario's milestones.
pub(crate) fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Vec<Milestone>> {
    list(value, &(0..=MAX_MILESTONES), at, errors, read_one)
}

fn read_one(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Milestone> {
    let mut fields = Fields::of(value, at, errors)?;
    let name = fields.required("name");
    let description = fields.optional("description");
    let judge = fields.optional_with("judge", judge::read);
    fields.finish();
    Some(Milestone {
        name: name?,
        description: description?,
        judge: judge?.unwrap_or_else(by_model),
    })
}

/// Writes a scenario's milestones.
pub(crate) fn write(milestones: &[Milestone]) -> Vec<MilestoneDoc> {
    let one = |milestone: &Milestone| MilestoneDoc {
        name: milestone.name.to_string(),
        description: milestone.description.as_ref().map(Text::to_string),
        judge: (milestone.judge != by_model()).then(|| judge::write(&milestone.judge)),
    };
    milestones.iter().map(one).collect()
}

fn by_model() -> Judge {
    Judge::Model(ModelJudge::default())
}
