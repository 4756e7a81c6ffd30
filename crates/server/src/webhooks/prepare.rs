//! What there is to tell about a commit, and to whom.

use std::{sync::Arc, time::Duration};

use api::webhook_delivery::RunCompletedBody;
use journal::{DELIVERIES_MAX_AGE, Journal, JournalError};
use model::{
    Commit, DirectoryExt as _, Event, Kind, ObjectRef, OrgId, ReadError, Recorded, RunCompleted, RunId, Time,
    WebhookDestinationId, WebhookType,
};
use projections::{Database, ListQuery, Log, MAX_LIMIT, OrgView, QueryError, WaitError};
use tokio::time::Instant;

/// How long the projections may take to show an event.
const CATCH_UP: Duration = Duration::from_secs(10);

/// Something cannot be told now. It comes again.
#[derive(Debug, thiserror::Error)]
pub(super) enum PrepareError {
    /// The projections are behind.
    #[error(transparent)]
    Behind(#[from] WaitError),
    /// The log cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The projections cannot be read.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The projections cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The projections lack what the log has.
    #[error("run {run} is complete, but there is no such run")]
    NoRun {
        /// The run.
        run: RunId,
    },
    /// The body cannot be written.
    #[error("the body cannot be written: {0}")]
    Body(#[from] serde_json::Error),
    /// The task that reads was lost.
    #[error("reading the projections ended: {0}")]
    Ended(String),
}

/// An event that destinations are told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) org: OrgId,
    /// Where it stands in the log.
    pub(super) sequence: u64,
    pub(super) of: WebhookType,
    /// What they are told: JSON.
    pub(super) body: String,
    /// Who is told.
    pub(super) destinations: Vec<WebhookDestinationId>,
}

/// What there is to tell about a commit; none if there is nothing.
pub(super) async fn prepare(
    journal: &Arc<dyn Journal>,
    database: &Database,
    recorded: &Recorded,
    now: Time,
) -> Result<Option<Told>, PrepareError> {
    let Recorded { sequence, commit } = recorded;
    let Some((run, completed)) = completed(commit) else {
        return Ok(None);
    };
    if now.millis_since(commit.meta.at) > millis(DELIVERIES_MAX_AGE) {
        // Nobody knows any more who was told, and a repetition would not be recognized.
        return Ok(None);
    }
    database
        .wait_for(Log::Events, *sequence, Instant::now() + CATCH_UP)
        .await?;
    let (reader, org) = (database.clone(), commit.org.clone());
    let (completed, at) = (completed.clone(), commit.meta.at);
    let read = tokio::task::spawn_blocking(move || {
        let view = reader.view()?;
        let view = view.organization(org.clone());
        let destinations = accepting(&view, WebhookType::RunCompleted)?;
        if destinations.is_empty() {
            return Ok(None);
        }
        let run = view.run(run)?.ok_or(PrepareError::NoRun { run })?;
        let body = serde_json::to_string(&RunCompletedBody::of(&org, &run, &completed, at))?;
        Ok::<_, PrepareError>(Some((body, destinations)))
    });
    let read = read.await;
    let Some((body, accepting)) = read.map_err(|ended| PrepareError::Ended(ended.to_string()))?? else {
        return Ok(None);
    };
    let mut destinations = Vec::with_capacity(accepting.len());
    for id in accepting {
        if was_made_before(journal, &commit.org, id, *sequence).await? {
            destinations.push(id);
        }
    }
    Ok((!destinations.is_empty()).then(|| Told {
        org: commit.org.clone(),
        sequence: *sequence,
        of: WebhookType::RunCompleted,
        body,
        destinations,
    }))
}

fn completed(commit: &Commit) -> Option<(RunId, &RunCompleted)> {
    let run = RunId(commit.object.key.as_str().parse().ok()?);
    #[expect(clippy::wildcard_enum_match_arm, reason = "of all events, only one is told")]
    let completed = commit.events.iter().find_map(|event| match event {
        Event::RunCompleted(completed) => Some(completed),
        _ => None,
    });
    Some((run, completed?))
}

/// The live destinations that accept a type, the oldest first.
fn accepting(view: &OrgView<'_>, of: WebhookType) -> Result<Vec<WebhookDestinationId>, QueryError> {
    let live = ListQuery {
        is_deleted: Some(false),
        limit: MAX_LIMIT,
        ..ListQuery::default()
    };
    let page = view.webhook_destinations(&live)?;
    let accepting = page
        .items
        .into_iter()
        .filter(|one| one.accepted_types.contains(&of));
    let mut ids: Vec<WebhookDestinationId> = accepting.map(|destination| destination.id).collect();
    ids.sort_unstable();
    Ok(ids)
}

/// Whether a destination was made before the event at a sequence. Of that only sequences tell.
async fn was_made_before(
    journal: &Arc<dyn Journal>,
    org: &OrgId,
    id: WebhookDestinationId,
    sequence: u64,
) -> Result<bool, JournalError> {
    let object = ObjectRef::new(Kind::WebhookDestination, id);
    let history = journal.history(org, &object).await?;
    Ok(history.first().is_some_and(|made| made.sequence < sequence))
}

/// A duration in whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
