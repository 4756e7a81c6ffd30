//! Agents behind any JSON API, by templates.
//!
//! A session may be opened by a request of its own. What it yields (`session`) lives in this worker only, so a conversation
//! whose requests name it cannot go on elsewhere: such a connection declares `continuation: restart`. One that opens a
//! session under our own `session_id`, and names nothing else of it, may declare `continue`: then the session is not opened
//! a second time.

use async_trait::async_trait;
use model::{AgentInput, Connection, HttpExtract, HttpMethod, HttpOpen, HttpRequest, Protocol, Turn};
use reqwest::Method;
use serde_json::{Map, Value};

use super::{
    AgentCall, AgentError, Answer, Exchange,
    attempts::Attempts,
    extract::Response,
    http::{Http, Request},
    openai_chat::fill_in,
    trace::{TRACEPARENT, Trace},
};
use crate::{Briefing, Secrets, template::Variables, view};

/// What a turn's request may name.
pub(crate) const REQUEST_VARIABLES: &[&str] = &[
    "message",
    "kind",
    "turn",
    "session_id",
    "idempotency_key",
    "history",
    "persona",
    "scenario",
    "context_graph",
    "session",
    "secret",
];
/// What the request that opens a session may name.
pub(crate) const OPEN_VARIABLES: &[&str] = &[
    "session_id",
    "idempotency_key",
    "persona",
    "scenario",
    "context_graph",
    "secret",
];
/// What a template that takes something out of a response may name.
pub(crate) const RESPONSE_VARIABLES: &[&str] = &["response"];

pub(super) struct TemplateSession {
    http: Http,
    connection: Connection,
    attempts: Attempts,
    request: HttpRequest,
    extract: HttpExtract,
    /// What is the same in every turn.
    variables: Variables,
    place: String,
    trace: Trace,
}

impl TemplateSession {
    pub(super) async fn open(
        briefing: &Briefing,
        connection: &Connection,
        history: &[Turn],
        http: Http,
        secrets: &Secrets,
    ) -> Result<Self, AgentError> {
        let Protocol::HttpTemplate {
            request,
            extract,
            open,
            continuation: _,
        } = &connection.protocol
        else {
            return Err(AgentError::Unsuitable {
                agent: briefing.agent.name.to_string(),
                reason: format!("`{}` is not `http_template`", connection.protocol.as_str()),
            });
        };
        let variables = Variables::default()
            .with("session_id", &briefing.session_id.as_str().into())
            .with("persona", &view::persona(briefing))
            .with("scenario", &view::scenario(briefing))
            .with("context_graph", &briefing.context_graph.value())
            .with_secrets(secrets);
        let mut session = Self {
            http,
            connection: connection.clone(),
            attempts: Attempts::new(connection, briefing.seed),
            request: request.clone(),
            extract: extract.clone(),
            variables,
            place: format!("{} {}", method(request.method), briefing.agent.name),
            trace: Trace::of(briefing),
        };
        if let Some(open) = open.as_ref().filter(|_open| history.is_empty()) {
            let values = session.open_session(open, briefing).await?;
            session.variables = session.variables.with("session", &Value::Object(values));
        }
        Ok(session)
    }

    async fn open_session(
        &self,
        open: &HttpOpen,
        briefing: &Briefing,
    ) -> Result<Map<String, Value>, AgentError> {
        let key = format!("{}-open", briefing.session_id);
        let variables = self.variables.clone().with("idempotency_key", &key.into());
        let request = fill_request(&open.request, &variables, "open.request")?;
        let (bytes, _calls) = self.send(0, &request).await?;
        let response = Response::new(self.json(&request, &bytes)?, &Variables::default());
        let mut values = Map::new();
        for (name, source) in &open.extract {
            let field = format!("open.extract.{name}");
            let value = response.take(source, &field).and_then(|value| {
                value
                    .filter(|value| !value.is_null())
                    .ok_or_else(|| format!("the response has nothing at `{source}` ({field})"))
            });
            values.insert(
                name.clone(),
                value.map_err(|reason| self.http.malformed(&request, reason, &bytes))?,
            );
        }
        Ok(values)
    }

    async fn send(&self, turn_index: u32, request: &Request) -> Result<(Vec<u8>, u32), AgentError> {
        let send = || async { self.http.send(request, &self.connection).await };
        self.attempts.run(turn_index, &request.place(), send).await
    }

    fn json(&self, request: &Request, bytes: &[u8]) -> Result<Value, AgentError> {
        serde_json::from_slice(bytes).map_err(|why| {
            self.http
                .malformed(request, format!("the response is not JSON ({why})"), bytes)
        })
    }

    fn answer(&self, request: &Request, bytes: &[u8]) -> Result<Answer, AgentError> {
        let malformed = |reason: String| self.http.malformed(request, reason, bytes);
        let response = Response::new(self.json(request, bytes)?, &Variables::default());
        let extract = &self.extract;
        Ok(Answer {
            text: response.text(&extract.text, "extract.text").map_err(malformed)?,
            tool_calls: response
                .tool_calls(extract.tool_calls.as_ref(), "extract.tool_calls")
                .map_err(malformed)?,
            completed: response
                .flag(extract.completed.as_ref(), "extract.completed")
                .map_err(malformed)?,
            ..Answer::default()
        })
    }
}

#[async_trait]
impl Exchange for TemplateSession {
    async fn exchange(&mut self, call: AgentCall<'_>) -> Result<(Answer, u32), AgentError> {
        let (kind, message) = match &call.input {
            AgentInput::Greet => ("greet", ""),
            AgentInput::Message(text) => ("message", text.as_str()),
            AgentInput::Event(text) => ("event", text.as_str()),
        };
        let variables = self
            .variables
            .clone()
            .with("message", &message.into())
            .with("kind", &kind.into())
            .with("turn", &call.turn_index.into())
            .with("idempotency_key", &call.idempotency_key.as_str().into())
            .with("history", &view::history(call.turns));
        let mut request = fill_request(&self.request, &variables, "request")?;
        // A connection that sets the header itself has its way.
        if !request.headers.contains_key(TRACEPARENT) {
            request.header(TRACEPARENT, TRACEPARENT, &self.trace.parent(call.turn_index))?;
        }
        self.place = request.place();
        let (bytes, calls) = self.send(call.turn_index, &request).await?;
        Ok((self.answer(&request, &bytes)?, calls))
    }

    async fn close(self: Box<Self>) {}

    fn place(&self) -> &str {
        &self.place
    }
}

fn method(method: HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
    }
}

fn fill_request(source: &HttpRequest, variables: &Variables, field: &str) -> Result<Request, AgentError> {
    let url = format!("{field}.url");
    let mut request = Request::new(
        method(source.method),
        fill_in(variables, &url, source.url.as_str())?.trim(),
        &url,
    )?;
    if let Some(body) = &source.body {
        let field = format!("{field}.body");
        let body = fill_in(variables, &field, body.as_str())?;
        // What is sent is what was parsed, so that a message cannot smuggle in a second value.
        let parsed: Value = serde_json::from_str(&body).map_err(|why| AgentError::Template {
            field,
            reason: format!(
                "came out as something that is not JSON ({why}); use `{{{{ … | tojson }}}}` for texts"
            ),
        })?;
        request.body = Some(parsed.to_string());
        request.header("headers", "content-type", "application/json")?;
    }
    for (name, value) in &source.headers {
        let field = format!("{field}.headers.{name}");
        request.header(&field, name, &fill_in(variables, &field, value)?)?;
    }
    Ok(request)
}

#[cfg(test)]
mod tests;
