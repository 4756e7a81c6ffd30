//! Simulated users: who talks to the agent under test.
//!
//! A worker asks for the next move and knows nothing about who makes it: a script, or a language model.

mod played;
mod scripted;
mod walk;

use async_trait::async_trait;
use model::{Turn, Usage, UserOutcome, Violation};
pub(crate) use walk::{Conditions, SCRIPT_VARIABLES, condition_path, step_path};

use crate::{AskError, Briefing, ModelSource};

/// What a simulated user does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserMove {
    /// It says something.
    Say(String),
    /// It leaves.
    Leave {
        /// Whether it got what it wanted.
        outcome: UserOutcome,
        /// Why.
        reason: Option<String>,
        /// What it says on leaving. The agent does not hear it.
        farewell: Option<String>,
    },
}

/// A simulated user's next move, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserStep {
    /// What it does.
    pub action: UserMove,
    /// Why, in the words of the language model that plays the user.
    pub note: Option<String>,
    /// What that model consumed.
    pub usage: Option<Usage>,
    /// What the guard did not let through before.
    pub violations: Vec<Violation>,
}

impl UserStep {
    /// A move that no language model made.
    pub const fn of(action: UserMove) -> Self {
        Self {
            action,
            note: None,
            usage: None,
            violations: Vec::new(),
        }
    }
}

/// A simulated user that cannot go on: nothing is said about the agent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// Nobody plays this user.
    #[error(
        "scenario `{scenario}` has no `script`, and the run names no model to play the user; add a `script`"
    )]
    NoModel {
        /// The scenario.
        scenario: String,
    },
    /// The language model that plays the user broke its part, and did so again when it was told.
    #[error("the simulated user broke its part: {cause}")]
    Broke {
        /// The faults that it was stopped for last.
        cause: String,
        /// Every step that the guard did not let through.
        violations: Vec<Violation>,
        /// What was consumed in vain.
        usage: Usage,
    },
    /// The language model that plays the user gave no usable answer.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// A step of the script cannot be carried out.
    #[error("script of scenario `{scenario}`, {path}: {reason}")]
    Step {
        /// The scenario.
        scenario: String,
        /// Where in the script, such as `steps[2].say`.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// The script goes round without saying anything.
    #[error(
        "script of scenario `{scenario}`: {limit} steps passed without anything said; does a loop neither speak nor end?"
    )]
    Endless {
        /// The scenario.
        scenario: String,
        /// How many steps one walk may take.
        limit: u32,
    },
    /// The conversation holds more of the user's turns than the script has.
    #[error("script of scenario `{scenario}` ends after {scripted} messages, but the user has said {said}")]
    Diverged {
        /// The scenario.
        scenario: String,
        /// How many messages the script has on this way.
        scripted: usize,
        /// How many the conversation holds.
        said: usize,
    },
    /// The script took too long or broke this program.
    #[error("script of scenario `{scenario}` {reason}")]
    Broken {
        /// The scenario.
        scenario: String,
        /// What happened.
        reason: String,
    },
}

/// Plays the user of one conversation.
#[async_trait]
pub trait SimulatedUser: Send {
    /// What the user does after `turns`: all that was said so far. It must follow from the turns and the briefing alone, so that
    /// a conversation goes on with another worker as it would have gone on with this one.
    async fn next(&mut self, turns: &[Turn]) -> Result<UserStep, UserError>;
}

/// Who plays the user of this conversation: its scenario's script, or a language model that `models` gives out.
pub fn simulated_user(
    briefing: &Briefing,
    models: &dyn ModelSource,
) -> Result<Box<dyn SimulatedUser>, UserError> {
    match &briefing.scenario.content.script {
        Some(script) => Ok(Box::new(scripted::ScriptedUser::new(script.clone(), briefing))),
        None => Ok(Box::new(played::PlayedUser::new(briefing, models)?)),
    }
}
