//! Conversations: turns, how a conversation ends, its result, and the engine that drives it.
//!
//! The engine is sans-IO: it is told what happened and says what to do next, so a worker only performs effects, and a
//! crash, a replay and a test drive the same code.

mod engine;
mod guard;
mod interaction;
mod outcome;
#[cfg(test)]
mod tests;
mod usage;

pub use engine::{AgentInput, Engine, EngineOptions, Step};
pub use guard::{Fault, Violation};
pub use interaction::{interaction_id, interaction_indices};
pub use outcome::{
    BrokenAttempt, ConversationResult, CriterionOutcome, EndReason, Evaluation, MilestoneOutcome, Verdict,
    Vote,
};
use serde::{Deserialize, Serialize};
pub use usage::Usage;

use crate::{Json, Oid, RunId, Time, UserOutcome};

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// Its index in the conversation, from 0.
    pub index: u32,
    /// Who it is from.
    pub role: Role,
    /// What was said. Hostile text: never interpreted.
    pub text: String,
    /// When it was said.
    pub at: Time,
    /// For an agent turn: how long the reply took, in milliseconds, retries included.
    pub latency_ms: Option<u64>,
    /// For an agent turn: the tools the agent called to reply.
    pub tool_calls: Vec<ToolCall>,
    /// What was consumed to say it, if that is known: by the agent, or by the language model that plays the user.
    pub usage: Option<Usage>,
    /// For an agent turn: the agent says that the conversation is complete.
    pub completed: bool,
    /// For an agent turn: how many calls it took, 1 if the first succeeded.
    pub calls: u32,
    /// For an agent turn: the call may have reached the agent before, from a worker that was lost.
    pub repeated: bool,
    /// For a user's turn: why it is said, in the words of the language model that plays the user.
    pub note: Option<String>,
    /// For a user's turn: what the guard did not let through before it.
    pub violations: Vec<Violation>,
    /// For an agent turn: what another worker needs to go on with the agent's session, in a form that only its protocol understands. Never
    /// a secret.
    pub session: Option<String>,
}

/// Who a turn is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// The simulated user.
    User,
    /// The outside world: the text describes what happened.
    Event,
    /// The agent under test.
    Agent,
}

impl Role {
    /// `user`, `event` or `agent`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Event => "event",
            Self::Agent => "agent",
        }
    }
}

/// A tool that the agent called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The tool.
    pub name: String,
    /// With what.
    pub arguments: Json,
    /// What came back, if the agent told.
    pub result: Option<Json>,
}

/// One entry in the journal of a running conversation. Each is appended with the expected sequence of the one before,
/// which fences: a worker that lost its job finds its next entry refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TurnRecord {
    /// A worker took the conversation over.
    Claimed {
        /// The worker.
        worker: String,
        /// When.
        at: Time,
        /// Whether the conversation starts again from nothing (the agent cannot continue) rather than going on.
        restart: bool,
    },
    /// Something was said.
    Said(Turn),
    /// The simulated user left.
    UserLeft {
        /// Whether it got what it wanted.
        outcome: UserOutcome,
        /// Why.
        reason: Option<String>,
        /// What it says on leaving. The agent does not hear it.
        farewell: Option<String>,
        /// What the language model that plays the user consumed to decide so, if that is known.
        usage: Option<Usage>,
        /// What the guard did not let through before.
        violations: Vec<Violation>,
        /// When.
        at: Time,
    },
    /// The simulated user broke its part and could not be brought back to it: the attempt says nothing about the agent.
    UserBroke {
        /// What happened.
        cause: String,
        /// What the guard did not let through.
        violations: Vec<Violation>,
        /// What the language model that plays the user consumed in vain.
        usage: Option<Usage>,
        /// When.
        at: Time,
    },
}

/// The id that a turn has on the wire; it follows from what it names, so every replay gives the same.
pub fn message_id(run: RunId, n: u32, turn_index: u32) -> Oid {
    Oid::derived(&[
        b"message",
        run.0.as_bytes(),
        &n.to_be_bytes(),
        &turn_index.to_be_bytes(),
    ])
}

/// The id that a conversation has on the wire.
pub fn conversation_id(run: RunId, n: u32) -> Oid {
    Oid::derived(&[b"conversation", run.0.as_bytes(), &n.to_be_bytes()])
}

/// The id that an evaluation has on the wire.
pub fn evaluation_id(run: RunId, n: u32, evaluation_idx: u32) -> Oid {
    Oid::derived(&[
        b"evaluation",
        run.0.as_bytes(),
        &n.to_be_bytes(),
        &evaluation_idx.to_be_bytes(),
    ])
}
