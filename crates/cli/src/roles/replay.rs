//! Feeding projections from the log up to a point, for making them again and for comparing them.

use futures::StreamExt as _;
use journal::{Journal, JournalError, LogName};
use projections::{Log, ProjectError, Projector, Sequences};
use tokio::task::JoinError;

use crate::failure::{Failure, chain};

/// The most messages that are taken in at once.
const MAX_BATCH: usize = 5_000;

/// The projections cannot be fed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Journal(#[from] JournalError),
    /// The log's subscription ended.
    #[error("the log ended before its last message")]
    Ended,
    /// The rows cannot be written.
    #[error("the projections cannot be written")]
    Project(#[from] ProjectError),
    /// The writing task was lost.
    #[error("a task was lost")]
    Lost(#[from] JoinError),
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        match &error {
            ReplayError::Journal(source) => crate::link::journal_failure(source),
            ReplayError::Ended | ReplayError::Project(_) | ReplayError::Lost(_) => Self::bug(chain(&error)),
        }
    }
}

/// The last sequences of the logs as they are now.
pub(crate) async fn last_sequences(journal: &dyn Journal) -> Result<Sequences, JournalError> {
    Ok(Sequences {
        events: journal.info(LogName::Events).await?.last_sequence,
        results: journal.info(LogName::Results).await?.last_sequence,
    })
}

/// Feeds empty projections with everything up to `until`.
pub(crate) async fn replay(
    journal: &dyn Journal,
    projector: &Projector,
    until: Sequences,
) -> Result<(), ReplayError> {
    for (log, name) in [(Log::Events, LogName::Events), (Log::Results, LogName::Results)] {
        let info = journal.info(name).await?;
        let binding = projector.clone();
        tokio::task::spawn_blocking(move || binding.bind(log, info.created, info.last_sequence)).await??;
    }
    if until.events > 0 {
        let mut batches = journal.subscribe_events(0).await?.ready_chunks(MAX_BATCH);
        let mut reached = 0;
        while reached < until.events {
            let batch = batches.next().await.ok_or(ReplayError::Ended)?;
            let mut batch = batch.into_iter().collect::<Result<Vec<_>, _>>()?;
            batch.retain(|recorded| recorded.sequence <= until.events);
            let projector = projector.clone();
            reached = tokio::task::spawn_blocking(move || projector.apply_events(&batch)).await??;
        }
    }
    if until.results > 0 {
        let mut batches = journal.subscribe_results(0).await?.ready_chunks(MAX_BATCH);
        let mut reached = 0;
        while reached < until.results {
            let batch = batches.next().await.ok_or(ReplayError::Ended)?;
            let batch = batch.into_iter().collect::<Result<Vec<_>, _>>()?;
            let batch: Vec<_> = batch
                .into_iter()
                .map(|(org, stored)| (org, stored.sequence, stored.value))
                .filter(|(_, sequence, _)| *sequence <= until.results)
                .collect();
            let projector = projector.clone();
            reached = tokio::task::spawn_blocking(move || projector.apply_results(&batch)).await??;
        }
    }
    Ok(())
}
