//! The connection to the server: requests that end, with failures sorted.

use std::{sync::Arc, time::Duration};

use async_nats::{Client, HeaderMap, Message, Request, connection::State, header};
use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::time::{Instant, sleep, timeout};

use super::{
    failure::{Failure, Refusal},
    options::ConnectOptions,
    signals::{Signal, Signals},
};
use crate::JournalError;

/// How long one try waits for its answer.
const ATTEMPT: Duration = Duration::from_secs(3);
/// How long an operation keeps trying: a server that restarts or elects a leader is back by then.
pub(super) const RIDE_OUT: Duration = Duration::from_secs(15);

/// A connection. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(super) client: Client,
    pub(super) signals: Arc<Signals>,
    pub(super) inbox_prefix: Arc<str>,
}

/// A message to be stored.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) subject: String,
    pub(super) headers: HeaderMap,
    pub(super) payload: Bytes,
}

impl Outgoing {
    /// Its size as the server counts it.
    pub(super) fn size(&self) -> usize {
        let lines = self.headers.iter().flat_map(|(name, values)| {
            let name: &str = name.as_ref();
            values
                .iter()
                .map(move |value| name.len() + value.as_str().len() + 4)
        });
        self.payload.len() + 12 + lines.sum::<usize>()
    }
}

/// JetStream's answer to a message that it has stored.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Ack {
    #[serde(rename = "seq")]
    pub(super) sequence: u64,
    #[serde(default)]
    pub(super) duplicate: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer<T> {
    Refused { error: Refusal },
    Done(T),
}

impl Connection {
    /// Connects; does not ask for JetStream.
    pub(crate) async fn open(options: &ConnectOptions) -> Result<Self, JournalError> {
        super::connect::connect(options).await
    }

    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// What the subjects of our own answers begin with.
    pub(crate) fn inbox_prefix(&self) -> &str {
        &self.inbox_prefix
    }

    /// A word that no other call gets.
    pub(crate) fn unique(&self) -> String {
        let inbox = self.client.new_inbox();
        inbox.rsplit('.').next().unwrap_or(&inbox).to_owned()
    }

    /// Waits until there is a connection. Nothing is sent without one: what the client would keep back and send later could take
    /// effect long after its caller has given up.
    pub(super) async fn ready(&self) -> Result<(), Failure> {
        let mut listener = self.signals.listen();
        if self.client.connection_state() == State::Connected {
            return Ok(());
        }
        match timeout(ATTEMPT, listener.hear("")).await {
            Ok(Signal::Reconnected) => Ok(()),
            Ok(Signal::Forbidden(text)) => Err(Failure::Forbidden(text)),
            Err(_elapsed) => Err(Failure::Unreachable("not connected to NATS".to_owned())),
        }
    }

    /// Sends and waits for the answer.
    pub(crate) async fn request(
        &self,
        subject: &str,
        headers: Option<HeaderMap>,
        payload: Bytes,
        wait: Duration,
    ) -> Result<Message, Failure> {
        self.ready().await?;
        let size = payload.len();
        let mut request = Request::new().payload(payload).timeout(Some(wait));
        if let Some(headers) = headers {
            request = request.headers(headers);
        }
        let mut listener = self.signals.listen();
        tokio::select! {
            answer = self.client.send_request(subject.to_owned(), request) => {
                answer.map_err(|error| self.request_failure(&error, size))
            }
            signal = listener.hear(subject) => Err(match signal {
                Signal::Reconnected => Failure::Unreachable("the connection was lost before the answer came".to_owned()),
                Signal::Forbidden(text) => Failure::Forbidden(text),
            }),
        }
    }

    fn request_failure(&self, error: &async_nats::RequestError, size: usize) -> Failure {
        use async_nats::RequestErrorKind as Kind;
        match error.kind() {
            Kind::TimedOut => Failure::Unreachable("no answer in time".to_owned()),
            Kind::NoResponders => Failure::NoResponders,
            Kind::MaxPayloadExceeded => Failure::TooLarge {
                size,
                limit: self.client.max_payload(),
            },
            Kind::InvalidSubject => Failure::Malformed(error.to_string()),
            Kind::Other => Failure::Unreachable(error.to_string()),
        }
    }

    /// Calls JetStream's API with a request.
    pub(super) async fn api<T: DeserializeOwned>(
        &self,
        call: &str,
        request: &(impl Serialize + Sync + ?Sized),
    ) -> Result<T, Failure> {
        let body = serde_json::to_vec(request).map_err(|error| Failure::Malformed(error.to_string()))?;
        let answer = self
            .request(&format!("$JS.API.{call}"), None, body.into(), ATTEMPT)
            .await?;
        parse(&answer.payload)
    }

    /// Asks JetStream's API for something that needs no request.
    pub(super) async fn ask<T: DeserializeOwned>(&self, call: &str) -> Result<T, Failure> {
        let answer = self
            .request(&format!("$JS.API.{call}"), None, Bytes::new(), ATTEMPT)
            .await?;
        parse(&answer.payload)
    }

    /// Stores one message.
    pub(super) async fn publish(&self, message: &Outgoing) -> Result<Ack, Failure> {
        self.fit(message)?;
        let (headers, payload) = (message.headers.clone(), message.payload.clone());
        let answer = self
            .request(&message.subject, Some(headers), payload, ATTEMPT)
            .await?;
        parse(&answer.payload)
    }

    /// Stores messages all or none; the answer names the last one's sequence. The others stand directly before it.
    pub(super) async fn publish_batch(&self, messages: &[Outgoing]) -> Result<Ack, Failure> {
        for message in messages {
            self.fit(message)?;
        }
        self.ready().await?;
        let id = self.unique();
        for (message, number) in messages.iter().zip(1_u64..) {
            let mut headers = message.headers.clone();
            headers.insert(header::NATS_BATCH_ID, id.as_str());
            headers.insert(header::NATS_BATCH_SEQUENCE, number.to_string());
            if number == messages.len() as u64 {
                headers.insert(header::NATS_BATCH_COMMIT, header::NATS_BATCH_COMMIT_FINAL);
                let answer = self
                    .request(&message.subject, Some(headers), message.payload.clone(), ATTEMPT)
                    .await?;
                return parse(&answer.payload);
            }
            self.client
                .publish_with_headers(message.subject.clone(), headers, message.payload.clone())
                .await
                .map_err(|error| Failure::Unreachable(error.to_string()))?;
        }
        Err(Failure::Malformed("a batch has at least one message".to_owned()))
    }

    /// Returns when the server has taken in everything sent so far: it answers in order.
    pub(crate) async fn settle(&self) -> Result<(), Failure> {
        persist(|| self.ask::<serde_json::Value>("INFO")).await?;
        Ok(())
    }

    /// Checks a message against the server's limit.
    pub(super) fn fit(&self, message: &Outgoing) -> Result<(), Failure> {
        let (size, limit) = (message.size(), self.client.max_payload());
        if size > limit {
            Err(Failure::TooLarge { size, limit })
        } else {
            Ok(())
        }
    }
}

fn parse<T: DeserializeOwned>(payload: &[u8]) -> Result<T, Failure> {
    match serde_json::from_slice(payload) {
        Ok(Answer::Done(answer)) => Ok(answer),
        Ok(Answer::Refused { error }) => Err(Failure::Refused(error)),
        Err(error) => Err(Failure::Malformed(format!(
            "JetStream's answer is not understood: {error}"
        ))),
    }
}

/// Pauses between tries: from 5 ms, doubled up to a quarter of a second.
#[derive(Debug)]
pub(super) struct Persistence {
    deadline: Instant,
    pause: Duration,
}

impl Persistence {
    /// Keeps trying for as long as a restart of the server takes.
    pub(super) fn new() -> Self {
        Self::until(Instant::now() + RIDE_OUT)
    }

    pub(super) const fn until(deadline: Instant) -> Self {
        Self {
            deadline,
            pause: Duration::from_millis(5),
        }
    }

    /// Waits before the next try, or gives the failure back if it will not pass or the time is up.
    pub(super) async fn pause_after(&mut self, failure: Failure) -> Result<(), Failure> {
        if !failure.is_passing() || Instant::now() + self.pause >= self.deadline {
            return Err(failure);
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(Duration::from_millis(250));
        Ok(())
    }
}

/// Tries again while the failure may pass. Only for what may be done twice.
pub(super) async fn persist<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut persistence = Persistence::new();
    loop {
        match attempt().await {
            Ok(value) => return Ok(value),
            Err(failure) => persistence.pause_after(failure).await?,
        }
    }
}
