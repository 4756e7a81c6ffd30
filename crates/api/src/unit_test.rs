//! Unit tests.

use model::{
    Command, MetricId, Name, OrgId, PersonaId, ScenarioId, ServiceId, Tags, Text, Time, UnitTest,
    UnitTestChange, UnitTestDefinition, UnitTestId, VersionSetName,
};
use serde::{Deserialize, Serialize};

use crate::{
    SortKey, Tag, TagFilter, UserFilter, UserInfo,
    request::{CommandRequest, list, request},
    shape::SuccessCriterionShape,
    wire::tag_list,
};

request! {
    /// Makes a unit test.
    Create {
        /// Its name.
        name: Name = required(),
        /// What it shows.
        description: Text = required(),
        /// The service under test.
        service_id: ServiceId = required(),
        /// Which of its version sets.
        service_version_set_name: VersionSetName = required(),
        /// Who talks.
        persona_id: PersonaId = required(),
        /// About what.
        scenario_id: ScenarioId = required(),
        /// After this many interactions without an end the test fails.
        max_interactions: u32 = number(1..=100),
        /// All must hold.
        success_criterions: Vec<SuccessCriterionShape> = list(1..=100),
        /// Its labels.
        tags: Tags = loose_tags(),
    }
}

request! {
    /// Changes a unit test. A field that is none stays as it is.
    Update {
        /// The test.
        id: UnitTestId = required(),
        /// The new description.
        description: Option<Text> = optional(),
        /// The new service.
        service_id: Option<ServiceId> = optional(),
        /// The new version set.
        service_version_set_name: Option<VersionSetName> = optional(),
        /// The new persona.
        persona_id: Option<PersonaId> = optional(),
        /// The new scenario.
        scenario_id: Option<ScenarioId> = optional(),
        /// The new cap on interactions.
        max_interactions: Option<u32> = optional_number(1..=100),
        /// The new criteria.
        success_criterions: Option<Vec<SuccessCriterionShape>> = optional_list(1..=100),
        /// The new labels.
        tags: Option<Tags> = optional_loose_tags(),
        /// Accepted and ignored: repetitions are the set's.
        run_count: Option<u32> = optional_number(1..=u32::MAX),
    }
}

request! {
    /// Deletes a unit test that no set holds.
    Delete {
        /// The test.
        id: UnitTestId = required(),
    }
}

request! {
    /// Lists unit tests.
    ListQuery {
        /// Only these.
        id: Vec<UnitTestId> = values(),
        /// The page's size.
        limit: u32 = page_size(0..=500, 50),
        /// Where the page begins.
        continuation_token: u64 = page_start(),
        /// Only deleted ones, or only others; none: both.
        is_deleted: Option<bool> = flag(),
        /// Of any of these services.
        service_id: Vec<ServiceId> = values(),
        /// With any of these personas.
        persona_id: Vec<PersonaId> = values(),
        /// With any of these scenarios.
        scenario_id: Vec<ScenarioId> = values(),
        /// With any of these metrics.
        metric_id: Vec<MetricId> = values(),
        /// Made by any of these.
        creator: Vec<UserFilter> = values(),
        /// With all of these labels.
        tag: Vec<TagFilter> = values(),
        /// The order; none: newest change first.
        sort_by: Vec<SortKey> = order(&["updated_at"]),
    }
}

request! {
    /// Finds unit tests by name or description.
    SearchQuery {
        /// Words, all of which must occur.
        query: Name = search_terms(),
        /// Made by any of these.
        creator: Vec<UserFilter> = values(),
        /// With all of these labels.
        tag: Vec<TagFilter> = values(),
        /// Of any of these services.
        service_id: Vec<ServiceId> = values(),
        /// With any of these personas.
        persona_id: Vec<PersonaId> = values(),
        /// With any of these scenarios.
        scenario_id: Vec<ScenarioId> = values(),
        /// With any of these metrics.
        metric_id: Vec<MetricId> = values(),
    }
}

fn criteria(shapes: Vec<SuccessCriterionShape>) -> Vec<model::SuccessCriterion> {
    shapes.into_iter().map(|shape| shape.0).collect()
}

impl CommandRequest for Create {
    fn into_command(self) -> Command {
        Command::CreateUnitTest {
            name: self.name,
            definition: UnitTestDefinition {
                description: self.description,
                service_id: self.service_id,
                version_set: self.service_version_set_name,
                persona_id: self.persona_id,
                scenario_id: self.scenario_id,
                max_interactions: self.max_interactions,
                success_criteria: criteria(self.success_criterions),
                tags: self.tags,
            },
        }
    }
}

impl CommandRequest for Update {
    fn into_command(self) -> Command {
        Command::UpdateUnitTest {
            id: self.id,
            change: UnitTestChange {
                description: self.description,
                service_id: self.service_id,
                version_set: self.service_version_set_name,
                persona_id: self.persona_id,
                scenario_id: self.scenario_id,
                max_interactions: self.max_interactions,
                success_criteria: self.success_criterions.map(criteria),
                tags: self.tags,
            },
        }
    }
}

impl CommandRequest for Delete {
    fn into_command(self) -> Command {
        Command::DeleteUnitTest { id: self.id }
    }
}

/// A unit test was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = UnitTestCreated)]
pub struct Created {
    /// Its id.
    pub simulation_unit_test_id: UnitTestId,
}

/// A unit test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = UnitTestInstance)]
pub struct Instance {
    /// Its id.
    pub id: UnitTestId,
    /// Everything else.
    #[serde(flatten)]
    pub body: Body,
}

/// A unit test as searches show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = UnitTestRaw)]
pub struct Raw {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: UnitTestId,
    /// Everything else.
    #[serde(flatten)]
    pub body: Body,
}

/// A unit test but for its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = UnitTestBody)]
pub struct Body {
    /// The tenant.
    pub org_id: OrgId,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// Its name.
    pub name: Name,
    /// What it shows.
    pub description: Text,
    /// The service under test.
    pub service_id: ServiceId,
    /// Which of its version sets.
    pub service_version_set_name: VersionSetName,
    /// Who talks.
    pub persona_id: PersonaId,
    /// About what.
    pub scenario_id: ScenarioId,
    /// After this many interactions without an end the test fails.
    pub max_interactions: u32,
    /// All must hold.
    pub success_criterions: Vec<SuccessCriterionShape>,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// Its labels.
    pub tags: Vec<Tag>,
    /// Who made it.
    pub creator: UserInfo,
    /// Who changed it last.
    pub updated_by: UserInfo,
}

impl Body {
    fn of(org: &OrgId, test: &UnitTest) -> Self {
        let definition = &test.definition;
        Self {
            org_id: org.clone(),
            created_at: test.life.created.at,
            updated_at: test.life.updated.at,
            name: test.name.clone(),
            description: definition.description.clone(),
            service_id: definition.service_id,
            service_version_set_name: definition.version_set.clone(),
            persona_id: definition.persona_id,
            scenario_id: definition.scenario_id,
            max_interactions: definition.max_interactions,
            success_criterions: definition
                .success_criteria
                .iter()
                .cloned()
                .map(Into::into)
                .collect(),
            is_deleted: test.life.is_deleted(),
            tags: tag_list(&definition.tags),
            creator: UserInfo::of(org, &test.life.created),
            updated_by: UserInfo::of(org, &test.life.updated),
        }
    }
}

impl Instance {
    /// As lists show it.
    pub fn of(org: &OrgId, test: &UnitTest) -> Self {
        Self {
            id: test.id,
            body: Body::of(org, test),
        }
    }
}

impl Raw {
    /// As searches show it.
    pub fn of(org: &OrgId, test: &UnitTest) -> Self {
        Self {
            id: test.id,
            body: Body::of(org, test),
        }
    }
}

/// What filters of unit tests can hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = UnitTestFilterValues)]
pub struct FilterValues {
    /// Who made some.
    pub creators: Vec<UserInfo>,
    /// Keys of labels.
    pub tags: Vec<String>,
    /// Services.
    pub service_ids: Vec<ServiceId>,
    /// Personas.
    pub persona_ids: Vec<PersonaId>,
    /// Scenarios.
    pub scenario_ids: Vec<ScenarioId>,
    /// Metrics.
    pub metric_ids: Vec<MetricId>,
}

list! {
    /// A page of unit tests.
    List { simulation_unit_tests: Instance, FilterValues }
}

/// The unit tests found, best match first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = UnitTestFound)]
pub struct Found {
    /// At most 50.
    pub simulation_unit_tests: Vec<Raw>,
}
