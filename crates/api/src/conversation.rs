//! Finished conversations: one of them whole, lists of them, and their messages.

mod cast;
mod list;
mod messages;

pub use cast::{BrokenAttemptView, FaultWord, MilestoneView, ViolationView, VoteView};
pub use list::{
    Extension, Instance, List, ListQuery, PostProcessing, RUN_INDEX_TAG, RUN_TAG, UNIT_TEST_TAG,
    VersionSetInfo, labels,
};
pub use messages::{Format, Message, MessageType, Messages, MessagesQuery};
use model::{
    ConversationResult, Evaluation, Json, MetricId, Name, Oid, Role, RunId, Time, ToolCall, Turn, UnitTestId,
    Usage, UserOutcome, evaluation_id, message_id,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::shape::{CriterionShape, MetricResultValue, VerdictShape, result};

/// Everything about one finished conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Conversation {
    /// The run.
    pub run_id: RunId,
    /// The conversation's index in the run.
    pub n: u32,
    /// The test's position in the run.
    pub test_idx: u32,
    /// The test.
    pub unit_test_id: UnitTestId,
    /// Which repetition, from 0.
    pub run_index: u32,
    /// How often it was begun; above 1 it had to start again.
    pub attempts: u32,
    /// How often a worker took it over; above 1 a worker was lost.
    pub claims: u32,
    /// The worker that finished it.
    pub worker: String,
    /// When it began.
    pub started_at: Time,
    /// When it was judged.
    pub finished_at: Time,
    /// What was said. Hostile text: never to be interpreted.
    pub turns: Vec<TurnView>,
    /// Why it is over.
    pub end: EndView,
    /// One per distinct metric version.
    pub evaluations: Vec<EvaluationView>,
    /// One per criterion.
    pub criteria: Vec<CriterionView>,
    /// The verdict.
    pub verdict: VerdictShape,
    /// What broke, if something did.
    #[schema(required)]
    pub error: Option<String>,
    /// What the agent consumed, over all attempts.
    pub usage: UsageView,
    /// What the language model consumed that plays the user, over all attempts; with the guard's.
    pub simulator_usage: UsageView,
    /// What the language models consumed that judge.
    pub judge_usage: UsageView,
    /// One per milestone of the scenario, in order; empty if nothing was judged.
    pub milestones: Vec<MilestoneView>,
    /// The attempts in which the simulated user broke its part. If the verdict is invalid, the turns are those of the last.
    pub broken: Vec<BrokenAttemptView>,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConversationTurnView)]
pub struct TurnView {
    /// Its index in the conversation.
    pub index: u32,
    /// Its id, as metric results refer to it.
    pub message_id: Oid,
    /// `user`, `event` or `agent`.
    pub role: RoleWord,
    /// What was said.
    pub text: String,
    /// When it was said.
    pub at: Time,
    /// For an agent turn: how long the reply took, in milliseconds.
    #[schema(required)]
    pub latency_ms: Option<u64>,
    /// For an agent turn: the tools the agent called.
    pub tool_calls: Vec<ToolCallView>,
    /// What was consumed to say it, if that is known.
    #[schema(required)]
    pub usage: Option<UsageView>,
    /// For an agent turn: the agent says that the conversation is complete.
    pub completed: bool,
    /// For an agent turn: how many calls it took.
    pub calls: u32,
    /// For an agent turn: the call may have reached the agent before.
    pub repeated: bool,
    /// For a user's turn: why it is said, in the words of the language model that plays the user.
    #[schema(required)]
    pub note: Option<String>,
    /// For a user's turn: what the guard did not let through before it.
    pub violations: Vec<ViolationView>,
}

/// Who a message is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConversationRoleWord)]
#[serde(rename_all = "snake_case")]
pub enum RoleWord {
    /// The simulated user.
    User,
    /// The outside world.
    Event,
    /// The agent under test.
    Agent,
}

impl From<Role> for RoleWord {
    fn from(role: Role) -> Self {
        match role {
            Role::User => Self::User,
            Role::Event => Self::Event,
            Role::Agent => Self::Agent,
        }
    }
}

/// A tool that the agent called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConversationToolCallView)]
pub struct ToolCallView {
    /// The tool.
    pub name: String,
    /// With what.
    pub arguments: Value,
    /// What came back, if the agent told.
    #[schema(required)]
    pub result: Option<Value>,
}

/// Tokens read and written, and what they cost; zero where nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConversationUsageView)]
pub struct UsageView {
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// What they cost, in millionths of a US dollar; zero where no price is known.
    pub cost_micros: u64,
    /// Some of the tokens are estimates from the length of the texts.
    pub estimated: bool,
}

impl From<Usage> for UsageView {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cost_micros: usage.cost_micros,
            estimated: usage.estimated,
        }
    }
}

/// Why a conversation is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConversationEndView)]
pub struct EndView {
    /// In one word: `agent_completed`, `user_achieved`, `user_gave_up`, `max_interactions`, `agent_error`,
    /// `simulator_error` or `infrastructure`.
    pub reason: String,
    /// If the simulated user left: whether it got what it wanted.
    #[schema(required)]
    pub outcome: Option<String>,
    /// Why the simulated user left, or what broke.
    #[schema(required)]
    pub detail: Option<String>,
}

impl From<&model::EndReason> for EndView {
    fn from(end: &model::EndReason) -> Self {
        use model::EndReason;
        let outcome = |outcome: &UserOutcome| Some(outcome.as_str().to_owned());
        let (outcome, detail) = match end {
            EndReason::UserLeft { outcome: how, reason } => (outcome(how), reason.clone()),
            EndReason::AgentError { cause }
            | EndReason::SimulatorError { cause }
            | EndReason::Infrastructure { cause } => (None, Some(cause.clone())),
            EndReason::AgentCompleted | EndReason::MaxInteractions => (None, None),
        };
        Self {
            reason: end.as_str().to_owned(),
            outcome,
            detail,
        }
    }
}

/// A metric version's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConversationEvaluationView)]
pub struct EvaluationView {
    /// The evaluation's id.
    pub id: Oid,
    /// The metric.
    pub metric_id: MetricId,
    /// Its version.
    pub metric_version: u32,
    /// The value; null: not applicable, or the judge failed.
    #[schema(value_type = MetricResultValue)]
    pub value: Value,
    /// Why that value.
    pub justification: String,
    /// The messages used.
    pub references: Vec<Oid>,
    /// Why the judge failed, if it did.
    #[schema(required)]
    pub error: Option<String>,
    /// What each judge said, if several were asked or one several times.
    pub votes: Vec<VoteView>,
    /// What the judges consumed, if they are language models.
    #[schema(required)]
    pub usage: Option<UsageView>,
}

/// Whether one criterion held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConversationCriterionView)]
pub struct CriterionView {
    /// The criterion's name.
    pub name: Name,
    /// Index of the evaluation it looked at.
    pub evaluation_idx: u32,
    /// The condition.
    pub criterion: CriterionShape,
    /// Whether it held.
    pub passed: bool,
}

impl From<&ConversationResult> for Conversation {
    fn from(conversation: &ConversationResult) -> Self {
        let evaluations = conversation.evaluations.iter().zip(0_u32..);
        Self {
            run_id: conversation.run,
            n: conversation.n,
            test_idx: conversation.test_idx,
            unit_test_id: conversation.unit_test_id,
            run_index: conversation.run_index,
            attempts: conversation.attempts,
            claims: conversation.claims,
            worker: conversation.worker.clone(),
            started_at: conversation.started_at,
            finished_at: conversation.finished_at,
            turns: conversation
                .turns
                .iter()
                .map(|turn| turn_view(conversation, turn))
                .collect(),
            end: (&conversation.end).into(),
            evaluations: evaluations
                .map(|(evaluation, index)| evaluation_view(conversation, evaluation, index))
                .collect(),
            criteria: conversation
                .criteria
                .iter()
                .map(|outcome| CriterionView {
                    name: outcome.name.clone(),
                    evaluation_idx: outcome.evaluation_idx,
                    criterion: outcome.criterion.clone().into(),
                    passed: outcome.passed,
                })
                .collect(),
            verdict: conversation.verdict.into(),
            error: conversation.error.clone(),
            usage: conversation.usage.into(),
            simulator_usage: conversation.simulator_usage.into(),
            judge_usage: conversation.judge_usage.into(),
            milestones: conversation
                .milestones
                .iter()
                .map(|outcome| MilestoneView::of(conversation, outcome))
                .collect(),
            broken: conversation.broken.iter().map(Into::into).collect(),
        }
    }
}

fn turn_view(conversation: &ConversationResult, turn: &Turn) -> TurnView {
    let tool_call = |call: &ToolCall| ToolCallView {
        name: call.name.clone(),
        arguments: call.arguments.value(),
        result: call.result.as_ref().map(Json::value),
    };
    TurnView {
        index: turn.index,
        message_id: message_id(conversation.run, conversation.n, turn.index),
        role: turn.role.into(),
        text: turn.text.clone(),
        at: turn.at,
        latency_ms: turn.latency_ms,
        tool_calls: turn.tool_calls.iter().map(tool_call).collect(),
        usage: turn.usage.map(Into::into),
        completed: turn.completed,
        calls: turn.calls,
        repeated: turn.repeated,
        note: turn.note.clone(),
        violations: turn.violations.iter().map(Into::into).collect(),
    }
}

/// The messages that an evaluation used.
pub(crate) fn references(conversation: &ConversationResult, evaluation: &Evaluation) -> Vec<Oid> {
    evaluation
        .references
        .iter()
        .map(|index| message_id(conversation.run, conversation.n, *index))
        .collect()
}

fn evaluation_view(conversation: &ConversationResult, evaluation: &Evaluation, index: u32) -> EvaluationView {
    EvaluationView {
        id: evaluation_id(conversation.run, conversation.n, index),
        metric_id: evaluation.metric_id,
        metric_version: evaluation.metric_version,
        value: result(evaluation.value.as_ref()),
        justification: evaluation.justification.clone(),
        references: references(conversation, evaluation),
        error: evaluation.error.clone(),
        votes: evaluation.votes.iter().map(Into::into).collect(),
        usage: evaluation.usage.map(Into::into),
    }
}
