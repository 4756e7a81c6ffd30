//! Appending commits: all of a command's or none, and only if the organization is where the command was decided.
//!
//! An answer can get lost. So a try that the server refuses because the organization has moved on may have been refused because an
//! earlier try succeeded: whether the command's own commits stand in the log decides, and only then is it a conflict.

use async_nats::{HeaderMap, header};
use model::{Commit, OrgId, codec};

use super::{
    Inner,
    connection::{Ack, Connection, Outgoing, Persistence},
    events::recorded,
    failure::{Failure, code},
    read::{Range, Start},
    streams::EVENTS,
};
use crate::{
    AppendError, Appended, JournalError,
    checks::{self, DUPLICATE_WINDOW, Origin},
    subject,
};

const OPERATION: &str = "append";
/// How far a command is looked for among the commits that came after the expected one. Whoever is further behind than this catches
/// up on them anyway, and finds the command there.
const N_SEARCHED: usize = 10_000;

const EXPECTED_SUBJECT: &str = "Nats-Expected-Last-Subject-Sequence-Subject";

impl Inner {
    pub(super) async fn append(&self, commits: &[Commit], expected: u64) -> Result<Appended, AppendError> {
        let origin = checks::origin(commits)?;
        let messages = messages(commits, origin, expected)?;
        for message in &messages {
            self.connection
                .fit(message)
                .map_err(|failure| failure.into_error(OPERATION))?;
        }
        let mut persistence = Persistence::new();
        loop {
            let failure = match store(&self.connection, &messages).await {
                Ok(ack) if ack.duplicate => return Ok(self.appended_at(ack.sequence).await?),
                Ok(ack) => {
                    let first = ack.sequence + 1 - messages.len() as u64;
                    return Ok(Appended {
                        first,
                        last: ack.sequence,
                        duplicate: false,
                    });
                }
                Err(failure) => failure,
            };
            if failure.is(code::WRONG_LAST_SEQUENCE) {
                return match self.own_success_after(origin, expected).await? {
                    Some(appended) => Ok(appended),
                    None => Err(AppendError::Conflict { expected }),
                };
            }
            if failure.is(code::BATCH_HOLDS_DUPLICATE) {
                return self.recent_success(origin, expected).await;
            }
            persistence
                .pause_after(failure)
                .await
                .map_err(|failure| failure.into_error(OPERATION))?;
        }
    }

    /// Where the batch stands that the commit at `sequence` belongs to.
    async fn appended_at(&self, sequence: u64) -> Result<Appended, JournalError> {
        let range = self.connection.range_to(
            EVENTS,
            subject::ALL_EVENTS.to_owned(),
            Start::Sequence(sequence),
            sequence,
        );
        let entries = range
            .collect()
            .await
            .map_err(|failure| failure.into_error(OPERATION))?;
        let entry = entries.first().ok_or_else(|| JournalError::Discontinuous {
            stream: EVENTS,
            reason: format!("message {sequence} is said to be there but cannot be read"),
        })?;
        Ok(whole_batch(sequence, &recorded(entry)?.commit))
    }

    /// The command's own commits, if they are among those after `expected`.
    async fn own_success_after(
        &self,
        origin: Origin<'_>,
        expected: u64,
    ) -> Result<Option<Appended>, JournalError> {
        let range = self
            .connection
            .range(EVENTS, subject::org_events(origin.org), expected + 1)
            .await
            .map_err(|failure| failure.into_error(OPERATION))?;
        find(range, origin, N_SEARCHED).await
    }

    /// The command's own commits, which the server says were stored within the duplicate window.
    async fn recent_success(&self, origin: Origin<'_>, expected: u64) -> Result<Appended, AppendError> {
        if let Some(appended) = self.own_success_after(origin, expected).await? {
            return Ok(appended);
        }
        let org = subject::org_events(origin.org);
        let last = self
            .connection
            .last(EVENTS, &org)
            .await
            .map_err(|failure| failure.into_error(OPERATION))?;
        // They are not older than the window, and the last commit is not in the server's future.
        if let Some(last) = last {
            let window = i64::try_from(DUPLICATE_WINDOW.as_micros()).unwrap_or(i64::MAX);
            let since = model::Time::from_micros(
                last.at
                    .as_micros()
                    .saturating_sub(window)
                    .saturating_sub(1_000_000),
            );
            let range = self
                .connection
                .range_to(EVENTS, org, Start::At(since), last.entry.sequence);
            if let Some(appended) = find(range, origin, usize::MAX).await? {
                return Ok(appended);
            }
        }
        Err(AppendError::Journal(JournalError::Discontinuous {
            stream: EVENTS,
            reason: format!(
                "the server knows command {} of {} but its commits cannot be found",
                origin.command, origin.actor
            ),
        }))
    }

    pub(super) async fn org_tail(&self, org: &OrgId) -> Result<u64, JournalError> {
        let filter = subject::org_events(org);
        self.connection
            .last_sequence(EVENTS, &filter)
            .await
            .map_err(|failure| failure.into_error("org_tail"))
    }
}

async fn find(mut range: Range, origin: Origin<'_>, limit: usize) -> Result<Option<Appended>, JournalError> {
    let mut n_read = 0;
    while n_read < limit
        && let Some(entry) = range
            .next()
            .await
            .map_err(|failure| failure.into_error(OPERATION))?
    {
        let commit = recorded(&entry)?.commit;
        if Origin::of(&commit) == origin {
            return Ok(Some(whole_batch(entry.sequence, &commit)));
        }
        n_read += 1;
    }
    Ok(None)
}

/// A batch stands in one piece, so any commit of it says where all of it stands.
fn whole_batch(sequence: u64, commit: &Commit) -> Appended {
    let first = sequence.saturating_sub(u64::from(commit.meta.index));
    let last = first + u64::from(commit.meta.count).saturating_sub(1);
    Appended {
        first,
        last,
        duplicate: true,
    }
}

async fn store(connection: &Connection, messages: &[Outgoing]) -> Result<Ack, Failure> {
    match messages {
        [one] => connection.publish(one).await,
        many => connection.publish_batch(many).await,
    }
}

fn messages(commits: &[Commit], origin: Origin<'_>, expected: u64) -> Result<Vec<Outgoing>, JournalError> {
    let mut messages = Vec::with_capacity(commits.len());
    for commit in commits {
        let mut headers = headers(commit);
        if messages.is_empty() {
            // The first message stands for the batch: within a batch an expectation may not follow a write that it is about, and
            // a command is recognized whether or not it makes as many commits the second time.
            let id = format!("{}.{}.{}", origin.org, origin.actor, origin.command);
            headers.insert(header::NATS_MESSAGE_ID, id.as_str());
            headers.insert(header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, expected.to_string());
            headers.insert(EXPECTED_SUBJECT, subject::org_events(origin.org).as_str());
        }
        messages.push(Outgoing {
            subject: subject::event(&commit.org, &commit.object),
            headers,
            payload: codec::encode_commit(commit)?.into(),
        });
    }
    Ok(messages)
}

/// For people with a NATS client: what happened, without decoding the payload.
fn headers(commit: &Commit) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let names: Vec<&str> = commit.events.iter().map(model::Event::name).collect();
    let versions: Vec<String> = names
        .iter()
        .filter_map(|name| codec::REGISTRY.iter().find(|entry| entry.name == *name))
        .map(|entry| entry.version.to_string())
        .collect();
    headers.insert("Rehearse-Event", names.join(",").as_str());
    headers.insert("Rehearse-Version", versions.join(",").as_str());
    headers.insert("Rehearse-Actor", commit.meta.actor.as_str());
    headers.insert("Rehearse-Command-Id", commit.meta.command_id.as_str());
    if let Some(traceparent) = commit
        .meta
        .traceparent
        .as_deref()
        .filter(|text| is_traceparent(text))
    {
        headers.insert("traceparent", traceparent);
    }
    headers
}

/// Whether a text may stand in a header: it came from a caller, and the payload has it anyway.
fn is_traceparent(text: &str) -> bool {
    text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
