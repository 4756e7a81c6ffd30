//! Pulling from a consumer, and telling the server what became of what was pulled. Knows nothing of what the messages are.

use std::time::Duration;

use async_nats::{Message, StatusCode};
use bytes::Bytes;
use futures::StreamExt as _;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use super::{connection::Connection, failure::Failure, signals::Signal};

/// The server says when a pull has expired; after this much longer it will not any more.
const GRACE: Duration = Duration::from_secs(2);
/// How long the server has to confirm what it was told about a message.
pub(super) const CONFIRMATION: Duration = Duration::from_secs(3);

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pull<'a> {
    pub(super) stream: &'a str,
    pub(super) consumer: &'a str,
    /// The most messages.
    pub(super) max: usize,
    /// As soon as there are any, what is there; else: until there are `max`.
    pub(super) at_once: bool,
    pub(super) deadline: Instant,
}

/// How a pull ended that did not bring all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Empty {
    /// Its time is up, or there is nothing now.
    Nothing,
    /// Others ask for more than there is.
    Crowded,
}

impl Connection {
    /// Pulls messages and adds what `take` makes of each to `taken`.
    pub(super) async fn pull<T: Send>(
        &self,
        pull: Pull<'_>,
        take: impl Fn(Message) -> Result<T, Failure> + Send,
        taken: &mut Vec<T>,
    ) -> Result<Empty, Failure> {
        self.ready().await?;
        let mut listener = self.signals.listen();
        let unreachable = |error: &dyn std::fmt::Display| Failure::Unreachable(error.to_string());
        let inbox = self.client.new_inbox();
        let mut messages = self
            .client
            .subscribe(inbox.clone())
            .await
            .map_err(|error| unreachable(&error))?;
        let Pull { stream, consumer, .. } = pull;
        let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}");
        let expires = pull
            .deadline
            .saturating_duration_since(Instant::now())
            .max(Duration::from_millis(1));
        let nanos = u64::try_from(expires.as_nanos()).unwrap_or(u64::MAX);
        let request = json!({ "batch": pull.max, "expires": nanos, "no_wait": pull.at_once });
        self.client
            .publish_with_reply(subject.clone(), inbox, request.to_string().into())
            .await
            .map_err(|error| unreachable(&error))?;
        while taken.len() < pull.max {
            let message = tokio::select! {
                biased;
                message = timeout_at(pull.deadline + GRACE, messages.next()) => match message {
                    Ok(Some(message)) => message,
                    // What was handed out so far is in hand; the rest comes back when its time is up.
                    Ok(None) | Err(_) if !taken.is_empty() => break,
                    Ok(None) | Err(_) => return Err(Failure::Unreachable("no answer in time".to_owned())),
                },
                signal = listener.hear(&subject) => match signal {
                    Signal::Reconnected if !taken.is_empty() => break,
                    Signal::Reconnected => return Err(Failure::Unreachable("the connection was lost".to_owned())),
                    Signal::Forbidden(text) => return Err(Failure::Forbidden(text)),
                },
            };
            match message.status {
                None => match take(message) {
                    Ok(item) => taken.push(item),
                    // The readable ones must not wait for it; it comes again when its time is up.
                    Err(failure) if !taken.is_empty() => {
                        tracing::error!(%failure, stream, "a message cannot be read");
                        break;
                    }
                    Err(failure) => return Err(failure),
                },
                Some(StatusCode::NOT_FOUND) => break,
                Some(StatusCode::NO_RESPONDERS) => {
                    let reason = format!(
                        "nobody hands out messages: consumer {consumer} of {stream} has no leader, or is gone"
                    );
                    return Err(Failure::Unreachable(reason));
                }
                Some(StatusCode::TIMEOUT | StatusCode::REQUEST_TERMINATED) => {
                    let is_crowded = message
                        .description
                        .is_some_and(|text| text.contains("Requests Pending"));
                    return Ok(if is_crowded {
                        Empty::Crowded
                    } else {
                        Empty::Nothing
                    });
                }
                // Heartbeats.
                Some(StatusCode::IDLE_HEARTBEAT) => {}
                Some(status) => {
                    let description = message.description.unwrap_or_default();
                    return Err(Failure::Malformed(format!("pull: {status} {description}")));
                }
            }
        }
        Ok(Empty::Nothing)
    }

    /// Tells the server something about a message that was pulled and waits for the confirmation.
    pub(super) async fn confirm(&self, handle: &str, what: &'static [u8]) -> Result<(), Failure> {
        self.request(handle, None, Bytes::from_static(what), CONFIRMATION)
            .await?;
        Ok(())
    }
}

/// Where to tell the server about a message that was pulled.
pub(super) fn handle(message: &Message) -> String {
    message
        .reply
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// How often a message was delivered, and its sequence, from the subject that it is acknowledged on.
pub(super) fn delivery(handle: &str) -> Option<(u64, u64)> {
    let tokens: Vec<&str> = handle.strip_prefix("$JS.ACK.")?.split('.').collect();
    let first = if tokens.len() >= 9 { 2 } else { 0 };
    Some((
        tokens.get(first + 2)?.parse().ok()?,
        tokens.get(first + 3)?.parse().ok()?,
    ))
}
