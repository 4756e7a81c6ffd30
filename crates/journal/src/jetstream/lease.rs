//! A job in a worker's hands.

use std::sync::Arc;

use async_nats::{HeaderMap, Message, header};
use async_trait::async_trait;
use model::{DeadLetter, Job, Time, codec};

use super::{
    Inner,
    coalesce::publish_persistently,
    connection::{Outgoing, Persistence},
    failure::Failure,
    jobs, pull,
    streams::JOBS,
};
use crate::{JournalError, Lease, checks, subject};

pub(super) struct JobLease {
    inner: Arc<Inner>,
    job: Job,
    /// Where to tell the server about it.
    handle: String,
    sequence: u64,
    deliveries: u64,
}

impl JobLease {
    pub(super) fn new(inner: Arc<Inner>, message: &Message) -> Result<Self, Failure> {
        let handle = pull::handle(message);
        let (deliveries, sequence) = pull::delivery(&handle).ok_or_else(|| {
            Failure::Malformed(format!("a job came with the handle `{handle}`, which is none"))
        })?;
        let unreadable = |source| Failure::Unreadable {
            stream: JOBS,
            sequence,
            source,
        };
        let job = codec::decode_job(&message.payload).map_err(unreadable)?;
        if subject::job(&job.key) != message.subject.as_str() {
            let reason = format!("it is of {} and stands on {}", job.key, message.subject);
            return Err(unreadable(codec::DecodeError::Damaged { what: "job", reason }));
        }
        Ok(Self {
            inner,
            job,
            handle,
            sequence,
            deliveries,
        })
    }

    /// Tells the server something about the job until it confirms it. About a job that is not there any more there is nothing to
    /// be told.
    async fn tell(&self, operation: &'static str, what: &'static [u8]) -> Result<(), JournalError> {
        let connection = &self.inner.connection;
        let mut persistence = Persistence::new();
        loop {
            let failure = match connection.confirm(&self.handle, what).await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            let told = async {
                if failure.is_passing() && self.inner.job_is_gone(self.sequence).await? {
                    return Ok(true);
                }
                persistence.pause_after(failure).await?;
                Ok(false)
            };
            if told
                .await
                .map_err(|failure: Failure| failure.into_error(operation))?
            {
                return Ok(());
            }
        }
    }
}

#[async_trait]
impl Lease for JobLease {
    fn job(&self) -> &Job {
        &self.job
    }

    fn deliveries(&self) -> u64 {
        self.deliveries
    }

    async fn progress(&self) -> Result<(), JournalError> {
        self.tell("progress", b"+WPI").await
    }

    async fn done(&self) -> Result<(), JournalError> {
        self.tell("done", b"+ACK").await
    }

    async fn release(&self) -> Result<(), JournalError> {
        self.tell("release", b"-NAK").await
    }

    async fn retry(&self, job: Job, at: Time) -> Result<(), JournalError> {
        let Outgoing {
            subject: target,
            mut headers,
            payload,
        } = jobs::message(&job)?;
        headers.insert(header::NATS_SCHEDULE, format!("@at {at}").as_str());
        headers.insert(header::NATS_SCHEDULE_TARGET, target.as_str());
        let schedule = Outgoing {
            subject: subject::retry(&job.key),
            headers,
            payload,
        };
        self.store("retry", &schedule).await?;
        self.done().await
    }

    async fn dead_letter(&self, letter: DeadLetter) -> Result<(), JournalError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::NATS_MESSAGE_ID, checks::job_id(&letter.job).as_str());
        let subject = subject::dead_letter(&letter.job.key);
        let message = Outgoing {
            subject,
            headers,
            payload: codec::encode_dead_letter(&letter)?.into(),
        };
        self.store("dead_letter", &message).await?;
        self.done().await
    }
}

impl JobLease {
    async fn store(&self, operation: &'static str, message: &Outgoing) -> Result<(), JournalError> {
        publish_persistently(&self.inner.connection, message)
            .await
            .map_err(|failure| failure.into_error(operation))?;
        Ok(())
    }
}
