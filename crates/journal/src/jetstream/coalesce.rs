//! Publishing together what is waiting: one atomic batch costs the server one write to disk, where single messages cost one each.
//!
//! Each message keeps its own expectation. If the server refuses a batch, its messages are published one by one, so that the one
//! that is at fault fails alone. Where single messages are the quicker way, they are used.

use std::{collections::BTreeSet, time::Instant};

use futures::future;
use tokio::sync::{mpsc, oneshot};

use super::{
    connection::{Ack, Connection, Outgoing, Persistence},
    failure::Failure,
    pace::{Pace, Way},
};

/// The most messages in one group, and their bytes.
const N_BATCH: usize = 200;
const N_BATCH_BYTES: usize = 8 << 20;
/// Messages that may wait to be published before publishers wait.
const N_WAITING: usize = 1024;

struct Item {
    message: Outgoing,
    done: oneshot::Sender<Result<Ack, Failure>>,
}

impl Item {
    fn tell(self, outcome: Result<Ack, Failure>) {
        // Whoever published may have stopped waiting.
        let _gone = self.done.send(outcome);
    }
}

/// Publishes to one stream. Clones share the queue.
#[derive(Clone, Debug)]
pub(super) struct Coalescer {
    items: mpsc::Sender<Item>,
    connection: Connection,
}

impl Coalescer {
    /// Starts the task that publishes; it ends with the last clone.
    pub(super) fn start(connection: Connection) -> Self {
        let (items, waiting) = mpsc::channel(N_WAITING);
        tokio::spawn(run(connection.clone(), waiting));
        Self { items, connection }
    }

    /// Stores a message, riding out restarts. Fails as soon as the server says no.
    pub(super) async fn publish(&self, message: Outgoing) -> Result<Ack, Failure> {
        self.connection.fit(&message)?;
        let stopped = || Failure::Unreachable("the publisher has stopped".to_owned());
        let (done, outcome) = oneshot::channel();
        self.items
            .send(Item { message, done })
            .await
            .map_err(|_closed| stopped())?;
        outcome.await.map_err(|_dropped| stopped())?
    }
}

/// One group at a time: what arrives while it is on its way makes up the next one.
async fn run(connection: Connection, mut waiting: mpsc::Receiver<Item>) {
    let pace = Pace::default();
    let mut held_over = None;
    loop {
        let first = match held_over.take() {
            Some(item) => item,
            None => match waiting.recv().await {
                Some(item) => item,
                None => return,
            },
        };
        let group;
        (group, held_over) = gather(first, &mut waiting);
        for item in publish_group(&connection, &pace, group).await {
            // What needs further tries must not hold up the others.
            let connection = connection.clone();
            tokio::spawn(async move { publish_alone(&connection, item).await });
        }
    }
}

/// What is waiting, up to the limits and to the first message on a subject that is in the batch already: two expectations on one
/// subject cannot hold in one batch.
fn gather(first: Item, waiting: &mut mpsc::Receiver<Item>) -> (Vec<Item>, Option<Item>) {
    let mut n_bytes = first.message.payload.len();
    let mut subjects = BTreeSet::from([first.message.subject.clone()]);
    let mut batch = vec![first];
    while batch.len() < N_BATCH
        && let Ok(item) = waiting.try_recv()
    {
        n_bytes += item.message.payload.len();
        if n_bytes > N_BATCH_BYTES || !subjects.insert(item.message.subject.clone()) {
            return (batch, Some(item));
        }
        batch.push(item);
    }
    (batch, None)
}

/// Publishes a group, the quicker way; returns what has to be tried again one by one.
async fn publish_group(connection: &Connection, pace: &Pace, group: Vec<Item>) -> Vec<Item> {
    let (start, n_messages) = (Instant::now(), group.len());
    let way = pace.choose(n_messages);
    let left = match way {
        Way::Batch => publish_together(connection, group).await,
        Way::Singles => publish_side_by_side(connection, group).await,
    };
    if left.is_empty() {
        pace.note(way, n_messages, start.elapsed());
    }
    left
}

async fn publish_together(connection: &Connection, batch: Vec<Item>) -> Vec<Item> {
    let messages: Vec<Outgoing> = batch.iter().map(|item| item.message.clone()).collect();
    match connection.publish_batch(&messages).await {
        Ok(ack) => {
            let n_after_first = batch.len() as u64 - 1;
            for (item, sequence) in batch
                .into_iter()
                .zip(ack.sequence.saturating_sub(n_after_first)..)
            {
                item.tell(Ok(Ack {
                    sequence,
                    duplicate: false,
                }));
            }
            Vec::new()
        }
        Err(failure) => {
            tracing::debug!(%failure, n_messages = batch.len(), "a batch was refused; publishing one by one");
            batch
        }
    }
}

async fn publish_side_by_side(connection: &Connection, group: Vec<Item>) -> Vec<Item> {
    let outcomes = group.into_iter().map(|item| async {
        match connection.publish(&item.message).await {
            Err(failure) if failure.is_passing() => Some(item),
            outcome => {
                item.tell(outcome);
                None
            }
        }
    });
    future::join_all(outcomes).await.into_iter().flatten().collect()
}

async fn publish_alone(connection: &Connection, item: Item) {
    let outcome = publish_persistently(connection, &item.message).await;
    item.tell(outcome);
}

/// Stores one message, trying again while the failure may pass. A try whose answer was lost may have stored it: the message's
/// expectation or id keeps a second one out.
pub(super) async fn publish_persistently(
    connection: &Connection,
    message: &Outgoing,
) -> Result<Ack, Failure> {
    let mut persistence = Persistence::new();
    loop {
        match connection.publish(message).await {
            Ok(ack) => return Ok(ack),
            Err(failure) => persistence.pause_after(failure).await?,
        }
    }
}
