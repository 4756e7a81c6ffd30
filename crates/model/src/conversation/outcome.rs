//! How a conversation ended and what was made of it.

use serde::{Deserialize, Serialize};

use super::Turn;
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

/// What was consumed. Zero where the agent did not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
}

impl Usage {
    /// Adds another usage to this one.
    pub const fn add(&mut self, other: Self) {
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
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
    /// Over all turns.
    pub usage: Usage,
}

impl ConversationResult {
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
