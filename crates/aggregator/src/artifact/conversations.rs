//! `conversations.jsonl`: one conversation per line, whole, with a stable order of fields.
//!
//! A line is a JSON object of:
//! * `run`, `n` (its index in the run), `test_idx` and `run_index` (its repetition), all from 0; `unit_test_id`, `unit_test`;
//! * `verdict` (`passed`, `failed`, `invalid`, `errored`), `error` (what broke, or null);
//! * `end`: `reason` (such as `user_achieved`, `max_interactions`) and `detail` (the user's reason or what broke, or null);
//! * `attempts`, `claims`, `started_at`, `finished_at` (RFC 3339, UTC), `duration_ms`;
//! * `usage` (the agent's), `simulator_usage`, `judge_usage` and `total_usage`: `input_tokens`, `output_tokens`, `cost_micros` (millionths of a
//!   US dollar, 0 where no price is known), `estimated` (some of the tokens are);
//! * `turns`: `index`, `id`, `role`, `text`, `at`, `latency_ms`, `tool_calls` (`name`, `arguments`, `result`), `usage`, `completed`,
//!   `calls`, `repeated`, `note` (why the simulated user says it), `violations` (what the guard did not let through before it: `fault`,
//!   `detail`, `message`); the fields that only agent turns or only user turns have are null or empty on others;
//! * `evaluations`: `id`, `metric_id`, `metric_version`, `value`, `justification`, `references` (indices of turns), `error`, `usage`,
//!   `votes` (if several judges were asked, or one several times: `model`, `value`, `justification`, `error`), `agreement` (null without
//!   votes: `agreeing` `of` the votes that can be used gave the value, `share`);
//! * `criteria`: `name`, `evaluation_idx` (null: it was not judged), `condition`, `passed` (at the cap on interactions none does);
//! * `milestones`: `name`, `reached_at` (index of a turn, null: it was not reached), `justification`, `error` (why nobody can tell, or null);
//!   `partial_credit` (null without milestones): `reached` `of` those that somebody can tell about, `share`;
//! * `broken`: attempts in which the simulated user broke its part: `attempt` (from 1), `cause`, `violations`, `n_turns`. If the verdict is
//!   `invalid`, `turns` are those of the last of them.
//!
//! The JSON of tool calls is passed on as the agent wrote it, without the blanks between its parts. Names of workers are left out:
//! they are names of machines.

mod cast;

pub(super) use cast::CreditField;
use cast::{AgreementField, BrokenField, MilestoneField, ViolationField, VoteField};
use model::{
    ConversationResult, CriterionOutcome, EndReason, Evaluation, Json, MetricValue, ToolCall, Turn,
    evaluation_id, message_id,
};
use serde::Serialize;
use serde_json::value::RawValue;
use zip::PreparedZipFile;

use super::{ArtifactError, Place, archive::Entry, manifest::Sealed, usage::UsageField};
use crate::fold::{Credit, evaluation_of};

const NAME: &str = "conversations.jsonl";

/// The entry under way.
#[derive(Debug)]
pub(super) struct Conversations {
    entry: Entry,
}

impl Conversations {
    pub(super) fn new() -> Result<Self, ArtifactError> {
        Ok(Self {
            entry: Entry::new(NAME)?,
        })
    }

    /// Appends one line.
    pub(super) fn add(
        &mut self,
        sealed: &Sealed,
        place: Place<'_>,
        result: &ConversationResult,
    ) -> Result<(), ArtifactError> {
        let failed = |source| ArtifactError::entry(NAME, source);
        let mut line =
            serde_json::to_vec(&Line::new(sealed, place, result).map_err(failed)?).map_err(failed)?;
        line.push(b'\n');
        self.entry.write(&line)
    }

    pub(super) fn finish(self) -> Result<PreparedZipFile, ArtifactError> {
        self.entry.finish()
    }
}

#[derive(Serialize)]
struct Line<'a> {
    run: String,
    n: u32,
    test_idx: u32,
    unit_test_id: String,
    unit_test: &'a str,
    run_index: u32,
    verdict: &'static str,
    error: Option<&'a str>,
    end: End<'a>,
    attempts: u32,
    claims: u32,
    started_at: String,
    finished_at: String,
    duration_ms: u64,
    usage: UsageField,
    simulator_usage: UsageField,
    judge_usage: UsageField,
    total_usage: UsageField,
    turns: Vec<TurnField<'a>>,
    evaluations: Vec<EvaluationField<'a>>,
    criteria: Vec<CriterionField<'a>>,
    milestones: Vec<MilestoneField<'a>>,
    partial_credit: Option<CreditField>,
    broken: Vec<BrokenField<'a>>,
}

#[derive(Serialize)]
struct End<'a> {
    reason: &'static str,
    detail: Option<&'a str>,
}

#[derive(Serialize)]
struct TurnField<'a> {
    index: u32,
    id: String,
    role: &'static str,
    text: &'a str,
    at: String,
    latency_ms: Option<u64>,
    tool_calls: Vec<ToolCallField<'a>>,
    usage: Option<UsageField>,
    completed: bool,
    calls: u32,
    repeated: bool,
    note: Option<&'a str>,
    violations: Vec<ViolationField<'a>>,
}

#[derive(Serialize)]
struct ToolCallField<'a> {
    name: &'a str,
    arguments: Box<RawValue>,
    result: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct EvaluationField<'a> {
    id: String,
    metric_id: String,
    metric_version: u32,
    value: ValueField<'a>,
    justification: &'a str,
    references: &'a [u32],
    error: Option<&'a str>,
    usage: Option<UsageField>,
    votes: Vec<VoteField<'a>>,
    agreement: Option<AgreementField>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ValueField<'a> {
    Boolean(bool),
    Numerical(f64),
    Categorical(&'a str),
    NotApplicable(()),
}

impl<'a> From<Option<&'a MetricValue>> for ValueField<'a> {
    fn from(value: Option<&'a MetricValue>) -> Self {
        match value {
            Some(MetricValue::Boolean(value)) => Self::Boolean(*value),
            Some(MetricValue::Numerical(value)) => Self::Numerical(*value),
            Some(MetricValue::Categorical(value)) => Self::Categorical(value),
            None => Self::NotApplicable(()),
        }
    }
}

#[derive(Serialize)]
struct CriterionField<'a> {
    name: &'a str,
    evaluation_idx: Option<u32>,
    condition: String,
    passed: bool,
}

impl<'a> Line<'a> {
    fn new(
        sealed: &Sealed,
        place: Place<'a>,
        result: &'a ConversationResult,
    ) -> Result<Self, serde_json::Error> {
        let evaluations = (0..).zip(&result.evaluations);
        Ok(Self {
            run: result.run.to_string(),
            n: result.n,
            test_idx: result.test_idx,
            unit_test_id: result.unit_test_id.to_string(),
            unit_test: place.test.name.as_str(),
            run_index: result.run_index,
            verdict: result.verdict.as_str(),
            error: result.error.as_deref(),
            end: End {
                reason: result.end.as_str(),
                detail: detail(&result.end),
            },
            attempts: result.attempts,
            claims: result.claims,
            started_at: result.started_at.to_string(),
            finished_at: result.finished_at.to_string(),
            duration_ms: result.finished_at.millis_since(result.started_at),
            usage: result.usage.into(),
            simulator_usage: result.simulator_usage.into(),
            judge_usage: result.judge_usage.into(),
            total_usage: result.total_usage().into(),
            turns: result
                .turns
                .iter()
                .map(|turn| TurnField::new(result, turn))
                .collect::<Result<_, _>>()?,
            evaluations: evaluations
                .map(|(idx, evaluation)| EvaluationField::new(sealed, result, idx, evaluation))
                .collect(),
            criteria: result
                .criteria
                .iter()
                .map(|outcome| CriterionField::new(result, outcome))
                .collect(),
            milestones: result.milestones.iter().map(MilestoneField::from).collect(),
            partial_credit: CreditField::of(Credit::of(result)),
            broken: result.broken.iter().map(BrokenField::from).collect(),
        })
    }
}

/// What a reason for the end has to say beyond its name.
pub(super) fn detail(end: &EndReason) -> Option<&str> {
    match end {
        EndReason::UserLeft { outcome: _, reason } => reason.as_deref(),
        EndReason::AgentError { cause }
        | EndReason::SimulatorError { cause }
        | EndReason::Infrastructure { cause } => Some(cause),
        EndReason::AgentCompleted | EndReason::MaxInteractions => None,
    }
}

impl<'a> TurnField<'a> {
    fn new(result: &ConversationResult, turn: &'a Turn) -> Result<Self, serde_json::Error> {
        Ok(Self {
            index: turn.index,
            id: message_id(result.run, result.n, turn.index).to_string(),
            role: turn.role.as_str(),
            text: &turn.text,
            at: turn.at.to_string(),
            latency_ms: turn.latency_ms,
            tool_calls: turn
                .tool_calls
                .iter()
                .map(ToolCallField::new)
                .collect::<Result<_, _>>()?,
            usage: turn.usage.map(UsageField::from),
            completed: turn.completed,
            calls: turn.calls,
            repeated: turn.repeated,
            note: turn.note.as_deref(),
            violations: turn.violations.iter().map(ViolationField::from).collect(),
        })
    }
}

impl<'a> ToolCallField<'a> {
    fn new(call: &'a ToolCall) -> Result<Self, serde_json::Error> {
        Ok(Self {
            name: &call.name,
            arguments: on_one_line(&call.arguments)?,
            result: call.result.as_ref().map(on_one_line).transpose()?,
        })
    }
}

impl<'a> EvaluationField<'a> {
    fn new(sealed: &Sealed, result: &ConversationResult, idx: u32, evaluation: &'a Evaluation) -> Self {
        Self {
            id: evaluation_id(result.run, result.n, idx).to_string(),
            metric_id: evaluation.metric_id.to_string(),
            metric_version: evaluation.metric_version,
            value: evaluation.value.as_ref().into(),
            justification: &evaluation.justification,
            references: &evaluation.references,
            error: evaluation.error.as_deref(),
            usage: evaluation.usage.map(UsageField::from),
            votes: evaluation.votes.iter().map(VoteField::from).collect(),
            agreement: AgreementField::of(evaluation, sealed.domain(evaluation)),
        }
    }
}

impl<'a> CriterionField<'a> {
    fn new(result: &ConversationResult, outcome: &'a CriterionOutcome) -> Self {
        let evaluation_idx = outcome.evaluation_idx;
        Self {
            name: outcome.name.as_str(),
            evaluation_idx: evaluation_of(result, evaluation_idx).map(|_judged| evaluation_idx),
            condition: outcome.criterion.to_string(),
            passed: outcome.passed,
        }
    }
}

/// The JSON as it was written, without the blanks and line feeds between its parts: numbers keep every digit.
fn on_one_line(json: &Json) -> Result<Box<RawValue>, serde_json::Error> {
    let mut text = String::with_capacity(json.as_str().len());
    let (mut in_string, mut escaped) = (false, false);
    for c in json.as_str().chars() {
        if !in_string && c.is_ascii_whitespace() {
            continue;
        }
        in_string ^= c == '"' && !escaped;
        escaped = in_string && c == '\\' && !escaped;
        text.push(c);
    }
    RawValue::from_string(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_its_digits_and_loses_its_line_feeds() {
        let written =
            "{\n  \"a \\\" \\\\\" : 123456789012345678901234567890,\r\n\t\"b\": [ 1.50, \"x  y\" ] }";
        let json: Json = written.to_owned().try_into().unwrap();
        let expected = r#"{"a \" \\":123456789012345678901234567890,"b":[1.50,"x  y"]}"#;
        assert_eq!(on_one_line(&json).unwrap().get(), expected);
    }
}
