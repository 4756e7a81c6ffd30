//! Agents.

use std::borrow::Cow;

use model::{Agent, AgentContent, AgentId, Command, Content, Json, Name, OrgId, Time, Version};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{
    FieldErrors, Pointer, SortKey, UserInfo, VersionFilter,
    document::{Part, Parts, add_components, completed, describe_parts, document, kept},
    read::{Fields, Read},
    request::{
        CommandRequest, request,
        schema::{self, Components, Object, refer, referred},
        versions,
    },
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

/// Adds a version. Whatever the body has beside these fields is kept as the agent's document. What is left out or null stays as it is in the
/// version before.
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

/// What clients know of an agent's document.
const PARTS: Parts = &[
    ("initials", Part::Text),
    ("background", Part::Text),
    ("behaviors", Part::Texts),
    ("communication_patterns", Part::Texts),
    ("voice_config", Part::Whole(&[("voice_id", Part::Text)])),
    (
        "identity",
        Part::Object(&[
            ("name", Part::Text),
            ("role", Part::Text),
            ("developed_by", Part::Text),
            ("default_spoken_language", Part::Text),
            (
                "relationship_to_developer",
                Part::Object(&[
                    ("ownership", Part::Text),
                    ("type", Part::Text),
                    ("conversation_visibility", Part::Text),
                    ("thought_visibility", Part::Text),
                ]),
            ),
        ]),
    ),
];

impl PartialSchema for CreateVersion {
    fn schema() -> RefOr<Schema> {
        let mut object = Object::new(
            "Adds a version. Whatever the body has beside the fields named here is kept as the document. What is left out or null stays as it is in the version before.",
        );
        object.field("id", "The agent.", schema::required::<AgentId>());
        object.field(
            "version",
            "The number that the version must get; none: whichever is next.",
            schema::version(1),
        );
        object.field(
            "rehearse",
            "What Rehearse adds.",
            schema::optional::<VersionExtension>(),
        );
        describe_parts(&mut object, PARTS);
        object.finish(false)
    }
}

impl ToSchema for CreateVersion {
    fn name() -> Cow<'static, str> {
        "AgentCreateVersion".into()
    }

    fn schemas(components: &mut Components) {
        referred::<AgentId>(components);
        referred::<VersionExtension>(components);
        add_components(components);
    }
}

impl Read for CreateVersion {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let mut fields = Fields::of(value, at, errors)?;
        let id = fields.required("id");
        let version = fields.version("version", 1);
        let rehearse = fields.optional("rehearse");
        let document = document(&mut fields, PARTS);
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AgentCreated)]
pub struct Created {
    /// Its id.
    pub id: AgentId,
}

/// A version was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AgentVersionCreated)]
pub struct VersionCreated {
    /// Its number.
    pub version: u32,
    /// When it was made.
    pub created_at: Time,
}

/// An agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AgentInstance)]
pub struct Instance {
    /// Its id.
    pub id: AgentId,
    /// Its name.
    pub name: Name,
    /// Whether it was deleted.
    pub deprecated: bool,
    /// The newest version's number; none while there is none.
    #[schema(required)]
    pub latest_version: Option<u32>,
    /// What Rehearse adds; only where one agent is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rehearse: Option<Extension>,
}

/// What Rehearse adds to an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AgentExtension)]
pub struct Extension {
    /// How the agent is reached.
    #[schema(required)]
    pub connection: Option<ConnectionShape>,
    /// The agent's document.
    #[schema(required)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AgentLatestExtension)]
pub struct LatestExtension {
    /// How the agent is reached, in the shape of suites.
    #[schema(required)]
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

impl PartialSchema for VersionInstance {
    fn schema() -> RefOr<Schema> {
        crate::openapi::schema(json!({
            "description": "A version of an agent: its document with the fields that every version has.",
            "type": "object",
            "properties": {
                "org_id": refer::<OrgId>(),
                "agent_id": refer::<AgentId>(),
                "version": {"type": "integer", "minimum": 1, "maximum": u32::MAX},
                "created_at": refer::<Time>(),
                "creator": refer::<UserInfo>(),
                "rehearse": refer::<LatestExtension>(),
            },
            "required": [
                "org_id", "agent_id", "version", "created_at", "creator", "rehearse", "voice_config", "initials",
                "identity", "background", "behaviors", "communication_patterns",
            ],
        }))
    }
}

impl ToSchema for VersionInstance {
    fn name() -> Cow<'static, str> {
        "AgentVersionInstance".into()
    }

    fn schemas(components: &mut Components) {
        referred::<OrgId>(components);
        referred::<AgentId>(components);
        referred::<Time>(components);
        referred::<UserInfo>(components);
        referred::<LatestExtension>(components);
    }
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AgentList)]
pub struct List {
    /// The page.
    pub agents: Vec<Instance>,
    /// Whether there is a further page.
    pub has_more: bool,
    /// Where the further page begins; none if there is none.
    #[schema(required)]
    pub continuation_token: Option<u64>,
}

versions! {
    /// A page of versions.
    Versions { agent_versions: VersionInstance }
}
