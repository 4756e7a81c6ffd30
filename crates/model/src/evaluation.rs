//! Manual evaluations: the value of a metric for one conversation, measured when somebody asked.

use serde::{Deserialize, Serialize};

use crate::{EvaluationId, Life, MetricId, MetricValue, Oid, RunId};

/// The most evaluations that are recorded at once.
pub const MAX_EVALUATIONS: usize = 10;

/// The value of a metric for one conversation of a run, measured on demand. Measured again, it is replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ManualEvaluation {
    /// Its id; it follows from conversation and metric.
    pub id: EvaluationId,
    /// The run.
    pub run: RunId,
    /// The conversation's index in the run.
    pub n: u32,
    /// The conversation's id on the wire; see [`crate::conversation_id`].
    pub conversation_id: Oid,
    /// The metric.
    pub metric_id: MetricId,
    /// Its version.
    pub metric_version: u32,
    /// The value; none: the metric does not apply.
    pub value: Option<MetricValue>,
    /// Why that value.
    pub justification: String,
    /// The messages that it rests on, by their ids on the wire.
    pub references: Vec<Oid>,
    /// The last interaction that was looked at, by its id on the wire; none: all were.
    pub evaluate_to: Option<Oid>,
    /// The first measurement, and the newest; who asked for it stands there too.
    pub life: Life,
}

/// A value that was just measured, and of what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasuredValue {
    /// The run.
    pub run: RunId,
    /// The conversation's index in the run.
    pub n: u32,
    /// The metric.
    pub metric_id: MetricId,
    /// Its version.
    pub metric_version: u32,
    /// The value; none: the metric does not apply.
    pub value: Option<MetricValue>,
    /// Why that value.
    pub justification: String,
    /// The messages that it rests on, by their ids on the wire.
    pub references: Vec<Oid>,
    /// The last interaction that was looked at, by its id on the wire; none: all were.
    pub evaluate_to: Option<Oid>,
}

/// The id of the evaluation of a conversation by a metric.
pub fn manual_evaluation_id(conversation_id: Oid, metric_id: MetricId) -> EvaluationId {
    EvaluationId(Oid::derived(&[
        b"manual_evaluation",
        conversation_id.as_bytes(),
        metric_id.0.as_bytes(),
    ]))
}
