//! Bots behind Bot Framework's Direct Line 3.0.
//!
//! A message is posted, then the conversation is polled from where it was last read until the bot has answered that message and has
//! said nothing more for a while. The idempotency key goes along as `clientActivityID`: before a message is posted again, the
//! conversation is searched for it, so the bot never gets it twice.

mod activity;
mod pass;

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use activity::{Heard, Page};
use async_trait::async_trait;
use model::{AgentInput, Connection, DirectLine, Turn};
use pass::Pass;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    AgentCall, AgentError, Answer, EVENT_PREFIX, Exchange,
    caller::{Caller, Settings, Stamp},
    http::Http,
};
use crate::{Briefing, Secrets};

pub(super) struct BotSession {
    caller: Caller,
    pass: Pass,
    conversation: String,
    /// Up to where the conversation was read.
    watermark: Option<String>,
    /// Our name in the conversation.
    user: String,
    quiet: Duration,
    poll: Duration,
    /// Another worker may have begun the turn that comes next.
    taken_over: bool,
    place: String,
}

impl BotSession {
    /// Starts a conversation, or goes on with the one that the history names.
    pub(super) async fn open(
        briefing: &Briefing,
        connection: &Connection,
        bot: &DirectLine,
        history: &[Turn],
        http: Http,
        secrets: &Secrets,
    ) -> Result<Self, AgentError> {
        let settings = Settings::of(briefing, secrets);
        let base = settings.url("base_url", &bot.base_url)?;
        let caller = Caller::new(briefing, connection, http, base, &settings, &bot.headers)?;
        let pass = Pass::of(&bot.credential, &settings)?;
        // The service wants this prefix of users that a token is bound to.
        let user = format!("dl_{}", briefing.session_id);
        let stored = history.iter().rev().find_map(|turn| turn.session.as_deref());
        let (conversation, watermark) = match stored {
            Some(stored) => read_stored(stored, briefing)?,
            None => (pass.start(&caller, &user, &briefing.session_id).await?, None),
        };
        let activities = caller.post(&["conversations", &conversation, "activities"], &Value::Null)?;
        Ok(Self {
            place: activities.place(),
            caller,
            pass,
            conversation,
            watermark,
            user,
            quiet: Duration::from_millis(u64::from(bot.quiet_ms)),
            poll: Duration::from_millis(u64::from(bot.poll_ms)),
            taken_over: stored.is_some(),
        })
    }

    /// Posts a message; gives the id that the service names.
    async fn post(&self, text: &str, stamp: Stamp<'_>) -> Result<Option<String>, AgentError> {
        let body = json!({
            "type": "message",
            "from": { "id": self.user },
            "text": text,
            "channelData": { "clientActivityID": stamp.idempotency_key },
        });
        let segments = ["conversations", &self.conversation, "activities"];
        let mut request = self.caller.post(&segments, &body)?;
        self.caller.stamp(&mut request, stamp)?;
        let reply = self.pass.ask(&self.caller, request).await?;
        Ok(reply
            .value
            .get("id")
            .and_then(Value::as_str)
            .map(ToOwned::to_owned))
    }

    /// What is new after `watermark`.
    async fn read(&self, watermark: Option<&str>, stamp: Stamp<'_>) -> Result<Page, AgentError> {
        let mut url = self
            .caller
            .url(&["conversations", &self.conversation, "activities"]);
        if let Some(watermark) = watermark {
            url.query_pairs_mut().append_pair("watermark", watermark);
        }
        let mut request = self.caller.request(reqwest::Method::GET, &url)?;
        self.caller.stamp(&mut request, stamp)?;
        let reply = self.pass.ask(&self.caller, request.clone()).await?;
        Page::read(&reply.value).map_err(|reason| self.caller.http.malformed(&request, reason, &reply.bytes))
    }

    /// Posts the message, unless it is there already, and listens until the reply is whole.
    async fn attempt(
        &self,
        message: Option<&str>,
        stamp: Stamp<'_>,
        repeated: bool,
    ) -> Result<(Answer, Option<String>), AgentError> {
        let mut heard = Heard::new(&self.user, stamp.idempotency_key);
        let mut watermark = self.watermark.clone();
        if repeated {
            let page = self.read(watermark.as_deref(), stamp).await?;
            watermark = page.watermark.clone().or(watermark);
            heard.listen(page);
        }
        match message {
            Some(message) if !heard.is_posted() => {
                let id = self.post(message, stamp).await?;
                heard.posted(id);
            }
            Some(_) => {}
            None => heard.waits_for_anything(),
        }
        let mut last_news = Instant::now();
        loop {
            let page = self.read(watermark.as_deref(), stamp).await?;
            watermark = page.watermark.clone().or(watermark);
            if heard.listen(page) {
                last_news = Instant::now();
            }
            self.within_limit(heard.bytes())?;
            let since = last_news.elapsed();
            if heard.is_over() || (heard.is_answered() && since >= self.quiet) {
                return Ok((heard.answer(), watermark));
            }
            let wait = if heard.is_answered() {
                self.quiet.saturating_sub(since).min(self.poll)
            } else {
                self.poll
            };
            tokio::time::sleep(wait).await;
        }
    }

    fn within_limit(&self, bytes: usize) -> Result<(), AgentError> {
        let limit_bytes = self.caller.connection.max_reply_bytes;
        if u32::try_from(bytes).is_ok_and(|bytes| bytes <= limit_bytes) {
            return Ok(());
        }
        Err(AgentError::TooLarge {
            place: self.place.clone(),
            limit_bytes,
        })
    }
}

/// Conversation and watermark, as [`BotSession::exchange`] wrote them.
fn read_stored(stored: &str, briefing: &Briefing) -> Result<(String, Option<String>), AgentError> {
    let value: Value = serde_json::from_str(stored).unwrap_or_default();
    let part = |name: &str| value.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    let conversation = part("conversation").ok_or_else(|| AgentError::Unsuitable {
        agent: briefing.agent.name.to_string(),
        reason: "what is stored about its conversation cannot be read".to_owned(),
    })?;
    Ok((conversation, part("watermark")))
}

#[async_trait]
impl Exchange for BotSession {
    async fn exchange(&mut self, call: AgentCall<'_>) -> Result<(Answer, u32), AgentError> {
        let message = match &call.input {
            AgentInput::Greet => None,
            AgentInput::Message(text) => Some(text.clone()),
            AgentInput::Event(text) => Some(format!("{EVENT_PREFIX}{text}")),
        };
        let stamp = Stamp {
            turn_index: call.turn_index,
            idempotency_key: &call.idempotency_key,
        };
        let tries = AtomicU32::new(u32::from(self.taken_over));
        let (this, tries, message) = (&*self, &tries, message.as_deref());
        let attempt = || async move {
            let repeated = tries.fetch_add(1, Ordering::Relaxed) > 0;
            this.attempt(message, stamp, repeated).await
        };
        let ((mut answer, watermark), calls) = this
            .caller
            .attempts
            .run(call.turn_index, &this.place, attempt)
            .await?;
        let session = json!({ "conversation": self.conversation, "watermark": watermark });
        answer.session = Some(session.to_string());
        self.watermark = watermark;
        self.taken_over = false;
        Ok((answer, calls))
    }

    async fn close(self: Box<Self>) {}

    fn place(&self) -> &str {
        &self.place
    }
}

#[cfg(test)]
mod tests;
