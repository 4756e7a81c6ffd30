//! Agents on a Rasa server, through its REST channel.
//!
//! The server keeps the conversation under the sender's name, which is the session's id, so nothing is kept here and any worker can go
//! on. A list without messages is a reply: the agent has nothing to say.

use async_trait::async_trait;
use model::{AgentInput, Connection, Json, Rasa};
use serde_json::{Value, json};

use super::{
    AgentCall, AgentError, Answer, EVENT_PREFIX, Exchange,
    caller::{Caller, Reply, Settings, Stamp},
    http::{Http, Request},
    rich_text::{choices, lines, media, other, paragraphs, text},
};
use crate::{Briefing, Secrets};

/// The most messages of one reply.
const MAX_MESSAGES: usize = 200;

pub(super) struct RasaSession {
    caller: Caller,
    channel: String,
    opening: Option<String>,
    metadata: Option<Value>,
    sender: String,
    agent: String,
    place: String,
}

impl RasaSession {
    pub(super) fn new(
        briefing: &Briefing,
        connection: &Connection,
        rasa: &Rasa,
        http: Http,
        secrets: &Secrets,
    ) -> Result<Self, AgentError> {
        let settings = Settings::of(briefing, secrets);
        let base = settings.url("base_url", &rasa.base_url)?;
        let caller = Caller::new(briefing, connection, http, base, &settings, &rasa.headers)?;
        let channel = rasa.channel.to_string();
        Ok(Self {
            place: caller.post(&path(&channel), &Value::Null)?.place(),
            caller,
            channel,
            opening: rasa.opening.as_ref().map(ToString::to_string),
            metadata: rasa.metadata.as_ref().map(Json::value),
            sender: briefing.session_id.clone(),
            agent: briefing.agent.name.to_string(),
        })
    }

    fn message(&self, input: &AgentInput) -> Result<String, AgentError> {
        match input {
            AgentInput::Message(text) => Ok(text.clone()),
            AgentInput::Event(text) => Ok(format!("{EVENT_PREFIX}{text}")),
            AgentInput::Greet => self.opening.clone().ok_or_else(|| AgentError::Unsuitable {
                agent: self.agent.clone(),
                reason: "the agent is to speak first, but Rasa only answers; say in `opening` what makes it speak, such as \
                         `/greet`"
                    .to_owned(),
            }),
        }
    }

    fn answer(&self, request: &Request, reply: &Reply) -> Result<Answer, AgentError> {
        let malformed = |reason: String| self.caller.http.malformed(request, reason, &reply.bytes);
        let Value::Array(messages) = &reply.value else {
            return Err(malformed("the response is not a list of messages".to_owned()));
        };
        if messages.len() > MAX_MESSAGES {
            return Err(malformed(format!(
                "one reply has at most {MAX_MESSAGES} messages, this has {}",
                messages.len()
            )));
        }
        if let Some(wrong) = messages.iter().find(|message| !message.is_object()) {
            return Err(malformed(format!("`{wrong}` in the response is not a message")));
        }
        Ok(Answer {
            text: paragraphs(messages.iter().map(shown)),
            silent: true,
            ..Answer::default()
        })
    }
}

fn path(channel: &str) -> [&str; 3] {
    ["webhooks", channel, "webhook"]
}

/// One message, as words.
fn shown(message: &Value) -> String {
    let present = |part: &str| message.get(part).filter(|value| !value.is_null());
    let attachment = present("attachment").map(|attachment| match attachment {
        Value::String(url) => media("attachment", Some(url)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            other("attachment", attachment)
        }
    });
    let parts = [
        text(message, "text").map(ToOwned::to_owned),
        text(message, "image").map(|url| media("image", Some(url))),
        attachment,
        present("custom").map(|custom| other("custom", custom)),
        Some(choices(message.get("buttons"), "title")),
        Some(choices(message.get("quick_replies"), "title")),
    ];
    lines(parts.into_iter().flatten())
}

#[async_trait]
impl Exchange for RasaSession {
    async fn exchange(&mut self, call: AgentCall<'_>) -> Result<(Answer, u32), AgentError> {
        let mut body = json!({ "sender": self.sender, "message": self.message(&call.input)? });
        if let Some(metadata) = &self.metadata {
            body["metadata"] = metadata.clone();
        }
        let mut request = self.caller.post(&path(&self.channel), &body)?;
        let stamp = Stamp {
            turn_index: call.turn_index,
            idempotency_key: &call.idempotency_key,
        };
        self.caller.stamp(&mut request, stamp)?;
        let (this, request) = (&*self, &request);
        let send = || async { this.caller.ask(request).await };
        let (reply, calls) = this
            .caller
            .attempts
            .run(call.turn_index, &this.place, send)
            .await?;
        Ok((self.answer(request, &reply)?, calls))
    }

    async fn close(self: Box<Self>) {}

    fn place(&self) -> &str {
        &self.place
    }
}

#[cfg(test)]
mod tests;
