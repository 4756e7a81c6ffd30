//! Followers: readers of commits whose place the server keeps, one durable consumer for each name.

use std::{sync::Arc, time::Duration};

use async_nats::{Message, jetstream::consumer::DeliverPolicy};
use async_trait::async_trait;
use model::{Kind, Recorded};
use tokio::time::Instant;

use super::{
    Inner,
    connection::{Connection, persist},
    events,
    failure::Failure,
    pull::{self, Pull},
    read::Entry,
    streams::{self, Consumer, EVENTS},
};
use crate::{Followed, Follower, JournalError, checks, subject};

/// Commits in hands at once, over all who follow under one name.
const MAX_HELD: i64 = 100_000;
/// Those who wait for a commit at once under one name.
const MAX_WAITING: i64 = 512;

impl Inner {
    pub(super) async fn follow(
        &self,
        name: &str,
        kind: Kind,
        after: u64,
    ) -> Result<Box<dyn Follower>, JournalError> {
        let consumer = checks::follower_name(name)?.to_string();
        let definition = Consumer {
            stream: EVENTS,
            name: &consumer,
            description: "hands commits to those who follow under this name",
            filter: subject::kind_events(kind),
            start: DeliverPolicy::ByStartSequence {
                start_sequence: after.saturating_add(1),
            },
            ack_wait: self.stream_options.lease_duration,
            max_held: MAX_HELD,
            max_waiting: MAX_WAITING,
        };
        streams::ensure_consumer(&self.connection, &definition).await?;
        Ok(Box::new(EventFollower {
            connection: self.connection.clone(),
            consumer: consumer.into(),
        }))
    }
}

struct EventFollower {
    connection: Connection,
    consumer: Arc<str>,
}

#[async_trait]
impl Follower for EventFollower {
    async fn next(&self, wait: Duration) -> Result<Option<Box<dyn Followed>>, JournalError> {
        let mut taken = Vec::new();
        let pull = Pull {
            stream: EVENTS,
            consumer: &self.consumer,
            max: 1,
            at_once: false,
            deadline: Instant::now() + wait,
        };
        self.connection
            .pull(pull, |message| self.take(message), &mut taken)
            .await
            .map_err(|failure| failure.into_error("follow"))?;
        taken.pop().transpose()
    }
}

impl EventFollower {
    /// A commit in hand. That it cannot be read is an outcome of its own: it is not the server's fault.
    fn take(&self, message: Message) -> Result<Result<Box<dyn Followed>, JournalError>, Failure> {
        let handle = pull::handle(&message);
        let (_deliveries, sequence) = pull::delivery(&handle).ok_or_else(|| {
            Failure::Malformed(format!("a commit came with the handle `{handle}`, which is none"))
        })?;
        let entry = Entry {
            subject: message.subject.to_string(),
            sequence,
            headers: message.headers.unwrap_or_default(),
            payload: message.payload,
        };
        Ok(events::recorded(&entry).map(|recorded| {
            Box::new(EventInHand {
                connection: self.connection.clone(),
                recorded,
                handle,
            }) as Box<dyn Followed>
        }))
    }
}

struct EventInHand {
    connection: Connection,
    recorded: Recorded,
    /// Where to tell the server about it.
    handle: String,
}

impl EventInHand {
    async fn tell(&self, operation: &'static str, what: &'static [u8]) -> Result<(), JournalError> {
        persist(|| self.connection.confirm(&self.handle, what))
            .await
            .map_err(|failure| failure.into_error(operation))
    }
}

#[async_trait]
impl Followed for EventInHand {
    fn recorded(&self) -> &Recorded {
        &self.recorded
    }

    async fn progress(&self) -> Result<(), JournalError> {
        self.tell("progress", b"+WPI").await
    }

    async fn done(&self) -> Result<(), JournalError> {
        self.tell("done", b"+ACK").await
    }
}
