//! The audit: who did what when.

use api::{
    error::{ErrorCode, Problem},
    event::{EventView, Events, EventsQuery, History, HistoryEntry, HistoryQuery},
    read::read,
};
use model::{ObjectRef, Recorded, evolve};
use serde_json::Value;
use tokio::time::{Duration, Instant, timeout_at};

use super::filter::size;
use crate::gateway::{Caller, Gateway, failure, not_found, render};

/// How many commits one answer looks at, at most. The caller goes on where it ends.
const MAX_LOOKED_AT: usize = 10_000;

pub(super) async fn list(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<EventsQuery>(body)?;
    let deadline = Instant::now() + Duration::from_millis(request.wait_ms);
    let mut changes = gateway.database.subscribe();
    let limit = size(request.limit);
    let mut after = request.after;
    let mut events = Vec::new();
    let mut n_looked_at = 0;
    loop {
        changes.mark_unchanged();
        let (page, has_more) =
            gateway.journal.0.page(&caller.org, after, limit).await.map_err(|error| failure::of_journal(&error))?;
        n_looked_at += page.len();
        let mut n_commits = 0;
        for recorded in &page {
            after = recorded.sequence;
            if matches(&request, recorded) {
                events.extend(EventView::of(recorded).map_err(|error| unwritable(&error))?);
                n_commits += 1;
            }
        }
        let enough = n_commits > 0 || n_looked_at >= MAX_LOOKED_AT;
        if enough || (!has_more && timeout_at(deadline, changes.changed()).await.is_err()) {
            return render(&Events { events, last_sequence: after, has_more });
        }
    }
}

pub(super) async fn history(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<HistoryQuery>(body)?;
    let object = ObjectRef { kind: request.kind.0, key: request.id };
    let commits =
        gateway.journal.0.history(&caller.org, &object).await.map_err(|error| failure::of_journal(&error))?;
    if commits.is_empty() {
        return Err(not_found(&object));
    }
    let mut state = None;
    let mut history = Vec::with_capacity(commits.len());
    for recorded in &commits {
        let evolved = evolve(state, &recorded.commit)
            .map_err(|misfit| Problem::new(ErrorCode::Internal, misfit.to_string()))?;
        let entry = HistoryEntry::of(&caller.org, recorded, &evolved.object);
        history.push(entry.map_err(|error| unwritable(&error))?);
        state = Some(evolved.object);
    }
    render(&History { history })
}

fn matches(request: &EventsQuery, recorded: &Recorded) -> bool {
    let (object, meta) = (&recorded.commit.object, &recorded.commit.meta);
    (request.kinds.is_empty() || request.kinds.iter().any(|kind| kind.0 == object.kind))
        && (request.ids.is_empty() || request.ids.contains(&object.key))
        && request.actor.as_ref().is_none_or(|actor| *actor == meta.actor)
        && request.since.is_none_or(|since| meta.at >= since)
}

fn unwritable(error: &serde_json::Error) -> Problem {
    Problem::new(ErrorCode::Internal, format!("an event cannot be written as JSON: {error}"))
}
