//! Scenarios.

use model::{
    Command, Content, Name, OrgId, Scenario, ScenarioContent, ScenarioId, Tags, Text, Time, Version,
};
use serde::{Deserialize, Serialize};

use crate::{
    SortKey, TagFilter, UserFilter, UserInfo, VersionFilter,
    request::{CommandRequest, list, request, schema::StrictTags, versions},
    shape::{InitialMessage, MilestonesShape, ScriptShape},
};

request! {
    /// What Rehearse adds to a scenario version.
    VersionExtension {
        /// The simulated user's lines, in the shape of suites; none: a model plays it.
        script: Option<ScriptShape> = optional(),
        /// What is to be reached on the way, in order, in the shape of suites.
        milestones: Option<MilestonesShape> = optional(),
    }
}

request! {
    /// The content of a scenario version.
    VersionBody {
        /// What the simulated user wants to reach.
        objective: Text = required(),
        /// How the simulated user goes about it.
        instructions: Text = required(),
        /// How the conversation opens.
        initial_message_type: InitialMessage = required(),
        /// When the conversation is deemed to start; none: when it really does.
        conversation_starts_at: Option<Time> = optional(),
        /// What Rehearse adds.
        rehearse: Option<VersionExtension> = optional(),
    }
}

request! {
    /// Makes a scenario with version 1.
    Create {
        /// Its name.
        name: Name = required(),
        /// Its labels.
        tags: Tags = strict_tags(),
        /// Version 1.
        initial_version: VersionBody = required(),
    }
}

request! {
    /// Replaces a scenario's labels.
    Update {
        /// The scenario.
        id: ScenarioId = required(),
        /// The new labels; none: unchanged.
        tags: Option<Tags> = optional_strict_tags(),
    }
}

request! {
    /// Adds a version.
    CreateVersion {
        /// The scenario.
        id: ScenarioId = required(),
        /// The number that the version must get; none: whichever is next.
        version: Option<u32> = version(2),
        ..
        /// The content.
        content: VersionBody
    }
}

request! {
    /// Deletes a scenario that no unit test uses.
    Delete {
        /// The scenario.
        id: ScenarioId = required(),
    }
}

request! {
    /// Lists scenarios.
    ListQuery {
        /// Only these.
        id: Vec<ScenarioId> = values(),
        /// The page's size.
        limit: u32 = page_size(0..=200, 50),
        /// Where the page begins.
        continuation_token: u64 = page_start(),
        /// Only deleted ones, or only others; none: both.
        is_deleted: Option<bool> = flag(),
        /// Made by any of these.
        creator: Vec<UserFilter> = values(),
        /// With all of these labels.
        tag: Vec<TagFilter> = values(),
        /// The order; none: newest change first.
        sort_by: Vec<SortKey> = order(&["updated_at"]),
    }
}

request! {
    /// Finds scenarios by name.
    SearchQuery {
        /// Words, all of which must occur.
        query: Name = search_terms(),
        /// Made by any of these.
        creator: Vec<UserFilter> = values(),
        /// With all of these labels.
        tag: Vec<TagFilter> = values(),
    }
}

request! {
    /// Lists versions of a scenario.
    VersionsQuery {
        /// The scenario.
        id: ScenarioId = required(),
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

impl From<VersionBody> for ScenarioContent {
    fn from(body: VersionBody) -> Self {
        let (script, milestones) = body
            .rehearse
            .map_or((None, None), |extension| (extension.script, extension.milestones));
        Self {
            objective: body.objective,
            instructions: body.instructions,
            initial_message_type: body.initial_message_type.0,
            conversation_starts_at: body.conversation_starts_at,
            script: script.map(|script| script.0),
            milestones: milestones.map(|milestones| milestones.0).unwrap_or_default(),
        }
    }
}

impl CommandRequest for Create {
    fn into_command(self) -> Command {
        Command::CreateScenario {
            name: self.name,
            tags: self.tags,
            content: self.initial_version.into(),
        }
    }
}

impl CommandRequest for Update {
    fn into_command(self) -> Command {
        Command::UpdateScenario {
            id: self.id,
            tags: self.tags,
        }
    }
}

impl CommandRequest for CreateVersion {
    fn into_command(self) -> Command {
        Command::CreateScenarioVersion {
            id: self.id,
            content: self.content.into(),
            expected: self.version,
        }
    }
}

impl CommandRequest for Delete {
    fn into_command(self) -> Command {
        Command::DeleteScenario { id: self.id }
    }
}

/// A scenario was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ScenarioCreated)]
pub struct Created {
    /// Its id.
    pub simulation_scenario_id: ScenarioId,
}

/// A scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ScenarioInstance)]
pub struct Instance {
    /// Its id.
    pub id: ScenarioId,
    /// Its name.
    pub name: Name,
    /// Its labels.
    #[schema(value_type = StrictTags)]
    pub tags: Tags,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// When it was made.
    pub created_at: Time,
    /// Who made it.
    pub creator: UserInfo,
    /// When it was last changed.
    pub updated_at: Time,
    /// Who changed it last.
    pub updated_by: UserInfo,
    /// What Rehearse adds.
    pub rehearse: Extension,
}

/// What Rehearse adds to a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ScenarioExtension)]
pub struct Extension {
    /// The newest version's number.
    pub latest_version: u32,
    /// The newest version's content; only where one scenario is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub latest: Option<Latest>,
}

/// The newest version's content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ScenarioLatest)]
pub struct Latest {
    /// What the simulated user wants to reach.
    pub objective: Text,
    /// How the simulated user goes about it.
    pub instructions: Text,
    /// How the conversation opens.
    pub initial_message_type: InitialMessage,
    /// When the conversation is deemed to start.
    #[schema(required)]
    pub conversation_starts_at: Option<Time>,
    /// What Rehearse adds, if there is a script or a milestone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rehearse: Option<LatestExtension>,
}

/// What Rehearse adds to a scenario version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ScenarioLatestExtension)]
pub struct LatestExtension {
    /// The simulated user's lines, in the shape of suites; none: a model plays it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub script: Option<ScriptShape>,
    /// What is to be reached on the way, in order, in the shape of suites.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub milestones: Option<MilestonesShape>,
}

impl From<&ScenarioContent> for Latest {
    fn from(content: &ScenarioContent) -> Self {
        Self {
            objective: content.objective.clone(),
            instructions: content.instructions.clone(),
            initial_message_type: InitialMessage(content.initial_message_type),
            conversation_starts_at: content.conversation_starts_at,
            rehearse: LatestExtension::of(content),
        }
    }
}

impl LatestExtension {
    fn of(content: &ScenarioContent) -> Option<Self> {
        let extension = Self {
            script: content.script.clone().map(Into::into),
            milestones: (!content.milestones.is_empty()).then(|| content.milestones.clone().into()),
        };
        (extension.script.is_some() || extension.milestones.is_some()).then_some(extension)
    }
}

impl Instance {
    /// As lists show it.
    pub fn of(org: &OrgId, scenario: &Scenario) -> Self {
        Self {
            id: scenario.id,
            name: scenario.name.clone(),
            tags: scenario.tags.clone(),
            is_deleted: scenario.life.is_deleted(),
            created_at: scenario.life.created.at,
            creator: UserInfo::of(org, &scenario.life.created),
            updated_at: scenario.life.updated.at,
            updated_by: UserInfo::of(org, &scenario.life.updated),
            rehearse: Extension {
                latest_version: scenario.latest_version,
                latest: None,
            },
        }
    }

    /// With the newest version's content.
    pub fn with_latest(org: &OrgId, scenario: &Scenario) -> Self {
        let mut instance = Self::of(org, scenario);
        instance.rehearse.latest = Some((&scenario.latest).into());
        instance
    }
}

/// A version of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ScenarioVersionInstance)]
pub struct VersionInstance {
    /// The version's own id.
    #[serde(rename = "_id")]
    pub id: model::Oid,
    /// The tenant.
    pub org_id: OrgId,
    /// When it was made.
    pub created_at: Time,
    /// The same: versions never change.
    pub updated_at: Time,
    /// The scenario.
    pub simulation_scenario_id: ScenarioId,
    /// Its number.
    pub version: u32,
    /// The content.
    #[serde(flatten)]
    pub content: Latest,
    /// Who made it.
    pub creator: UserInfo,
}

impl VersionInstance {
    /// A version; none if it is not of a scenario.
    pub fn of(org: &OrgId, id: ScenarioId, version: &Version) -> Option<Self> {
        match &version.content {
            Content::Scenario(content) => Some(Self {
                id: version.id,
                org_id: org.clone(),
                created_at: version.created.at,
                updated_at: version.created.at,
                simulation_scenario_id: id,
                version: version.number,
                content: content.into(),
                creator: UserInfo::of(org, &version.created),
            }),
            Content::Persona(_) | Content::Metric(_) | Content::Agent(_) | Content::ContextGraph(_) => None,
        }
    }
}

/// What filters of scenarios can hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ScenarioFilterValues)]
pub struct FilterValues {
    /// Who made some.
    pub creators: Vec<UserInfo>,
    /// Keys of labels.
    pub tags: Vec<String>,
}

list! {
    /// A page of scenarios.
    List { simulation_scenarios: Instance, FilterValues }
}

/// The scenarios found, best match first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ScenarioFound)]
pub struct Found {
    /// At most 50.
    pub simulation_scenarios: Vec<Instance>,
}

versions! {
    /// A page of versions.
    Versions { simulation_scenario_versions: VersionInstance }
}
