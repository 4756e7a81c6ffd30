//! Serving requests.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use async_nats::{HeaderMap, Message, Subscriber};
use bytes::Bytes;
use futures::StreamExt as _;
use serde_json::json;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::timeout,
};

use super::{
    BusError, BusHandler, BusReply, BusRequest, ERROR_CODE_HEADER, ERROR_HEADER, MAX_IN_FLIGHT, Service,
    TOO_LARGE,
    micro::{Identity, QUEUE_GROUP, Verb},
    pairs,
};
use crate::{JetStream, JournalError, jetstream::Connection};

/// The longest message that stands in a header, in bytes.
const MAX_HEADER_BYTES: usize = 512;

/// A running service. Dropping it stops it without waiting for requests that are being handled.
pub struct BusServer {
    stop: watch::Sender<bool>,
    permits: Arc<Semaphore>,
    listeners: JoinSet<()>,
}

impl fmt::Debug for BusServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n_free = self.permits.available_permits();
        f.debug_struct("BusServer")
            .field("in_flight", &MAX_IN_FLIGHT.saturating_sub(n_free))
            .finish_non_exhaustive()
    }
}

struct Shared {
    connection: Connection,
    identity: Identity,
    handler: Arc<dyn BusHandler>,
    permits: Arc<Semaphore>,
}

impl BusServer {
    /// Starts serving; returns when the NATS server knows of it. Several servers of one service share its requests.
    ///
    /// # Errors
    ///
    /// A name, version or subject that cannot be one, or no connection.
    pub async fn start(
        journal: &JetStream,
        service: Service,
        handler: Arc<dyn BusHandler>,
    ) -> Result<Self, JournalError> {
        const OPERATION: &str = "starting a service";
        let connection = journal.connection().clone();
        let identity = Identity::new(service, connection.unique())?;
        let permits = Arc::new(Semaphore::new(MAX_IN_FLIGHT));
        let shared = Arc::new(Shared {
            connection,
            identity,
            handler,
            permits: Arc::clone(&permits),
        });
        let stop = watch::Sender::new(false);
        let mut listeners = JoinSet::new();
        for verb in Verb::ALL {
            for subject in verb.subjects(&shared.identity) {
                let messages = shared.subscribe(OPERATION, subject, None).await?;
                let questions = Incoming {
                    messages,
                    stop: stop.subscribe(),
                    is_draining: false,
                };
                listeners.spawn(answer_questions(Arc::clone(&shared), verb, questions));
            }
        }
        for (index, endpoint) in shared.identity.service.endpoints.iter().enumerate() {
            let messages = shared
                .subscribe(OPERATION, endpoint.subject.clone(), Some(QUEUE_GROUP))
                .await?;
            let requests = Incoming {
                messages,
                stop: stop.subscribe(),
                is_draining: false,
            };
            listeners.spawn(serve(Arc::clone(&shared), index, requests));
        }
        shared
            .connection
            .settle()
            .await
            .map_err(|failure| failure.into_error(OPERATION))?;
        Ok(Self {
            stop,
            permits,
            listeners,
        })
    }

    /// Takes no more requests, and waits up to `patience` for those that have come in. Tells whether all were answered.
    pub async fn stop(mut self, patience: Duration) -> bool {
        self.stop.send_replace(true);
        let all = u32::try_from(MAX_IN_FLIGHT).unwrap_or(u32::MAX);
        let answered = async {
            while self.listeners.join_next().await.is_some() {}
            // Every permit back means that nothing is being handled.
            self.permits.acquire_many(all).await.is_ok()
        };
        timeout(patience, answered).await.unwrap_or(false)
    }
}

impl Shared {
    async fn subscribe(
        &self,
        operation: &'static str,
        subject: String,
        group: Option<&str>,
    ) -> Result<Subscriber, JournalError> {
        let client = &self.connection.client();
        let subscribed = match group {
            Some(group) => client.queue_subscribe(subject, group.to_owned()).await,
            None => client.subscribe(subject).await,
        };
        subscribed.map_err(|error| JournalError::Unreachable {
            operation,
            reason: error.to_string(),
        })
    }

    /// Where the answer to a message may go: an inbox, or nowhere.
    fn inbox_of(&self, message: &Message) -> Option<String> {
        let reply = message.reply.as_ref()?.to_string();
        if is_inbox(&reply, self.connection.inbox_prefix()) {
            return Some(reply);
        }
        tracing::warn!(
            subject = %message.subject, %reply,
            "a request is ignored: its answer would have to go to a subject that is no inbox"
        );
        None
    }

    async fn reply(&self, inbox: String, reply: &BusReply) {
        let limit = self.connection.client().max_payload();
        let too_large;
        let reply = match reply {
            Ok(answer) if answer.payload.len() > limit => {
                let message = format!(
                    "the answer has {} bytes; the NATS server takes {limit}",
                    answer.payload.len()
                );
                too_large = Err(BusError::new(TOO_LARGE, message));
                &too_large
            }
            Ok(_) | Err(_) => reply,
        };
        let client = self.connection.client();
        let sent = match reply {
            Ok(answer) if answer.headers.is_empty() => client.publish(inbox, answer.payload.clone()).await,
            Ok(answer) => {
                let mut headers = HeaderMap::new();
                for (name, value) in &answer.headers {
                    headers.insert(name.as_str(), one_line(value).as_str());
                }
                client
                    .publish_with_headers(inbox, headers, answer.payload.clone())
                    .await
            }
            Err(error) => {
                let mut headers = HeaderMap::new();
                headers.insert(ERROR_HEADER, one_line(&error.message).as_str());
                headers.insert(ERROR_CODE_HEADER, error.code.to_string().as_str());
                client.publish_with_headers(inbox, headers, body(error)).await
            }
        };
        if let Err(error) = sent {
            tracing::warn!(%error, "an answer could not be sent");
        }
    }
}

async fn answer_questions(shared: Arc<Shared>, verb: Verb, mut questions: Incoming) {
    while let Some(question) = questions.next().await {
        if let Some(inbox) = shared.inbox_of(&question) {
            let answer = shared.identity.answer(verb).to_string();
            shared.reply(inbox, &Ok(answer.into())).await;
        }
    }
}

async fn serve(shared: Arc<Shared>, endpoint: usize, mut requests: Incoming) {
    while let Some(message) = requests.next().await {
        let Some(inbox) = shared.inbox_of(&message) else {
            continue;
        };
        match Arc::clone(&shared.permits).try_acquire_owned() {
            Ok(permit) => {
                tokio::spawn(handle(Arc::clone(&shared), endpoint, inbox, message, permit));
            }
            Err(_all_taken) => {
                let busy = format!("the server handles {MAX_IN_FLIGHT} requests already; try again");
                shared.reply(inbox, &Err(BusError::new(503, busy))).await;
            }
        }
    }
}

/// Messages until the service stops, those included that the NATS server had sent on their way by then.
struct Incoming {
    messages: Subscriber,
    stop: watch::Receiver<bool>,
    is_draining: bool,
}

impl Incoming {
    async fn next(&mut self) -> Option<Message> {
        loop {
            tokio::select! {
                biased;
                _stopped_or_dropped = self.stop.wait_for(|stopped| *stopped), if !self.is_draining => {}
                message = self.messages.next() => return message,
            }
            self.is_draining = true;
            self.messages.drain().await.ok()?;
        }
    }
}

async fn handle(
    shared: Arc<Shared>,
    endpoint: usize,
    inbox: String,
    message: Message,
    permit: OwnedSemaphorePermit,
) {
    let start = Instant::now();
    let Service {
        endpoints,
        max_request,
        ..
    } = &shared.identity.service;
    let reply = if message.payload.len() > *max_request {
        let text = format!(
            "the request has {} bytes; {max_request} are allowed",
            message.payload.len()
        );
        Err(BusError::new(TOO_LARGE, text))
    } else {
        let request = BusRequest {
            endpoint: endpoints[endpoint].name.clone(),
            tokens: message.subject.split('.').map(str::to_owned).collect(),
            headers: message.headers.as_ref().map(pairs).unwrap_or_default(),
            payload: message.payload,
        };
        let handler = Arc::clone(&shared.handler);
        // In a task of its own, so that a panic is answered too.
        let handled = tokio::spawn(async move { handler.handle(request).await }).await;
        handled.unwrap_or_else(|_panicked| Err(BusError::new(500, "the server failed to handle the request")))
    };
    shared.identity.stats[endpoint].count(start.elapsed(), reply.as_ref().err().map(ToString::to_string));
    shared.reply(inbox, &reply).await;
    drop(permit);
}

fn body(error: &BusError) -> Bytes {
    if error.payload.is_empty() {
        return json!({ "code": error.code, "message": error.message })
            .to_string()
            .into();
    }
    error.payload.clone()
}

/// A text as it may stand in a header.
fn one_line(text: &str) -> String {
    let mut line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let end = (0..=MAX_HEADER_BYTES.min(line.len()))
        .rev()
        .find(|&end| line.is_char_boundary(end))
        .unwrap_or(0);
    line.truncate(end);
    line
}

/// Whether a subject is below `_INBOX` or the given prefix, and one that can be published to.
fn is_inbox(subject: &str, prefix: &str) -> bool {
    let below = |prefix: &str| {
        subject
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    let is_plain = subject
        .split('.')
        .all(|token| !token.is_empty() && token != "*" && token != ">");
    is_plain && (below("_INBOX") || below(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_inboxes_are_answered() {
        for (subject, expected) in [
            ("_INBOX.abc", true),
            ("_INBOX.abc.1", true),
            ("_ann.abc", true),
            ("_INBOX", false),
            ("_INBOX.", false),
            ("_INBOX.>", false),
            ("_INBOXED.a", false),
            ("evt.acme.persona.1", false),
            ("$JS.API.STREAM.DELETE.EVENTS", false),
            ("_INBOX.a..b", false),
        ] {
            assert_eq!(is_inbox(subject, "_ann"), expected, "{subject}");
        }
    }

    #[test]
    fn a_header_is_one_short_line() {
        assert_eq!(one_line("a\r\nNats-Expected: b"), "a  Nats-Expected: b");
        assert_eq!(one_line(&"ö".repeat(1000)).len(), MAX_HEADER_BYTES);
    }
}
