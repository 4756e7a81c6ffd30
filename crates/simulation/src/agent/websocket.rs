//! Agents behind a WebSocket: a frame per turn goes out, one frame or several come back.
//!
//! A connection lives as long as its session: whatever goes wrong ends it, for nobody can tell what the agent still has to say. Only
//! opening it is tried again. Frames that come while no reply is due are refused unless the connection says to ignore them: they would
//! be taken for the reply to the next message.

mod connect;
mod socket;

use std::time::Duration;

use async_trait::async_trait;
use connect::Target;
use model::{AgentInput, Connection, FrameFormat, Protocol, Turn, WebSocket};
use reqwest::{
    Url,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;
use socket::{Fault, Socket};

use super::{
    AgentCall, AgentError, AgentsOptions, Answer, Exchange,
    attempts::Attempts,
    extract::Response,
    openai_chat::fill_in,
    trace::{TRACEPARENT, Trace},
    variables,
};
use crate::{
    Briefing, Secrets,
    excerpt::{EXCERPT_BYTES, excerpt},
    net::response::shown,
    template::Variables,
};

/// What the frame of a turn may name.
pub(crate) const FRAME_VARIABLES: &[&str] = &[
    "message",
    "kind",
    "turn",
    "session_id",
    "idempotency_key",
    "traceparent",
    "history",
    "persona",
    "scenario",
    "context_graph",
    "secret",
];
/// What URL, headers and the opening frame may name.
pub(crate) const CONNECT_VARIABLES: &[&str] = &[
    "session_id",
    "traceparent",
    "resumed",
    "persona",
    "scenario",
    "context_graph",
    "secret",
];
/// What templates over a frame that came may name.
pub(crate) const RECEIVED_VARIABLES: &[&str] = &["response", "session_id", "turn", "idempotency_key"];
/// Headers that the handshake itself sets.
pub(crate) const HANDSHAKE_HEADERS: &[&str] = &[
    "host",
    "connection",
    "upgrade",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-extensions",
];

pub(super) struct WebSocketSession {
    definition: WebSocket,
    socket: Option<Socket>,
    /// The agent speaks first, and has not been listened to yet.
    greeting_due: bool,
    variables: Variables,
    trace: Trace,
    session_id: String,
    timeout_ms: u32,
    max_reply_bytes: u32,
    place: String,
    secrets: Secrets,
    /// Why the session is of no further use.
    broken: Option<AgentError>,
}

impl WebSocketSession {
    pub(super) async fn open(
        briefing: &Briefing,
        connection: &Connection,
        history: &[Turn],
        options: &AgentsOptions,
        secrets: &Secrets,
    ) -> Result<Self, AgentError> {
        let Protocol::WebSocket(definition) = &connection.protocol else {
            return Err(AgentError::Unsuitable {
                agent: briefing.agent.name.to_string(),
                reason: format!("`{}` is not `websocket`", connection.protocol.as_str()),
            });
        };
        let trace = Trace::of(briefing);
        let first_turn = u32::try_from(history.len()).unwrap_or(u32::MAX);
        let traceparent = trace.parent(first_turn);
        let variables = variables::of_conversation(briefing, secrets);
        let opening = variables
            .clone()
            .with("traceparent", &traceparent.as_str().into())
            .with("resumed", &(!history.is_empty()).into());
        let url = parse_url(fill_in(&opening, "url", definition.url.as_str())?.trim())?;
        let place = format!("WebSocket {}", shown(&url));
        let mut headers = HeaderMap::new();
        insert(&mut headers, TRACEPARENT, TRACEPARENT, &traceparent)?;
        for (name, value) in &definition.headers {
            let field = format!("headers.{name}");
            insert(&mut headers, &field, name, &fill_in(&opening, &field, value)?)?;
        }
        let target = Target {
            url,
            headers,
            place: place.clone(),
            reach: options.reach.clone(),
            connect_timeout: options.connect_timeout,
            max_frame_bytes: usize::try_from(connection.max_reply_bytes).unwrap_or(usize::MAX),
            secrets: secrets.clone(),
        };
        let frame = definition
            .open
            .as_ref()
            .map(|open| frame(definition.frames, &opening, "open", open.as_str()))
            .transpose()?;
        let attempts = Attempts::new(connection, briefing.seed);
        let (stream, _calls) = attempts.run(first_turn, &place, || target.connect()).await?;
        let mut session = Self {
            definition: definition.clone(),
            socket: Some(Socket::over(stream)),
            greeting_due: definition.greeting,
            variables,
            trace,
            session_id: briefing.session_id.clone(),
            timeout_ms: connection.timeout_ms,
            max_reply_bytes: connection.max_reply_bytes,
            place,
            secrets: secrets.clone(),
            broken: None,
        };
        if let Some(frame) = frame {
            session.send(frame).await?;
        }
        Ok(session)
    }

    async fn turn(&mut self, call: &AgentCall<'_>) -> Result<Answer, AgentError> {
        let traceparent = self.trace.parent(call.turn_index);
        let variables =
            variables::with_turn(&self.variables, call).with("traceparent", &traceparent.as_str().into());
        let received = Variables::default()
            .with("session_id", &self.session_id.as_str().into())
            .with("turn", &call.turn_index.into())
            .with("idempotency_key", &call.idempotency_key.as_str().into());
        if std::mem::take(&mut self.greeting_due) {
            let greeting = self.reply(&received).await?;
            if call.input == AgentInput::Greet {
                return Ok(greeting);
            }
        }
        self.expect_silence(&received)?;
        let source = self.definition.message.as_str();
        let frame = frame(self.definition.frames, &variables, "message", source)?;
        self.send(frame).await?;
        self.reply(&received).await
    }

    /// Frames until one ends the reply.
    async fn reply(&mut self, received: &Variables) -> Result<Answer, AgentError> {
        let limit = usize::try_from(self.max_reply_bytes).unwrap_or(usize::MAX);
        let mut answer = Answer::default();
        let mut size = 0_usize;
        loop {
            let text = match self.socket()?.next().await {
                Ok(text) => text,
                Err(fault) => return Err(self.fault(fault)),
            };
            let (part, is_last) = match self.read(&text, received) {
                Ok(Some(read)) => read,
                Ok(None) => continue,
                Err(reason) => return Err(self.malformed(reason, &text)),
            };
            let calls = part.tool_calls.iter().map(|call| {
                let result = call.result.as_ref().map_or(0, |result| result.as_str().len());
                call.name.len() + call.arguments.as_str().len() + result
            });
            size = size.saturating_add(part.text.len() + calls.sum::<usize>());
            if size > limit {
                return Err(self.fault(Fault::TooLarge));
            }
            answer.text.push_str(&part.text);
            answer.tool_calls.extend(part.tool_calls);
            answer.completed |= part.completed;
            if is_last {
                return Ok(answer);
            }
        }
    }

    /// What a frame adds to the reply, and whether it ends it; none: it is of no interest.
    fn read(&self, text: &str, received: &Variables) -> Result<Option<(Answer, bool)>, String> {
        let definition = &self.definition;
        let response = self.response(text, received)?;
        if response.flag(definition.ignore.as_ref(), "ignore")? {
            return Ok(None);
        }
        if let Some(report) = response.report(definition.error.as_ref(), "error")? {
            return Err(format!(
                "it reports an error: {}",
                excerpt(&self.secrets.redact(&report), EXCERPT_BYTES)
            ));
        }
        let extract = &definition.extract;
        let part = Answer {
            text: match &extract.text {
                Some(source) => response.text(source, "extract.text")?,
                None => text.to_owned(),
            },
            tool_calls: response.tool_calls(extract.tool_calls.as_ref(), "extract.tool_calls")?,
            completed: response.flag(extract.completed.as_ref(), "extract.completed")?,
            ..Answer::default()
        };
        let is_last = definition.last.is_none() || response.flag(definition.last.as_ref(), "last")?;
        Ok(Some((part, is_last)))
    }

    fn response(&self, text: &str, received: &Variables) -> Result<Response, String> {
        let value = match self.definition.frames {
            FrameFormat::Json => serde_json::from_str(text)
                .map_err(|why| format!("it sent a frame that is not JSON ({why})"))?,
            FrameFormat::Text => Value::String(text.to_owned()),
        };
        Ok(Response::new(value, received))
    }

    /// Refuses frames that nobody asked for.
    fn expect_silence(&mut self, received: &Variables) -> Result<(), AgentError> {
        loop {
            let text = match self.socket()?.waiting() {
                Ok(Some(text)) => text,
                Ok(None) => return Ok(()),
                Err(fault) => return Err(self.fault(fault)),
            };
            let ignored = self
                .response(&text, received)
                .and_then(|response| response.flag(self.definition.ignore.as_ref(), "ignore"))
                .map_err(|reason| self.malformed(reason, &text))?;
            if !ignored {
                let reason = "it sent a frame while no reply was due; say in `last` which frame ends a reply, or in `ignore` which are of \
                     no interest";
                return Err(self.malformed(reason.to_owned(), &text));
            }
        }
    }

    async fn send(&mut self, frame: String) -> Result<(), AgentError> {
        match self.socket()?.send(frame).await {
            Ok(()) => Ok(()),
            Err(fault) => Err(self.fault(fault)),
        }
    }

    fn socket(&mut self) -> Result<&mut Socket, AgentError> {
        let gone = || AgentError::Unreachable {
            place: self.place.clone(),
            reason: "the connection is closed".to_owned(),
        };
        self.socket.as_mut().ok_or_else(gone)
    }

    fn fault(&self, fault: Fault) -> AgentError {
        let place = self.place.clone();
        match fault {
            Fault::TooLarge => AgentError::TooLarge {
                place,
                limit_bytes: self.max_reply_bytes,
            },
            Fault::Gone(reason) => AgentError::Unreachable { place, reason },
            Fault::Malformed(reason) => AgentError::Malformed {
                place,
                reason,
                detail: String::new(),
            },
        }
    }

    fn malformed(&self, reason: String, frame: &str) -> AgentError {
        AgentError::Malformed {
            place: self.place.clone(),
            reason,
            detail: format!(": {}", excerpt(&self.secrets.redact(frame), EXCERPT_BYTES)),
        }
    }
}

#[async_trait]
impl Exchange for WebSocketSession {
    async fn exchange(&mut self, call: AgentCall<'_>) -> Result<(Answer, u32), AgentError> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let limit = Duration::from_millis(u64::from(self.timeout_ms));
        let outcome = tokio::time::timeout(limit, self.turn(&call)).await;
        let error = match outcome {
            Ok(Ok(answer)) => return Ok((answer, 1)),
            Ok(Err(error)) => error,
            Err(_elapsed) => AgentError::Timeout {
                place: self.place.clone(),
                timeout_ms: self.timeout_ms,
                detail: String::new(),
            },
        };
        self.socket = None;
        self.broken = Some(error.clone());
        Err(error)
    }

    async fn close(mut self: Box<Self>) {
        if let Some(socket) = self.socket.take() {
            socket.close().await;
        }
    }

    fn place(&self) -> &str {
        &self.place
    }
}

/// The URL, if it can be connected to.
fn parse_url(text: &str) -> Result<Url, AgentError> {
    let invalid = |reason: String| AgentError::Template {
        field: "url".to_owned(),
        reason,
    };
    let mut url = Url::parse(text).map_err(|why| invalid(format!("is not a URL: {why}")))?;
    check_url(&url).map_err(|reason| invalid(reason.to_owned()))?;
    url.set_fragment(None);
    Ok(url)
}

/// What a WebSocket's URL must be.
pub(crate) fn check_url(url: &Url) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "ws" | "wss") || url.host_str().is_none() {
        return Err("must begin with `ws://` or `wss://`");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user or password; put them into a header, such as `authorization`");
    }
    Ok(())
}

fn insert(headers: &mut HeaderMap, field: &str, name: &str, value: &str) -> Result<(), AgentError> {
    let invalid = |reason: &str| AgentError::Template {
        field: field.to_owned(),
        reason: reason.to_owned(),
    };
    let name: HeaderName = name.parse().map_err(|_why| invalid("is not a header's name"))?;
    if HANDSHAKE_HEADERS.contains(&name.as_str()) {
        return Err(invalid("is set by the WebSocket protocol itself; leave it out"));
    }
    let mut value =
        HeaderValue::from_str(value).map_err(|_why| invalid("came out as something no header can hold"))?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

/// A frame to be sent. What is sent as JSON is what was parsed, so that a message cannot smuggle in a second value.
fn frame(
    format: FrameFormat,
    variables: &Variables,
    field: &str,
    source: &str,
) -> Result<String, AgentError> {
    let text = fill_in(variables, field, source)?;
    match format {
        FrameFormat::Text => Ok(text),
        FrameFormat::Json => serde_json::from_str::<Value>(&text)
            .map(|value| value.to_string())
            .map_err(|why| AgentError::Template {
                field: field.to_owned(),
                reason: format!(
                    "came out as something that is not JSON ({why}); use `{{{{ … | tojson }}}}` for texts"
                ),
            }),
    }
}

#[cfg(test)]
mod tests;
