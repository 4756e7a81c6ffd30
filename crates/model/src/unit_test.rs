//! Unit tests and the sets that repeat them.

use serde::{Deserialize, Serialize};

use crate::{
    Life, Name, PersonaId, ScenarioId, ServiceId, SuccessCriterion, Tags, Text, UnitTestId, UnitTestSetId,
    VersionSetName,
};

/// A unit test: a persona plays a scenario against a service version set; criteria decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitTest {
    /// Its id.
    pub id: UnitTestId,
    /// Unique among the organization's live unit tests; never changes.
    pub name: Name,
    /// What the test is; may change.
    pub definition: UnitTestDefinition,
    /// Creation, change, deletion.
    pub life: Life,
}

/// The part of a unit test that an update may change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitTestDefinition {
    /// What the test shows.
    pub description: Text,
    /// The service under test.
    pub service_id: ServiceId,
    /// Which of its version sets.
    pub version_set: VersionSetName,
    /// Who talks; its latest version at run time.
    pub persona_id: PersonaId,
    /// About what; its latest version at run time.
    pub scenario_id: ScenarioId,
    /// After this many interactions without an end the test fails: 1 to 100.
    pub max_interactions: u32,
    /// All must hold: 1 to 100.
    pub success_criteria: Vec<SuccessCriterion>,
    /// Labels.
    pub tags: Tags,
}

/// A set of unit tests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitTestSet {
    /// Its id.
    pub id: UnitTestSetId,
    /// What the set is; may change.
    pub definition: UnitTestSetDefinition,
    /// Creation, change, deletion.
    pub life: Life,
}

/// The part of a set that an update may change: all of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitTestSetDefinition {
    /// Unique among the organization's live sets.
    pub name: Name,
    /// What the set is for.
    pub description: Option<Text>,
    /// The tests, in order; a test may stand twice, each entry is its own.
    pub entries: Vec<SetEntry>,
    /// Labels.
    pub tags: Tags,
}

/// A unit test and how often it is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SetEntry {
    /// The test.
    pub unit_test_id: UnitTestId,
    /// Repetitions, at least 1.
    pub run_count: u32,
}
