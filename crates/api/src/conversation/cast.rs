//! What language models did in a conversation: what the guard stopped, how far milestones were reached, what judges said apart.

use model::{
    BrokenAttempt, ConversationResult, Fault, MilestoneOutcome, Name, Oid, Violation, Vote, message_id,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::shape::{MetricResultValue, result};

/// A step of the simulated user that the guard did not let through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConversationViolationView)]
pub struct ViolationView {
    /// What was wrong.
    pub fault: FaultWord,
    /// What exactly.
    pub detail: String,
    /// What the simulated user would have said. Hostile text: never to be interpreted.
    pub message: String,
}

/// How a simulated user can break its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConversationFaultWord)]
#[serde(rename_all = "snake_case")]
pub enum FaultWord {
    /// It speaks as the agent.
    RoleInversion,
    /// It shows its reasoning or its brief.
    Leak,
    /// It says nothing.
    Empty,
    /// It repeats itself, or the agent.
    Repetition,
    /// It opens the conversation again.
    SecondOpening,
    /// It says a mark that means the end.
    EndMarker,
    /// It leaves while the agent waits for an answer.
    LeftUnanswered,
    /// It states a fact that it cannot know.
    InventedFact,
    /// It speaks another language.
    WrongLanguage,
    /// It breaks its part in another way.
    OutOfCharacter,
}

/// How far a milestone was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConversationMilestoneView)]
pub struct MilestoneView {
    /// The milestone.
    pub name: Name,
    /// The message with which it was reached; none: it was not.
    #[schema(required)]
    pub reached_at: Option<Oid>,
    /// Why.
    pub justification: String,
    /// Why nobody can tell, if so.
    #[schema(required)]
    pub error: Option<String>,
}

/// An attempt in which the simulated user broke its part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConversationBrokenAttemptView)]
pub struct BrokenAttemptView {
    /// Which attempt, from 1.
    pub attempt: u32,
    /// What happened.
    pub cause: String,
    /// What the guard did not let through.
    pub violations: Vec<ViolationView>,
    /// How many messages there had been.
    pub n_turns: u32,
}

/// What one of several judges said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConversationVoteView)]
pub struct VoteView {
    /// The language model that judged.
    pub model: Name,
    /// The value; null: not applicable, or the judge failed.
    #[schema(value_type = MetricResultValue)]
    pub value: Value,
    /// Why that value.
    pub justification: String,
    /// Why the judge failed, if it did.
    #[schema(required)]
    pub error: Option<String>,
}

impl From<Fault> for FaultWord {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::RoleInversion => Self::RoleInversion,
            Fault::Leak => Self::Leak,
            Fault::Empty => Self::Empty,
            Fault::Repetition => Self::Repetition,
            Fault::SecondOpening => Self::SecondOpening,
            Fault::EndMarker => Self::EndMarker,
            Fault::LeftUnanswered => Self::LeftUnanswered,
            Fault::InventedFact => Self::InventedFact,
            Fault::WrongLanguage => Self::WrongLanguage,
            Fault::OutOfCharacter => Self::OutOfCharacter,
        }
    }
}

impl From<&Violation> for ViolationView {
    fn from(violation: &Violation) -> Self {
        Self {
            fault: violation.fault.into(),
            detail: violation.detail.clone(),
            message: violation.message.clone(),
        }
    }
}

impl From<&BrokenAttempt> for BrokenAttemptView {
    fn from(broken: &BrokenAttempt) -> Self {
        Self {
            attempt: broken.attempt,
            cause: broken.cause.clone(),
            violations: broken.violations.iter().map(Into::into).collect(),
            n_turns: broken.n_turns,
        }
    }
}

impl From<&Vote> for VoteView {
    fn from(vote: &Vote) -> Self {
        Self {
            model: vote.model.clone(),
            value: result(vote.value.as_ref()),
            justification: vote.justification.clone(),
            error: vote.error.clone(),
        }
    }
}

impl MilestoneView {
    /// As people see it.
    pub(super) fn of(conversation: &ConversationResult, outcome: &MilestoneOutcome) -> Self {
        let reached_at = outcome.reached_at;
        Self {
            name: outcome.name.clone(),
            reached_at: reached_at.map(|index| message_id(conversation.run, conversation.n, index)),
            justification: outcome.justification.clone(),
            error: outcome.error.clone(),
        }
    }
}
