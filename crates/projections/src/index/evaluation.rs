//! The postings of evaluations, simulated and manual.

use model::{ManualEvaluation, Oid, evaluation_id};

use super::{Field, value};
use crate::{
    key::Key,
    row::{EvaluationPlace, ResultRow},
};

/// Everything by which one evaluation is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EvaluationPostings {
    pub(crate) id: Oid,
    /// Where it stands; carried by every posting.
    pub(crate) place: EvaluationPlace,
    pub(crate) order: Vec<u8>,
    /// Fields and values.
    pub(crate) entries: Vec<(Field, Vec<u8>)>,
}

impl EvaluationPostings {
    /// Of every evaluation in a result, in order.
    pub(crate) fn of_result(row: &ResultRow) -> impl Iterator<Item = Self> {
        (0_u32..)
            .zip(&row.evaluations)
            .map(move |(evaluation_idx, evaluation)| {
                let id = evaluation_id(row.run, row.n, evaluation_idx);
                let metric = evaluation.metric_id.0;
                Self {
                    id,
                    place: EvaluationPlace::Result {
                        run: row.run,
                        n: row.n,
                        evaluation_idx,
                    },
                    order: Key::default().newest_first(row.finished_at).oid(id).done(),
                    entries: vec![
                        (Field::All, Vec::new()),
                        (Field::Metric, value::oid(metric)),
                        (
                            Field::MetricVersion,
                            value::version(metric, evaluation.metric_version),
                        ),
                        (Field::Run, value::oid(row.run.0)),
                        (Field::Manual, value::flag(false)),
                    ],
                }
            })
    }

    /// Of one that was made on demand. It stands at its newest measurement. It is found by its conversation and not by the run.
    pub(crate) fn of_manual(evaluation: &ManualEvaluation) -> Self {
        let metric = evaluation.metric_id.0;
        let at = evaluation.life.updated.at;
        Self {
            id: evaluation.id.0,
            place: EvaluationPlace::Manual(evaluation.id),
            order: Key::default().newest_first(at).oid(evaluation.id.0).done(),
            entries: vec![
                (Field::All, Vec::new()),
                (Field::Metric, value::oid(metric)),
                (
                    Field::MetricVersion,
                    value::version(metric, evaluation.metric_version),
                ),
                (Field::Manual, value::flag(true)),
                (Field::Conversation, value::oid(evaluation.conversation_id)),
            ],
        }
    }
}
