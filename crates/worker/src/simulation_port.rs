//! The seam to the crate that talks to models and agents, so that tests can put users and agents in its place that do what the test
//! says.

#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use model::{AgentInput, EndReason, Evaluation, Turn};
use simulation::{
    AgentCall, AgentReply, AgentSession, Agents, Briefing, SimulatedUser, UserMove, evaluate, simulated_user,
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
    async fn user(&mut self, turns: &[Turn]) -> Result<UserMove, String>;

    /// What the agent replies.
    async fn agent(&mut self, call: AgentCall<'_>) -> Result<AgentReply, String>;

    /// What the judges find: an evaluation for every distinct metric version of the test's criteria.
    async fn judge(&mut self, turns: &[Turn], end: &EndReason) -> Vec<Evaluation>;

    /// Ends the agent's session, if one was opened. A call may have been broken off before.
    async fn close(&mut self);
}

/// Simulated users, agents and judges as the manifest describes them.
#[derive(Clone, Debug)]
pub struct LiveSimulation {
    agents: Agents,
}

impl LiveSimulation {
    /// Agents are reached through `agents`.
    pub const fn new(agents: Agents) -> Self {
        Self { agents }
    }
}

impl Simulation for LiveSimulation {
    fn cast(self: Arc<Self>, briefing: Briefing) -> Box<dyn Cast> {
        Box::new(LiveCast {
            agents: self.agents.clone(),
            briefing,
            user: None,
            session: None,
        })
    }
}

/// Opens what it needs when it is first needed.
struct LiveCast {
    agents: Agents,
    briefing: Briefing,
    user: Option<Box<dyn SimulatedUser>>,
    session: Option<Box<dyn AgentSession>>,
}

#[async_trait]
impl Cast for LiveCast {
    async fn user(&mut self, turns: &[Turn]) -> Result<UserMove, String> {
        let user = match &mut self.user {
            Some(user) => user,
            None => self
                .user
                .insert(simulated_user(&self.briefing).map_err(|error| chain(&error))?),
        };
        user.next(turns).await.map_err(|error| chain(&error))
    }

    async fn agent(&mut self, call: AgentCall<'_>) -> Result<AgentReply, String> {
        let session = match &mut self.session {
            Some(session) => session,
            None => {
                let history = before(&call);
                let opened = self.agents.open(&self.briefing, history).await;
                self.session.insert(opened.map_err(|error| chain(&error))?)
            }
        };
        session.call(call).await.map_err(|error| chain(&error))
    }

    async fn judge(&mut self, turns: &[Turn], end: &EndReason) -> Vec<Evaluation> {
        evaluate(&self.briefing, turns, end).await
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
