//! What a run executes: the set's tests with every version pinned, and the numbering of its conversations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Admission, AgentId, Budget, ContextGraphId, Criterion, MetricId, ModelPreference, Name, OrgId, PersonaId,
    RunId, ScenarioId, ServiceId, UnitTestId, VersionSetName,
};

/// What a run executes. Conversation `n` of a run counts through the tests in order, each with all its repetitions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// One entry for each entry of the set, in order.
    pub tests: Vec<PlannedTest>,
    /// How it is executed.
    pub options: RunOptions,
}

/// How a run is executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOptions {
    /// What everything random in the run follows from.
    pub seed: u64,
    /// The most conversations in flight at once; none: as many as the server allows.
    pub max_concurrency: Option<u32>,
    /// What it may use at most. Absent in manifests of builds that knew no budgets.
    #[serde(default)]
    pub budget: Budget,
    /// The run that it repeats, whole or in part. Absent in manifests of builds that knew no repetition.
    #[serde(default)]
    pub rerun_of: Option<RunId>,
    /// Who takes part beside the agents. Absent in manifests of builds that knew no language models.
    #[serde(default)]
    pub cast: Cast,
}

/// Who takes part in a run's conversations beside the agents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cast {
    /// The language model that plays the users whose scenario has no script, by its name in the configuration; none: no such scenario.
    pub simulator: Option<Name>,
    /// The language model that judges where a metric names none; none: no such metric.
    pub judge: Option<Name>,
    /// How simulated users that a model plays are held to their part.
    pub guard: Guarding,
    /// How often a conversation is begun again because the simulated user broke its part, at most [`MAX_RERUNS`].
    pub max_reruns: u32,
    /// Whether conversations were recorded elsewhere and are only judged. Then the manifest names the recordings.
    pub recorded: bool,
}

/// The most times that a conversation is begun again because the simulated user broke its part.
pub const MAX_RERUNS: u32 = 10;

/// How a simulated user that a language model plays is held to its part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Guarding {
    /// Its steps are checked by rules.
    #[default]
    Rules,
    /// By rules, and by this language model, by its name in the configuration.
    RulesAndModel(Name),
    /// Not at all.
    Off,
}

/// One test of a run, with every version pinned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedTest {
    /// The test.
    pub unit_test_id: UnitTestId,
    /// Its name.
    pub name: Name,
    /// Repetitions.
    pub run_count: u32,
    /// The service under test.
    pub service_id: ServiceId,
    /// Its version set.
    pub version_set: VersionSetName,
    /// The agent and its pinned version.
    pub agent: (AgentId, u32),
    /// The context graph and its pinned version.
    pub context_graph: (ContextGraphId, u32),
    /// The scenario and its pinned version.
    pub scenario: (ScenarioId, u32),
    /// The persona and its pinned version.
    pub persona: (PersonaId, u32),
    /// From the version set.
    pub llm_model_preferences: BTreeMap<String, ModelPreference>,
    /// The cap on interactions.
    pub max_interactions: u32,
    /// What decides, in order.
    pub criteria: Vec<PlannedCriterion>,
}

/// One criterion of a planned test, with the metric's version pinned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedCriterion {
    /// The criterion's name.
    pub name: Name,
    /// The metric.
    pub metric_id: MetricId,
    /// Its pinned version.
    pub metric_version: u32,
    /// The condition.
    pub criterion: Criterion,
}

/// Names one conversation: the `n`-th of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConversationKey {
    /// The tenant.
    pub org: OrgId,
    /// The run.
    pub run: RunId,
    /// The conversation's index in the run, from 0.
    pub n: u32,
}

impl std::fmt::Display for ConversationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.org, self.run, self.n)
    }
}

impl Plan {
    /// How many conversations the run has.
    pub fn n_conversations(&self) -> u32 {
        self.tests
            .iter()
            .fold(0, |total, test| total.saturating_add(test.run_count))
    }

    /// Which test, and which repetition of it (from 0), conversation `n` is; none if the run has no such conversation.
    pub fn locate(&self, n: u32) -> Option<(usize, u32)> {
        let mut run_index = n;
        for (test_idx, test) in self.tests.iter().enumerate() {
            match run_index.checked_sub(test.run_count) {
                None => return Some((test_idx, run_index)),
                Some(beyond) => run_index = beyond,
            }
        }
        None
    }

    /// The index of repetition `run_index` of test `test_idx`.
    pub fn index_of(&self, test_idx: usize, run_index: u32) -> Option<u32> {
        let test = self.tests.get(test_idx)?;
        if run_index >= test.run_count {
            return None;
        }
        let mut earlier = self.tests.iter().take(test_idx);
        earlier.try_fold(run_index, |n, test| n.checked_add(test.run_count))
    }

    /// Every conversation in the order of admission.
    pub fn admission(&self) -> Admission {
        Admission::new(self.tests.iter().map(|test| test.run_count))
    }
}
