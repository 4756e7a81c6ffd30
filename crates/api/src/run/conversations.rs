//! The conversations of a run, one row each, and the question for a whole one.

use model::{ConversationResult, Name, Oid, RunId, Time, UnitTestId, evaluation_id};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{
    FieldErrors, Pointer,
    read::{Fields, Read},
    request::{
        request,
        schema::{self, Components, Object, referred},
    },
    shape::{MetricResultValue, VerdictShape, result},
};

request! {
    /// Lists the finished conversations of a run.
    ResultsQuery {
        /// The run.
        id: RunId = required(),
        /// With any of these verdicts.
        verdict: Vec<VerdictShape> = values(),
        /// Of any of these tests.
        unit_test_id: Vec<UnitTestId> = values(),
        /// The page's size.
        limit: u32 = page_size(1..=500, 50),
        /// Where the page begins.
        continuation_token: u64 = page_start(),
    }
}

/// Asks for one whole conversation: by its index in the run, or by test and repetition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TranscriptQuery {
    /// The run.
    pub id: RunId,
    /// The conversation's index in the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<u32>,
    /// The test's name; if it stands in the set twice, its first entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<Name>,
    /// The test's position in the run, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_idx: Option<u32>,
    /// Which repetition, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_index: Option<u32>,
}

impl PartialSchema for TranscriptQuery {
    fn schema() -> RefOr<Schema> {
        let mut object = Object::new(
            "Asks for one whole conversation: by its index in the run, or by test and repetition.",
        );
        object.field("id", "The run.", schema::required::<RunId>());
        object.field(
            "n",
            "The conversation's index in the run. Give exactly one of `n`, `test` and `test_idx`.",
            schema::count(0..=u32::MAX),
        );
        object.field(
            "test",
            "The test's name; if it stands in the set twice, its first entry.",
            schema::single::<Name>(),
        );
        object.field(
            "test_idx",
            "The test's position in the run, from 0.",
            schema::count(0..=u32::MAX),
        );
        object.field(
            "run_index",
            "Which repetition, from 0; not beside `n`.",
            schema::count(0..=u32::MAX),
        );
        object.exactly_one(&["n", "test", "test_idx"]);
        object.finish(true)
    }
}

impl ToSchema for TranscriptQuery {
    fn schemas(components: &mut Components) {
        referred::<RunId>(components);
        referred::<Name>(components);
    }
}

impl Read for TranscriptQuery {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let mut fields = Fields::of(value, at, errors)?;
        let id = fields.required("id");
        let n = fields.count("n", 0..=u32::MAX);
        let test = fields.single("test");
        let test_idx = fields.count("test_idx", 0..=u32::MAX);
        let run_index = fields.count("run_index", 0..=u32::MAX);
        let query = Self {
            id: id?,
            n: n?,
            test: test?,
            test_idx: test_idx?,
            run_index: run_index?,
        };
        let ways = [query.n.is_some(), query.test.is_some(), query.test_idx.is_some()];
        if ways.into_iter().filter(|given| *given).count() != 1 {
            fields.fault_here("must name the conversation by exactly one of `n`, `test` or `test_idx`");
        } else if query.n.is_some() && query.run_index.is_some() {
            fields.fault("run_index", "`n` names the repetition already");
        }
        fields.finish();
        Some(query)
    }
}

/// One finished conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunConversationRow)]
pub struct ConversationRow {
    /// Its index in the run.
    pub n: u32,
    /// The test's position in the run.
    pub test_idx: u32,
    /// The test.
    pub unit_test_id: UnitTestId,
    /// Its name.
    pub unit_test_name: Name,
    /// Which repetition, from 0.
    pub run_index: u32,
    /// The verdict.
    pub verdict: VerdictShape,
    /// Why the conversation is over, in one word.
    pub end_reason: String,
    /// What broke, if something did.
    #[schema(required)]
    pub error: Option<String>,
    /// How many turns there were.
    pub n_turns: u32,
    /// When it began.
    pub started_at: Time,
    /// How long it took, judging included, in milliseconds.
    pub duration_ms: u64,
    /// How often it was begun; above 1 it had to start again.
    pub attempts: u32,
    /// One per criterion.
    pub criteria: Vec<CriterionRow>,
}

/// A criterion of a finished conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunCriterionRow)]
pub struct CriterionRow {
    /// The criterion's name.
    pub name: Name,
    /// The evaluation it looked at.
    pub metric_evaluation_result_id: Oid,
    /// The metric's value; null: not applicable.
    #[schema(value_type = MetricResultValue)]
    pub value: Value,
    /// Whether the criterion held.
    pub passed: bool,
}

impl ConversationRow {
    /// The row of a result; the name is the test's in the run's plan.
    pub fn of(conversation: &ConversationResult, unit_test_name: &Name) -> Self {
        let criterion = |outcome: &model::CriterionOutcome| {
            let evaluation = usize::try_from(outcome.evaluation_idx)
                .ok()
                .and_then(|index| conversation.evaluations.get(index));
            CriterionRow {
                name: outcome.name.clone(),
                metric_evaluation_result_id: evaluation_id(
                    conversation.run,
                    conversation.n,
                    outcome.evaluation_idx,
                ),
                value: result(evaluation.and_then(|evaluation| evaluation.value.as_ref())),
                passed: outcome.passed,
            }
        };
        Self {
            n: conversation.n,
            test_idx: conversation.test_idx,
            unit_test_id: conversation.unit_test_id,
            unit_test_name: unit_test_name.clone(),
            run_index: conversation.run_index,
            verdict: conversation.verdict.into(),
            end_reason: conversation.end.as_str().to_owned(),
            error: conversation.error.clone(),
            n_turns: u32::try_from(conversation.turns.len()).unwrap_or(u32::MAX),
            started_at: conversation.started_at,
            duration_ms: conversation.finished_at.millis_since(conversation.started_at),
            attempts: conversation.attempts,
            criteria: conversation.criteria.iter().map(criterion).collect(),
        }
    }
}

/// A page of finished conversations, in order of their index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunConversationRows)]
pub struct ConversationRows {
    /// The page.
    pub conversations: Vec<ConversationRow>,
    /// Whether there is a further page.
    pub has_more: bool,
    /// Where the further page begins; none if there is none.
    #[schema(required)]
    pub continuation_token: Option<u64>,
}
