//! Rows that are not objects: where a projection stands, results without their transcripts, counts.

mod concluded;
mod conversation;
mod spent;

use std::{collections::BTreeMap, fmt};

pub use concluded::Concluded;
pub(crate) use concluded::{CHUNK, set_bit};
pub use conversation::{ConversationItem, MAX_LAST_MESSAGE_CHARS};
pub(crate) use conversation::{ConversationRow, PlannedConversation, last_message};
use model::{
    ConversationResult, CriterionOutcome, EndReason, Evaluation, EvaluationId, MetricId, Oid, Role, RunId,
    Tally, Time, UnitTestId, UserId, Verdict,
};
use serde::{Deserialize, Serialize};
pub use spent::Spent;

/// A log that the projections follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Log {
    /// Commits.
    Events,
    /// Results of conversations.
    Results,
}

impl Log {
    /// Both logs.
    pub const ALL: [Self; 2] = [Self::Events, Self::Results];

    /// `events` or `results`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Results => "results",
        }
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a projection stands in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// When the log was created; another time means another log.
    pub created: Time,
    /// The last sequence taken in; 0 if none was.
    pub sequence: u64,
}

/// The last sequence taken in of each log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sequences {
    /// Of the events.
    pub events: u64,
    /// Of the results.
    pub results: u64,
}

impl Sequences {
    /// Of `log`.
    pub const fn of(&self, log: Log) -> u64 {
        match log {
            Log::Events => self.events,
            Log::Results => self.results,
        }
    }

    pub(crate) const fn of_mut(&mut self, log: Log) -> &mut u64 {
        match log {
            Log::Events => &mut self.events,
            Log::Results => &mut self.results,
        }
    }
}

/// A conversation's result without what was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResultRow {
    /// The result's sequence in the log of results.
    pub sequence: u64,
    /// The run.
    pub run: RunId,
    /// The conversation's index in the run.
    pub n: u32,
    /// The test's position in the run's plan.
    pub test_idx: u32,
    /// The test.
    pub unit_test_id: UnitTestId,
    /// Which repetition, from 0.
    pub run_index: u32,
    /// How often the conversation was begun.
    pub attempts: u32,
    /// How often a worker took it over.
    pub claims: u32,
    /// The worker that finished it.
    pub worker: String,
    /// When the conversation began.
    pub started_at: Time,
    /// When it was judged.
    pub finished_at: Time,
    /// How many turns there were.
    pub n_turns: u32,
    /// How many interactions there were: replies of the agent, its greeting included.
    pub n_interactions: u32,
    /// Why it is over.
    pub end: EndReason,
    /// One per distinct metric version.
    pub evaluations: Vec<Evaluation>,
    /// One per criterion, in the plan's order.
    pub criteria: Vec<CriterionOutcome>,
    /// The verdict.
    pub verdict: Verdict,
    /// What broke, if the verdict is errored or invalid.
    pub error: Option<String>,
    /// What it took.
    pub spent: Spent,
}

impl ResultRow {
    pub(crate) fn of(sequence: u64, result: &ConversationResult) -> Self {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let replies = result
            .turns
            .iter()
            .filter(|turn| turn.role == Role::Agent)
            .count();
        Self {
            sequence,
            run: result.run,
            n: result.n,
            test_idx: result.test_idx,
            unit_test_id: result.unit_test_id,
            run_index: result.run_index,
            attempts: result.attempts,
            claims: result.claims,
            worker: result.worker.clone(),
            started_at: result.started_at,
            finished_at: result.finished_at,
            n_turns: count(result.turns.len()),
            n_interactions: count(replies),
            end: result.end.clone(),
            evaluations: result.evaluations.clone(),
            criteria: result.criteria.clone(),
            verdict: result.verdict,
            error: result.error.clone(),
            spent: Spent::of(result),
        }
    }
}

/// Where an evaluation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum EvaluationPlace {
    /// In the result of conversation `n`, at `evaluation_idx`.
    Result { run: RunId, n: u32, evaluation_idx: u32 },
    /// It is an object of its own.
    Manual(EvaluationId),
}

/// How many conversations of a run ended how. What is planned stands in the run itself, which may arrive later than its first
/// results; here nothing is planned and nothing cancelled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunCounts {
    /// Over all tests.
    pub(crate) total: Tally,
    /// By the test's position in the plan.
    pub(crate) tests: BTreeMap<u32, Tally>,
    /// What they took together.
    pub(crate) spent: Spent,
}

impl RunCounts {
    /// Counts one conversation in.
    pub(crate) fn count(&mut self, test_idx: u32, verdict: Verdict, spent: &Spent) {
        self.spent.add(spent);
        self.total.count(verdict);
        self.tests.entry(test_idx).or_default().count(verdict);
    }
}

/// What stands at a result's sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Arrival {
    /// The conversation's index in the run.
    pub(crate) n: u32,
    /// The run's counts, this result included; nothing planned and nothing cancelled.
    pub(crate) total: Tally,
}

/// What lists tell about a run's results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags {
    pub(crate) failed_metrics: bool,
    pub(crate) errored: bool,
}

impl Flags {
    /// An invalid conversation counts as an error: were it none, a run about which nothing can be said would look passed to a
    /// client that knows the flags only.
    pub(crate) const fn of(total: &Tally, cancelled: bool) -> Self {
        Self {
            failed_metrics: total.failed > 0,
            errored: cancelled || total.errored > 0 || total.invalid > 0,
        }
    }
}

/// A metric's value for one conversation, as lists of evaluations show it.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluationItem {
    /// The evaluation's id.
    pub id: Oid,
    /// The run.
    pub run: RunId,
    /// The conversation's index in the run.
    pub n: u32,
    /// When it was judged; the newest time if that was done again.
    pub at: Time,
    /// The evaluation. One made on demand names the messages that it rests on in its source instead.
    pub evaluation: Evaluation,
    /// Where it comes from.
    pub source: EvaluationSource,
}

/// Where an evaluation comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvaluationSource {
    /// The conversation was judged when it ended.
    Simulation {
        /// The test's position in the run's plan.
        test_idx: u32,
        /// The test.
        unit_test_id: UnitTestId,
        /// Which repetition, from 0.
        run_index: u32,
    },
    /// Somebody asked.
    Manual {
        /// The conversation, by its id on the wire.
        conversation_id: Oid,
        /// The last message that was looked at; none: all were.
        evaluate_to: Option<Oid>,
        /// Who asked last.
        invoked_by: UserId,
        /// The messages that it rests on, by their ids on the wire.
        references: Vec<Oid>,
        /// When it was judged first.
        created_at: Time,
    },
}

impl EvaluationItem {
    /// The metric.
    pub const fn metric_id(&self) -> MetricId {
        self.evaluation.metric_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_conversation_makes_a_run_errored_but_not_failed() {
        let mut counts = RunCounts::default();
        let flags = |failed_metrics, errored| Flags {
            failed_metrics,
            errored,
        };
        counts.count(3, Verdict::Passed, &Spent::default());
        assert_eq!(Flags::of(&counts.total, false), flags(false, false));
        assert_eq!(Flags::of(&counts.total, true), flags(false, true));
        counts.count(3, Verdict::Invalid, &Spent::default());
        assert_eq!(Flags::of(&counts.total, false), flags(false, true));
        counts.count(0, Verdict::Failed, &Spent::default());
        assert_eq!(Flags::of(&counts.total, false), flags(true, true));
    }
}
