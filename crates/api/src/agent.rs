//! Agents.

use model::{Agent, AgentContent, AgentId, Command, Content, Json, Name, OrgId, Time, Version};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    FieldErrors, Pointer, SortKey, UserInfo, VersionFilter,
    read::{Fields, Read},
    request::{CommandRequest, request, versions},
    shape::ConnectionShape,
};

request! {
    /// Makes an agent without a version.
    Create {
        /// Its name.
        agent_name: Name = required(),
    }
}

request! {
    /// What Rehearse adds to an agent version.
    VersionExtension {
        /// How the agent is reached, in the shape of suites; none: it cannot be simulated with.
        connection: Option<ConnectionShape> = optional(),
    }
}

/// Adds a version. Whatever the body has beside these fields is kept as the agent's document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CreateVersion {
    /// The agent.
    pub id: AgentId,
    /// The number that the version must get; none: whichever is next.
    pub version: Option<u32>,
    /// What Rehearse adds.
    pub rehearse: Option<VersionExtension>,
    /// The agent's document: `initials`, `identity`, `background` and whatever else describes it.
    #[serde(flatten)]
    pub document: Map<String, Value>,
}

request! {
    /// Deletes an agent that no active service uses.
    Delete {
        /// The agent.
        id: AgentId = required(),
    }
}

request! {
    /// Lists agents.
    ListQuery {
        /// Only these.
        id: Vec<AgentId> = values(),
        /// The page's size.
        limit: u32 = page_size(1..=20, 10),
        /// Where the page begins.
        continuation_token: u64 = page_start(),
        /// Only deleted ones, or only others; none: both.
        deprecated: Option<bool> = flag(),
    }
}

request! {
    /// Lists versions of an agent.
    VersionsQuery {
        /// The agent.
        id: AgentId = required(),
        /// Which versions; none: all.
        version: Option<VersionFilter> = single(),
        /// The page's size.
        limit: u32 = page_size(1..=10, 10),
        /// Where the page begins.
        continuation_token: u64 = page_start(),
        /// The order; none: newest first.
        sort_by: Vec<SortKey> = order(&["version"]),
    }
}

/// The fields that no reader asked for and that are not null, as a document.
pub(crate) fn document(fields: &mut Fields<'_>) -> Option<Map<String, Value>> {
    let rest: Map<String, Value> = fields
        .take_rest()
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .collect();
    match Json::from_value(&Value::Object(rest.clone())) {
        Ok(_) => Some(rest),
        Err(reason) => {
            fields.fault_here(reason.to_string());
            None
        }
    }
}

/// A document as the domain keeps it. Its bounds were checked when it was read.
pub(crate) fn kept(document: Map<String, Value>) -> Json {
    Json::from_value(&Value::Object(document)).unwrap_or_else(|_invalid| Json::empty_object())
}

impl Read for CreateVersion {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let mut fields = Fields::of(value, at, errors)?;
        let id = fields.required("id");
        let version = fields.version("version", 1);
        let rehearse = fields.optional("rehearse");
        let document = document(&mut fields);
        fields.finish();
        Some(Self {
            id: id?,
            version: version?,
            rehearse: rehearse?,
            document: document?,
        })
    }
}

impl CommandRequest for Create {
    fn into_command(self) -> Command {
        Command::CreateAgent {
            name: self.agent_name,
        }
    }
}

impl CommandRequest for CreateVersion {
    fn into_command(self) -> Command {
        let connection = self.rehearse.and_then(|extension| extension.connection);
        let content = AgentContent {
            connection: connection.map(|connection| connection.0),
            document: (!self.document.is_empty()).then(|| kept(self.document)),
        };
        Command::CreateAgentVersion {
            id: self.id,
            content,
            expected: self.version,
        }
    }
}

impl CommandRequest for Delete {
    fn into_command(self) -> Command {
        Command::DeleteAgent { id: self.id }
    }
}

/// An agent was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// Its id.
    pub id: AgentId,
}

/// An agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Its id.
    pub id: AgentId,
    /// Its name.
    pub name: Name,
    /// Whether it was deleted.
    pub deprecated: bool,
    /// The newest version's number; none while there is none.
    pub latest_version: Option<u32>,
    /// What Rehearse adds; only where one agent is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearse: Option<Extension>,
}

/// What Rehearse adds to an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extension {
    /// How the agent is reached.
    pub connection: Option<ConnectionShape>,
    /// The agent's document.
    pub document: Option<Value>,
    /// When it was made.
    pub created_at: Time,
    /// Who made it.
    pub creator: UserInfo,
    /// When it was last changed.
    pub updated_at: Time,
    /// Who changed it last.
    pub updated_by: UserInfo,
}

impl Instance {
    /// As lists show it.
    pub fn of(agent: &Agent) -> Self {
        Self {
            id: agent.id,
            name: agent.name.clone(),
            deprecated: agent.life.is_deleted(),
            latest_version: (agent.latest_version > 0).then_some(agent.latest_version),
            rehearse: None,
        }
    }

    /// With the newest version's content.
    pub fn with_latest(org: &OrgId, agent: &Agent) -> Self {
        let latest = agent.latest.as_ref();
        let extension = Extension {
            connection: latest
                .and_then(|content| content.connection.clone())
                .map(Into::into),
            document: latest
                .and_then(|content| content.document.as_ref())
                .map(Json::value),
            created_at: agent.life.created.at,
            creator: UserInfo::of(org, &agent.life.created),
            updated_at: agent.life.updated.at,
            updated_by: UserInfo::of(org, &agent.life.updated),
        };
        Self {
            rehearse: Some(extension),
            ..Self::of(agent)
        }
    }
}

/// A version of an agent: its document with the fields that every version has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VersionInstance {
    /// The tenant.
    pub org_id: OrgId,
    /// The agent.
    pub agent_id: AgentId,
    /// Its number.
    pub version: u32,
    /// When it was made.
    pub created_at: Time,
    /// Who made it.
    pub creator: UserInfo,
    /// What Rehearse adds.
    pub rehearse: LatestExtension,
    /// The document. Fields that clients ask for and the document lacks are empty.
    #[serde(flatten)]
    pub document: Map<String, Value>,
}

/// What Rehearse adds to an agent version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatestExtension {
    /// How the agent is reached, in the shape of suites.
    pub connection: Option<ConnectionShape>,
}

/// The keys of a version that are not the document's.
const OWN_KEYS: &[&str] = &[
    "org_id",
    "agent_id",
    "version",
    "created_at",
    "creator",
    "rehearse",
];

/// `document` with the keys of `defaults` that it lacks, without the keys that are not a document's.
pub(crate) fn completed(document: Option<&Json>, defaults: Value, own: &[&str]) -> Map<String, Value> {
    let mut fields = document.map(crate::wire::object).unwrap_or_default();
    fields.retain(|key, _| !own.contains(&key.as_str()));
    if let Value::Object(defaults) = defaults {
        for (key, value) in defaults {
            fields.entry(key).or_insert(value);
        }
    }
    fields
}

impl VersionInstance {
    /// A version; none if it is not of an agent.
    pub fn of(org: &OrgId, agent: &Agent, version: &Version) -> Option<Self> {
        let content = match &version.content {
            Content::Agent(content) => content,
            Content::Persona(_) | Content::Scenario(_) | Content::Metric(_) | Content::ContextGraph(_) => {
                return None;
            }
        };
        // The SDK refuses a version without these.
        let defaults = json!({
            "voice_config": null,
            "initials": "",
            "identity": {
                "name": agent.name,
                "role": "",
                "developed_by": "",
                "default_spoken_language": "eng",
                "relationship_to_developer": {
                    "ownership": "",
                    "type": "",
                    "conversation_visibility": "",
                    "thought_visibility": "",
                },
            },
            "background": "",
            "behaviors": [],
            "communication_patterns": [],
        });
        Some(Self {
            org_id: org.clone(),
            agent_id: agent.id,
            version: version.number,
            created_at: version.created.at,
            creator: UserInfo::of(org, &version.created),
            rehearse: LatestExtension {
                connection: content.connection.clone().map(Into::into),
            },
            document: completed(content.document.as_ref(), defaults, OWN_KEYS),
        })
    }
}

/// A page of agents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct List {
    /// The page.
    pub agents: Vec<Instance>,
    /// Whether there is a further page.
    pub has_more: bool,
    /// Where the further page begins; none if there is none.
    pub continuation_token: Option<u64>,
}

versions! {
    /// A page of versions.
    Versions { agent_versions: VersionInstance }
}
