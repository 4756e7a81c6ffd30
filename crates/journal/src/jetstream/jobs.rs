//! Jobs: the work queue, and the letters of those that were given up.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_nats::{HeaderMap, header};
use futures::future;
use model::{DeadLetter, Job, OrgId, RunId, codec};
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::{
    Inner,
    connection::{Outgoing, persist},
    failure::{Failure, code},
    lease::JobLease,
    pull::{Empty, Pull},
    streams::{DEAD_LETTERS, JOBS, WORKERS},
};
use crate::{JournalError, Lease, Stored, checks, subject};

#[derive(Deserialize)]
struct Info {
    state: State,
    total: Option<usize>,
}

#[derive(Deserialize)]
struct State {
    #[serde(default)]
    subjects: Option<std::collections::BTreeMap<String, u64>>,
}

#[derive(Deserialize)]
struct Purged {}

impl Inner {
    pub(super) async fn enqueue(&self, jobs: &[Job]) -> Result<(), JournalError> {
        let mut messages = Vec::with_capacity(jobs.len());
        for job in jobs {
            messages.push(message(job)?);
        }
        let published = messages.into_iter().map(|message| self.jobs.publish(message));
        for outcome in future::join_all(published).await {
            outcome.map_err(|failure| failure.into_error("enqueue"))?;
        }
        Ok(())
    }

    pub(super) async fn in_flight(&self, org: &OrgId, run: RunId) -> Result<BTreeSet<u32>, JournalError> {
        const OPERATION: &str = "in_flight";
        let call = format!("STREAM.INFO.{JOBS}");
        let filter = subject::run_queue(org, run);
        let (mut conversations, mut offset) = (BTreeSet::new(), 0);
        loop {
            let request = json!({ "subjects_filter": filter, "offset": offset });
            let info: Info = persist(|| self.connection.api(&call, &request))
                .await
                .map_err(|failure| failure.into_error(OPERATION))?;
            let subjects = info.state.subjects.unwrap_or_default();
            let n_subjects = subjects.len();
            for subject in subjects.keys() {
                let key = subject::parse_conversation(subject).ok_or_else(|| {
                    checks::refused(
                        OPERATION,
                        format!("{JOBS} holds {subject}, which names no conversation"),
                    )
                })?;
                conversations.insert(key.n);
            }
            offset += n_subjects;
            // The server gives at most 100,000 at once.
            if n_subjects == 0 || info.total.is_none_or(|total| offset >= total) {
                return Ok(conversations);
            }
        }
    }

    pub(super) async fn lease(
        self: &Arc<Self>,
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Box<dyn Lease>>, JournalError> {
        const OPERATION: &str = "lease";
        let deadline = Instant::now() + wait;
        let mut leases = Vec::new();
        if max == 0 {
            return Ok(leases);
        }
        let into_error = |failure: Failure| failure.into_error(OPERATION);
        let take = |message| Ok(Box::new(JobLease::new(Arc::clone(self), &message)?) as Box<dyn Lease>);
        let pull = Pull {
            stream: JOBS,
            consumer: WORKERS,
            max,
            at_once: true,
            deadline,
        };
        match self
            .connection
            .pull(pull, take, &mut leases)
            .await
            .map_err(into_error)?
        {
            Empty::Crowded if leases.is_empty() => {
                // Take a place in the line instead, for one job.
                let one = Pull {
                    max: 1,
                    at_once: false,
                    ..pull
                };
                self.connection
                    .pull(one, take, &mut leases)
                    .await
                    .map_err(into_error)?;
            }
            Empty::Crowded | Empty::Nothing => {}
        }
        Ok(leases)
    }

    pub(super) async fn purge_jobs(&self, org: &OrgId, run: RunId) -> Result<(), JournalError> {
        let call = format!("STREAM.PURGE.{JOBS}");
        let request = json!({ "filter": subject::run_queue(org, run) });
        let Purged {} = persist(|| self.connection.api(&call, &request))
            .await
            .map_err(|failure| failure.into_error("purge_jobs"))?;
        Ok(())
    }

    pub(super) async fn dead_letters(
        &self,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Stored<DeadLetter>>, JournalError> {
        const OPERATION: &str = "dead_letters";
        let into_error = |failure: Failure| failure.into_error(OPERATION);
        let from = after.saturating_add(1);
        let range = self
            .connection
            .range(DEAD_LETTERS, subject::ALL_DEAD_LETTERS.to_owned(), from)
            .await
            .map_err(into_error)?;
        let mut range = range.for_first(limit);
        let mut letters = Vec::new();
        while letters.len() < limit
            && let Some(entry) = range.next().await.map_err(into_error)?
        {
            let sequence = entry.sequence;
            let value =
                codec::decode_dead_letter(&entry.payload).map_err(|source| JournalError::Unreadable {
                    stream: DEAD_LETTERS,
                    sequence,
                    source,
                })?;
            letters.push(Stored { sequence, value });
        }
        Ok(letters)
    }

    /// Whether a message of JOBS is no longer there.
    pub(super) async fn job_is_gone(&self, sequence: u64) -> Result<bool, Failure> {
        let call = format!("STREAM.MSG.GET.{JOBS}");
        let request = json!({ "seq": sequence });
        match persist(|| self.connection.api::<serde_json::Value>(&call, &request)).await {
            Ok(_message) => Ok(false),
            Err(failure) if failure.is(code::NO_MESSAGE_FOUND) => Ok(true),
            Err(failure) => Err(failure),
        }
    }
}

/// A job as a message. Its id lets the server recognize it for a while.
pub(super) fn message(job: &Job) -> Result<Outgoing, JournalError> {
    let mut headers = HeaderMap::new();
    headers.insert(header::NATS_MESSAGE_ID, checks::job_id(job).as_str());
    Ok(Outgoing {
        subject: subject::job(&job.key),
        headers,
        payload: codec::encode_job(job)?.into(),
    })
}
