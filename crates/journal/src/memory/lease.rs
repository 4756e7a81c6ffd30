//! A job of the memory journal in a worker's hands.

use async_trait::async_trait;
use model::{DeadLetter, Job, Time, codec};
use tokio::time::Instant;

use super::{MemoryJournal, queue::HandedOut};
use crate::{JournalError, Lease, subject};

pub(super) struct MemoryLease {
    journal: MemoryJournal,
    handed_out: HandedOut,
    about: String,
}

impl MemoryLease {
    pub(super) fn new(journal: MemoryJournal, handed_out: HandedOut) -> Self {
        let about = subject::job(&handed_out.job.key);
        Self {
            journal,
            handed_out,
            about,
        }
    }
}

#[async_trait]
impl Lease for MemoryLease {
    fn job(&self) -> &Job {
        &self.handed_out.job
    }

    fn deliveries(&self) -> u64 {
        self.handed_out.deliveries
    }

    async fn progress(&self) -> Result<(), JournalError> {
        let lease = self.journal.shared.options.lease_duration;
        self.journal
            .call("progress", &self.about, |state| {
                let now = Instant::now();
                state.queue.settle(now);
                state.queue.prolong(self.handed_out.sequence, now, lease);
                Ok(())
            })
            .await
    }

    async fn done(&self) -> Result<(), JournalError> {
        self.journal
            .call("done", &self.about, |state| {
                state.queue.remove(self.handed_out.sequence);
                Ok(())
            })
            .await
    }

    async fn release(&self) -> Result<(), JournalError> {
        self.journal
            .call("release", &self.about, |state| {
                state.queue.settle(Instant::now());
                state.queue.give_back(self.handed_out.sequence);
                Ok(())
            })
            .await
    }

    async fn retry(&self, job: Job, at: Time) -> Result<(), JournalError> {
        self.journal.fit("retry", codec::encode_job(&job)?)?;
        let due = self.journal.instant_of(at);
        self.journal
            .call("retry", &self.about, |state| {
                state.queue.schedule(job, due, Instant::now());
                Ok::<_, JournalError>(())
            })
            .await?;
        self.done().await
    }

    async fn dead_letter(&self, letter: DeadLetter) -> Result<(), JournalError> {
        let bytes = self
            .journal
            .fit("dead_letter", codec::encode_dead_letter(&letter)?)?;
        self.journal
            .call("dead_letter", &self.about, |state| {
                state.dead_letters.push((), bytes);
                Ok::<_, JournalError>(())
            })
            .await?;
        self.done().await
    }
}
