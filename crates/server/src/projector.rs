//! Keeps the projections up with the log: one task per log, in sequence order, fail closed.

use std::sync::Arc;

use futures::StreamExt;
use journal::{Journal, JournalError, LogName};
use projections::{Database, Log, ProjectError};
use tokio_util::sync::CancellationToken;
use tracing::info;

/// The most messages taken into one transaction.
const MAX_BATCH: usize = 5_000;

/// Why a projection stopped following its log. The server stops serving: what it would answer is no longer the truth.
#[derive(Debug, thiserror::Error)]
pub enum ProjectorError {
    /// The log cannot be read.
    #[error("the projection cannot read the log")]
    Journal(#[from] JournalError),
    /// The log does not fit the projection.
    #[error("the projection cannot follow the log")]
    Project(#[from] ProjectError),
    /// The task that writes was lost, or the log came to an end.
    #[error("the projection ended: {0}")]
    Ended(String),
}

/// Checks that the database was made from this log, then catches up with everything that is in it now.
pub(crate) async fn catch_up(journal: &Arc<dyn Journal>, database: &Database) -> Result<(), ProjectorError> {
    for (log, name) in [(Log::Events, LogName::Events), (Log::Results, LogName::Results)] {
        let info = journal.info(name).await?;
        let checkpoint = {
            let database = database.clone();
            blocking(move || database.projector().bind(log, info.created, info.last_sequence)).await?
        };
        info!(log = %log, checkpoint, last = info.last_sequence, "the projection catches up");
        let reached = CancellationToken::new();
        if checkpoint < info.last_sequence {
            follow(
                journal,
                database,
                log,
                checkpoint,
                Some(info.last_sequence),
                reached,
            )
            .await?;
            if database.sequences().of(log) < info.last_sequence {
                return Err(ProjectorError::Ended(format!(
                    "the {log} log ended before its last message"
                )));
            }
        }
    }
    Ok(())
}

/// Follows one log until `shutdown`, or until `until` is reached.
pub(crate) async fn follow(
    journal: &Arc<dyn Journal>,
    database: &Database,
    log: Log,
    after: u64,
    until: Option<u64>,
    shutdown: CancellationToken,
) -> Result<(), ProjectorError> {
    let done = |sequence: Option<u64>| {
        sequence
            .zip(until)
            .is_some_and(|(sequence, until)| sequence >= until)
    };
    match log {
        Log::Events => {
            let Some(events) = shutdown
                .run_until_cancelled(journal.subscribe_events(after))
                .await
            else {
                return Ok(());
            };
            let mut batches = events?.ready_chunks(MAX_BATCH);
            while let Some(batch) = shutdown.run_until_cancelled(batches.next()).await.flatten() {
                let batch: Vec<_> = batch.into_iter().collect::<Result<_, _>>()?;
                let last = batch.last().map(|recorded| recorded.sequence);
                let database = database.clone();
                blocking(move || database.projector().apply_events(&batch)).await?;
                if done(last) {
                    break;
                }
            }
        }
        Log::Results => {
            let Some(results) = shutdown
                .run_until_cancelled(journal.subscribe_results(after))
                .await
            else {
                return Ok(());
            };
            let mut batches = results?.ready_chunks(MAX_BATCH);
            while let Some(batch) = shutdown.run_until_cancelled(batches.next()).await.flatten() {
                let batch: Vec<_> = batch
                    .into_iter()
                    .map(|item| item.map(|(org, stored)| (org, stored.sequence, stored.value)))
                    .collect::<Result<_, _>>()?;
                let last = batch.last().map(|(_, sequence, _)| *sequence);
                let database = database.clone();
                blocking(move || database.projector().apply_results(&batch)).await?;
                if done(last) {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Puts everything taken in so far onto the disk.
pub(crate) async fn flush(database: &Database) -> Result<(), ProjectorError> {
    let database = database.clone();
    blocking(move || database.projector().flush()).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ProjectError> + Send + 'static,
) -> Result<T, ProjectorError> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|ended| ProjectorError::Ended(ended.to_string()))??)
}
