//! `kind: UnitTest`.

use model::{Name, SuiteSpec, Tags, Text, VersionSetName};
use schemars::JsonSchema;
use serde::Serialize;

use super::criterion::{self, CriterionDoc};
use crate::read::{Fields, list};

/// The cap on interactions of a test that names none.
const DEFAULT_MAX_INTERACTIONS: u32 = 20;

/// A persona plays a scenario against a service; criteria decide.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct UnitTestSpec {
    /// What the test shows. Default: its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The service's name.
    pub service: String,
    /// Which of its version sets. Default: `release`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_set: Option<String>,
    /// The persona's name.
    pub persona: String,
    /// The scenario's name.
    pub scenario: String,
    /// After this many interactions without an end the test fails. Default: 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub max_interactions: Option<u32>,
    /// What must hold: all of these.
    #[schemars(length(min = 1, max = 100))]
    pub criteria: Vec<CriterionDoc>,
}

pub(super) fn read(fields: &mut Fields<'_>, name: Option<&Name>, tags: Tags) -> Option<SuiteSpec> {
    let description: Option<Option<Text>> = fields.optional("description");
    let service = fields.required("service");
    let version_set = fields.or("versionSet", VersionSetName::release());
    let persona = fields.required("persona");
    let scenario = fields.required("scenario");
    let max_interactions = fields.number_or("maxInteractions", 1..=100, DEFAULT_MAX_INTERACTIONS);
    let success_criteria = fields.with("criteria", |value, at, errors| {
        list(value, &(1..=100), at, errors, criterion::read)
    });
    // A faulty name has been reported where it stands.
    let description = match description? {
        Some(description) => description,
        None => Text::try_from(name?.as_str()).ok()?,
    };
    Some(SuiteSpec::UnitTest {
        description,
        service: service?,
        version_set: version_set?,
        persona: persona?,
        scenario: scenario?,
        max_interactions: max_interactions?,
        success_criteria: success_criteria?,
        tags,
    })
}

pub(super) fn written_description(name: &Name, description: &Text) -> Option<String> {
    (description.as_str() != name.as_str()).then(|| description.to_string())
}

pub(super) fn written_version_set(version_set: &VersionSetName) -> Option<String> {
    (*version_set != VersionSetName::release()).then(|| version_set.to_string())
}

pub(super) fn written_max_interactions(max_interactions: u32) -> Option<u32> {
    (max_interactions != DEFAULT_MAX_INTERACTIONS).then_some(max_interactions)
}
