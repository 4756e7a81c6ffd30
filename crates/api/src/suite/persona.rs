//! `kind: Persona`.

use std::collections::BTreeMap;

use model::{Name, PersonaContent, SuiteSpec, Tags};
use schemars::JsonSchema;
use serde::Serialize;

use crate::read::Fields;

/// Who the simulated user is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct PersonaSpec {
    /// The part that the persona plays, such as `customer`. Cannot change once the persona exists.
    pub role: String,
    /// Who this is, in prose.
    pub background: String,
    /// The language the persona speaks (ISO 639-3, such as `eng`). Default: the organization's, else the agent's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_language: Option<String>,
    /// Where the persona's clock stands (IANA, such as `Europe/Berlin`). Default: the organization's, else UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Statements that the agent is taken to know about the user already.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default, length(max = 200))]
    pub user_models: Vec<String>,
    /// Variables handed to tools: at most 20, with lower-case names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub variables: BTreeMap<String, String>,
    /// Variables handed to tools that reports never show. Stored in clear: test data only.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub sensitive_variables: BTreeMap<String, String>,
}

pub(super) fn read(fields: &mut Fields<'_>, tags: Tags) -> Option<SuiteSpec> {
    let role = fields.required("role");
    let background = fields.required("background");
    let preferred_language = fields.optional("preferredLanguage");
    let timezone = fields.optional("timezone");
    let user_models = fields.list("userModels", 0..=200);
    let nonsensitive_user_variables = fields.variables("variables");
    let sensitive_user_variables = fields.variables("sensitiveVariables");
    let content = PersonaContent {
        background: background?,
        preferred_language: preferred_language?,
        timezone: timezone?,
        user_models: user_models?,
        nonsensitive_user_variables: nonsensitive_user_variables?,
        sensitive_user_variables: sensitive_user_variables?,
    };
    Some(SuiteSpec::Persona {
        role: role?,
        tags,
        content,
    })
}

pub(super) fn write(role: &Name, content: &PersonaContent) -> PersonaSpec {
    PersonaSpec {
        role: role.to_string(),
        background: content.background.to_string(),
        preferred_language: content.preferred_language.as_ref().map(ToString::to_string),
        timezone: content.timezone.as_ref().map(ToString::to_string),
        user_models: content.user_models.iter().map(ToString::to_string).collect(),
        variables: content.nonsensitive_user_variables.entries().clone(),
        sensitive_variables: content.sensitive_user_variables.entries().clone(),
    }
}
