//! Services: an agent and a context graph, with named version sets.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{AgentId, ContextGraphId, Invalid, Json, Life, Name, ServiceId, Tags, Text};

/// A service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// What the service is; may change.
    pub profile: ServiceProfile,
    /// By name; `edge` and `release` always exist.
    pub version_sets: BTreeMap<VersionSetName, VersionSet>,
    /// Creation and change; services are deactivated, not deleted.
    pub life: Life,
}

/// The part of a service that an update may change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceProfile {
    /// Unique among the organization's active services.
    pub name: Name,
    /// What the service is for.
    pub description: Text,
    /// Only active services are simulated with.
    pub is_active: bool,
    /// The agent.
    pub agent_id: AgentId,
    /// The context graph.
    pub context_graph_id: ContextGraphId,
    /// Labels.
    pub tags: Tags,
    /// Words that speech recognition should know: at most 20.
    pub keyterms: Vec<Keyterm>,
}

/// Names versions of the agent and of the context graph, and model preferences.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionSet {
    /// The agent's version; none: the latest at run time.
    pub agent_version: Option<u32>,
    /// The context graph's version; none: the latest at run time.
    pub context_graph_version: Option<u32>,
    /// By model interaction.
    pub llm_model_preferences: BTreeMap<String, ModelPreference>,
}

/// Which model an interaction of the agent prefers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelPreference {
    /// The model's name.
    pub llm_name: Text,
    /// Parameters (an object).
    pub params: Json,
}

/// `[A-Za-z0-9_-]{1,40}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionSetName(String);

impl VersionSetName {
    /// The set that always means "latest, no preferences".
    pub fn edge() -> Self {
        Self("edge".to_owned())
    }

    /// The set that conversations use which name none.
    pub fn release() -> Self {
        Self("release".to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for VersionSetName {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if text.is_empty() || text.len() > 40 || !text.bytes().all(allowed) {
            return Err(Invalid::new(
                "a version set's name has 1 to 40 letters, digits, `_` or `-` (ASCII)",
            ));
        }
        Ok(Self(text))
    }
}

impl From<VersionSetName> for String {
    fn from(name: VersionSetName) -> Self {
        name.0
    }
}

impl fmt::Display for VersionSetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One to three lower-case words: `^[a-z-]+( [a-z-]+){0,2}$`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Keyterm(String);

impl TryFrom<String> for Keyterm {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        if text.len() > 200 || text.split(' ').count() > 3 || !text.split(' ').all(word) {
            return Err(Invalid::new("a keyterm is one to three words of `a-z` and `-`"));
        }
        Ok(Self(text))
    }
}

impl From<Keyterm> for String {
    fn from(term: Keyterm) -> Self {
        term.0
    }
}
