//! The audit: who did what when.

use api::{
    error::Problem,
    event::{EventView, Events, EventsQuery, History, HistoryEntry, HistoryQuery},
    read::read,
};
use model::{ObjectRef, Recorded, evolve};
use serde_json::Value;
use tokio::time::Duration;

use super::filter::size;
use crate::gateway::{Caller, Gateway, failure, not_found, render};

/// How many commits one answer looks at, at most. The caller goes on where it ends.
const MAX_LOOKED_AT: usize = 10_000;

/// How many commits are read at once when most of them may not match.
const CHUNK: usize = 256;

pub(super) async fn list(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<EventsQuery>(body)?;
    let mut poll = gateway
        .polls
        .begin(&gateway.database, Duration::from_millis(request.wait_ms));
    let limit = size(request.limit);
    let chunk = if is_filtered(&request) {
        limit.max(CHUNK)
    } else {
        limit
    };
    let mut after = request.after;
    let mut events = Vec::new();
    let mut n_looked_at = 0;
    loop {
        let seen = poll.look();
        let (page, mut has_more) = gateway
            .journal
            .0
            .page(&caller.org, after, chunk)
            .await
            .map_err(|error| failure::of_journal(&error))?;
        let mut n_commits = 0;
        let mut rest = page.iter();
        for recorded in rest.by_ref() {
            after = recorded.sequence;
            n_looked_at += 1;
            if matches(&request, recorded) {
                events.extend(EventView::of(recorded).map_err(|error| failure::internal(&error))?);
                n_commits += 1;
                if n_commits == limit {
                    break;
                }
            }
        }
        has_more |= !rest.as_slice().is_empty();
        let enough = n_commits > 0 || n_looked_at >= MAX_LOOKED_AT;
        if enough || (!has_more && !poll.wait(|now| now.events > seen.events).await?) {
            return render(&Events {
                events,
                last_sequence: after,
                has_more,
            });
        }
    }
}

pub(super) async fn history(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<HistoryQuery>(body)?;
    let object = ObjectRef {
        kind: request.kind.0,
        key: request.id,
    };
    let commits = gateway
        .journal
        .0
        .history(&caller.org, &object)
        .await
        .map_err(|error| failure::of_journal(&error))?;
    if commits.is_empty() {
        return Err(not_found(&object));
    }
    let mut state = None;
    let mut history = Vec::with_capacity(commits.len());
    for recorded in &commits {
        let evolved = evolve(state, &recorded.commit).map_err(|misfit| failure::internal(&misfit))?;
        let entry = HistoryEntry::of(&caller.org, recorded, &evolved.object);
        history.push(entry.map_err(|error| failure::internal(&error))?);
        state = Some(evolved.object);
    }
    render(&History { history })
}

const fn is_filtered(request: &EventsQuery) -> bool {
    !(request.kinds.is_empty()
        && request.ids.is_empty()
        && request.actor.is_none()
        && request.since.is_none())
}

fn matches(request: &EventsQuery, recorded: &Recorded) -> bool {
    let (object, meta) = (&recorded.commit.object, &recorded.commit.meta);
    (request.kinds.is_empty() || request.kinds.iter().any(|kind| kind.0 == object.kind))
        && (request.ids.is_empty() || request.ids.contains(&object.key))
        && request.actor.as_ref().is_none_or(|actor| *actor == meta.actor)
        && request.since.is_none_or(|since| meta.at >= since)
}
