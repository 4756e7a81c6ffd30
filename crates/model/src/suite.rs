//! Suites: the objects of an organization as code, naming each other by name.

mod plan;

use std::collections::BTreeMap;

pub(crate) use plan::fields_that_differ;
pub use plan::{Difference, SuiteChange};
use serde::{Deserialize, Serialize};

use crate::{
    AgentContent, ContextGraphContent, Criterion, Keyterm, Kind, MetricContent, Name, PersonaContent,
    ScenarioContent, Tags, Text, VersionSet, VersionSetName,
};

/// The most objects one suite may have; one atomic batch holds no more.
pub const MAX_OBJECTS: usize = 900;

/// Objects that shall exist. An object's identity is its kind and name; what the suite does not name stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Suite {
    /// In the order of the files. The order does not matter.
    pub objects: Vec<SuiteObject>,
}

/// One object of a suite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuiteObject {
    /// Its name, unique among its kind.
    pub name: Name,
    /// What it shall be.
    pub spec: SuiteSpec,
}

/// What an object of a suite shall be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SuiteSpec {
    /// A persona.
    Persona {
        /// Its role; cannot change once it exists.
        role: Name,
        /// Its labels.
        tags: Tags,
        /// Its newest content.
        content: PersonaContent,
    },
    /// A scenario.
    Scenario {
        /// Its labels.
        tags: Tags,
        /// Its newest content.
        content: ScenarioContent,
    },
    /// A metric.
    Metric {
        /// Notes for people.
        additional_notes: Option<Text>,
        /// Names of services whose real conversations are measured too.
        applied_to_services: Vec<Name>,
        /// Its labels.
        tags: Tags,
        /// Its newest content.
        content: MetricContent,
    },
    /// An agent.
    Agent(AgentContent),
    /// A context graph.
    ContextGraph(ContextGraphContent),
    /// A service.
    Service {
        /// What it is for.
        description: Text,
        /// The agent's name.
        agent: Name,
        /// The context graph's name; none: a context graph called `none`, made at first use, whose document is `{}`.
        context_graph: Option<Name>,
        /// Its labels.
        tags: Tags,
        /// Words that speech recognition should know.
        keyterms: Vec<Keyterm>,
        /// Version sets beside `edge`; those not named stay as they are.
        version_sets: BTreeMap<VersionSetName, VersionSet>,
    },
    /// A unit test.
    UnitTest {
        /// What it shows.
        description: Text,
        /// The service's name.
        service: Name,
        /// The version set's name.
        version_set: VersionSetName,
        /// The persona's name.
        persona: Name,
        /// The scenario's name.
        scenario: Name,
        /// The cap on interactions.
        max_interactions: u32,
        /// What decides.
        success_criteria: Vec<SuiteCriterion>,
        /// Its labels.
        tags: Tags,
    },
    /// A unit test set.
    UnitTestSet {
        /// What it is for.
        description: Option<Text>,
        /// Unit tests by name, with repetitions.
        tests: Vec<(Name, u32)>,
        /// Its labels.
        tags: Tags,
    },
}

/// A criterion that names its metric by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuiteCriterion {
    /// The criterion's name.
    pub name: Name,
    /// The metric's name.
    pub metric: Name,
    /// The condition.
    pub criterion: Criterion,
}

impl SuiteSpec {
    /// The kind of object.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Persona { .. } => Kind::Persona,
            Self::Scenario { .. } => Kind::Scenario,
            Self::Metric { .. } => Kind::Metric,
            Self::Agent(_) => Kind::Agent,
            Self::ContextGraph(_) => Kind::ContextGraph,
            Self::Service { .. } => Kind::Service,
            Self::UnitTest { .. } => Kind::UnitTest,
            Self::UnitTestSet { .. } => Kind::UnitTestSet,
        }
    }
}
