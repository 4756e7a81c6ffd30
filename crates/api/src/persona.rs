//! Personas.

use model::{
    Command, Content, Language, Name, OrgId, Persona, PersonaContent, PersonaId, Tags, Text, Time, Timezone,
    Variables, Version,
};
use serde::{Deserialize, Serialize};

use crate::{
    SortKey, TagFilter, UserFilter, UserInfo, VersionFilter,
    request::{CommandRequest, list, request, schema::StrictTags, versions},
};

request! {
    /// The content of a persona version.
    VersionBody {
        /// Who this is, in prose.
        background: Text = required(),
        /// The language the persona speaks; none: the organization's.
        preferred_language: Option<Language> = not_set(),
        /// Where the persona's clock stands; none: the organization's.
        timezone: Option<Timezone> = not_set(),
        /// Statements that the agent is taken to know about the user already.
        user_models: Vec<Text> = list(0..=200),
        /// Variables handed to tools.
        nonsensitive_user_variables: Variables = variables(),
        /// Variables handed to tools and never shown in reports.
        sensitive_user_variables: Variables = variables(),
    }
}

request! {
    /// Makes a persona with version 1.
    Create {
        /// Its name.
        name: Name = required(),
        /// The part that it plays.
        role: Name = required(),
        /// Its labels.
        tags: Tags = strict_tags(),
        /// Version 1.
        initial_version: VersionBody = required(),
    }
}

request! {
    /// Replaces a persona's labels.
    Update {
        /// The persona.
        id: PersonaId = required(),
        /// The new labels; none: unchanged.
        tags: Option<Tags> = optional_strict_tags(),
    }
}

request! {
    /// Adds a version.
    CreateVersion {
        /// The persona.
        id: PersonaId = required(),
        /// The number that the version must get; none: whichever is next.
        version: Option<u32> = version(2),
        ..
        /// The content.
        content: VersionBody
    }
}

request! {
    /// Deletes a persona that no unit test uses.
    Delete {
        /// The persona.
        id: PersonaId = required(),
    }
}

request! {
    /// Lists personas.
    ListQuery {
        /// Only these.
        id: Vec<PersonaId> = values(),
        /// The page's size.
        limit: u32 = page_size(0..=50, 50),
        /// Where the page begins.
        continuation_token: u64 = page_start(),
        /// Only deleted ones, or only others; none: both.
        is_deleted: Option<bool> = flag(),
        /// Any of these roles.
        role: Vec<Name> = values(),
        /// Made by any of these.
        creator: Vec<UserFilter> = values(),
        /// With all of these labels.
        tag: Vec<TagFilter> = values(),
        /// The order; none: newest change first.
        sort_by: Vec<SortKey> = order(&["updated_at"]),
    }
}

request! {
    /// Finds personas by name and background.
    SearchQuery {
        /// Words, all of which must occur.
        query: Name = search_terms(),
        /// Any of these roles.
        role: Vec<Name> = values(),
        /// Made by any of these.
        creator: Vec<UserFilter> = values(),
        /// With all of these labels.
        tag: Vec<TagFilter> = values(),
    }
}

request! {
    /// Lists versions of a persona.
    VersionsQuery {
        /// The persona.
        id: PersonaId = required(),
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

impl From<VersionBody> for PersonaContent {
    fn from(body: VersionBody) -> Self {
        Self {
            background: body.background,
            preferred_language: body.preferred_language,
            timezone: body.timezone,
            user_models: body.user_models,
            nonsensitive_user_variables: body.nonsensitive_user_variables,
            sensitive_user_variables: body.sensitive_user_variables,
        }
    }
}

impl CommandRequest for Create {
    fn into_command(self) -> Command {
        Command::CreatePersona {
            name: self.name,
            role: self.role,
            tags: self.tags,
            content: self.initial_version.into(),
        }
    }
}

impl CommandRequest for Update {
    fn into_command(self) -> Command {
        Command::UpdatePersona {
            id: self.id,
            tags: self.tags,
        }
    }
}

impl CommandRequest for CreateVersion {
    fn into_command(self) -> Command {
        Command::CreatePersonaVersion {
            id: self.id,
            content: self.content.into(),
            expected: self.version,
        }
    }
}

impl CommandRequest for Delete {
    fn into_command(self) -> Command {
        Command::DeletePersona { id: self.id }
    }
}

/// A persona was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PersonaCreated)]
pub struct Created {
    /// Its id.
    pub simulation_persona_id: PersonaId,
}

/// A persona.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PersonaInstance)]
pub struct Instance {
    /// Its id.
    pub id: PersonaId,
    /// Its name.
    pub name: Name,
    /// The part that it plays.
    pub role: Name,
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

/// What Rehearse adds to a persona.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PersonaExtension)]
pub struct Extension {
    /// The newest version's number.
    pub latest_version: u32,
    /// The newest version's content; only where one persona is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub latest: Option<Latest>,
}

/// The newest version's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PersonaLatest)]
pub struct Latest {
    /// Who this is, in prose.
    pub background: Text,
    /// The language the persona speaks.
    #[schema(required)]
    pub preferred_language: Option<Language>,
    /// Where the persona's clock stands.
    #[schema(required)]
    pub timezone: Option<Timezone>,
    /// Statements that the agent is taken to know about the user already.
    pub user_models: Vec<Text>,
    /// Variables handed to tools.
    pub nonsensitive_user_variables: Variables,
    /// Variables handed to tools and never shown in reports.
    pub sensitive_user_variables: Variables,
}

impl From<&PersonaContent> for Latest {
    fn from(content: &PersonaContent) -> Self {
        Self {
            background: content.background.clone(),
            preferred_language: content.preferred_language.clone(),
            timezone: content.timezone.clone(),
            user_models: content.user_models.clone(),
            nonsensitive_user_variables: content.nonsensitive_user_variables.clone(),
            sensitive_user_variables: content.sensitive_user_variables.clone(),
        }
    }
}

impl Instance {
    /// As lists show it.
    pub fn of(org: &OrgId, persona: &Persona) -> Self {
        Self {
            id: persona.id,
            name: persona.name.clone(),
            role: persona.role.clone(),
            tags: persona.tags.clone(),
            is_deleted: persona.life.is_deleted(),
            created_at: persona.life.created.at,
            creator: UserInfo::of(org, &persona.life.created),
            updated_at: persona.life.updated.at,
            updated_by: UserInfo::of(org, &persona.life.updated),
            rehearse: Extension {
                latest_version: persona.latest_version,
                latest: None,
            },
        }
    }

    /// With the newest version's content.
    pub fn with_latest(org: &OrgId, persona: &Persona) -> Self {
        let mut instance = Self::of(org, persona);
        instance.rehearse.latest = Some((&persona.latest).into());
        instance
    }
}

/// A version of a persona.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PersonaVersionInstance)]
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
    /// The persona.
    pub simulation_persona_id: PersonaId,
    /// Its number.
    pub version: u32,
    /// The content.
    #[serde(flatten)]
    pub content: Latest,
    /// Who made it.
    pub creator: UserInfo,
}

impl VersionInstance {
    /// A version; none if it is not of a persona.
    pub fn of(org: &OrgId, id: PersonaId, version: &Version) -> Option<Self> {
        match &version.content {
            Content::Persona(content) => Some(Self {
                id: version.id,
                org_id: org.clone(),
                created_at: version.created.at,
                updated_at: version.created.at,
                simulation_persona_id: id,
                version: version.number,
                content: content.into(),
                creator: UserInfo::of(org, &version.created),
            }),
            Content::Scenario(_) | Content::Metric(_) | Content::Agent(_) | Content::ContextGraph(_) => None,
        }
    }
}

/// What filters of personas can hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PersonaFilterValues)]
pub struct FilterValues {
    /// Who made some.
    pub creators: Vec<UserInfo>,
    /// Keys of labels.
    pub tags: Vec<String>,
    /// Roles.
    pub roles: Vec<String>,
}

list! {
    /// A page of personas.
    List { simulation_personas: Instance, FilterValues }
}

/// The personas found, best match first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PersonaFound)]
pub struct Found {
    /// At most 50.
    pub simulation_personas: Vec<Instance>,
}

versions! {
    /// A page of versions.
    Versions { simulation_persona_versions: VersionInstance }
}
