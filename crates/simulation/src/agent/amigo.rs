//! Services of Amigo's classic platform, through its conversation API.
//!
//! The first turn creates the conversation, each further one is an interaction with it; both answer with a stream of events, one JSON
//! object per line. The platform allows a user one unfinished conversation per service, so a conversation that is left is finished,
//! and one of ours that a lost worker left behind is finished before it is held again. The platform knows no idempotency key: before an
//! interaction is repeated, the conversation is asked whether the first one was kept.

mod events;
mod form;
mod token;

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use events::{Events, Interaction};
use model::{AgentInput, Amigo, Connection, Digest};
use reqwest::Method;
use serde_json::{Value, json};
use token::Account;
pub(super) use token::Tokens;

use super::{
    AgentCall, AgentError, Answer, Exchange,
    caller::{Caller, Settings, Stamp},
    http::{Http, Request},
};
use crate::{Briefing, Secrets};

/// The tag that a conversation of ours carries.
const TAG: &str = "rehearse";
/// How many of the latest messages are searched for an interaction that may have been kept.
const SEARCHED_MESSAGES: &str = "20";
/// What of the agent's doings the stream is to tell.
const WANTED_ACTIONS: &str = "^tool-call-(started|ended)$";

pub(super) struct AmigoSession {
    caller: Caller,
    account: Account,
    organization: String,
    service_id: String,
    version_set: Option<String>,
    /// Says whose conversation it is: the same for every attempt at it.
    tag: String,
    conversation: Option<String>,
    /// A conversation may have been created, whether or not its id became known.
    begun: bool,
    /// The last interaction that is known to be kept.
    interaction: Option<String>,
    completed: bool,
    place: String,
}

impl AmigoSession {
    pub(super) fn new(
        briefing: &Briefing,
        connection: &Connection,
        amigo: &Amigo,
        http: Http,
        tokens: &Tokens,
        secrets: &Secrets,
    ) -> Result<Self, AgentError> {
        let settings = Settings::of(briefing, secrets);
        let base = settings.url("base_url", &amigo.base_url)?;
        let caller = Caller::new(briefing, connection, http, base, &settings, &amigo.headers)?;
        let organization = settings.fill("organization", &amigo.organization)?;
        let account = Account::of(amigo, &settings, &caller, &organization, tokens)?;
        let key = &briefing.key;
        let n = key.n.to_be_bytes();
        let tag = Digest::of_parts(&[key.org.as_str().as_bytes(), key.run.0.as_bytes(), &n]).to_string();
        let place = caller
            .post(&["v1", &organization, "conversation", ""], &Value::Null)?
            .place();
        Ok(Self {
            caller,
            account,
            organization,
            service_id: settings.fill("service_id", &amigo.service_id)?,
            version_set: amigo.version_set.as_ref().map(ToString::to_string),
            tag: tag.chars().take(32).collect(),
            conversation: None,
            begun: false,
            interaction: None,
            completed: false,
            place,
        })
    }

    /// The request that creates the conversation with its first message.
    fn create(&self, input: &AgentInput) -> Result<Request, AgentError> {
        let mut body = json!({ "service_id": self.service_id, "tags": { TAG: self.tag } });
        if let Some(version_set) = &self.version_set {
            body["service_version_set_name"] = version_set.as_str().into();
        }
        if let Some((kind, text)) = message(input) {
            body["initial_message"] = text.into();
            body["initial_message_type"] = kind.into();
        }
        let mut request = self
            .caller
            .post(&["v1", &self.organization, "conversation", ""], &body)?;
        request
            .url
            .query_pairs_mut()
            .append_pair("response_format", "text")
            .append_pair("current_agent_action_type", WANTED_ACTIONS);
        request.header("headers", "accept", "application/x-ndjson")?;
        Ok(request)
    }

    /// The request of a further message.
    fn interact(&self, conversation: &str, input: &AgentInput, key: &str) -> Result<Request, AgentError> {
        let (kind, text) = message(input).unwrap_or(("skip", ""));
        let (content_type, body) = form::form(kind, text, key);
        let mut url = self
            .caller
            .url(&["v1", &self.organization, "conversation", conversation, "interact"]);
        url.query_pairs_mut()
            .append_pair("request_format", "text")
            .append_pair("response_format", "text")
            .append_pair("current_agent_action_type", WANTED_ACTIONS);
        let mut request = self.caller.request(Method::POST, &url)?;
        request.body = Some(body);
        request.header("headers", "content-type", &content_type)?;
        request.header("headers", "accept", "application/x-ndjson")?;
        Ok(request)
    }

    async fn attempt(
        &self,
        request: &Request,
        stamp: Stamp<'_>,
        repeated: bool,
    ) -> Result<Interaction, AgentError> {
        match &self.conversation {
            Some(conversation) if repeated => {
                if let Some(kept) = self.kept(conversation, stamp).await? {
                    return Ok(kept);
                }
                self.events(request).await
            }
            Some(_) => self.events(request).await,
            None if repeated => {
                self.finish_left_behind(stamp).await?;
                self.events(request).await
            }
            // One that a lost worker left behind stands in the way.
            None => match self.events(request).await {
                Err(refusal @ AgentError::Refused { status: 400, .. }) => {
                    if self.finish_left_behind(stamp).await? == 0 {
                        return Err(refusal);
                    }
                    self.events(request).await
                }
                outcome => outcome,
            },
        }
    }

    async fn events(&self, request: &Request) -> Result<Interaction, AgentError> {
        let body = self.account.begin(&self.caller, request).await?;
        Events::of(body, request, &self.caller).read().await
    }

    /// The interaction after the last one known, if the conversation holds one.
    async fn kept(&self, conversation: &str, stamp: Stamp<'_>) -> Result<Option<Interaction>, AgentError> {
        let mut url = self.caller.url(&[
            "v1",
            &self.organization,
            "conversation",
            conversation,
            "messages",
            "",
        ]);
        url.query_pairs_mut()
            .append_pair("sort_by", "-created_at")
            .append_pair("limit", SEARCHED_MESSAGES);
        let mut request = self.caller.request(Method::GET, &url)?;
        self.caller.stamp(&mut request, stamp)?;
        let reply = self.account.ask(&self.caller, &request).await?;
        let messages = reply
            .value
            .get("messages")
            .and_then(Value::as_array)
            .ok_or_else(|| {
                self.caller
                    .http
                    .malformed(&request, "the response has no `messages`", &reply.bytes)
            })?;
        Ok(Interaction::among(
            messages,
            conversation,
            self.interaction.as_deref(),
        ))
    }

    /// Finishes unfinished conversations of ours at which another attempt was made; tells how many there were.
    async fn finish_left_behind(&self, stamp: Stamp<'_>) -> Result<usize, AgentError> {
        let mut url = self.caller.url(&["v1", &self.organization, "conversation", ""]);
        url.query_pairs_mut()
            .append_pair("service_id", &self.service_id)
            .append_pair("is_finished", "false")
            .append_pair("tag", &format!("{TAG}:{}", self.tag));
        let mut request = self.caller.request(Method::GET, &url)?;
        self.caller.stamp(&mut request, stamp)?;
        let reply = self.account.ask(&self.caller, &request).await?;
        let conversations = reply.value.get("conversations").and_then(Value::as_array);
        let ids = conversations.into_iter().flatten().filter_map(|conversation| {
            // Whatever the search finds, only what carries our tag is ours to finish.
            let tag = conversation.pointer("/tags/rehearse").and_then(Value::as_str);
            let id = conversation.get("id").and_then(Value::as_str);
            id.filter(|_id| tag == Some(self.tag.as_str()))
        });
        let mut finished = 0;
        for id in ids {
            self.finish(id).await?;
            finished += 1;
        }
        Ok(finished)
    }

    async fn finish(&self, conversation: &str) -> Result<(), AgentError> {
        let url = self.caller.url(&[
            "v1",
            &self.organization,
            "conversation",
            conversation,
            "finish",
            "",
        ]);
        let request = self.caller.request(Method::POST, &url)?;
        self.account.begin(&self.caller, &request).await?.rest().await?;
        Ok(())
    }
}

/// What is said, and how the platform calls it; none: the agent speaks first.
fn message(input: &AgentInput) -> Option<(&'static str, &str)> {
    match input {
        AgentInput::Greet => None,
        AgentInput::Message(text) => Some(("user-message", text)),
        AgentInput::Event(text) => Some(("external-event", text)),
    }
}

#[async_trait]
impl Exchange for AmigoSession {
    async fn exchange(&mut self, call: AgentCall<'_>) -> Result<(Answer, u32), AgentError> {
        let mut request = match &self.conversation {
            Some(conversation) => self.interact(conversation, &call.input, &call.idempotency_key)?,
            None => self.create(&call.input)?,
        };
        let stamp = Stamp {
            turn_index: call.turn_index,
            idempotency_key: &call.idempotency_key,
        };
        self.caller.stamp(&mut request, stamp)?;
        self.place = request.place();
        self.begun = true;
        let tries = AtomicU32::new(0);
        let (this, request, tries) = (&*self, &request, &tries);
        let attempt = || async move {
            let repeated = tries.fetch_add(1, Ordering::Relaxed) > 0;
            this.attempt(request, stamp, repeated).await
        };
        let (interaction, calls) = this
            .caller
            .attempts
            .run(call.turn_index, &this.place, attempt)
            .await?;
        let conversation = self.conversation.take().or(interaction.conversation);
        let Some(conversation) = conversation else {
            let reason = "the stream does not name the conversation that was created";
            return Err(self.caller.http.malformed(request, reason, b""));
        };
        let mut answer = interaction.answer;
        answer.session = Some(json!({ "conversation": conversation }).to_string());
        self.completed = answer.completed;
        self.interaction = interaction.id;
        self.conversation = Some(conversation);
        Ok((answer, calls))
    }

    async fn close(self: Box<Self>) {
        let finished = match &self.conversation {
            Some(_) if self.completed => return,
            Some(conversation) => self.finish(conversation).await,
            None if self.begun => {
                let stamp = Stamp {
                    turn_index: 0,
                    idempotency_key: &self.tag,
                };
                self.finish_left_behind(stamp).await.map(|_count| ())
            }
            None => return,
        };
        if let Err(error) = finished {
            tracing::warn!(%error, "a conversation could not be finished");
        }
    }

    fn place(&self) -> &str {
        &self.place
    }
}

#[cfg(test)]
mod tests;
