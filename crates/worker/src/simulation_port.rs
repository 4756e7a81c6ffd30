//! The seam to the crate that talks to models and agents, so that tests can put users and agents in its place that do what the test
//! says.

#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use model::{AgentInput, Turn, Usage, Violation};
use simulation::{
    AgentCall, AgentReply, AgentSession, Agents, Briefing, BudgetLimits, Cassette, Cassettes,
    ConversationModels, Judged, LanguageModels, Material, SimulatedUser, UserError, UserStep, evaluate,
    simulated_user,
};

use crate::failure::chain;

/// Provides those who take part in conversations.
pub trait Simulation: fmt::Debug + Send + Sync + 'static {
    /// Those who take part in one conversation, or in what is left of it. Nothing is opened yet, so this cannot fail.
    fn cast(self: Arc<Self>, briefing: Briefing) -> Box<dyn Cast>;
}

/// Those who take part in one conversation: the simulated user, the agent under test and the judges. What goes wrong is told in words
/// for the report, after everything was tried.
#[async_trait]
pub trait Cast: Send {
    /// What the simulated user does after `turns`: all that was said so far.
    async fn user(&mut self, turns: &[Turn]) -> Result<UserStep, UserFailure>;

    /// What the agent replies.
    async fn agent(&mut self, call: AgentCall<'_>) -> Result<AgentReply, String>;

    /// What the judges find: an evaluation for every distinct metric version of the test's criteria, and every milestone.
    async fn judge(&mut self, material: Material<'_>) -> Judged;

    /// Ends the agent's session, if one was opened. A call may have been broken off before.
    async fn close(&mut self);
}

/// A simulated user that cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserFailure {
    /// It broke its part, and would perhaps not do so again.
    Broke {
        /// What happened.
        cause: String,
        /// What the guard did not let through.
        violations: Vec<Violation>,
        /// What was consumed in vain.
        usage: Usage,
    },
    /// It cannot be played as it is written.
    Unplayable(String),
    /// What plays it cannot be reached, or does not answer as it should.
    Infrastructure(String),
}

impl From<UserError> for UserFailure {
    fn from(error: UserError) -> Self {
        let text = chain(&error);
        match error {
            UserError::Broke {
                cause,
                violations,
                usage,
            } => Self::Broke {
                cause,
                violations,
                usage,
            },
            UserError::Ask(_) => Self::Infrastructure(text),
            UserError::NoModel { .. }
            | UserError::Step { .. }
            | UserError::Endless { .. }
            | UserError::Diverged { .. }
            | UserError::Broken { .. } => Self::Unplayable(text),
        }
    }
}

/// Simulated users, agents and judges as the manifest describes them.
#[derive(Clone, Debug)]
pub struct LiveSimulation {
    agents: Agents,
    models: LanguageModels,
    limits: BudgetLimits,
    cassettes: Cassettes,
}

impl LiveSimulation {
    /// Agents are reached through `agents`, language models through `models`, of which one conversation may consume any amount. Nothing is
    /// recorded.
    pub const fn new(agents: Agents, models: LanguageModels) -> Self {
        Self {
            agents,
            models,
            limits: BudgetLimits {
                max_requests: None,
                max_tokens: None,
                max_cost_micros: None,
            },
            cassettes: Cassettes::off(),
        }
    }

    /// Lets the language models of one conversation consume this much.
    #[must_use]
    pub fn with_limits(self, limits: BudgetLimits) -> Self {
        Self { limits, ..self }
    }

    /// Records on `cassettes`, or replays from them.
    #[must_use]
    pub fn with_cassettes(self, cassettes: Cassettes) -> Self {
        Self { cassettes, ..self }
    }
}

impl Simulation for LiveSimulation {
    fn cast(self: Arc<Self>, briefing: Briefing) -> Box<dyn Cast> {
        let cassette =
            self.cassettes
                .conversation(&briefing.unit_test, briefing.repetition, briefing.attempt);
        let models = ConversationModels::new(self.models.clone(), &briefing, self.limits, cassette.clone());
        Box::new(LiveCast {
            agents: self.agents.clone(),
            models,
            cassette,
            briefing,
            user: None,
            session: None,
        })
    }
}

/// Opens what it needs when it is first needed.
struct LiveCast {
    agents: Agents,
    models: ConversationModels,
    cassette: Cassette,
    briefing: Briefing,
    user: Option<Box<dyn SimulatedUser>>,
    session: Option<Box<dyn AgentSession>>,
}

#[async_trait]
impl Cast for LiveCast {
    async fn user(&mut self, turns: &[Turn]) -> Result<UserStep, UserFailure> {
        let user = match &mut self.user {
            Some(user) => user,
            None => self.user.insert(simulated_user(&self.briefing, &self.models)?),
        };
        Ok(user.next(turns).await?)
    }

    async fn agent(&mut self, call: AgentCall<'_>) -> Result<AgentReply, String> {
        let session = match &mut self.session {
            Some(session) => session,
            None => {
                let history = before(&call);
                let opened = self.agents.open(&self.briefing, history, &self.cassette).await;
                self.session.insert(opened.map_err(|error| chain(&error))?)
            }
        };
        session.call(call).await.map_err(|error| chain(&error))
    }

    async fn judge(&mut self, material: Material<'_>) -> Judged {
        evaluate(&self.briefing, material, &self.models).await
    }

    async fn close(&mut self) {
        if let Some(session) = self.session.take() {
            session.close().await;
        }
    }
}

/// What was said before what the agent is given now: nothing, unless another worker held the conversation.
fn before<'a>(call: &AgentCall<'a>) -> &'a [Turn] {
    match call.input {
        AgentInput::Greet => call.turns,
        AgentInput::Message(_) | AgentInput::Event(_) => {
            call.turns.split_last().map_or(&[], |(_input, before)| before)
        }
    }
}
