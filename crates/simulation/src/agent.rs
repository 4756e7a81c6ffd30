//! Agents under test, and how each is reached.
//!
//! A worker opens a session per conversation and calls it once per reply. Whatever the protocol: a reply takes at most the
//! configured time (each try of it), has at most the configured size, and failures that may pass are tried again a bounded
//! number of times. Nothing an agent sends is interpreted beyond its protocol.

mod a2a;
mod amigo;
mod attempts;
mod caller;
mod directline;
mod error;
mod extract;
mod http;
mod http_template;
mod langgraph;
mod mcp;
mod openai;
mod openai_chat;
mod openai_responses;
mod pull;
mod rasa;
mod recorded;
mod reply;
mod rich_text;
mod sse;
mod stdio;
#[cfg(test)]
mod testing;
pub(crate) mod tool_calls;
mod trace;
mod variables;
mod websocket;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
pub use error::AgentError;
pub(crate) use http_template::{OPEN_VARIABLES, REQUEST_VARIABLES, RESPONSE_VARIABLES};
pub(crate) use langgraph::OWN_INPUT_FIELDS;
pub(crate) use mcp::ARGUMENT_VARIABLES;
use model::{AgentInput, Price, Protocol, ToolCall, Turn, Usage};
pub(crate) use openai_chat::{OWN_FIELDS, SYSTEM_VARIABLES};
pub(crate) use openai_responses::OWN_FIELDS as RESPONSES_OWN_FIELDS;
pub use pull::{PullError, PullPort};
use tokio::time::Instant;
pub(crate) use websocket::{
    CONNECT_VARIABLES, FRAME_VARIABLES, HANDSHAKE_HEADERS, RECEIVED_VARIABLES,
    check_url as check_websocket_url,
};

use crate::{Briefing, Cassette, Reach, Secrets};

/// What templates that configure a connection, rather than a message, may name.
pub(crate) const CONNECTION_VARIABLES: &[&str] =
    &["session_id", "persona", "scenario", "context_graph", "secret"];
/// How an event is told to an agent whose protocol knows only messages.
const EVENT_PREFIX: &str = "[event] ";

/// One call of an agent.
#[derive(Clone, Debug)]
pub struct AgentCall<'a> {
    /// What the agent is given.
    pub input: AgentInput,
    /// The index of the turn that the reply will be.
    pub turn_index: u32,
    /// The same for every try of this call, by whichever worker.
    pub idempotency_key: String,
    /// Everything said before the reply; ends with `input`, unless the agent greets.
    pub turns: &'a [Turn],
}

/// What an agent replied.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentReply {
    /// Its words; empty if it only called tools, only said that the conversation is complete, or was silent where its protocol lets it.
    pub text: String,
    /// The tools it called.
    pub tool_calls: Vec<ToolCall>,
    /// What the reply cost, if the agent told.
    pub usage: Option<Usage>,
    /// The agent says that the conversation is complete.
    pub completed: bool,
    /// How long the reply took, in milliseconds, retries included.
    pub latency_ms: u64,
    /// How many calls it took.
    pub calls: u32,
    /// What another worker needs to go on with the session after this reply, in a form that only the protocol understands; none: the
    /// session's id is enough. Never a secret. It comes back as [`Turn::session`] of the history.
    pub session: Option<String>,
}

/// A conversation with an agent.
#[async_trait]
pub trait AgentSession: Send {
    /// Gives the agent its turn and waits for the reply. What may pass was tried again already; after an error, or a call that was
    /// broken off, the session is only good for being closed.
    async fn call(&mut self, call: AgentCall<'_>) -> Result<AgentReply, AgentError>;

    /// Ends the session. Dropping it does so too, but without waiting.
    async fn close(self: Box<Self>);
}

/// How agents are reached.
#[derive(Clone, Debug)]
pub struct AgentsOptions {
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// Idle connections kept per host.
    pub max_idle_per_host: usize,
    /// Which addresses agents may have.
    pub reach: Reach,
}

impl Default for AgentsOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            max_idle_per_host: 64,
            reach: Reach::public_only(),
        }
    }
}

/// Opens sessions; all share one pool of connections.
#[derive(Clone, Debug)]
pub struct Agents {
    http: http::Http,
    amigo_tokens: amigo::Tokens,
    options: AgentsOptions,
    pull: Option<Arc<dyn PullPort>>,
    secrets: Secrets,
}

impl Agents {
    /// Makes the pool.
    pub fn new(options: &AgentsOptions, secrets: Secrets) -> Result<Self, AgentError> {
        Ok(Self {
            http: http::Http::new(options, secrets.clone())?,
            amigo_tokens: amigo::Tokens::default(),
            options: options.clone(),
            pull: None,
            secrets,
        })
    }

    /// Agents that wait for requests are asked through `port`. Without one they cannot be reached.
    #[must_use]
    pub fn with_pull(mut self, port: Arc<dyn PullPort>) -> Self {
        self.pull = Some(port);
        self
    }

    /// Begins the conversation with the agent, or goes on with it after `history` (the turns so far, if another worker held it).
    ///
    /// If `cassette` records or replays, the agent is not reached before it must be called.
    pub async fn open(
        &self,
        briefing: &Briefing,
        history: &[Turn],
        cassette: &Cassette,
    ) -> Result<Box<dyn AgentSession>, AgentError> {
        match cassette.conversation() {
            Some(conversation) => Ok(Box::new(recorded::RecordedSession::new(
                self.clone(),
                briefing.clone(),
                history.to_vec(),
                Arc::clone(conversation),
            ))),
            None => self.open_live(briefing, history).await,
        }
    }

    async fn open_live(
        &self,
        briefing: &Briefing,
        history: &[Turn],
    ) -> Result<Box<dyn AgentSession>, AgentError> {
        let opened = self.open_protocol(briefing, history).await;
        let inner = opened.map_err(|error| error.redacted(&self.secrets))?;
        Ok(Box::new(GuardedSession {
            inner,
            secrets: self.secrets.clone(),
            price: price_of(briefing),
        }))
    }

    async fn open_protocol(
        &self,
        briefing: &Briefing,
        history: &[Turn],
    ) -> Result<Box<dyn Exchange>, AgentError> {
        let Some(connection) = &briefing.agent.content.connection else {
            return Err(AgentError::Unsuitable {
                agent: briefing.agent.name.to_string(),
                reason: "this version says nothing about how to reach it; add a `connection`".to_owned(),
            });
        };
        match &connection.protocol {
            Protocol::Stdio { .. } => Ok(Box::new(
                stdio::StdioSession::start(briefing, connection, history, &self.secrets).await?,
            )),
            Protocol::OpenAiChat { .. } => Ok(Box::new(openai_chat::ChatSession::new(
                briefing,
                connection,
                self.http.clone(),
                &self.secrets,
            )?)),
            Protocol::HttpTemplate { .. } => Ok(Box::new(
                http_template::TemplateSession::open(
                    briefing,
                    connection,
                    history,
                    self.http.clone(),
                    &self.secrets,
                )
                .await?,
            )),
            Protocol::A2a { .. } => Ok(Box::new(
                a2a::A2aSession::open(briefing, connection, history, self.http.clone(), &self.secrets)
                    .await?,
            )),
            Protocol::OpenAiResponses { .. } => Ok(Box::new(openai_responses::ResponsesSession::new(
                briefing,
                connection,
                history,
                self.http.clone(),
                &self.secrets,
            )?)),
            Protocol::LangGraph(graph) => Ok(Box::new(
                langgraph::GraphSession::open(
                    briefing,
                    connection,
                    graph,
                    history,
                    self.http.clone(),
                    &self.secrets,
                )
                .await?,
            )),
            Protocol::WebSocket(_) => Ok(Box::new(
                websocket::WebSocketSession::open(
                    briefing,
                    connection,
                    history,
                    &self.options,
                    &self.secrets,
                )
                .await?,
            )),
            Protocol::Rasa(rasa) => Ok(Box::new(rasa::RasaSession::new(
                briefing,
                connection,
                rasa,
                self.http.clone(),
                &self.secrets,
            )?)),
            Protocol::DirectLine(bot) => Ok(Box::new(
                directline::BotSession::open(
                    briefing,
                    connection,
                    bot,
                    history,
                    self.http.clone(),
                    &self.secrets,
                )
                .await?,
            )),
            Protocol::Amigo(amigo) => Ok(Box::new(amigo::AmigoSession::new(
                briefing,
                connection,
                amigo,
                self.http.clone(),
                &self.amigo_tokens,
                &self.secrets,
            )?)),
            Protocol::Mcp(_) => Ok(Box::new(
                mcp::McpSession::open(briefing, connection, history, &self.http, &self.secrets).await?,
            )),
            Protocol::Pull => Ok(Box::new(pull::PullSession::new(
                briefing,
                connection,
                self.pull.as_ref(),
                &self.secrets,
            )?)),
        }
    }
}

/// What a protocol makes of one call.
#[derive(Clone, Debug, Default, PartialEq)]
struct Answer {
    text: String,
    tool_calls: Vec<ToolCall>,
    usage: Option<Usage>,
    completed: bool,
    /// The protocol allows a reply that says nothing, and this may be one: it is not refused for being empty.
    silent: bool,
    /// See [`AgentReply::session`].
    session: Option<String>,
}

/// A protocol. [`GuardedSession`] adds what all have in common.
#[async_trait]
trait Exchange: Send {
    /// The answer, and how many calls it took.
    async fn exchange(&mut self, call: AgentCall<'_>) -> Result<(Answer, u32), AgentError>;

    async fn close(self: Box<Self>);

    /// Where the agent is, for errors.
    fn place(&self) -> &str;
}

/// What the agent's model costs, if that is known.
fn price_of(briefing: &Briefing) -> Option<Price> {
    let connection = briefing.agent.content.connection.as_ref()?;
    let model = connection.protocol.priced_model()?;
    briefing.agent_prices.get(model).copied()
}

fn priced(usage: Usage, price: Option<Price>) -> Usage {
    let cost_micros = price.map_or(usage.cost_micros, |price| {
        price.cost_micros(usage.input_tokens, usage.output_tokens)
    });
    Usage { cost_micros, ..usage }
}

/// Measures, reckons costs, refuses empty replies, and keeps secrets out of what comes back.
struct GuardedSession {
    inner: Box<dyn Exchange>,
    secrets: Secrets,
    price: Option<Price>,
}

#[async_trait]
impl AgentSession for GuardedSession {
    async fn call(&mut self, call: AgentCall<'_>) -> Result<AgentReply, AgentError> {
        let started = Instant::now();
        let (answer, calls) = self
            .inner
            .exchange(call)
            .await
            .map_err(|error| error.redacted(&self.secrets))?;
        let says_nothing = answer.text.trim().is_empty() && answer.tool_calls.is_empty();
        if says_nothing && !answer.completed && !answer.silent {
            return Err(AgentError::Empty {
                place: self.secrets.redact(self.inner.place()),
            });
        }
        Ok(AgentReply {
            text: self.secrets.redact(&answer.text),
            tool_calls: answer
                .tool_calls
                .into_iter()
                .map(|call| tool_calls::redacted(call, &self.secrets))
                .collect(),
            usage: answer.usage.map(|usage| priced(usage, self.price)),
            completed: answer.completed,
            latency_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            calls,
            session: answer.session.map(|session| self.secrets.redact(&session)),
        })
    }

    async fn close(self: Box<Self>) {
        self.inner.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{connected, text};

    fn asked_at(base_url: &str) -> Briefing {
        let mut briefing = connected(Protocol::OpenAiChat {
            base_url: text(base_url),
            model: text("gpt"),
            api_key: None,
            system: None,
            headers: std::collections::BTreeMap::new(),
            parameters: None,
        });
        let price = Price {
            input_micros_per_million: 1_000_000,
            output_micros_per_million: 2_000_000,
        };
        briefing.agent_prices.insert("gpt".to_owned(), price);
        briefing
    }

    #[test]
    fn an_agent_costs_the_listed_price_only_where_it_is_asked() {
        let usage = Usage::of_tokens(10, 5);
        let cost = |url| priced(usage, price_of(&asked_at(url))).cost_micros;
        assert_eq!(cost("https://api.openai.com/v1"), 20);
        assert_eq!(cost("https://api.openai.com.example/v1"), 0);
        assert_eq!(cost("http://127.0.0.1:8000/v1"), 0);
    }
}
