//! Following a stream from a sequence on: in order, without a gap, across reconnects and restarts.
//!
//! The consumer is pushed to, unacknowledged and short-lived. Whenever anything is amiss (a message lost on the way, silence, a new
//! connection) it is thrown away and another made from the last message seen. That the log is still the same, and still has what
//! follows, is checked each time.

use std::time::Duration;

use async_nats::{StatusCode, Subscriber, jetstream};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;

use super::{
    connection::{Connection, Persistence, persist},
    failure::{Failure, code},
    read::Entry,
    signals::{Moment, Signal},
};
use crate::{JournalError, LogInfo, Subscription};

const OPERATION: &str = "subscribe";
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Without a sign of life for this long the consumer is gone.
const SILENCE: Duration = Duration::from_secs(12);
/// How long the server keeps a consumer that nobody listens to.
const INACTIVE: Duration = Duration::from_secs(10);

/// What to follow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Follow {
    pub(super) stream: &'static str,
    pub(super) after: u64,
    pub(super) headers_only: bool,
}

/// What a stream's information says about its identity and extent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) info: LogInfo,
    first_sequence: u64,
}

/// Where a stream begins and ends, and which it is.
pub(super) async fn extent(connection: &Connection, stream: &str) -> Result<Extent, Failure> {
    let call = format!("STREAM.INFO.{stream}");
    let info = persist(|| connection.ask::<jetstream::stream::Info>(&call)).await?;
    let micros = i64::try_from(info.created.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX);
    let created = model::Time::from_micros(micros);
    let info_of_log = LogInfo {
        created,
        last_sequence: info.state.last_sequence,
    };
    Ok(Extent {
        info: info_of_log,
        first_sequence: info.state.first_sequence,
    })
}

/// Follows a stream; each message is decoded as it comes.
pub(super) async fn follow<T: Send + 'static>(
    connection: &Connection,
    what: Follow,
    decode: impl Fn(Entry) -> Result<T, JournalError> + Send + 'static,
) -> Result<Subscription<T>, JournalError> {
    let extent = extent(connection, what.stream)
        .await
        .map_err(|failure| failure.into_error(OPERATION))?;
    let mut follower = Follower {
        connection: connection.clone(),
        what,
        created: extent.info.created,
        seen: what.after,
        feed: None,
    };
    follower.check(extent)?;
    follower
        .open()
        .await
        .map_err(|failure| failure.into_error(OPERATION))?;
    Ok(Box::pin(stream::unfold(
        Some((follower, decode)),
        |running| async move {
            let (mut follower, decode) = running?;
            let item = follower.next().await.and_then(&decode);
            // After an error the subscription ends: a reader must not go on past what it could not read.
            let running = item.is_ok().then_some((follower, decode));
            Some((item, running))
        },
    )))
}

struct Follower {
    connection: Connection,
    what: Follow,
    created: model::Time,
    seen: u64,
    feed: Option<Feed>,
}

/// One consumer's messages.
struct Feed {
    messages: Subscriber,
    opened: Moment,
    n_delivered: u64,
}

/// What came of waiting.
enum News {
    Message(Entry),
    /// This feed is of no more use.
    Broken,
}

#[derive(Deserialize)]
struct Created {}

impl Follower {
    async fn next(&mut self) -> Result<Entry, JournalError> {
        loop {
            match self.wait().await? {
                News::Message(entry) => {
                    self.seen = entry.sequence;
                    return Ok(entry);
                }
                News::Broken => {
                    self.feed = None;
                    self.reopen().await?;
                }
            }
        }
    }

    /// Makes another consumer, for as long as it takes: a subscription rides out any outage.
    async fn reopen(&mut self) -> Result<(), JournalError> {
        loop {
            let opened = async {
                let extent = match extent(&self.connection, self.what.stream).await {
                    Err(failure) if failure.is(code::STREAM_NOT_FOUND) => return Ok(None),
                    other => other?,
                };
                Ok::<_, Failure>(Some(extent))
            };
            let failure = match opened.await {
                Ok(Some(extent)) => {
                    self.check(extent)?;
                    match self.open().await {
                        Ok(()) => return Ok(()),
                        Err(failure) => failure,
                    }
                }
                Ok(None) => return Err(self.discontinuous("the stream is gone".to_owned())),
                Err(failure) => failure,
            };
            if !failure.is_passing() {
                return Err(failure.into_error(OPERATION));
            }
            tracing::warn!(stream = self.what.stream, %failure, "the subscription is interrupted; trying again");
        }
    }

    fn discontinuous(&self, reason: String) -> JournalError {
        JournalError::Discontinuous {
            stream: self.what.stream,
            reason,
        }
    }

    /// Checks that this is the log that was read before and that it has what follows.
    fn check(&self, extent: Extent) -> Result<(), JournalError> {
        let Extent {
            info: LogInfo {
                created,
                last_sequence,
            },
            first_sequence,
        } = extent;
        if created != self.created {
            return Err(self.discontinuous(format!(
                "it was created anew at {created}; what was read was another log"
            )));
        }
        if self.seen > last_sequence {
            let reason = format!("it ends at {last_sequence} but was read to {} before", self.seen);
            return Err(self.discontinuous(reason));
        }
        if last_sequence > self.seen && first_sequence > self.seen + 1 {
            let reason = format!(
                "it begins at {first_sequence}; messages after {} were removed",
                self.seen
            );
            return Err(self.discontinuous(reason));
        }
        Ok(())
    }

    async fn open(&mut self) -> Result<(), Failure> {
        let mut persistence = Persistence::new();
        loop {
            match self.try_open().await {
                Ok(feed) => {
                    self.feed = Some(feed);
                    return Ok(());
                }
                Err(failure) => persistence.pause_after(failure).await?,
            }
        }
    }

    async fn try_open(&self) -> Result<Feed, Failure> {
        let connection = &self.connection;
        connection.ready().await?;
        let opened = connection.signals.now();
        let inbox = connection.client.new_inbox();
        let messages = connection
            .client
            .subscribe(inbox.clone())
            .await
            .map_err(|error| Failure::Unreachable(error.to_string()))?;
        let (stream, name) = (self.what.stream, format!("reader-{}", connection.unique()));
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let request = json!({
            "stream_name": stream,
            "action": "create",
            "config": {
                "name": name,
                "description": "a reader",
                "deliver_subject": inbox,
                "deliver_policy": "by_start_sequence",
                "opt_start_seq": self.seen + 1,
                "replay_policy": "instant",
                "ack_policy": "none",
                "flow_control": true,
                "idle_heartbeat": nanos(HEARTBEAT),
                "inactive_threshold": nanos(INACTIVE),
                "headers_only": self.what.headers_only,
                "num_replicas": 1,
                "mem_storage": true,
            },
        });
        let Created {} = connection
            .api(&format!("CONSUMER.CREATE.{stream}.{name}"), &request)
            .await?;
        Ok(Feed {
            messages,
            opened,
            n_delivered: 0,
        })
    }

    async fn wait(&mut self) -> Result<News, JournalError> {
        let Some(feed) = &mut self.feed else {
            return Ok(News::Broken);
        };
        let mut listener = self.connection.signals.listen_since(feed.opened);
        loop {
            let message = tokio::select! {
                biased;
                message = timeout(SILENCE, feed.messages.next()) => match message {
                    Ok(Some(message)) => message,
                    Ok(None) | Err(_) => return Ok(News::Broken),
                },
                signal = listener.hear("") => return match signal {
                    Signal::Reconnected => Ok(News::Broken),
                    Signal::Forbidden(text) => Err(Failure::Forbidden(text).into_error(OPERATION)),
                },
            };
            match message.status {
                Some(StatusCode::IDLE_HEARTBEAT) => {
                    // A heartbeat, or a question whether we keep up.
                    let stalled = message
                        .headers
                        .as_ref()
                        .and_then(|headers| headers.get("Nats-Consumer-Stalled"));
                    let asked = message.reply.map(|reply| reply.to_string());
                    if let Some(answer) = asked.or_else(|| stalled.map(|subject| subject.as_str().to_owned()))
                        && self
                            .connection
                            .client
                            .publish(answer, Bytes::new())
                            .await
                            .is_err()
                    {
                        return Ok(News::Broken);
                    }
                    let last_sent = message
                        .headers
                        .as_ref()
                        .and_then(|headers| headers.get("Nats-Last-Consumer"))
                        .and_then(|sent| sent.as_str().parse::<u64>().ok());
                    if last_sent.is_some_and(|sent| sent > feed.n_delivered) {
                        return Ok(News::Broken);
                    }
                }
                Some(_consumer_deleted_or_stopped) => return Ok(News::Broken),
                None => return self.take(message),
            }
        }
    }

    fn take(&mut self, message: async_nats::Message) -> Result<News, JournalError> {
        let delivered = delivery(message.reply.as_deref());
        let Some((sequence, consumer_sequence)) = delivered else {
            return Err(self.discontinuous("a message came without its sequence".to_owned()));
        };
        let Some(feed) = &mut self.feed else {
            return Ok(News::Broken);
        };
        if consumer_sequence != feed.n_delivered + 1 {
            // Lost between the server and here; the next consumer delivers it again.
            return Ok(News::Broken);
        }
        feed.n_delivered = consumer_sequence;
        if sequence != self.seen + 1 {
            return Err(self.discontinuous(format!("message {sequence} follows {}", self.seen)));
        }
        Ok(News::Message(Entry {
            subject: message.subject.to_string(),
            sequence,
            headers: message.headers.unwrap_or_default(),
            payload: message.payload,
        }))
    }
}

/// The sequence in the stream and in the consumer that a delivered message's reply subject names:
/// `$JS.ACK[.<domain>.<account>].<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>`.
fn delivery(reply: Option<&str>) -> Option<(u64, u64)> {
    let tokens: Vec<&str> = reply?.strip_prefix("$JS.ACK.")?.split('.').collect();
    let first = if tokens.len() >= 9 { 2 } else { 0 };
    Some((
        tokens.get(first + 3)?.parse().ok()?,
        tokens.get(first + 4)?.parse().ok()?,
    ))
}
