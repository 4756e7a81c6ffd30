//! Agents that connect out and wait for requests, so that nothing needs an inbound port. Whatever carries the requests is behind
//! [`PullPort`]; this module knows only what is asked and what comes back.
//!
//! Every request stands alone: it carries the session's id, the key and all that was said before, so any worker can ask, and any of an
//! agent's processes can answer.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use model::{AgentId, AgentInput, Connection, OrgId};
use serde_json::{Map, Value, json};

use super::{
    AgentCall, AgentError, Answer, Exchange,
    attempts::Attempts,
    reply,
    trace::{TRACEPARENT, Trace},
};
use crate::{
    Briefing, Secrets,
    excerpt::{EXCERPT_BYTES, excerpt},
    view,
};

/// The number of this protocol.
const PROTOCOL: u32 = 1;

/// Carries requests to agents that wait for them.
#[async_trait]
pub trait PullPort: fmt::Debug + Send + Sync + 'static {
    /// Hands `request` to one of an agent's processes and waits for its reply, for `limit` at most.
    async fn ask(
        &self,
        org: &OrgId,
        agent: AgentId,
        request: Vec<u8>,
        limit: Duration,
    ) -> Result<Vec<u8>, PullError>;
}

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PullError {
    /// No process of the agent waits for requests. May pass. Says where one should wait.
    #[error("no process of the agent waits for requests: {0}")]
    NobodyThere(String),
    /// No reply in time. May pass.
    #[error("no reply in time")]
    Late,
    /// Requests cannot be carried at the moment. May pass.
    #[error("{0}")]
    Unreachable(String),
    /// This request cannot be carried.
    #[error("{0}")]
    Refused(String),
}

pub(super) struct PullSession {
    port: Arc<dyn PullPort>,
    org: OrgId,
    agent: AgentId,
    /// What is the same in every request.
    told: Map<String, Value>,
    trace: Trace,
    attempts: Attempts,
    timeout_ms: u32,
    max_reply_bytes: u32,
    place: String,
    secrets: Secrets,
}

impl PullSession {
    pub(super) fn new(
        briefing: &Briefing,
        connection: &Connection,
        port: Option<&Arc<dyn PullPort>>,
        secrets: &Secrets,
    ) -> Result<Self, AgentError> {
        let Some(port) = port else {
            return Err(AgentError::Unsuitable {
                agent: briefing.agent.name.to_string(),
                reason: "it waits for requests on NATS, and this process carries none there; workers do, so start a run"
                    .to_owned(),
            });
        };
        let mut told = Map::new();
        told.insert("protocol".to_owned(), PROTOCOL.into());
        told.insert("session_id".to_owned(), briefing.session_id.as_str().into());
        told.extend(view::told_to_agents(briefing));
        Ok(Self {
            port: Arc::clone(port),
            org: briefing.key.org.clone(),
            agent: briefing.agent_id,
            told,
            trace: Trace::of(briefing),
            attempts: Attempts::new(connection, briefing.seed),
            timeout_ms: connection.timeout_ms,
            max_reply_bytes: connection.max_reply_bytes,
            place: format!(
                "agent `{}` ({}) over NATS",
                briefing.agent.name, briefing.agent_id
            ),
            secrets: secrets.clone(),
        })
    }

    fn request(&self, call: &AgentCall<'_>) -> Vec<u8> {
        let (message, event, history) = match &call.input {
            AgentInput::Greet => (None, None, call.turns),
            AgentInput::Message(text) => (Some(text), None, before_last(call)),
            AgentInput::Event(text) => (None, Some(text), before_last(call)),
        };
        let turn = json!({
            "turn_index": call.turn_index,
            "idempotency_key": call.idempotency_key,
            TRACEPARENT: self.trace.parent(call.turn_index),
            "message": message,
            "event": event,
            "history": view::history(history),
        });
        let mut request = self.told.clone();
        if let Value::Object(turn) = turn {
            request.extend(turn);
        }
        Value::Object(request).to_string().into_bytes()
    }

    async fn ask(&self, request: Vec<u8>) -> Result<Vec<u8>, AgentError> {
        let limit = Duration::from_millis(u64::from(self.timeout_ms));
        let reply = self.port.ask(&self.org, self.agent, request, limit).await;
        let reply = reply.map_err(|error| {
            let place = self.place.clone();
            match error {
                PullError::NobodyThere(_) | PullError::Unreachable(_) => AgentError::Unreachable {
                    place,
                    reason: error.to_string(),
                },
                PullError::Late => AgentError::Timeout {
                    place,
                    timeout_ms: self.timeout_ms,
                    detail: String::new(),
                },
                PullError::Refused(reason) => AgentError::Malformed {
                    place,
                    reason,
                    detail: String::new(),
                },
            }
        })?;
        if reply.len() > usize::try_from(self.max_reply_bytes).unwrap_or(usize::MAX) {
            return Err(AgentError::TooLarge {
                place: self.place.clone(),
                limit_bytes: self.max_reply_bytes,
            });
        }
        Ok(reply)
    }
}

#[async_trait]
impl Exchange for PullSession {
    async fn exchange(&mut self, call: AgentCall<'_>) -> Result<(Answer, u32), AgentError> {
        let request = self.request(&call);
        let ask = || self.ask(request.clone());
        let (bytes, calls) = self.attempts.run(call.turn_index, &self.place, ask).await?;
        let answer = reply::read(&bytes, call.turn_index, "JSON").map_err(|reason| {
            let text = self.secrets.redact(&String::from_utf8_lossy(&bytes));
            AgentError::Malformed {
                place: self.place.clone(),
                reason,
                detail: format!(": {}", excerpt(&text, EXCERPT_BYTES)),
            }
        })?;
        Ok((answer, calls))
    }

    async fn close(self: Box<Self>) {}

    fn place(&self) -> &str {
        &self.place
    }
}

/// What was said before what the agent is given now.
fn before_last<'a>(call: &AgentCall<'a>) -> &'a [model::Turn] {
    call.turns.split_last().map_or(&[], |(_given_now, before)| before)
}

#[cfg(test)]
mod tests;
