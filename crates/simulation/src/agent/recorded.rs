//! Agents on a cassette.
//!
//! The agent is reached when it must be called, and never if the whole conversation was recorded. Once it was reached it is called for all
//! that follows, for it must hear everything.

use std::sync::Arc;

use async_trait::async_trait;
use model::{AgentInput, Continuation, Protocol, ResponsesHistory, StdioFraming, Turn};

use super::{
    AgentCall, AgentError, AgentReply, AgentSession, Agents, FRAME_VARIABLES, REQUEST_VARIABLES,
    mcp::arguments_name,
};
use crate::{
    Briefing,
    cassette::{CassetteError, Conversation, Outcome, Request},
    template,
};

pub(super) struct RecordedSession {
    agents: Agents,
    briefing: Briefing,
    /// What was said before this session, if another worker held the conversation.
    history: Vec<Turn>,
    conversation: Arc<Conversation>,
    live: Option<Box<dyn AgentSession>>,
    /// A reply came from the recording, so that the agent has not heard all.
    replayed: bool,
}

/// How an agent that is reached in the middle of a conversation hears what was said before.
enum Hears {
    /// When its session is opened.
    AtOpening,
    /// With every call.
    WithEveryCall,
}

impl RecordedSession {
    pub(super) const fn new(
        agents: Agents,
        briefing: Briefing,
        history: Vec<Turn>,
        conversation: Arc<Conversation>,
    ) -> Self {
        Self {
            agents,
            briefing,
            history,
            conversation,
            live: None,
            replayed: false,
        }
    }

    async fn live(&mut self, call: &AgentCall<'_>) -> Result<&mut Box<dyn AgentSession>, AgentError> {
        let session = match self.live.take() {
            Some(session) => session,
            None if self.replayed => {
                let history = match self.hears()? {
                    Hears::AtOpening => before(call),
                    Hears::WithEveryCall => &[],
                };
                self.agents.open_live(&self.briefing, history).await?
            }
            None => self.agents.open_live(&self.briefing, &self.history).await?,
        };
        Ok(self.live.insert(session))
    }

    /// How the agent hears of replies that it has never given; an error if it cannot.
    fn hears(&self) -> Result<Hears, AgentError> {
        let hears = match self.briefing.agent.content.connection.as_ref() {
            // There is no connection; opening the session says so.
            None => Some(Hears::AtOpening),
            Some(connection) => match &connection.protocol {
                protocol if protocol.continuation() == Continuation::Restart => None,
                Protocol::Stdio { framing, .. } => match framing {
                    StdioFraming::JsonLines => Some(Hears::AtOpening),
                    StdioFraming::Prompt { .. } => None,
                },
                Protocol::OpenAiChat { .. } => Some(Hears::WithEveryCall),
                Protocol::OpenAiResponses { history, .. } => match history {
                    ResponsesHistory::Client => Some(Hears::WithEveryCall),
                    ResponsesHistory::Server => None,
                },
                // Its server keeps what was said.
                Protocol::A2a { .. } => None,
                Protocol::LangGraph(_) | Protocol::Rasa(_) | Protocol::DirectLine(_) | Protocol::Amigo(_) => {
                    None
                }
                Protocol::HttpTemplate { request, .. } => {
                    let mut sources = request.body.iter().chain([&request.url]);
                    let told = sources.any(|source| {
                        template::check(source.as_str(), REQUEST_VARIABLES)
                            .is_ok_and(|named| named.contains("history"))
                    });
                    told.then_some(Hears::WithEveryCall)
                }
                Protocol::WebSocket(socket) => template::check(socket.message.as_str(), FRAME_VARIABLES)
                    .is_ok_and(|named| named.contains("history"))
                    .then_some(Hears::WithEveryCall),
                Protocol::Mcp(mcp) => {
                    arguments_name(&mcp.arguments.value(), "history").then_some(Hears::WithEveryCall)
                }
                Protocol::Pull => Some(Hears::WithEveryCall),
            },
        };
        hears.ok_or_else(|| {
            self.not_recorded(
                "the recording holds only the beginning of this conversation, and the agent cannot be told of it, so that it cannot go on from \
                 there; record the whole conversation again"
                    .to_owned(),
            )
        })
    }

    fn not_recorded(&self, reason: String) -> AgentError {
        AgentError::NotRecorded {
            agent: self.briefing.agent.name.to_string(),
            reason,
        }
    }

    fn unusable(&self, why: &CassetteError) -> AgentError {
        self.not_recorded(why.to_string())
    }

    fn take(&self, outcome: Outcome) -> Result<AgentReply, AgentError> {
        match outcome {
            Outcome::Reply(record) => Ok(record.into()),
            Outcome::ReplyError(error) => Err(error),
            Outcome::Answer(_) | Outcome::AnswerError(_) => Err(self.not_recorded(
                "the recording holds a language model's answer where a reply should be; delete it and record again"
                    .to_owned(),
            )),
        }
    }
}

#[async_trait]
impl AgentSession for RecordedSession {
    async fn call(&mut self, call: AgentCall<'_>) -> Result<AgentReply, AgentError> {
        let placed = self
            .conversation
            .place(Request::agent_call(&self.briefing, &call));
        if self.live.is_none() {
            let found = self.conversation.find(&placed).await;
            if let Some(outcome) = found.map_err(|why| self.unusable(&why))? {
                self.replayed = true;
                return self.take(outcome);
            }
        }
        let called = match self.live(&call).await {
            Ok(session) => session.call(call).await,
            // Nothing was asked, so there is nothing to record.
            Err(error @ AgentError::NotRecorded { .. }) => return Err(error),
            Err(error) => Err(error),
        };
        // Whoever takes the conversation over needs this; whoever replays it has no session.
        let session = called.as_ref().ok().and_then(|reply| reply.session.clone());
        let outcome = match called {
            Ok(reply) => Outcome::Reply(reply.into()),
            Err(error) => Outcome::ReplyError(error),
        };
        let kept = self.conversation.keep(placed, outcome).await;
        let reply = self.take(kept.map_err(|why| self.unusable(&why))?)?;
        Ok(AgentReply { session, ..reply })
    }

    async fn close(self: Box<Self>) {
        if let Some(session) = self.live {
            session.close().await;
        }
    }
}

/// What was said before what the agent is given now.
fn before<'a>(call: &AgentCall<'a>) -> &'a [Turn] {
    match call.input {
        AgentInput::Greet => call.turns,
        AgentInput::Message(_) | AgentInput::Event(_) => {
            call.turns.split_last().map_or(&[], |(_input, before)| before)
        }
    }
}

#[cfg(test)]
mod tests;
