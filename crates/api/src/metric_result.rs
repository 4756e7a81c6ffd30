//! Values that metrics had.

use model::{
    ConversationResult, ManualEvaluation, MetricId, Oid, OrgId, RunId, Time, UnitTestId, evaluation_id,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    MetricVersionFilter, SortKey, UserInfo,
    conversation::references,
    read::words,
    request::{list, request},
    shape::{MetricResultValue, SourceShape, result},
};

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceType {
    /// A real conversation, measured when it ended.
    PostSession,
    /// A real conversation, measured on demand.
    Manual,
    /// A conversation of a run.
    Simulation,
}

words! {
    SourceType {
        PostSession = "post-session",
        Manual = "manual",
        Simulation = "simulation",
    }
}

request! {
    /// Lists values.
    ListQuery {
        /// The page's size.
        limit: u32 = page_size(0..=500, 500),
        /// Where the page begins.
        continuation_token: u64 = page_start(),
        /// Not measured before.
        timestamp_after: Option<Time> = single(),
        /// Not measured after.
        timestamp_before: Option<Time> = single(),
        /// Of any of these metrics.
        metric_id: Vec<MetricId> = values(),
        /// Of any of these metric versions.
        metric_id_and_version: Vec<MetricVersionFilter> = values(),
        /// From any of these sources.
        source_type: Vec<SourceShape> = values(),
        /// Of any of these real conversations.
        conversation_id: Vec<Oid> = values(),
        /// Of any of these runs.
        simulation_unit_test_set_run_id: Vec<RunId> = values(),
        /// The order; none: newest first.
        sort_by: Vec<SortKey> = order(&["created_at"]),
    }
}

request! {
    /// Measures a real conversation.
    Evaluate {
        /// The metrics; their latest versions are used.
        metric_ids: Vec<MetricId> = distinct(1..=10),
        /// The conversation.
        conversation_id: Oid = required(),
        /// The last interaction to look at; none: all.
        evaluate_to_interaction_id: Option<Oid> = optional(),
    }
}

/// What was measured, in the order of the request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MetricResultEvaluated)]
pub struct Evaluated {
    /// One per metric.
    pub metrics: Vec<EvaluatedMetric>,
}

/// What one metric was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MetricResultEvaluatedMetric)]
pub struct EvaluatedMetric {
    /// The metric.
    pub metric_id: MetricId,
    /// Its value; null: not applicable.
    #[schema(value_type = MetricResultValue)]
    pub value: Value,
    /// The messages used.
    pub references: Vec<Oid>,
    /// Why that value.
    pub justification: String,
}

/// A value that a metric had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MetricResultInstance)]
pub struct Instance {
    /// Its id.
    pub id: Oid,
    /// The tenant.
    pub org_id: OrgId,
    /// When it was measured.
    pub created_at: Time,
    /// When it was measured last; the same unless that was done again.
    pub updated_at: Time,
    /// The metric.
    pub metric_id: MetricId,
    /// Its version.
    pub metric_version: u32,
    /// The value; null: not applicable.
    #[schema(value_type = MetricResultValue)]
    pub result: Value,
    /// Why that value.
    pub justification: String,
    /// Where it comes from.
    pub source: Source,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MetricResultSource)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Source {
    /// A conversation of a run.
    Simulation {
        /// The run.
        simulation_unit_test_set_run_id: RunId,
        /// The test.
        unit_test_id: UnitTestId,
        /// Which repetition, from 0.
        run_index: u32,
        /// The messages used.
        references: Vec<Oid>,
    },
    /// A real conversation, measured when it ended.
    PostSession {
        /// The conversation.
        conversation_id: Oid,
        /// The messages used.
        references: Vec<Oid>,
    },
    /// A real conversation, measured on demand.
    Manual {
        /// The conversation.
        conversation_id: Oid,
        /// The last interaction looked at; none: all.
        #[schema(required)]
        evaluate_to_interaction_id: Option<Oid>,
        /// Who asked.
        invoked_by: UserInfo,
        /// The messages used.
        references: Vec<Oid>,
    },
}

impl Instance {
    /// Every value of a conversation of a run, in order. A judge that failed gave none.
    pub fn of_conversation(org: &OrgId, conversation: &ConversationResult) -> Vec<Self> {
        let evaluations = conversation.evaluations.iter().zip(0_u32..);
        evaluations
            .filter(|(evaluation, _)| evaluation.error.is_none())
            .map(|(evaluation, index)| Self {
                id: evaluation_id(conversation.run, conversation.n, index),
                org_id: org.clone(),
                created_at: conversation.finished_at,
                updated_at: conversation.finished_at,
                metric_id: evaluation.metric_id,
                metric_version: evaluation.metric_version,
                result: result(evaluation.value.as_ref()),
                justification: evaluation.justification.clone(),
                source: Source::Simulation {
                    simulation_unit_test_set_run_id: conversation.run,
                    unit_test_id: conversation.unit_test_id,
                    run_index: conversation.run_index,
                    references: references(conversation, evaluation),
                },
            })
            .collect()
    }
}

impl Instance {
    /// A value that was measured on demand.
    pub fn of_manual(org: &OrgId, evaluation: &ManualEvaluation) -> Self {
        Self {
            id: evaluation.id.0,
            org_id: org.clone(),
            created_at: evaluation.life.created.at,
            updated_at: evaluation.life.updated.at,
            metric_id: evaluation.metric_id,
            metric_version: evaluation.metric_version,
            result: result(evaluation.value.as_ref()),
            justification: evaluation.justification.clone(),
            source: Source::Manual {
                conversation_id: evaluation.conversation_id,
                evaluate_to_interaction_id: evaluation.evaluate_to,
                invoked_by: UserInfo::of(org, &evaluation.life.updated),
                references: evaluation.references.clone(),
            },
        }
    }
}

/// What filters of values can hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MetricResultFilterValues)]
pub struct FilterValues {
    /// Metrics.
    pub metric_ids: Vec<MetricId>,
}

list! {
    /// A page of values.
    List { metric_evaluation_results: Instance, FilterValues }
}
