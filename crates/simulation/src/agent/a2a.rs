//! Agents that speak A2A, versions 1.0 and 0.3, by JSON-RPC and by REST.
//!
//! The agent's card says where and how it is spoken to, unless the connection does. The conversation is a context that the agent's
//! server keeps; its id, and that of a task that waits for input, are stored with each turn, so that any worker can go on. A task
//! that the agent is still at is asked for until it ends. Tools do not show in this protocol.

mod card;
mod memory;
mod progress;
mod reply;
mod wire;

use std::{sync::Mutex, time::Duration};

use async_trait::async_trait;
use card::{Card, Interface};
use memory::Memory;
use model::{A2aBinding, A2aVersion, AgentInput, Connection, Protocol, Text, Turn};
use progress::Progress;
use reply::{Event, Task};
use reqwest::{
    Method, Url,
    header::{AUTHORIZATION, HeaderMap},
};
use serde_json::Value;
use wire::{Outgoing, Wire};

use super::{
    AgentCall, AgentError, Answer, EVENT_PREFIX, Exchange,
    attempts::Attempts,
    http::{Body, Http, Request},
    openai_chat::fill_in,
    sse::{EVENT_STREAM, Events},
    trace::{TRACEPARENT, Trace},
};
use crate::{Briefing, Secrets, template::Variables, view};

/// How long to wait before a task is asked for the first time; each further wait is half as long again.
const FIRST_LOOK: Duration = Duration::from_millis(100);
/// The longest wait between two looks at a task.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

pub(super) struct A2aSession {
    http: Http,
    connection: Connection,
    attempts: Attempts,
    wire: Wire,
    streaming: bool,
    memory: Memory,
    place: String,
    agent: String,
    session_id: String,
    trace: Trace,
}

impl A2aSession {
    pub(super) async fn open(
        briefing: &Briefing,
        connection: &Connection,
        history: &[Turn],
        http: Http,
        secrets: &Secrets,
    ) -> Result<Self, AgentError> {
        let agent = briefing.agent.name.to_string();
        let unsuitable = |reason: String| AgentError::Unsuitable {
            agent: agent.clone(),
            reason,
        };
        let Protocol::A2a {
            card,
            endpoint,
            binding,
            version,
            streaming,
            api_key,
            headers,
        } = &connection.protocol
        else {
            return Err(unsuitable(format!(
                "`{}` is not `a2a`",
                connection.protocol.as_str()
            )));
        };
        let memory = Memory::of(history).map_err(&unsuitable)?;
        let variables = Variables::default()
            .with("session_id", &briefing.session_id.as_str().into())
            .with("persona", &view::persona(briefing))
            .with("scenario", &view::scenario(briefing))
            .with("context_graph", &briefing.context_graph.value())
            .with_secrets(secrets);
        let attempts = Attempts::new(connection, briefing.seed);
        let mut discovery = Discovery {
            http: &http,
            connection,
            attempts: &attempts,
            trace: Trace::of(briefing),
            variables: &variables,
            headers: HeaderMap::new(),
            unsuitable: &unsuitable,
        };
        discovery.fill_headers(headers, api_key.as_ref())?;
        let wire = match (card, endpoint) {
            (Some(card), None) => discovery.by_card(card, *binding, *version, *streaming).await?,
            (None, Some(endpoint)) => {
                let url = fill_in(&variables, "endpoint", endpoint.as_str())?;
                let binding = binding.unwrap_or(A2aBinding::JsonRpc);
                let version = version.unwrap_or(A2aVersion::V1);
                Wire::new(url.trim(), "endpoint", discovery.headers, binding, version)?
            }
            (Some(_), Some(_)) | (None, None) => {
                return Err(unsuitable(
                    "its connection needs exactly one of `card` and `endpoint`".to_owned(),
                ));
            }
        };
        Ok(Self {
            place: wire.place(),
            connection: connection.clone(),
            attempts,
            wire,
            streaming: *streaming,
            memory,
            session_id: briefing.session_id.clone(),
            trace: Trace::of(briefing),
            agent: agent.clone(),
            http,
        })
    }

    /// One try: sends the message, unless an earlier try learned of the task it led to, and waits for the end.
    async fn attempt(
        &self,
        request: &Request,
        task: &Mutex<Option<String>>,
        traceparent: &str,
    ) -> Result<(Progress, Vec<u8>), AgentError> {
        let known = lock(task).clone();
        let (mut progress, mut seen) = match known {
            Some(id) => self.look(&id, traceparent).await?,
            None => self.send(request, task).await?,
        };
        let mut pause = FIRST_LOOK;
        while !progress.is_done() {
            let Some(id) = progress.task_id().map(ToOwned::to_owned) else {
                return Err(self
                    .http
                    .malformed(request, "the stream ended before the reply", &seen));
            };
            *lock(task) = Some(id.clone());
            tokio::time::sleep(pause).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
            (progress, seen) = self.look(&id, traceparent).await?;
        }
        Ok((progress, seen))
    }

    /// Sends the message and reads what comes back, at once or as a stream.
    async fn send(
        &self,
        request: &Request,
        task: &Mutex<Option<String>>,
    ) -> Result<(Progress, Vec<u8>), AgentError> {
        let body = self.http.begin(request, &self.connection).await?;
        if self.streaming && body.content_type() == EVENT_STREAM {
            return self.read_stream(request, body, task).await;
        }
        let bytes = body.rest().await?;
        let mut progress = Progress::default();
        self.add(&mut progress, request, &bytes)?;
        Ok((progress, bytes))
    }

    async fn read_stream(
        &self,
        request: &Request,
        body: Body,
        task: &Mutex<Option<String>>,
    ) -> Result<(Progress, Vec<u8>), AgentError> {
        let mut events = Events::of(body);
        let mut progress = Progress::default();
        let mut last = Vec::new();
        while let Some(event) = events.next().await? {
            last = event.into_bytes();
            self.add(&mut progress, request, &last)?;
            if progress.is_done() {
                break;
            }
            // Should the stream break, the task is still there to be asked for.
            *lock(task) = progress.task_id().map(ToOwned::to_owned);
        }
        Ok((progress, last))
    }

    fn add(&self, progress: &mut Progress, request: &Request, bytes: &[u8]) -> Result<(), AgentError> {
        json(bytes)
            .and_then(|envelope| self.wire.result(envelope))
            .and_then(|result| Event::read(&result))
            .and_then(|event| progress.add(event))
            .map_err(|reason| self.http.malformed(request, reason, bytes))
    }

    /// The task as it is now.
    async fn look(&self, id: &str, traceparent: &str) -> Result<(Progress, Vec<u8>), AgentError> {
        let mut request = self.wire.task(id)?;
        request.header(TRACEPARENT, TRACEPARENT, traceparent)?;
        let bytes = self.http.send(&request, &self.connection).await?;
        let mut progress = Progress::default();
        json(&bytes)
            .and_then(|envelope| self.wire.result(envelope))
            .and_then(|task| Task::read(&task))
            .and_then(|task| progress.add(Event::Task(task)))
            .map_err(|reason| self.http.malformed(&request, reason, &bytes))?;
        Ok((progress, bytes))
    }
}

#[async_trait]
impl Exchange for A2aSession {
    async fn exchange(&mut self, call: AgentCall<'_>) -> Result<(Answer, u32), AgentError> {
        let text = match &call.input {
            AgentInput::Message(text) => text.clone(),
            AgentInput::Event(text) => format!("{EVENT_PREFIX}{text}"),
            AgentInput::Greet => {
                return Err(AgentError::Unsuitable {
                    agent: self.agent.clone(),
                    reason: "the agent is to speak first, but an A2A agent only answers; let the user or an event open the conversation"
                        .to_owned(),
                });
            }
        };
        let traceparent = self.trace.parent(call.turn_index);
        let outgoing = Outgoing {
            text: &text,
            message_id: &call.idempotency_key,
            session_id: &self.session_id,
            memory: &self.memory,
        };
        let mut request = self.wire.message(&outgoing, self.streaming)?;
        request.header("idempotency_key", "idempotency-key", &call.idempotency_key)?;
        request.header(TRACEPARENT, TRACEPARENT, &traceparent)?;
        let task = Mutex::new(None);
        let this = &*self;
        let attempt = || async { this.attempt(&request, &task, &traceparent).await };
        let outcome = this.attempts.run(call.turn_index, &this.place, attempt).await;
        let ((progress, seen), calls) = outcome.map_err(|error| still_busy(error, &task))?;
        let mut memory = self.memory.clone();
        let said = progress
            .conclude(&mut memory)
            .map_err(|reason| self.http.malformed(&request, reason, b""))?;
        // What came back explains an empty reply better than its place does.
        if said.text.trim().is_empty() && !said.may_be_empty {
            return Err(self.http.malformed(&request, "the reply is empty", &seen));
        }
        self.memory = memory;
        let answer = Answer {
            text: said.text,
            silent: said.may_be_empty,
            session: Some(self.memory.session()),
            ..Answer::default()
        };
        Ok((answer, calls))
    }

    async fn close(self: Box<Self>) {}

    fn place(&self) -> &str {
        &self.place
    }
}

/// Finds out how an agent is spoken to.
struct Discovery<'a, F> {
    http: &'a Http,
    connection: &'a Connection,
    attempts: &'a Attempts,
    trace: Trace,
    variables: &'a Variables,
    headers: HeaderMap,
    unsuitable: &'a F,
}

impl<F: Fn(String) -> AgentError + Sync> Discovery<'_, F> {
    fn fill_headers(
        &mut self,
        headers: &std::collections::BTreeMap<String, String>,
        api_key: Option<&Text>,
    ) -> Result<(), AgentError> {
        // Any URL does: only its headers are taken.
        let mut request = Request::new(Method::GET, "http://localhost", "headers")?;
        for (name, value) in headers {
            let field = format!("headers.{name}");
            request.header(&field, name, &fill_in(self.variables, &field, value)?)?;
        }
        if let Some(api_key) = api_key {
            let api_key = fill_in(self.variables, "api_key", api_key.as_str())?;
            request.header(
                "api_key",
                AUTHORIZATION.as_str(),
                &format!("Bearer {}", api_key.trim()),
            )?;
        }
        self.headers = request.headers;
        Ok(())
    }

    async fn by_card(
        self,
        card: &Text,
        binding: Option<A2aBinding>,
        version: Option<A2aVersion>,
        streaming: bool,
    ) -> Result<Wire, AgentError> {
        let url = fill_in(self.variables, "card", card.as_str())?;
        let mut request = Request::new(Method::GET, url.trim(), "card")?;
        card::locate(&mut request.url);
        request.headers = self.headers.clone();
        request.header("headers", "accept", "application/json")?;
        request.header(TRACEPARENT, TRACEPARENT, &self.trace.parent(0))?;
        let send = || async { self.http.send(&request, self.connection).await };
        let (bytes, _calls) = self.attempts.run(0, &request.place(), send).await?;
        let malformed = |reason: String| self.http.malformed(&request, reason, &bytes);
        let card = json(&bytes)
            .and_then(|card| Card::read(&card))
            .map_err(malformed)?;
        let Interface {
            url,
            binding,
            version,
        } = card.choose(binding, version).map_err(self.unsuitable)?;
        if streaming && !card.streams {
            return Err((self.unsuitable)(
                "its card says that it does not stream; leave `streaming` out".to_owned(),
            ));
        }
        let target = Url::parse(url)
            .map_err(|why| (self.unsuitable)(format!("its card names `{url}`, which is not a URL: {why}")))?;
        // A card must not be able to send credentials elsewhere.
        if !self.headers.is_empty() && target.origin() != request.url.origin() {
            return Err((self.unsuitable)(format!(
                "its card is at {} but names {url}; the connection's `api_key` and `headers` are not sent to another origin on the \
                 word of a card: if it is right, name that URL as `endpoint` instead of `card`",
                request.url.origin().ascii_serialization()
            )));
        }
        Wire::new(url, "card", self.headers, *binding, *version)
    }
}

fn json(bytes: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(bytes).map_err(|why| format!("the response is not JSON ({why})"))
}

fn lock(task: &Mutex<Option<String>>) -> std::sync::MutexGuard<'_, Option<String>> {
    task.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A reply that did not come in time is explained by the task that the agent is still at.
fn still_busy(error: AgentError, task: &Mutex<Option<String>>) -> AgentError {
    match (error, lock(task).as_deref()) {
        (
            AgentError::Timeout {
                place,
                timeout_ms,
                detail,
            },
            Some(id),
        ) => AgentError::Timeout {
            place,
            timeout_ms,
            detail: format!("{detail}; the agent is still at task {}", id.escape_debug()),
        },
        (error, _) => error,
    }
}

#[cfg(test)]
mod tests;
