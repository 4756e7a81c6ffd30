//! Commands: what people ask for.
#![expect(
    missing_docs,
    reason = "the fields of a command are the fields of the object it is about, documented there"
)]

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    AgentContent, AgentId, ApiKeyId, ArtifactRef, Budget, CancelReason, ContextGraphContent, ContextGraphId,
    Digest, FrontendView, Grant, MeasuredValue, MetricContent, MetricId, Name, OrganizationProfile,
    PersonaContent, PersonaId, RoleDefinition, RunId, ScenarioContent, ScenarioId, ServiceId, ServiceProfile,
    SetEntry, SuccessCriterion, Suite, Tags, Tally, Text, UnitTestDefinition, UnitTestId,
    UnitTestSetDefinition, UnitTestSetId, UserId, VersionSet, VersionSetName, WebhookDestinationId,
    WebhookType, WebhookUrl,
};

/// Something a user asks to be done. In updates, a field that is none stays as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Sets the tenant up.
    CreateOrganization(OrganizationProfile),
    /// Replaces the tenant's title and defaults.
    UpdateOrganization(OrganizationProfile),
    /// Makes a user.
    CreateUser { id: UserId, name: Name, role: Name },
    /// Deletes a user.
    DeleteUser { id: UserId },
    /// Gives a user a role.
    AssignRole { role: Name, user_id: UserId },
    /// Makes an API key of a user. The caller made the secret and shows it once.
    CreateApiKey {
        /// None: one is made.
        id: Option<ApiKeyId>,
        user_id: UserId,
        name: Name,
        secret_hash: [u8; 32],
        /// For how long it opens something, in milliseconds; none: for ever.
        lifetime_ms: Option<u64>,
        role: Option<Name>,
    },
    /// Revokes an API key.
    DeleteApiKey { id: ApiKeyId },
    /// Makes a persona with version 1.
    CreatePersona {
        name: Name,
        role: Name,
        tags: Tags,
        content: PersonaContent,
    },
    /// Replaces a persona's tags.
    UpdatePersona { id: PersonaId, tags: Option<Tags> },
    /// Adds a version; `expected` must be the next number.
    CreatePersonaVersion {
        id: PersonaId,
        content: PersonaContent,
        expected: Option<u32>,
    },
    /// Deletes a persona that no unit test uses.
    DeletePersona { id: PersonaId },
    /// Makes a scenario with version 1.
    CreateScenario {
        name: Name,
        tags: Tags,
        content: ScenarioContent,
    },
    /// Replaces a scenario's tags.
    UpdateScenario { id: ScenarioId, tags: Option<Tags> },
    /// Adds a version; `expected` must be the next number.
    CreateScenarioVersion {
        id: ScenarioId,
        content: ScenarioContent,
        expected: Option<u32>,
    },
    /// Deletes a scenario that no unit test uses.
    DeleteScenario { id: ScenarioId },
    /// Makes a metric with version 1.
    CreateMetric {
        name: Name,
        applied_to_services: Vec<ServiceId>,
        additional_notes: Option<Text>,
        tags: Tags,
        content: MetricContent,
    },
    /// Replaces a metric's services, notes (`Some(None)` clears them) or tags.
    UpdateMetric {
        id: MetricId,
        applied_to_services: Option<Vec<ServiceId>>,
        additional_notes: Option<Option<Text>>,
        tags: Option<Tags>,
    },
    /// Adds a version of the same value type; `expected` must be the next number.
    CreateMetricVersion {
        id: MetricId,
        content: MetricContent,
        expected: Option<u32>,
    },
    /// Deletes a metric that no unit test uses.
    DeleteMetric { id: MetricId },
    /// Makes an agent without a version.
    CreateAgent { name: Name },
    /// Adds a version; `expected` must be the next number. What `content` leaves out stays as it is, of documents each of their fields.
    CreateAgentVersion {
        id: AgentId,
        content: AgentContent,
        expected: Option<u32>,
    },
    /// Deletes an agent that no active service uses.
    DeleteAgent { id: AgentId },
    /// Makes a context graph without a version.
    CreateContextGraph { name: Name },
    /// Adds a version; `expected` must be the next number.
    CreateContextGraphVersion {
        id: ContextGraphId,
        content: ContextGraphContent,
        expected: Option<u32>,
    },
    /// Deletes a context graph that no active service uses.
    DeleteContextGraph { id: ContextGraphId },
    /// Makes a service with the version sets `edge` and `release` (none: like `edge`).
    CreateService {
        profile: ServiceProfile,
        release: Option<VersionSet>,
    },
    /// Changes a service.
    UpdateService { id: ServiceId, change: ServiceChange },
    /// Makes or replaces a version set other than `edge`.
    PutVersionSet {
        id: ServiceId,
        name: VersionSetName,
        version_set: VersionSet,
    },
    /// Removes a version set that is neither `edge` nor `release` and that no unit test names.
    DeleteVersionSet { id: ServiceId, name: VersionSetName },
    /// Makes a unit test.
    CreateUnitTest {
        name: Name,
        definition: UnitTestDefinition,
    },
    /// Changes a unit test.
    UpdateUnitTest { id: UnitTestId, change: UnitTestChange },
    /// Deletes a unit test that no set holds.
    DeleteUnitTest { id: UnitTestId },
    /// Makes a unit test set.
    CreateUnitTestSet(UnitTestSetDefinition),
    /// Changes a set.
    UpdateUnitTestSet {
        id: UnitTestSetId,
        change: UnitTestSetChange,
    },
    /// Deletes a set. Its runs stay.
    DeleteUnitTestSet { id: UnitTestSetId },
    /// Starts a run of a set.
    StartRun {
        set_id: UnitTestSetId,
        options: StartOptions,
        /// What to execute of the set's tests, and how often; none: what the set says.
        entries: Option<Vec<SetEntry>>,
        /// The run of the set that this one repeats.
        rerun_of: Option<RunId>,
    },
    /// Asks a run to stop.
    CancelRun { id: RunId, reason: CancelReason },
    /// Records that a run's conversations are all accounted for. Asked for by aggregators only.
    CompleteRun {
        id: RunId,
        tally: Tally,
        artifact: ArtifactRef,
    },
    /// Makes a role.
    CreateRole { definition: RoleDefinition },
    /// Changes the role of this name.
    ModifyRole {
        name: Name,
        description: Option<Text>,
        grants: Option<Vec<Grant>>,
        frontend_view: Option<FrontendView>,
    },
    /// Lets a user do something for a while.
    CreateTemporaryGrant {
        user_id: UserId,
        /// For how long, in milliseconds.
        lifetime_ms: u64,
        grant: Grant,
        justification: Text,
        tags: Tags,
    },
    /// Makes a webhook destination.
    CreateWebhookDestination {
        url: WebhookUrl,
        accepted_types: BTreeSet<WebhookType>,
        retry_attempts: u32,
    },
    /// Changes what a webhook destination is told, or how often.
    UpdateWebhookDestination {
        id: WebhookDestinationId,
        accepted_types: Option<BTreeSet<WebhookType>>,
        retry_attempts: Option<u32>,
    },
    /// Gives a webhook destination a new secret, at most once per hour.
    RotateWebhookSecret { id: WebhookDestinationId },
    /// Deletes a webhook destination.
    DeleteWebhookDestination { id: WebhookDestinationId },
    /// Records what was measured on demand; 1 to 10 values. A second value of the same conversation and metric replaces the first.
    RecordEvaluations(Vec<MeasuredValue>),
    /// Makes the organization hold what a suite says.
    ApplySuite(Suite),
}

/// A change to a service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceChange {
    /// The new name.
    pub name: Option<Name>,
    /// The new description.
    pub description: Option<Text>,
    /// Whether the service is active.
    pub is_active: Option<bool>,
    /// The new agent.
    pub agent_id: Option<AgentId>,
    /// The new context graph.
    pub context_graph_id: Option<ContextGraphId>,
    /// The new labels.
    pub tags: Option<Tags>,
    /// The new keyterms.
    pub keyterms: Option<Vec<crate::Keyterm>>,
}

/// A change to a unit test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UnitTestChange {
    /// The new description.
    pub description: Option<Text>,
    /// The new service.
    pub service_id: Option<ServiceId>,
    /// The new version set.
    pub version_set: Option<VersionSetName>,
    /// The new persona.
    pub persona_id: Option<PersonaId>,
    /// The new scenario.
    pub scenario_id: Option<ScenarioId>,
    /// The new cap on interactions.
    pub max_interactions: Option<u32>,
    /// The new criteria.
    pub success_criteria: Option<Vec<SuccessCriterion>>,
    /// The new labels.
    pub tags: Option<Tags>,
}

/// A change to a unit test set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UnitTestSetChange {
    /// The new name.
    pub name: Option<Name>,
    /// The new description; `Some(None)` clears it.
    pub description: Option<Option<Text>>,
    /// The new tests.
    pub entries: Option<Vec<SetEntry>>,
    /// The new labels.
    pub tags: Option<Tags>,
}

/// How to execute a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartOptions {
    /// What everything random follows from; none: chosen and recorded.
    pub seed: Option<u64>,
    /// The most conversations in flight at once.
    pub max_concurrency: Option<u32>,
    /// What the run may use at most.
    pub budget: Budget,
    /// The language model that plays users; none: the installation's.
    pub simulator: Option<Name>,
    /// The language model that judges; none: the installation's.
    pub judge: Option<Name>,
    /// How simulated users are held to their part; none: by rules.
    pub guard: Option<GuardChoice>,
    /// How often a conversation is begun again because the simulated user broke its part; none: as the installation says.
    pub max_reruns: Option<u32>,
    /// The recorded conversations to judge, in the order of the run's conversations; none: conversations are held.
    pub recordings: Option<Vec<Digest>>,
}

/// How the simulated users of a run are to be held to their part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum GuardChoice {
    /// By rules.
    #[default]
    Rules,
    /// By rules, and by the installation's language model for it.
    RulesAndModel,
    /// Not at all.
    Off,
}
