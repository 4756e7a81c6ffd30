//! Publishing together what is waiting: one atomic batch costs the server one write to disk, where single messages cost one each.
//!
//! Each message keeps its own expectation. If the server refuses a batch, its messages are published one by one, so that the one
//! that is at fault fails alone.

use std::{collections::BTreeSet, sync::Arc};

use tokio::sync::{Semaphore, mpsc, oneshot};

use super::{
    connection::{Ack, Connection, Outgoing, Persistence},
    failure::Failure,
};

/// The most messages in one batch, and their bytes.
const N_BATCH: usize = 200;
const N_BATCH_BYTES: usize = 8 << 20;
/// Messages that may wait to be published before publishers wait.
const N_WAITING: usize = 1024;
/// Batches on their way at once.
const N_IN_FLIGHT: usize = 2;

struct Item {
    message: Outgoing,
    done: oneshot::Sender<Result<Ack, Failure>>,
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

async fn run(connection: Connection, mut waiting: mpsc::Receiver<Item>) {
    let permits = Arc::new(Semaphore::new(N_IN_FLIGHT));
    let mut held_over = None;
    loop {
        // What arrives while all batches are on their way makes up the next one.
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
            return;
        };
        let first = match held_over.take() {
            Some(item) => item,
            None => match waiting.recv().await {
                Some(item) => item,
                None => return,
            },
        };
        let batch;
        (batch, held_over) = gather(first, &mut waiting);
        let connection = connection.clone();
        tokio::spawn(async move {
            let refused = publish_together(&connection, batch).await;
            drop(permit);
            for item in refused {
                let connection = connection.clone();
                tokio::spawn(async move { publish_alone(&connection, item).await });
            }
        });
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

/// Publishes the batch; returns what has to be published one by one.
async fn publish_together(connection: &Connection, batch: Vec<Item>) -> Vec<Item> {
    if batch.len() < 2 {
        return batch;
    }
    let messages: Vec<Outgoing> = batch.iter().map(|item| item.message.clone()).collect();
    match connection.publish_batch(&messages).await {
        Ok(ack) => {
            let n_after_first = batch.len() as u64 - 1;
            for (item, sequence) in batch
                .into_iter()
                .zip(ack.sequence.saturating_sub(n_after_first)..)
            {
                // Whoever published may have stopped waiting.
                let _gone = item.done.send(Ok(Ack {
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

async fn publish_alone(connection: &Connection, item: Item) {
    let _gone = item
        .done
        .send(publish_persistently(connection, &item.message).await);
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
