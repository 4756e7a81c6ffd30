//! Agents behind an OpenAI-compatible `POST {base_url}/chat/completions`.
//!
//! Each call carries the whole conversation, so nothing is kept between calls and any worker can go on. Tools run inside the
//! agent's service: a reply's tool calls are recorded, never executed.

use async_trait::async_trait;
use model::{AgentInput, Connection, Protocol, Role, Usage};
use serde_json::{Map, Value, json};

use super::{
    AgentCall, AgentError, Answer, EVENT_PREFIX, Exchange,
    attempts::Attempts,
    http::{Http, Request},
    openai::{Described, Endpoint},
    tool_calls,
    trace::{TRACEPARENT, Trace},
};
use crate::{
    Briefing, Secrets,
    template::{MAX_REQUEST_BYTES, TemplateError, Variables},
};

/// What the system message may name.
pub(crate) const SYSTEM_VARIABLES: &[&str] = &["persona", "scenario", "context_graph"];
/// Fields of the body that `parameters` may not set.
pub(crate) const OWN_FIELDS: &[&str] = &["model", "messages", "stream", "n"];

pub(super) struct ChatSession {
    http: Http,
    connection: Connection,
    attempts: Attempts,
    request: Request,
    place: String,
    /// The body without its messages.
    body: Map<String, Value>,
    system: Option<String>,
    agent: String,
    trace: Trace,
}

impl ChatSession {
    pub(super) fn new(
        briefing: &Briefing,
        connection: &Connection,
        http: Http,
        secrets: &Secrets,
    ) -> Result<Self, AgentError> {
        let Protocol::OpenAiChat {
            base_url,
            model,
            api_key,
            system,
            headers,
            parameters,
        } = &connection.protocol
        else {
            return Err(AgentError::Unsuitable {
                agent: briefing.agent.name.to_string(),
                reason: format!("`{}` is not `openai_chat`", connection.protocol.as_str()),
            });
        };
        let described = Described {
            base_url,
            path: "chat/completions",
            model,
            api_key: api_key.as_ref(),
            headers,
            parameters: parameters.as_ref(),
        };
        let endpoint = Endpoint::new(&described, briefing, secrets)?;
        let system = endpoint.told("system", system.as_ref())?;
        let Endpoint { request, body, .. } = endpoint;
        Ok(Self {
            place: request.place(),
            http,
            connection: connection.clone(),
            attempts: Attempts::new(connection, briefing.seed),
            request,
            body,
            system,
            agent: briefing.agent.name.to_string(),
            trace: Trace::of(briefing),
        })
    }

    fn messages(&self, call: &AgentCall<'_>) -> Result<Vec<Value>, AgentError> {
        let system = self
            .system
            .iter()
            .map(|text| json!({ "role": "system", "content": text }));
        let said = call.turns.iter().map(|turn| match turn.role {
            Role::User => json!({ "role": "user", "content": turn.text }),
            Role::Event => json!({ "role": "user", "content": format!("{EVENT_PREFIX}{}", turn.text) }),
            Role::Agent => json!({ "role": "assistant", "content": turn.text }),
        });
        let messages: Vec<Value> = system.chain(said).collect();
        if messages.is_empty() && call.input == AgentInput::Greet {
            return Err(AgentError::Unsuitable {
                agent: self.agent.clone(),
                reason:
                    "the agent is to speak first, but without a `system` message there is nothing to send"
                        .to_owned(),
            });
        }
        Ok(messages)
    }

    fn answer(&self, bytes: &[u8]) -> Result<Answer, AgentError> {
        let malformed = |reason: String| self.http.malformed(&self.request, reason, bytes);
        let body: Value = serde_json::from_slice(bytes)
            .map_err(|why| malformed(format!("the response is not JSON ({why})")))?;
        let message = body
            .pointer("/choices/0/message")
            .filter(|message| message.is_object())
            .ok_or_else(|| malformed("the response has no `choices[0].message`".to_owned()))?;
        let text = match message.get("content") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Array(parts)) => Some(parts.iter().filter_map(part_text).collect()),
            Some(Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
                return Err(malformed(
                    "`content` is neither a text nor a list of parts".to_owned(),
                ));
            }
        };
        let text = text
            .filter(|text: &String| !text.is_empty())
            .or_else(|| {
                message
                    .get("refusal")
                    .and_then(Value::as_str)
                    .map(ToOwned::to_owned)
            })
            .unwrap_or_default();
        Ok(Answer {
            text,
            tool_calls: tool_calls::read_functions(message.get("tool_calls")).map_err(malformed)?,
            usage: body.get("usage").and_then(usage),
            completed: false,
            silent: false,
            session: None,
        })
    }
}

#[async_trait]
impl Exchange for ChatSession {
    async fn exchange(&mut self, call: AgentCall<'_>) -> Result<(Answer, u32), AgentError> {
        let mut body = self.body.clone();
        body.insert("messages".to_owned(), self.messages(&call)?.into());
        self.request.body = Some(Value::Object(body).to_string());
        self.request
            .header("idempotency_key", "idempotency-key", &call.idempotency_key)?;
        self.request
            .header(TRACEPARENT, TRACEPARENT, &self.trace.parent(call.turn_index))?;
        let this = &*self;
        let send = || async { this.http.send(&this.request, &this.connection).await };
        let (bytes, calls) = this.attempts.run(call.turn_index, &this.place, send).await?;
        Ok((this.answer(&bytes)?, calls))
    }

    async fn close(self: Box<Self>) {}

    fn place(&self) -> &str {
        &self.place
    }
}

/// Fills a template of the connection in.
pub(super) fn fill_in(variables: &Variables, field: &str, source: &str) -> Result<String, AgentError> {
    variables
        .render(source, MAX_REQUEST_BYTES)
        .map_err(|why| match why {
            TemplateError::SecretMissing(name) => AgentError::SecretMissing {
                field: field.to_owned(),
                name,
            },
            TemplateError::Failed(reason) => AgentError::Template {
                field: field.to_owned(),
                reason,
            },
        })
}

fn part_text(part: &Value) -> Option<&str> {
    part.get("text")
        .or_else(|| part.get("refusal"))
        .and_then(Value::as_str)
}

fn usage(usage: &Value) -> Option<Usage> {
    let tokens = |name| usage.get(name).and_then(Value::as_u64);
    let (input, output) = (tokens("prompt_tokens"), tokens("completion_tokens"));
    (input.is_some() || output.is_some()).then(|| Usage::of_tokens(input.unwrap_or(0), output.unwrap_or(0)))
}

#[cfg(test)]
mod tests;
