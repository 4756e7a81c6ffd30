//! Jobs and dead letters in memory.

use std::{collections::BTreeSet, time::Duration};

use model::{DeadLetter, Job, OrgId, RunId, codec};
use tokio::time::{Instant, sleep_until};

use super::{MemoryJournal, lease::MemoryLease};
use crate::{JournalError, Lease, Stored, subject};

const DEAD_LETTERS: &str = "DEADLETTERS";

impl MemoryJournal {
    pub(super) async fn do_enqueue(&self, jobs: &[Job]) -> Result<(), JournalError> {
        for job in jobs {
            self.fit("enqueue", codec::encode_job(job)?)?;
        }
        let about = jobs
            .first()
            .map_or_else(String::new, |job| subject::job(&job.key));
        self.call("enqueue", &about, |state| {
            let now = Instant::now();
            for job in jobs {
                state.queue.add(job.clone(), now);
            }
            Ok(())
        })
        .await
    }

    pub(super) async fn do_in_flight(&self, org: &OrgId, run: RunId) -> Result<BTreeSet<u32>, JournalError> {
        self.call("in_flight", &subject::run_jobs(org, run), |state| {
            state.queue.settle(Instant::now());
            Ok(state.queue.in_flight(org, run))
        })
        .await
    }

    pub(super) async fn do_lease(
        &self,
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Box<dyn Lease>>, JournalError> {
        let deadline = Instant::now() + wait;
        let mut changes = self.shared.changes.subscribe();
        loop {
            changes.borrow_and_update();
            let handed_out = self.hand_out(max).await?;
            if !handed_out.is_empty() || max == 0 || Instant::now() >= deadline {
                return Ok(handed_out);
            }
            let next_due = self.state().queue.next_due();
            let wake = next_due.map_or(deadline, |due| due.min(deadline));
            tokio::select! {
                // The sender is in `self`, so this cannot fail.
                _changed = changes.changed() => {}
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Jobs that are there now. It is one call as soon as there is one.
    async fn hand_out(&self, max: usize) -> Result<Vec<Box<dyn Lease>>, JournalError> {
        self.connected("lease")?;
        let is_empty = {
            let mut state = self.state();
            state.queue.settle(Instant::now());
            !state.queue.has_waiting()
        };
        if is_empty {
            return Ok(Vec::new());
        }
        self.call("lease", "", |state| {
            let now = Instant::now();
            state.queue.settle(now);
            let until = now + self.shared.options.lease_duration;
            let jobs = std::iter::from_fn(|| state.queue.hand_out(until, self.connection.id)).take(max);
            Ok(jobs
                .map(|job| Box::new(MemoryLease::new(self.clone(), job)) as Box<dyn Lease>)
                .collect())
        })
        .await
    }

    pub(super) async fn do_purge_jobs(&self, org: &OrgId, run: RunId) -> Result<(), JournalError> {
        self.call("purge_jobs", &subject::run_jobs(org, run), |state| {
            state.queue.purge(org, run);
            Ok(())
        })
        .await
    }

    pub(super) async fn do_dead_letters(
        &self,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Stored<DeadLetter>>, JournalError> {
        self.look("dead_letters", "", |state| {
            let letters = state.dead_letters.after(after).take(limit);
            letters
                .map(|(sequence, ((), bytes))| {
                    let value =
                        codec::decode_dead_letter(bytes).map_err(|source| JournalError::Unreadable {
                            stream: DEAD_LETTERS,
                            sequence,
                            source,
                        })?;
                    Ok(Stored { sequence, value })
                })
                .collect()
        })
        .await
    }
}
