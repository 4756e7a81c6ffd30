//! Reading stored messages: the last one of a subject, and ranges that end.
//!
//! Where something hangs on what the last message is, the stream's leader is asked. Ranges come by direct get, which any replica
//! answers, but never end before the message that the leader named as the last.

use std::{collections::VecDeque, time::Duration};

use async_nats::{HeaderMap, Message, StatusCode, header, jetstream::stream::RawMessage};
use bytes::Bytes;
use futures::StreamExt as _;
use model::Time;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    connection::{Connection, Persistence, persist},
    failure::{Failure, code},
    signals::Signal,
};

/// Messages asked for at once, and their bytes.
const N_BATCH: usize = 256;
const N_BATCH_BYTES: usize = 4 << 20;
/// The longest silence within a batch.
const SILENCE: Duration = Duration::from_secs(5);

/// A stored message.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) subject: String,
    pub(super) sequence: u64,
    pub(super) headers: HeaderMap,
    pub(super) payload: Bytes,
}

/// A stored message and when the server stored it, by the server's clock.
#[derive(Clone, Debug)]
pub(super) struct Last {
    pub(super) entry: Entry,
    pub(super) at: Time,
}

#[derive(Deserialize)]
struct Found {
    message: RawMessage,
}

impl Connection {
    /// The last message whose subject matches, as the stream's leader knows it.
    pub(super) async fn last(&self, stream: &str, filter: &str) -> Result<Option<Last>, Failure> {
        self.get(stream, &json!({ "last_by_subj": filter })).await
    }

    async fn get(&self, stream: &str, which: &Value) -> Result<Option<Last>, Failure> {
        let call = format!("STREAM.MSG.GET.{stream}");
        match persist(|| self.api::<Found>(&call, which)).await {
            Ok(Found { message }) => Last::read(message).map(Some),
            Err(failure) if failure.is(code::NO_MESSAGE_FOUND) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The sequence of the last message whose subject matches; 0 if there is none.
    pub(super) async fn last_sequence(&self, stream: &str, filter: &str) -> Result<u64, Failure> {
        Ok(self
            .last(stream, filter)
            .await?
            .map_or(0, |last| last.entry.sequence))
    }

    /// The messages whose subject matches, from a sequence to the one that is the last now.
    pub(super) async fn range(
        &self,
        stream: &'static str,
        filter: String,
        from: u64,
    ) -> Result<Range, Failure> {
        let to = self.last_sequence(stream, &filter).await?;
        Ok(self.range_to(stream, filter, Start::Sequence(from.max(1)), to))
    }

    /// The messages whose subject matches, from `start` to `to`, which is the sequence of a matching message (or 0).
    pub(super) fn range_to(&self, stream: &'static str, filter: String, start: Start, to: u64) -> Range {
        Range {
            connection: self.clone(),
            stream,
            filter,
            start,
            to,
            n_batch: N_BATCH,
            buffer: VecDeque::new(),
        }
    }
}

impl Last {
    fn read(message: RawMessage) -> Result<Self, Failure> {
        let nanos = message.time.unix_timestamp_nanos();
        let at = Time::from_micros(i64::try_from(nanos / 1000).unwrap_or(i64::MAX));
        let message = async_nats::jetstream::message::StreamMessage::try_from(message)
            .map_err(|error| Failure::Malformed(format!("a stored message is not understood: {error}")))?;
        let entry = Entry {
            subject: message.subject.to_string(),
            sequence: message.sequence,
            headers: message.headers,
            payload: message.payload,
        };
        Ok(Self { entry, at })
    }
}

/// Where a range begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start {
    Sequence(u64),
    /// By the server's clock.
    At(Time),
}

/// Messages from here to there, fetched as they are read.
#[derive(Debug)]
pub(super) struct Range {
    connection: Connection,
    stream: &'static str,
    filter: String,
    start: Start,
    to: u64,
    n_batch: usize,
    buffer: VecDeque<Entry>,
}

/// How one batch ended.
enum End {
    /// The server has sent what it was asked for.
    Complete,
    /// This replica has nothing more.
    Exhausted,
}

impl Range {
    /// Fetches no more at once than `n_messages`, for a reader that stops after so many.
    pub(super) fn for_first(mut self, n_messages: usize) -> Self {
        self.n_batch = n_messages.clamp(1, N_BATCH);
        self
    }

    /// The next message; none after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Entry>, Failure> {
        let mut persistence = Persistence::new();
        loop {
            if let Some(entry) = self.buffer.pop_front() {
                return Ok(Some(entry));
            }
            if self.is_done() {
                return Ok(None);
            }
            let failure = match self.fetch().await {
                Ok(_end) if !self.buffer.is_empty() || self.is_done() => continue,
                Ok(End::Complete) => continue,
                // Either the replica that answered lags behind, or the last message has since been removed.
                Ok(End::Exhausted) if self.last_is_gone().await? => return Ok(None),
                Ok(End::Exhausted) => Failure::Unreachable(format!(
                    "the replica of {} that answers has not caught up to message {}",
                    self.stream, self.to
                )),
                Err(failure) => failure,
            };
            persistence.pause_after(failure).await?;
        }
    }

    /// All messages.
    pub(super) async fn collect(mut self) -> Result<Vec<Entry>, Failure> {
        let mut entries = Vec::new();
        while let Some(entry) = self.next().await? {
            entries.push(entry);
        }
        Ok(entries)
    }

    const fn is_done(&self) -> bool {
        match self.start {
            Start::Sequence(next) => next > self.to,
            Start::At(_) => self.to == 0,
        }
    }

    async fn last_is_gone(&self) -> Result<bool, Failure> {
        Ok(self
            .connection
            .get(self.stream, &json!({ "seq": self.to }))
            .await?
            .is_none())
    }

    async fn fetch(&mut self) -> Result<End, Failure> {
        let mut request =
            json!({ "next_by_subj": self.filter, "batch": self.n_batch, "max_bytes": N_BATCH_BYTES });
        match self.start {
            Start::Sequence(next) => request["seq"] = next.into(),
            Start::At(at) => request["start_time"] = at.to_string().into(),
        }
        let subject = format!("$JS.API.DIRECT.GET.{}", self.stream);
        let connection = self.connection.clone();
        connection.ready().await?;
        let unreachable = |error: &dyn std::fmt::Display| Failure::Unreachable(error.to_string());
        let mut listener = connection.signals.listen();
        let inbox = connection.client.new_inbox();
        let mut answers = connection
            .client
            .subscribe(inbox.clone())
            .await
            .map_err(|error| unreachable(&error))?;
        connection
            .client
            .publish_with_reply(subject.clone(), inbox, request.to_string().into())
            .await
            .map_err(|error| unreachable(&error))?;
        loop {
            let message = tokio::select! {
                answer = timeout(SILENCE, answers.next()) => match answer {
                    Ok(Some(message)) => message,
                    Ok(None) | Err(_) => return Err(Failure::Unreachable("no answer in time".to_owned())),
                },
                signal = listener.hear(&subject) => return Err(match signal {
                    Signal::Reconnected => Failure::Unreachable("the connection was lost while reading".to_owned()),
                    Signal::Forbidden(text) => Failure::Forbidden(text),
                }),
            };
            match message.status {
                None => self.take(message)?,
                // The end of the batch.
                Some(status) if status.as_u16() == 204 => {
                    let pending = message
                        .headers
                        .as_ref()
                        .and_then(|headers| headers.get("Nats-Num-Pending"));
                    return Ok(if pending.is_some_and(|n| n.as_str() == "0") {
                        End::Exhausted
                    } else {
                        End::Complete
                    });
                }
                Some(StatusCode::NOT_FOUND) => return Ok(End::Exhausted),
                Some(StatusCode::NO_RESPONDERS) => {
                    return Err(Failure::Unreachable(format!(
                        "nobody answers for {}",
                        self.stream
                    )));
                }
                Some(status) => {
                    let description = message.description.unwrap_or_default();
                    return Err(Failure::Malformed(format!("direct get: {status} {description}")));
                }
            }
        }
    }

    fn take(&mut self, message: Message) -> Result<(), Failure> {
        let headers = message.headers.unwrap_or_default();
        let field = |name| headers.get(name).map(|value| value.as_str().to_owned());
        let (subject, sequence) = field(header::NATS_SUBJECT)
            .zip(field(header::NATS_SEQUENCE).and_then(|sequence| sequence.parse::<u64>().ok()))
            .ok_or_else(|| {
                Failure::Malformed("direct get: an answer without subject or sequence".to_owned())
            })?;
        self.start = Start::Sequence(sequence + 1);
        if sequence <= self.to {
            self.buffer.push_back(Entry {
                subject,
                sequence,
                headers,
                payload: message.payload,
            });
        }
        Ok(())
    }
}
