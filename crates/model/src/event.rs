//! Events: what has happened, and the commits that carry them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    AgentContent, ApiKeyId, ArtifactRef, CancelReason, Change, CommandId, ContextGraphContent, Digest, Grant,
    MeasuredValue, MetricContent, Name, ObjectRef, Oid, OrgId, OrganizationProfile, PersonaContent, Plan,
    PreviousSecret, RoleDefinition, RunVerdict, ScenarioContent, ServiceId, ServiceProfile, Tags, Tally,
    Text, Time, UnitTestDefinition, UnitTestSetDefinition, UnitTestSetId, UserId, VersionSet, VersionSetName,
    WebhookSecret, WebhookType, WebhookUrl,
};

/// The events that one command produced on one object: one message of the log. A command that touches many objects makes
/// one commit for each, appended together or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// The tenant.
    pub org: OrgId,
    /// What changed.
    pub object: ObjectRef,
    /// Who, when, and for which command.
    pub meta: CommitMeta,
    /// What happened, in order; at least one.
    pub events: Vec<Event>,
}

/// Who made a commit, when, and for which command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitMeta {
    /// The acting user.
    pub actor: UserId,
    /// When the command was decided.
    pub at: Time,
    /// The command, unique per user.
    pub command_id: CommandId,
    /// The digest of the command, so that an id that comes back with another command is noticed.
    pub command_digest: Digest,
    /// Position among the commits of the command, from 0.
    pub index: u32,
    /// How many commits the command made.
    pub count: u32,
    /// The caller's trace (W3C Trace Context `traceparent`).
    pub traceparent: Option<String>,
}

impl CommitMeta {
    /// Who and when.
    pub fn change(&self) -> Change {
        Change {
            by: self.actor.clone(),
            at: self.at,
        }
    }
}

/// A commit as it stands in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its sequence in the log; the only order there is.
    pub sequence: u64,
    /// The commit.
    pub commit: Commit,
}

/// Version 1 of an object whose content has versions comes with its creation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FirstVersion<C> {
    /// The version's own id.
    pub version_id: Oid,
    /// Its content.
    pub content: C,
}

/// A further version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NextVersion<C> {
    /// Its number.
    pub version: u32,
    /// The version's own id.
    pub version_id: Oid,
    /// Its content.
    pub content: C,
}

/// A persona was created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PersonaCreated {
    /// Its name.
    pub name: Name,
    /// Its role.
    pub role: Name,
    /// Its labels.
    pub tags: Tags,
    /// Version 1.
    pub first: FirstVersion<PersonaContent>,
}

/// A scenario was created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScenarioCreated {
    /// Its name.
    pub name: Name,
    /// Its labels.
    pub tags: Tags,
    /// Version 1.
    pub first: FirstVersion<ScenarioContent>,
}

/// A metric was created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricCreated {
    /// Its name.
    pub name: Name,
    /// What may change without a new version.
    pub notes: MetricNotes,
    /// Version 1.
    pub first: FirstVersion<MetricContent>,
}

/// The part of a metric that an update may change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricNotes {
    /// Services whose real conversations are measured too.
    pub applied_to_services: Vec<ServiceId>,
    /// Notes for people.
    pub additional_notes: Option<Text>,
    /// Labels.
    pub tags: Tags,
}

/// A service was created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceCreated {
    /// What it is.
    pub profile: ServiceProfile,
    /// `edge`, `release` and whatever else it begins with.
    pub version_sets: BTreeMap<VersionSetName, VersionSet>,
}

/// A unit test was created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitTestCreated {
    /// Its name.
    pub name: Name,
    /// What it is.
    pub definition: UnitTestDefinition,
}

/// A user was created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserCreated {
    /// What people call it.
    pub name: Name,
    /// The name of its role.
    pub role: Name,
}

/// An API key was created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyCreated {
    /// Its id.
    pub id: ApiKeyId,
    /// Whose it is.
    pub user_id: UserId,
    /// The role whose users it opens for; none: it opens for its user only.
    pub role: Option<Name>,
    /// What people call it.
    pub name: Name,
    /// The keyed hash of the secret.
    pub secret_hash: [u8; 32],
    /// After this it no longer opens anything.
    pub expires_at: Option<Time>,
}

/// A run was started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The set that it executes.
    pub set_id: UnitTestSetId,
    /// Its name.
    pub set_name: Name,
    /// What it executes.
    pub plan: Plan,
    /// Names the sealed manifest.
    pub manifest: Digest,
}

/// Every planned conversation of a run is accounted for, and its artifact exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunCompleted {
    /// How many conversations ended how.
    pub tally: Tally,
    /// The run's verdict.
    pub verdict: RunVerdict,
    /// Where the artifact is.
    pub artifact: ArtifactRef,
}

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident($body:ty) = $name:literal,)+) => {
        /// Something that happened to one object. Which object, who did it and when stand in the [`Commit`].
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum Event {
            $($(#[$doc])* $variant($body),)+
        }

        impl Event {
            /// The event's name, such as `persona.created`.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)+
                }
            }

            /// Every event's name.
            pub const NAMES: &[&'static str] = &[$($name,)+];
        }
    };
}

events! {
    /// A tenant was set up.
    OrganizationCreated(OrganizationProfile) = "organization.created",
    /// A tenant's title or defaults changed.
    OrganizationUpdated(OrganizationProfile) = "organization.updated",
    /// A user was created.
    UserCreated(UserCreated) = "user.created",
    /// A user was deleted: its keys open nothing any more.
    UserDeleted(()) = "user.deleted",
    /// A user was given another role.
    UserRoleAssigned(Name) = "user.role_assigned",
    /// An API key was created.
    ApiKeyCreated(ApiKeyCreated) = "api_key.created",
    /// An API key was revoked.
    ApiKeyDeleted(()) = "api_key.deleted",
    /// A persona was created, with version 1.
    PersonaCreated(PersonaCreated) = "persona.created",
    /// A persona's tags were replaced.
    PersonaUpdated(Tags) = "persona.updated",
    /// A persona has a new version.
    PersonaVersionCreated(NextVersion<PersonaContent>) = "persona.version_created",
    /// A persona was deleted.
    PersonaDeleted(()) = "persona.deleted",
    /// A scenario was created, with version 1.
    ScenarioCreated(ScenarioCreated) = "scenario.created",
    /// A scenario's tags were replaced.
    ScenarioUpdated(Tags) = "scenario.updated",
    /// A scenario has a new version.
    ScenarioVersionCreated(NextVersion<ScenarioContent>) = "scenario.version_created",
    /// A scenario was deleted.
    ScenarioDeleted(()) = "scenario.deleted",
    /// A metric was created, with version 1.
    MetricCreated(MetricCreated) = "metric.created",
    /// A metric's services, notes or tags were replaced.
    MetricUpdated(MetricNotes) = "metric.updated",
    /// A metric has a new version, of the same value type.
    MetricVersionCreated(NextVersion<MetricContent>) = "metric.version_created",
    /// A metric was deleted.
    MetricDeleted(()) = "metric.deleted",
    /// An agent was created, without a version.
    AgentCreated(Name) = "agent.created",
    /// An agent has a new version.
    AgentVersionCreated(NextVersion<AgentContent>) = "agent.version_created",
    /// An agent was deleted.
    AgentDeleted(()) = "agent.deleted",
    /// A context graph was created, without a version.
    ContextGraphCreated(Name) = "context_graph.created",
    /// A context graph has a new version.
    ContextGraphVersionCreated(NextVersion<ContextGraphContent>) = "context_graph.version_created",
    /// A context graph was deleted.
    ContextGraphDeleted(()) = "context_graph.deleted",
    /// A service was created.
    ServiceCreated(ServiceCreated) = "service.created",
    /// A service's profile was replaced.
    ServiceUpdated(ServiceProfile) = "service.updated",
    /// A version set was made or replaced.
    VersionSetPut(VersionSetPut) = "service.version_set_put",
    /// A version set was removed.
    VersionSetDeleted(VersionSetName) = "service.version_set_deleted",
    /// A unit test was created.
    UnitTestCreated(UnitTestCreated) = "unit_test.created",
    /// A unit test's definition was replaced.
    UnitTestUpdated(UnitTestDefinition) = "unit_test.updated",
    /// A unit test was deleted.
    UnitTestDeleted(()) = "unit_test.deleted",
    /// A set was created.
    UnitTestSetCreated(UnitTestSetDefinition) = "unit_test_set.created",
    /// A set's definition was replaced.
    UnitTestSetUpdated(UnitTestSetDefinition) = "unit_test_set.updated",
    /// A set was deleted.
    UnitTestSetDeleted(()) = "unit_test_set.deleted",
    /// A run was started.
    RunStarted(RunStarted) = "run.started",
    /// A run was asked to stop: nothing more is admitted.
    RunCancelled(CancelReason) = "run.cancelled",
    /// A run's conversations are all accounted for.
    RunCompleted(RunCompleted) = "run.completed",
    /// A role was created.
    RoleCreated(RoleDefinition) = "role.created",
    /// A role's definition was replaced.
    RoleUpdated(RoleDefinition) = "role.updated",
    /// A temporary grant was made.
    TemporaryGrantCreated(TemporaryGrantCreated) = "temporary_grant.created",
    /// A webhook destination was created.
    WebhookDestinationCreated(WebhookDestinationCreated) = "webhook_destination.created",
    /// What a webhook destination is told, or how often, changed.
    WebhookDestinationUpdated(WebhookDestinationUpdated) = "webhook_destination.updated",
    /// A webhook destination has a new secret.
    WebhookSecretRotated(WebhookSecretRotated) = "webhook_destination.secret_rotated",
    /// A webhook destination was deleted: it is told nothing more.
    WebhookDestinationDeleted(()) = "webhook_destination.deleted",
    /// A conversation was measured on demand, or measured again.
    EvaluationRecorded(MeasuredValue) = "evaluation.recorded",
}

/// A temporary grant was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemporaryGrantCreated {
    /// Whose it is.
    pub user_id: UserId,
    /// What it permits.
    pub grant: Grant,
    /// From then on it permits nothing any more.
    pub expires_at: Time,
    /// Why it was made.
    pub justification: Text,
    /// Labels.
    pub tags: Tags,
}

/// A webhook destination was created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookDestinationCreated {
    /// Where it is.
    pub url: WebhookUrl,
    /// What it is told of.
    pub accepted_types: BTreeSet<WebhookType>,
    /// How often a delivery that failed is tried again.
    pub retry_attempts: u32,
    /// The secret that signs.
    pub secret: WebhookSecret,
}

/// What a webhook destination is told, or how often, changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookDestinationUpdated {
    /// What it is told of now.
    pub accepted_types: BTreeSet<WebhookType>,
    /// How often a delivery that failed is tried again now.
    pub retry_attempts: u32,
}

/// A webhook destination has a new secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookSecretRotated {
    /// The new one.
    pub secret: WebhookSecret,
    /// The one before, which signs for a while longer.
    pub previous: PreviousSecret,
}

/// A version set was made or replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionSetPut {
    /// Which.
    pub name: VersionSetName,
    /// What it names now.
    pub version_set: VersionSet,
}
