//! Recordings. They are objects of the store: nothing happens in the log until a run names them.

use api::{
    FieldErrors, Pointer,
    error::Problem,
    read::read,
    recording::{Create, Created},
    run::StartExtension,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use journal::{LogName, subject::recording_object};
use model::Digest;
use serde_json::Value;

use crate::gateway::{Answer, Caller, Gateway, failure, internal, render};

/// How many recordings are looked for at once.
const MAX_LOOKING: usize = 16;

/// Stores a recording under its digest. Doing it again changes nothing, so no command id is needed.
pub(super) async fn create(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Answer, Problem> {
    let request = read::<Create>(body)?;
    // Writing and hashing some megabytes is computing.
    let sealed = tokio::task::spawn_blocking(move || {
        let recording = request.into_recording()?;
        recording.seal().map_err(FieldErrors::from)
    });
    let (recording, bytes) = sealed.await.map_err(|ended| internal(&ended))??;
    let name = recording_object(&caller.org, recording);
    let journal = gateway.journal();
    let stored = journal.put_object(&name, bytes.into()).await;
    stored.map_err(|error| failure::of_journal(&error))?;
    let events = journal.info(LogName::Events).await;
    Ok(Answer {
        body: render(&Created { recording })?,
        sequence: events.map_err(|error| failure::of_journal(&error))?.last_sequence,
        state: None,
    })
}

/// Refuses to start a run on recordings that the caller's organization has not stored; the first one is named.
pub(super) async fn require(
    gateway: &Gateway,
    caller: &Caller,
    options: Option<&StartExtension>,
) -> Result<(), Problem> {
    let digests = options
        .and_then(|options| options.recordings.as_deref())
        .unwrap_or_default();
    let is_there = |digest: Digest| async move {
        let found = gateway
            .journal()
            .object(&recording_object(&caller.org, digest))
            .await;
        found.map(|found| found.is_some())
    };
    let mut looked_for = stream::iter(digests.iter().copied().map(is_there))
        .buffered(MAX_LOOKING)
        .enumerate()
        .map(|(index, found)| found.map(|found| (index, found)));
    while let Some((index, found)) = looked_for
        .try_next()
        .await
        .map_err(|error| failure::of_journal(&error))?
    {
        if !found {
            let at = Pointer::root().key("rehearse").key("recordings").index(index);
            let detail = "there is no such recording; store it first (`recording.create`)";
            return Err(FieldErrors::one(&at, detail).into());
        }
    }
    Ok(())
}
