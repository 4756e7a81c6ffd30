//! How a conversation ended and what was made of it.

use serde::{Deserialize, Serialize};

use super::{Turn, Usage, Violation};
use crate::{Criterion, MetricId, MetricValue, Name, RunId, Time, UnitTestId, UserOutcome};

/// The verdict on one conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// Every criterion holds.
    Passed,
    /// Some criterion does not hold, or the cap on interactions was reached.
    Failed,
    /// The simulated user broke, so nothing can be said about the agent.
    Invalid,
    /// The infrastructure, the agent's connection or a judge failed.
    Errored,
}

impl Verdict {
    /// `passed`, `failed`, `invalid` or `errored`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Invalid => "invalid",
            Self::Errored => "errored",
        }
    }
}

/// Why a conversation is over.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EndReason {
    /// The agent said that it is complete.
    AgentCompleted,
    /// The simulated user left.
    UserLeft {
        /// Whether it got what it wanted.
        outcome: UserOutcome,
        /// Why.
        reason: Option<String>,
    },
    /// The cap on interactions was reached and the simulated user had more to say.
    MaxInteractions,
    /// The agent could not be talked to.
    AgentError {
        /// What happened.
        cause: String,
    },
    /// The simulated user could not go on.
    SimulatorError {
        /// What happened.
        cause: String,
    },
    /// The conversation could not be held, through no fault of the agent or of the simulated user, and was given up.
    Infrastructure {
        /// What happened.
        cause: String,
    },
}

impl EndReason {
    /// The reason in one word, such as `max_interactions`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::AgentCompleted => "agent_completed",
            Self::UserLeft {
                outcome: UserOutcome::Achieved,
                ..
            } => "user_achieved",
            Self::UserLeft {
                outcome: UserOutcome::GaveUp,
                ..
            } => "user_gave_up",
            Self::MaxInteractions => "max_interactions",
            Self::AgentError { .. } => "agent_error",
            Self::SimulatorError { .. } => "simulator_error",
            Self::Infrastructure { .. } => "infrastructure",
        }
    }

    /// What broke, if the reason is that something broke.
    pub fn cause(&self) -> Option<&str> {
        match self {
            Self::AgentError { cause } | Self::SimulatorError { cause } | Self::Infrastructure { cause } => {
                Some(cause)
            }
            Self::AgentCompleted | Self::UserLeft { .. } | Self::MaxInteractions => None,
        }
    }
}

/// A metric version's value for one conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The metric.
    pub metric_id: MetricId,
    /// Its version.
    pub metric_version: u32,
    /// The value; none: the metric does not apply to this conversation, or the judge failed.
    pub value: Option<MetricValue>,
    /// Why that value.
    pub justification: String,
    /// Indices of the turns used.
    pub references: Vec<u32>,
    /// Why the judge failed, if it did.
    pub error: Option<String>,
    /// What each judge said, if several were asked or one several times, in order; empty if one was asked once.
    pub votes: Vec<Vote>,
    /// What the judges consumed, if they are language models.
    pub usage: Option<Usage>,
}

/// What one of several judges said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vote {
    /// The language model that judged.
    pub model: Name,
    /// The value; none: the metric does not apply, or the judge failed.
    pub value: Option<MetricValue>,
    /// Why that value.
    pub justification: String,
    /// Why the judge failed, if it did.
    pub error: Option<String>,
}

/// How far one milestone of the scenario was reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MilestoneOutcome {
    /// The milestone's name.
    pub name: Name,
    /// Index of the turn with which it was reached; none: it was not.
    pub reached_at: Option<u32>,
    /// Why.
    pub justification: String,
    /// Why nobody can tell, if so.
    pub error: Option<String>,
}

/// An attempt at a conversation in which the simulated user broke its part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BrokenAttempt {
    /// Which attempt, from 1.
    pub attempt: u32,
    /// What happened.
    pub cause: String,
    /// What the guard did not let through.
    pub violations: Vec<Violation>,
    /// How many turns there had been.
    pub n_turns: u32,
}

/// Whether one criterion holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CriterionOutcome {
    /// The criterion's name.
    pub name: Name,
    /// Index of the evaluation it looks at.
    pub evaluation_idx: u32,
    /// The condition.
    pub criterion: Criterion,
    /// Whether it holds.
    pub passed: bool,
}

/// Everything about one finished conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConversationResult {
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
    /// How often the conversation was begun; above 1 it had to start again.
    pub attempts: u32,
    /// How often a worker took it over; above 1 a worker was lost.
    pub claims: u32,
    /// The worker that finished it.
    pub worker: String,
    /// When the conversation began.
    pub started_at: Time,
    /// When it was judged.
    pub finished_at: Time,
    /// What was said.
    pub turns: Vec<Turn>,
    /// Why it is over.
    pub end: EndReason,
    /// One per distinct metric version, in the order of first use by the criteria.
    pub evaluations: Vec<Evaluation>,
    /// One per criterion, in the plan's order.
    pub criteria: Vec<CriterionOutcome>,
    /// The verdict.
    pub verdict: Verdict,
    /// What broke, if the verdict is errored or invalid.
    pub error: Option<String>,
    /// What the agent consumed, over all attempts.
    pub usage: Usage,
    /// What the language model consumed that plays the user, over all attempts; with the guard's.
    pub simulator_usage: Usage,
    /// What the language models consumed that judge.
    pub judge_usage: Usage,
    /// One per milestone of the scenario, in order; empty if nothing was judged.
    pub milestones: Vec<MilestoneOutcome>,
    /// The attempts in which the simulated user broke its part. If the verdict is invalid, this one is the last of them.
    pub broken: Vec<BrokenAttempt>,
}

impl ConversationResult {
    /// What everybody consumed together: agent, simulated user and judges.
    pub const fn total_usage(&self) -> Usage {
        let mut total = self.usage;
        total.add(self.simulator_usage);
        total.add(self.judge_usage);
        total
    }

    /// The verdict that follows from how the conversation ended, its evaluations and criteria, with what broke if something did.
    pub fn judge(
        end: &EndReason,
        evaluations: &[Evaluation],
        criteria: &[CriterionOutcome],
    ) -> (Verdict, Option<String>) {
        match end {
            EndReason::AgentError { cause } | EndReason::Infrastructure { cause } => {
                return (Verdict::Errored, Some(cause.clone()));
            }
            EndReason::SimulatorError { cause } => return (Verdict::Invalid, Some(cause.clone())),
            EndReason::AgentCompleted | EndReason::UserLeft { .. } | EndReason::MaxInteractions => {}
        }
        if let Some(error) = evaluations.iter().find_map(|evaluation| evaluation.error.clone()) {
            return (Verdict::Errored, Some(error));
        }
        if *end != EndReason::MaxInteractions && criteria.iter().all(|criterion| criterion.passed) {
            (Verdict::Passed, None)
        } else {
            (Verdict::Failed, None)
        }
    }
}
