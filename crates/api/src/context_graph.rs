//! Context graphs: on the wire `service_hierarchical_state_machine`.

use std::borrow::Cow;

use model::{
    Command, Content, ContextGraph, ContextGraphContent, ContextGraphId, Name, OrgId, Time, Version,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{
    FieldErrors, Pointer, SortKey, UserInfo, VersionFilter, agent,
    document::{Part, Parts, add_components, completed, describe_parts, document, kept},
    read::{Fields, Read},
    request::{
        CommandRequest, request,
        schema::{self, Components, Object, refer, referred},
        versions,
    },
};

request! {
    /// Makes a context graph without a version.
    Create {
        /// Its name.
        state_machine_name: Name = required(),
    }
}

/// Adds a version. Whatever the body has beside `id` and `version` is kept as the document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CreateVersion {
    /// The context graph.
    pub id: ContextGraphId,
    /// The number that the version must get; none: whichever is next.
    pub version: Option<u32>,
    /// Whether to find out only whether the version could be made.
    pub dry_run: bool,
    /// The document.
    #[serde(flatten)]
    pub document: Map<String, Value>,
}

request! {
    /// Deletes a context graph that no active service uses.
    Delete {
        /// The context graph.
        id: ContextGraphId = required(),
    }
}

request! {
    /// Lists context graphs.
    ListQuery {
        /// Only these.
        id: Vec<ContextGraphId> = values(),
        /// The page's size.
        limit: u32 = page_size(0..=50, 50),
        /// Where the page begins.
        continuation_token: u64 = page_start(),
        /// Only deleted ones, or only others; none: both.
        deprecated: Option<bool> = flag(),
    }
}

request! {
    /// Lists versions of a context graph.
    VersionsQuery {
        /// The context graph.
        id: ContextGraphId = required(),
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

/// What clients know of a context graph's document.
const PARTS: Parts = &[
    ("description", Part::Text),
    ("states", Part::Objects),
    ("new_user_initial_state", Part::Text),
    ("returning_user_initial_state", Part::Text),
    ("terminal_state", Part::Text),
    ("references", Part::Object(&[])),
    ("global_intra_state_navigation_guidelines", Part::Texts),
    ("global_action_guidelines", Part::Texts),
    ("global_boundary_constraints", Part::Texts),
];

impl PartialSchema for CreateVersion {
    fn schema() -> RefOr<Schema> {
        let mut object = Object::new(
            "Adds a version. Whatever the body has beside the fields named here is kept as the document.",
        );
        object.field("id", "The context graph.", schema::required::<ContextGraphId>());
        object.field(
            "version",
            "The number that the version must get; none: whichever is next.",
            schema::version(1),
        );
        object.field(
            "dry_run",
            "Whether to find out only whether the version could be made.",
            schema::flag_or(false),
        );
        describe_parts(&mut object, PARTS);
        object.finish(false)
    }
}

impl ToSchema for CreateVersion {
    fn name() -> Cow<'static, str> {
        "ContextGraphCreateVersion".into()
    }

    fn schemas(components: &mut Components) {
        referred::<ContextGraphId>(components);
        add_components(components);
    }
}

impl Read for CreateVersion {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let mut fields = Fields::of(value, at, errors)?;
        let id = fields.required("id");
        let version = fields.version("version", 1);
        let dry_run = fields.flag_or("dry_run", false);
        let document = document(&mut fields, PARTS);
        fields.finish();
        Some(Self {
            id: id?,
            version: version?,
            dry_run: dry_run?,
            document: document?,
        })
    }
}

impl CommandRequest for Create {
    fn into_command(self) -> Command {
        Command::CreateContextGraph {
            name: self.state_machine_name,
        }
    }
}

impl CommandRequest for CreateVersion {
    fn into_command(self) -> Command {
        let content = ContextGraphContent {
            document: kept(self.document),
        };
        Command::CreateContextGraphVersion {
            id: self.id,
            content,
            expected: self.version,
        }
    }
}

impl CommandRequest for Delete {
    fn into_command(self) -> Command {
        Command::DeleteContextGraph { id: self.id }
    }
}

/// A context graph was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ContextGraphCreated)]
pub struct Created {
    /// Its id.
    pub id: ContextGraphId,
}

/// A version of a context graph was made; null after a dry run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionCreated(pub Option<agent::VersionCreated>);

impl PartialSchema for VersionCreated {
    fn schema() -> RefOr<Schema> {
        crate::openapi::schema(json!({
            "description": "A version of a context graph was made; null after a dry run.",
            "anyOf": [refer::<agent::VersionCreated>(), {"type": "null"}],
        }))
    }
}

impl ToSchema for VersionCreated {
    fn name() -> Cow<'static, str> {
        "ContextGraphVersionCreated".into()
    }

    fn schemas(components: &mut Components) {
        referred::<agent::VersionCreated>(components);
    }
}

/// A context graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ContextGraphInstance)]
pub struct Instance {
    /// Its id.
    pub id: ContextGraphId,
    /// Its name.
    pub name: Name,
    /// Whether it was deleted.
    pub deprecated: bool,
    /// The newest version's number; none while there is none.
    #[schema(required)]
    pub latest_version: Option<u32>,
    /// What Rehearse adds; only where one context graph is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rehearse: Option<Extension>,
}

/// What Rehearse adds to a context graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ContextGraphExtension)]
pub struct Extension {
    /// The newest version's document.
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
    pub fn of(graph: &ContextGraph) -> Self {
        Self {
            id: graph.id,
            name: graph.name.clone(),
            deprecated: graph.life.is_deleted(),
            latest_version: (graph.latest_version > 0).then_some(graph.latest_version),
            rehearse: None,
        }
    }

    /// With the newest version's content.
    pub fn with_latest(org: &OrgId, graph: &ContextGraph) -> Self {
        let extension = Extension {
            document: graph.latest.as_ref().map(|content| content.document.value()),
            created_at: graph.life.created.at,
            creator: UserInfo::of(org, &graph.life.created),
            updated_at: graph.life.updated.at,
            updated_by: UserInfo::of(org, &graph.life.updated),
        };
        Self {
            rehearse: Some(extension),
            ..Self::of(graph)
        }
    }
}

/// A version of a context graph: its document with the fields that every version has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VersionInstance {
    /// The tenant.
    pub org_id: OrgId,
    /// The context graph.
    pub service_hierarchical_state_machine_id: ContextGraphId,
    /// Its number.
    pub version: u32,
    /// When it was made.
    pub created_at: Time,
    /// Who made it.
    pub creator: UserInfo,
    /// The document. Fields that clients ask for and the document lacks are empty.
    #[serde(flatten)]
    pub document: Map<String, Value>,
}

/// The keys of a version that are not the document's.
const OWN_KEYS: &[&str] = &[
    "org_id",
    "service_hierarchical_state_machine_id",
    "version",
    "created_at",
    "creator",
];

impl PartialSchema for VersionInstance {
    fn schema() -> RefOr<Schema> {
        crate::openapi::schema(json!({
            "description": "A version of a context graph: its document with the fields that every version has.",
            "type": "object",
            "properties": {
                "org_id": refer::<OrgId>(),
                "service_hierarchical_state_machine_id": refer::<ContextGraphId>(),
                "version": {"type": "integer", "minimum": 1, "maximum": u32::MAX},
                "created_at": refer::<Time>(),
                "creator": refer::<UserInfo>(),
            },
            "required": [
                "org_id", "service_hierarchical_state_machine_id", "version", "created_at", "creator", "description",
                "states", "new_user_initial_state", "returning_user_initial_state", "terminal_state", "references",
                "global_intra_state_navigation_guidelines", "global_action_guidelines", "global_boundary_constraints",
            ],
        }))
    }
}

impl ToSchema for VersionInstance {
    fn name() -> Cow<'static, str> {
        "ContextGraphVersionInstance".into()
    }

    fn schemas(components: &mut Components) {
        referred::<OrgId>(components);
        referred::<ContextGraphId>(components);
        referred::<Time>(components);
        referred::<UserInfo>(components);
    }
}

impl VersionInstance {
    /// A version; none if it is not of a context graph.
    pub fn of(org: &OrgId, id: ContextGraphId, version: &Version) -> Option<Self> {
        let content = match &version.content {
            Content::ContextGraph(content) => content,
            Content::Persona(_) | Content::Scenario(_) | Content::Metric(_) | Content::Agent(_) => {
                return None;
            }
        };
        // The SDK refuses a version without these.
        let defaults = json!({
            "description": "",
            "states": [],
            "new_user_initial_state": "",
            "returning_user_initial_state": "",
            "terminal_state": "",
            "references": {},
            "global_intra_state_navigation_guidelines": [],
            "global_action_guidelines": [],
            "global_boundary_constraints": [],
        });
        Some(Self {
            org_id: org.clone(),
            service_hierarchical_state_machine_id: id,
            version: version.number,
            created_at: version.created.at,
            creator: UserInfo::of(org, &version.created),
            document: completed(Some(&content.document), defaults, OWN_KEYS),
        })
    }
}

/// A page of context graphs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ContextGraphList)]
pub struct List {
    /// The page.
    pub service_hierarchical_state_machines: Vec<Instance>,
    /// Whether there is a further page.
    pub has_more: bool,
    /// Where the further page begins; none if there is none.
    #[schema(required)]
    pub continuation_token: Option<u64>,
}

versions! {
    /// A page of versions.
    Versions { state_machine_versions: VersionInstance }
}
