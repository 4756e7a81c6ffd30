//! What a decision may look up about an organization.

mod memory;

pub use memory::MemoryDirectory;

use crate::{
    AccessRole as Role, Agent, ApiKey, CommandId, Content, ContextGraph, Digest, Kind, Metric, Object,
    ObjectRef, OrgId, Organization, Persona, Run, RunId, Scenario, Service, ServiceId, TemporaryGrant, Token,
    UnitTest, UnitTestId, UnitTestSet, UnitTestSetId, User, UserId, Version, WebhookDestination,
};

/// A look-up failed for reasons of the store, not of the question.
#[derive(Debug, thiserror::Error)]
#[error("the organization's state cannot be read")]
pub struct ReadError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// One organization's state at one sequence of the log. Projections implement it over their tables, [`MemoryDirectory`] in memory.
pub trait Directory {
    /// The organization.
    fn org(&self) -> &OrgId;

    /// The object, deleted or not.
    fn object(&self, object: &ObjectRef) -> Result<Option<Object>, ReadError>;

    /// One version of an object.
    fn version(&self, object: &ObjectRef, number: u32) -> Result<Option<Version>, ReadError>;

    /// The live object of `kind` that has this name (see [`Object::unique_name`]).
    fn named(&self, kind: Kind, name: &str) -> Result<Option<Token>, ReadError>;

    /// The live objects that refer to `object` (see [`Object::references`]), in order.
    fn referrers(&self, object: &ObjectRef) -> Result<Vec<ObjectRef>, ReadError>;

    /// The run of `set` that `user` started and that is not over.
    fn unfinished_run(&self, user: &UserId, set: UnitTestSetId) -> Result<Option<RunId>, ReadError>;

    /// How many objects of `kind` are not deleted.
    fn n_live(&self, kind: Kind) -> Result<u64, ReadError>;

    /// What an earlier command of `user` with this id did.
    fn command(&self, user: &UserId, id: &CommandId) -> Result<Option<CommandRecord>, ReadError>;
}

/// What a command did, as far as the log tells.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CommandRecord {
    /// The digest of the command.
    pub digest: Digest,
    /// The objects it changed, in order, each with the version it made (0 if none).
    pub changes: Vec<(ObjectRef, u32)>,
    /// The sequence of its last commit.
    pub sequence: u64,
}

macro_rules! typed {
    ($($method:ident($id:ty) -> $kind:ident;)+) => {
        /// Look-ups by typed id. A deleted object is found too; callers that care look at its `life`.
        pub trait DirectoryExt: Directory {
            $(
                #[doc = concat!("The ", stringify!($method), " with this id.")]
                fn $method(&self, id: $id) -> Result<Option<$kind>, ReadError> {
                    match self.object(&ObjectRef::new(Kind::$kind, id))? {
                        Some(Object::$kind(state)) => Ok(Some(state)),
                        _ => Ok(None),
                    }
                }
            )+

            /// The content of one version.
            fn content(&self, object: &ObjectRef, number: u32) -> Result<Option<Content>, ReadError> {
                Ok(self.version(object, number)?.map(|version| version.content))
            }
        }
    };
}

typed! {
    organization(OrgId) -> Organization;
    persona(crate::PersonaId) -> Persona;
    scenario(crate::ScenarioId) -> Scenario;
    metric(crate::MetricId) -> Metric;
    agent(crate::AgentId) -> Agent;
    context_graph(crate::ContextGraphId) -> ContextGraph;
    service(ServiceId) -> Service;
    unit_test(UnitTestId) -> UnitTest;
    unit_test_set(UnitTestSetId) -> UnitTestSet;
    run(RunId) -> Run;
    user(UserId) -> User;
    api_key(crate::ApiKeyId) -> ApiKey;
    role(crate::RoleId) -> Role;
    temporary_grant(crate::TemporaryGrantId) -> TemporaryGrant;
    webhook_destination(crate::WebhookDestinationId) -> WebhookDestination;
}

impl<D: Directory + ?Sized> DirectoryExt for D {}
