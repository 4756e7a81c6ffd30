//! Personas: who the simulated user is.

use serde::{Deserialize, Serialize};

use crate::{Language, Life, Name, PersonaId, Tags, Text, Timezone, Variables};

/// A persona: identity that never changes, tags that do, and append-only numbered versions of the content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Persona {
    /// Its id.
    pub id: PersonaId,
    /// Unique among the organization's live personas.
    pub name: Name,
    /// The part the persona plays, such as `patient`.
    pub role: Name,
    /// Labels.
    pub tags: Tags,
    /// The newest version's number, counted from 1.
    pub latest_version: u32,
    /// The newest version's content.
    pub latest: PersonaContent,
    /// Creation, change, deletion.
    pub life: Life,
}

/// What a persona version holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonaContent {
    /// Who this is, in prose.
    pub background: Text,
    /// The language the persona speaks; none: the organization's, else the agent's default.
    pub preferred_language: Option<Language>,
    /// Where the persona's clock stands; none: the organization's, else UTC.
    pub timezone: Option<Timezone>,
    /// Statements that the agent is taken to know about the user already.
    pub user_models: Vec<Text>,
    /// Variables handed to tools.
    pub nonsensitive_user_variables: Variables,
    /// Variables handed to tools, never shown in reports; stored in clear, so test data only.
    pub sensitive_user_variables: Variables,
}
