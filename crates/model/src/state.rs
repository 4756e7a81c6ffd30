//! The state of an object, and how commits change it.
//!
//! Every reader of the log goes through [`evolve`]: projections, rebuilds, replays and tests, so all of them agree.

mod evolve;
mod object;

pub use evolve::{Evolved, Misfit, evolve};
use serde::{Deserialize, Serialize};

use crate::{
    AccessRole, Agent, AgentContent, ApiKey, Change, ContextGraph, ContextGraphContent, ManualEvaluation,
    Metric, MetricContent, Oid, Organization, Persona, PersonaContent, Run, Scenario, ScenarioContent,
    Service, TemporaryGrant, UnitTest, UnitTestSet, User, WebhookDestination,
};

/// The state of one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Object {
    /// A tenant.
    Organization(Organization),
    /// A user.
    User(User),
    /// An API key.
    ApiKey(ApiKey),
    /// A persona.
    Persona(Persona),
    /// A scenario.
    Scenario(Scenario),
    /// A metric.
    Metric(Metric),
    /// An agent.
    Agent(Agent),
    /// A context graph.
    ContextGraph(ContextGraph),
    /// A service.
    Service(Service),
    /// A unit test.
    UnitTest(UnitTest),
    /// A unit test set.
    UnitTestSet(UnitTestSet),
    /// A run.
    Run(Run),
    /// A role.
    Role(AccessRole),
    /// A temporary grant.
    TemporaryGrant(TemporaryGrant),
    /// A webhook destination.
    WebhookDestination(WebhookDestination),
    /// A manual evaluation.
    Evaluation(ManualEvaluation),
}

/// The content of one version of an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// Of a persona.
    Persona(PersonaContent),
    /// Of a scenario.
    Scenario(ScenarioContent),
    /// Of a metric.
    Metric(MetricContent),
    /// Of an agent.
    Agent(AgentContent),
    /// Of a context graph.
    ContextGraph(ContextGraphContent),
}

/// One version of an object. Versions are never changed or deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// The version's own id.
    pub id: Oid,
    /// Its number, from 1.
    pub number: u32,
    /// Its content.
    pub content: Content,
    /// Who made it, and when.
    pub created: Change,
}
