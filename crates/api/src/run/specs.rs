//! What a run executes.

use std::collections::BTreeMap;

use model::{
    AgentId, ContextGraphId, MetricId, Name, PersonaId, PlannedTest, ScenarioId, ServiceId, UnitTestId,
    VersionSetName,
};
use serde::{Deserialize, Serialize};

use crate::shape::{CriterionShape, ModelPreferenceShape, ModelPreferenceView, preferences};

/// One test of a run, with every version pinned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunTestSpec)]
pub struct TestSpec {
    /// The test.
    pub unit_test_id: UnitTestId,
    /// Repetitions.
    pub run_count: u32,
    /// The context graph and its version.
    pub service_hierarchical_state_machine_version_info: (ContextGraphId, u32),
    /// The agent and its version.
    pub agent_version_info: (AgentId, u32),
    /// The scenario and its version; hidden from callers who may not see unit tests.
    #[schema(required)]
    pub scenario_version_info: Option<(ScenarioId, u32)>,
    /// The persona and its version; hidden from callers who may not see unit tests.
    #[schema(required)]
    pub persona_version_info: Option<(PersonaId, u32)>,
    /// Preferred models by interaction.
    #[schema(value_type = BTreeMap<String, ModelPreferenceView>)]
    pub llm_model_preferences: BTreeMap<String, ModelPreferenceShape>,
    /// The cap on interactions.
    pub max_interactions: u32,
    /// What decides, in order.
    pub metrics_to_evaluate: Vec<MetricToEvaluate>,
    /// What Rehearse adds.
    pub rehearse: TestSpecExtension,
}

/// A criterion of a test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunMetricToEvaluate)]
pub struct MetricToEvaluate {
    /// The metric.
    pub metric_id: MetricId,
    /// The criterion's name.
    pub success_criterion_name: Name,
    /// The condition.
    pub success_criterion: CriterionShape,
}

/// What Rehearse adds to a test of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunTestSpecExtension)]
pub struct TestSpecExtension {
    /// The test's name; hidden from callers who may not see the unit test.
    #[schema(required)]
    pub name: Option<Name>,
    /// The service under test.
    pub service_id: ServiceId,
    /// Its version set.
    pub version_set: VersionSetName,
}

impl TestSpec {
    /// A planned test.
    pub fn of(test: &PlannedTest) -> Self {
        Self {
            unit_test_id: test.unit_test_id,
            run_count: test.run_count,
            service_hierarchical_state_machine_version_info: test.context_graph,
            agent_version_info: test.agent,
            scenario_version_info: Some(test.scenario),
            persona_version_info: Some(test.persona),
            llm_model_preferences: preferences(&test.llm_model_preferences),
            max_interactions: test.max_interactions,
            metrics_to_evaluate: test
                .criteria
                .iter()
                .map(|criterion| MetricToEvaluate {
                    metric_id: criterion.metric_id,
                    success_criterion_name: criterion.name.clone(),
                    success_criterion: criterion.criterion.clone().into(),
                })
                .collect(),
            rehearse: TestSpecExtension {
                name: Some(test.name.clone()),
                service_id: test.service_id,
                version_set: test.version_set.clone(),
            },
        }
    }
}
