//! Agents behind an OpenAI-compatible `POST {base_url}/responses`.
//!
//! Either the server keeps what was said, and a call carries what is new and the id of the last response; or each call carries
//! everything and the server is asked to store nothing. Tools run inside the agent's service: calls in a reply are recorded, never
//! executed.

mod chain;
mod output;

use async_trait::async_trait;
use chain::Chain;
use model::{AgentInput, Connection, Protocol, ResponsesHistory, Role, Turn};
use serde_json::{Map, Value, json};

use super::{
    AgentCall, AgentError, Answer, EVENT_PREFIX, Exchange,
    attempts::Attempts,
    http::{Http, Request},
    openai::{Described, Endpoint},
    trace::{TRACEPARENT, Trace},
};
use crate::{Briefing, Secrets};

/// Fields of the body that `parameters` may not set.
pub(crate) const OWN_FIELDS: &[&str] = &[
    "model",
    "input",
    "instructions",
    "previous_response_id",
    "conversation",
    "store",
    "stream",
    "background",
];

pub(super) struct ResponsesSession {
    http: Http,
    connection: Connection,
    attempts: Attempts,
    request: Request,
    place: String,
    /// The body without what changes from turn to turn.
    body: Map<String, Value>,
    instructions: Option<String>,
    history: ResponsesHistory,
    /// Where the server's history ends.
    chain: Option<Chain>,
    agent: String,
    trace: Trace,
}

impl ResponsesSession {
    pub(super) fn new(
        briefing: &Briefing,
        connection: &Connection,
        turns: &[Turn],
        http: Http,
        secrets: &Secrets,
    ) -> Result<Self, AgentError> {
        let unsuitable = |reason: String| AgentError::Unsuitable {
            agent: briefing.agent.name.to_string(),
            reason,
        };
        let Protocol::OpenAiResponses {
            base_url,
            model,
            api_key,
            instructions,
            history,
            headers,
            parameters,
        } = &connection.protocol
        else {
            let protocol = connection.protocol.as_str();
            return Err(unsuitable(format!("`{protocol}` is not `openai_responses`")));
        };
        let chain = match history {
            ResponsesHistory::Server => Chain::of(turns).map_err(unsuitable)?,
            ResponsesHistory::Client => None,
        };
        let described = Described {
            base_url,
            path: "responses",
            model,
            api_key: api_key.as_ref(),
            headers,
            parameters: parameters.as_ref(),
        };
        let endpoint = Endpoint::new(&described, briefing, secrets)?;
        let instructions = endpoint.told("instructions", instructions.as_ref())?;
        let Endpoint {
            request, mut body, ..
        } = endpoint;
        body.insert(
            "store".to_owned(),
            matches!(history, ResponsesHistory::Server).into(),
        );
        Ok(Self {
            place: request.place(),
            http,
            connection: connection.clone(),
            attempts: Attempts::new(connection, briefing.seed),
            request,
            body,
            instructions,
            history: *history,
            chain,
            agent: briefing.agent.name.to_string(),
            trace: Trace::of(briefing),
        })
    }

    fn body(&self, call: &AgentCall<'_>) -> Result<Value, AgentError> {
        let mut body = self.body.clone();
        let mut input: Vec<Value> = Vec::new();
        let new = match self.history {
            ResponsesHistory::Client => call.turns,
            ResponsesHistory::Server => unanswered(call.turns),
        };
        if let Some(chain) = &self.chain {
            body.insert(
                "previous_response_id".to_owned(),
                chain.response_id.as_str().into(),
            );
            input.extend(chain.outputs());
        }
        input.extend(new.iter().map(|turn| match turn.role {
            Role::User => json!({ "role": "user", "content": turn.text }),
            Role::Event => json!({ "role": "user", "content": format!("{EVENT_PREFIX}{}", turn.text) }),
            Role::Agent => json!({ "role": "assistant", "content": turn.text }),
        }));
        match &self.instructions {
            // Something must be the input; instructions alone are refused.
            Some(instructions) if input.is_empty() => {
                input.push(json!({ "role": "system", "content": instructions }));
            }
            Some(instructions) => {
                body.insert("instructions".to_owned(), instructions.as_str().into());
            }
            None if input.is_empty() && call.input == AgentInput::Greet => {
                return Err(AgentError::Unsuitable {
                    agent: self.agent.clone(),
                    reason:
                        "the agent is to speak first, but without `instructions` there is nothing to send"
                            .to_owned(),
                });
            }
            None => {}
        }
        body.insert("input".to_owned(), input.into());
        Ok(Value::Object(body))
    }

    fn answer(&mut self, bytes: &[u8]) -> Result<Answer, AgentError> {
        let malformed = |reason: String| self.http.malformed(&self.request, reason, bytes);
        let response: Value = serde_json::from_slice(bytes)
            .map_err(|why| malformed(format!("the response is not JSON ({why})")))?;
        let output = output::read(&response).map_err(malformed)?;
        let session = match self.history {
            ResponsesHistory::Client => None,
            ResponsesHistory::Server => {
                let chain = Chain::at(&response, output.unanswered).map_err(malformed)?;
                Some(self.chain.insert(chain).session())
            }
        };
        Ok(Answer {
            text: output.text,
            tool_calls: output.tool_calls,
            usage: output.usage,
            completed: false,
            silent: false,
            session,
        })
    }
}

#[async_trait]
impl Exchange for ResponsesSession {
    async fn exchange(&mut self, call: AgentCall<'_>) -> Result<(Answer, u32), AgentError> {
        self.request.body = Some(self.body(&call)?.to_string());
        self.request
            .header("idempotency_key", "idempotency-key", &call.idempotency_key)?;
        self.request
            .header(TRACEPARENT, TRACEPARENT, &self.trace.parent(call.turn_index))?;
        let this = &*self;
        let send = || async { this.http.send(&this.request, &this.connection).await };
        let (bytes, calls) = this.attempts.run(call.turn_index, &this.place, send).await?;
        Ok((self.answer(&bytes)?, calls))
    }

    async fn close(self: Box<Self>) {}

    fn place(&self) -> &str {
        &self.place
    }
}

/// What was said since the agent spoke last.
fn unanswered(turns: &[Turn]) -> &[Turn] {
    let last = turns.iter().rposition(|turn| turn.role == Role::Agent);
    last.map_or(turns, |last| &turns[last + 1..])
}

#[cfg(test)]
mod tests;
