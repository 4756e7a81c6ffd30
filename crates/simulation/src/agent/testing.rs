//! What the tests of connectors share: a session with a server that answers as a test says.

use model::{AgentInput, Connection, Protocol, Role, Turn};

use super::{AgentCall, AgentError, AgentReply, AgentSession, Agents, AgentsOptions};
use crate::{
    Cassette,
    test_support::{connected, loopback, secrets, turns},
};

/// A session, and what was said in it.
pub(super) struct Talk {
    session: Box<dyn AgentSession>,
    turn_index: u32,
}

/// Agents on this machine.
pub(super) fn agents() -> Agents {
    let options = AgentsOptions {
        reach: loopback(),
        ..AgentsOptions::default()
    };
    Agents::new(&options, secrets(&[("KEY", "hunter22")])).unwrap()
}

/// Opens a session; `KEY` is the only secret.
pub(super) async fn open(protocol: Protocol, history: &[Turn]) -> Result<Talk, AgentError> {
    open_with(protocol, history, |_as_it_is| {}).await
}

/// Opens a session with other bounds.
pub(super) async fn open_with(
    protocol: Protocol,
    history: &[Turn],
    adjust: impl FnOnce(&mut Connection),
) -> Result<Talk, AgentError> {
    let mut briefing = connected(protocol);
    adjust(briefing.agent.content.connection.as_mut().unwrap());
    Ok(Talk {
        session: agents().open(&briefing, history, &Cassette::off()).await?,
        turn_index: u32::try_from(history.len()).unwrap(),
    })
}

/// A history that ends with what an agent's session stored.
pub(super) fn stored(session: &str) -> Vec<Turn> {
    let mut turns = turns(&[(Role::User, "hello"), (Role::Agent, "hi")]);
    turns[1].session = Some(session.to_owned());
    turns
}

impl Talk {
    /// Hands the agent its turn.
    pub(super) async fn give(&mut self, input: AgentInput) -> Result<AgentReply, AgentError> {
        self.turn_index += 2;
        let call = AgentCall {
            input,
            turn_index: self.turn_index,
            idempotency_key: format!("key-{}", self.turn_index),
            turns: &[],
        };
        self.session.call(call).await
    }

    /// Says something.
    pub(super) async fn say(&mut self, message: &str) -> Result<AgentReply, AgentError> {
        self.give(AgentInput::Message(message.to_owned())).await
    }

    /// Says something and gives the words of the reply.
    pub(super) async fn hear(&mut self, message: &str) -> String {
        self.say(message).await.unwrap().text
    }

    pub(super) async fn close(self) {
        self.session.close().await;
    }
}
