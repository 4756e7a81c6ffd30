//! Earlier versions of turns and results.

use serde::Deserialize;

use crate::{
    ConversationResult, CriterionOutcome, EndReason, Evaluation, MetricId, MetricValue, Role, RunId, Time,
    ToolCall, Turn, TurnRecord, UnitTestId, Usage, UserOutcome, Verdict,
};

#[derive(Clone, Copy, Deserialize)]
struct UsageV1 {
    input_tokens: u64,
    output_tokens: u64,
}

impl From<UsageV1> for Usage {
    fn from(usage: UsageV1) -> Self {
        Self::of_tokens(usage.input_tokens, usage.output_tokens)
    }
}

#[derive(Deserialize)]
pub(in super::super) struct TurnV1 {
    index: u32,
    role: Role,
    text: String,
    at: Time,
    latency_ms: Option<u64>,
    tool_calls: Vec<ToolCall>,
    usage: Option<UsageV1>,
    completed: bool,
    calls: u32,
    repeated: bool,
}

impl From<TurnV1> for Turn {
    fn from(turn: TurnV1) -> Self {
        Self {
            index: turn.index,
            role: turn.role,
            text: turn.text,
            at: turn.at,
            latency_ms: turn.latency_ms,
            tool_calls: turn.tool_calls,
            usage: turn.usage.map(Usage::from),
            completed: turn.completed,
            calls: turn.calls,
            repeated: turn.repeated,
            note: None,
            violations: Vec::new(),
            session: None,
        }
    }
}

/// Version 1 of `conversation.turn`: every simulated user followed a script.
#[derive(Deserialize)]
pub(in super::super) enum TurnRecordV1 {
    Claimed {
        worker: String,
        at: Time,
        restart: bool,
    },
    Said(TurnV1),
    UserLeft {
        outcome: UserOutcome,
        reason: Option<String>,
        at: Time,
    },
}

impl From<TurnRecordV1> for TurnRecord {
    fn from(record: TurnRecordV1) -> Self {
        match record {
            TurnRecordV1::Claimed { worker, at, restart } => Self::Claimed { worker, at, restart },
            TurnRecordV1::Said(turn) => Self::Said(turn.into()),
            TurnRecordV1::UserLeft { outcome, reason, at } => Self::UserLeft {
                outcome,
                reason,
                farewell: None,
                usage: None,
                violations: Vec::new(),
                at,
            },
        }
    }
}

#[derive(Deserialize)]
struct EvaluationV1 {
    metric_id: MetricId,
    metric_version: u32,
    value: Option<MetricValue>,
    justification: String,
    references: Vec<u32>,
    error: Option<String>,
}

impl From<EvaluationV1> for Evaluation {
    fn from(evaluation: EvaluationV1) -> Self {
        Self {
            metric_id: evaluation.metric_id,
            metric_version: evaluation.metric_version,
            value: evaluation.value,
            justification: evaluation.justification,
            references: evaluation.references,
            error: evaluation.error,
            votes: Vec::new(),
            usage: None,
        }
    }
}

/// Version 1 of `conversation.result`: no language models took part.
#[derive(Deserialize)]
pub(in super::super) struct ConversationResultV1 {
    run: RunId,
    n: u32,
    test_idx: u32,
    unit_test_id: UnitTestId,
    run_index: u32,
    attempts: u32,
    claims: u32,
    worker: String,
    started_at: Time,
    finished_at: Time,
    turns: Vec<TurnV1>,
    end: EndReason,
    evaluations: Vec<EvaluationV1>,
    criteria: Vec<CriterionOutcome>,
    verdict: Verdict,
    error: Option<String>,
    usage: UsageV1,
}

impl From<ConversationResultV1> for ConversationResult {
    fn from(result: ConversationResultV1) -> Self {
        Self {
            run: result.run,
            n: result.n,
            test_idx: result.test_idx,
            unit_test_id: result.unit_test_id,
            run_index: result.run_index,
            attempts: result.attempts,
            claims: result.claims,
            worker: result.worker,
            started_at: result.started_at,
            finished_at: result.finished_at,
            turns: result.turns.into_iter().map(Turn::from).collect(),
            end: result.end,
            evaluations: result.evaluations.into_iter().map(Evaluation::from).collect(),
            criteria: result.criteria,
            verdict: result.verdict,
            error: result.error,
            usage: result.usage.into(),
            simulator_usage: Usage::default(),
            judge_usage: Usage::default(),
            milestones: Vec::new(),
            broken: Vec::new(),
        }
    }
}
