//! Services and their version sets.

use std::collections::BTreeMap;

use model::{
    AgentId, Command, ContextGraphId, Keyterm, Name, OrgId, Service, ServiceChange, ServiceId,
    ServiceProfile, Tags, Text, Time, VersionSetName,
};
use serde::{Deserialize, Serialize};

use crate::{
    SortKey, Tag, TagFilter, UserInfo,
    request::{CommandRequest, list, request},
    shape::{ModelPreferenceShape, ModelPreferenceView, VersionSetShape, VersionSetView},
    wire::tag_list,
};

request! {
    /// Makes a service with the version sets `edge` and `release`.
    Create {
        /// The context graph.
        service_hierarchical_state_machine_id: ContextGraphId = required(),
        /// The agent.
        agent_id: AgentId = required(),
        /// Its name.
        name: Name = required(),
        /// What it is for.
        description: Text = required(),
        /// Whether it is active.
        is_active: bool = required(),
        /// The set `release`; none: like `edge`.
        release_version_set: Option<VersionSetShape> = optional(),
        /// Words that speech recognition should know.
        keyterms: Vec<Keyterm> = list(0..=20),
        /// Its labels.
        tags: Tags = strict_tags(),
    }
}

request! {
    /// Changes a service. A field that is none stays as it is.
    Update {
        /// The service.
        id: ServiceId = required(),
        /// The new name.
        name: Option<Name> = optional(),
        /// The new description.
        description: Option<Text> = optional(),
        /// Whether it is active.
        is_active: Option<bool> = optional(),
        /// The new agent.
        agent_id: Option<AgentId> = optional(),
        /// The new context graph.
        service_hierarchical_state_machine_id: Option<ContextGraphId> = optional(),
        /// The new labels.
        tags: Option<Tags> = optional_strict_tags(),
        /// The new words.
        keyterms: Option<Vec<Keyterm>> = optional_list(0..=20),
    }
}

request! {
    /// Makes or replaces a version set other than `edge`.
    PutVersionSet {
        /// The service.
        id: ServiceId = required(),
        /// The set's name.
        name: VersionSetName = required(),
        /// What it names.
        version_set: VersionSetShape = required(),
    }
}

request! {
    /// Removes a version set that is neither `edge` nor `release` and that no unit test names.
    DeleteVersionSet {
        /// The service.
        id: ServiceId = required(),
        /// The set's name.
        name: VersionSetName = required(),
    }
}

request! {
    /// Lists services.
    ListQuery {
        /// Only these.
        id: Vec<ServiceId> = values(),
        /// Only active ones, or only others; none: both.
        is_active: Option<bool> = flag(),
        /// With all of these labels.
        tags: Vec<TagFilter> = values(),
        /// The order; none: newest change first.
        sort_by: Vec<SortKey> = order(&["name", "is_active"]),
        /// The page's size.
        limit: u32 = page_size(1..=20, 10),
        /// Where the page begins.
        continuation_token: u64 = page_start(),
    }
}

impl CommandRequest for Create {
    fn into_command(self) -> Command {
        Command::CreateService {
            profile: ServiceProfile {
                name: self.name,
                description: self.description,
                is_active: self.is_active,
                agent_id: self.agent_id,
                context_graph_id: self.service_hierarchical_state_machine_id,
                tags: self.tags,
                keyterms: self.keyterms,
            },
            release: self.release_version_set.map(|set| set.0),
        }
    }
}

impl CommandRequest for Update {
    fn into_command(self) -> Command {
        Command::UpdateService {
            id: self.id,
            change: ServiceChange {
                name: self.name,
                description: self.description,
                is_active: self.is_active,
                agent_id: self.agent_id,
                context_graph_id: self.service_hierarchical_state_machine_id,
                tags: self.tags,
                keyterms: self.keyterms,
            },
        }
    }
}

impl CommandRequest for PutVersionSet {
    fn into_command(self) -> Command {
        Command::PutVersionSet {
            id: self.id,
            name: self.name,
            version_set: self.version_set.0,
        }
    }
}

impl CommandRequest for DeleteVersionSet {
    fn into_command(self) -> Command {
        Command::DeleteVersionSet {
            id: self.id,
            name: self.name,
        }
    }
}

/// A service was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ServiceCreated)]
pub struct Created {
    /// Its id.
    pub id: ServiceId,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ServiceInstance)]
pub struct Instance {
    /// Its id.
    pub id: ServiceId,
    /// Its name.
    pub name: Name,
    /// By name; `edge` and `release` always exist.
    #[schema(value_type = BTreeMap<VersionSetName, VersionSetView>)]
    pub version_sets: BTreeMap<VersionSetName, VersionSetShape>,
    /// What it is for.
    pub description: Text,
    /// Whether it is active.
    pub is_active: bool,
    /// The context graph.
    pub service_hierarchical_state_machine_id: ContextGraphId,
    /// The agent.
    pub agent_id: AgentId,
    /// Its labels.
    pub tags: Vec<Tag>,
    /// Words that speech recognition should know.
    pub keyterms: Vec<Keyterm>,
    /// Who made it.
    pub creator: UserInfo,
    /// Who changed it last.
    pub updated_by: UserInfo,
    /// What Rehearse adds.
    pub rehearse: Extension,
}

/// What Rehearse adds to a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ServiceExtension)]
pub struct Extension {
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
}

impl Instance {
    /// The service.
    pub fn of(org: &OrgId, service: &Service) -> Self {
        let profile = &service.profile;
        Self {
            id: service.id,
            name: profile.name.clone(),
            version_sets: service
                .version_sets
                .iter()
                .map(|(name, set)| (name.clone(), set.clone().into()))
                .collect(),
            description: profile.description.clone(),
            is_active: profile.is_active,
            service_hierarchical_state_machine_id: profile.context_graph_id,
            agent_id: profile.agent_id,
            tags: tag_list(&profile.tags),
            keyterms: profile.keyterms.clone(),
            creator: UserInfo::of(org, &service.life.created),
            updated_by: UserInfo::of(org, &service.life.updated),
            rehearse: Extension {
                created_at: service.life.created.at,
                updated_at: service.life.updated.at,
            },
        }
    }
}

/// A version set with every version pinned, as conversations show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ServiceVersionSetInfo)]
pub struct VersionSetInfo {
    /// Its name.
    pub name: VersionSetName,
    /// The agent and its version.
    pub agent_version_info: (AgentId, u32),
    /// The context graph and its version.
    pub service_hierarchical_state_machine_version_info: (ContextGraphId, u32),
    /// Preferred models by interaction.
    #[schema(value_type = BTreeMap<String, ModelPreferenceView>)]
    pub llm_model_preferences: BTreeMap<String, ModelPreferenceShape>,
}

/// What filters of services can hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ServiceFilterValues)]
pub struct FilterValues {
    /// Keys of labels.
    pub tags: Vec<String>,
}

list! {
    /// A page of services.
    List { services: Instance, FilterValues }
}
