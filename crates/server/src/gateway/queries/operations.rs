//! How the server itself is doing, and conversations that were given up.

use api::{
    Empty,
    bus::{DeadLetterView, DeadLetters, DeadLettersQuery, LogStatus, Status},
    error::Problem,
    read::read,
};
use journal::LogName;
use projections::Log;
use serde_json::Value;

use super::filter::size;
use crate::gateway::{Caller, Gateway, failure, render};

pub(super) async fn status(gateway: &Gateway, body: &Value) -> Result<Value, Problem> {
    read::<Empty>(body)?;
    let of = |log| gateway.journal.0.info(log);
    let events = of(LogName::Events)
        .await
        .map_err(|error| failure::of_journal(&error))?;
    let results = of(LogName::Results)
        .await
        .map_err(|error| failure::of_journal(&error))?;
    let projected = gateway.database.sequences();
    render(&Status {
        build: gateway.build.clone(),
        started_at: gateway.started_at,
        uptime_ms: (gateway.clock.0)().millis_since(gateway.started_at),
        events: LogStatus::of(events.last_sequence, projected.of(Log::Events)),
        results: LogStatus::of(results.last_sequence, projected.of(Log::Results)),
    })
}

pub(super) async fn dead_letters(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<DeadLettersQuery>(body)?;
    let limit = size(request.limit);
    let letters = gateway.journal.0.dead_letters(request.after, limit);
    let letters = letters.await.map_err(|error| failure::of_journal(&error))?;
    let has_more = letters.len() == limit;
    let last_sequence = letters.last().map_or(request.after, |letter| letter.sequence);
    let ours = letters
        .iter()
        .filter(|letter| letter.value.job.key.org == caller.org);
    let dead_letters = ours
        .map(|letter| DeadLetterView::of(letter.sequence, &letter.value))
        .collect();
    render(&DeadLetters {
        dead_letters,
        last_sequence,
        has_more,
    })
}
