//! Leads: at most one holder at a time, without trusting the clocks of two hosts to agree.
//!
//! A lead is the last message on its subject; each renewal is a new one. A challenger takes over only after it has seen the same
//! message for as long as the lead lasts, by its own monotonic clock. The holder counts from before it asked, the challenger from
//! after it saw the answer, so the holder's time is up first.

use std::{sync::PoisonError, time::Duration};

use async_nats::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout};

use super::{
    Inner,
    connection::Outgoing,
    failure::{Failure, code},
    streams::LEADS,
};
use crate::{JournalError, LeaseState, checks, subject};

/// What is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Claim {
    /// None: the lead was given back.
    holder: Option<String>,
    /// How long it lasts from each renewal, in milliseconds.
    ttl_ms: u64,
}

/// A claim of someone else, as first seen here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    sequence: u64,
    since: Instant,
}

impl Inner {
    pub(super) async fn lead(
        &self,
        name: &str,
        holder: &str,
        ttl: Duration,
    ) -> Result<LeaseState, JournalError> {
        const OPERATION: &str = "lead";
        let token = checks::lead(name, holder, ttl)?;
        let subject = subject::lead(&token);
        // A lead that is granted after its time would be none.
        let attempt = timeout(ttl, self.claim(name, &subject, holder, ttl)).await;
        let late =
            |_elapsed| Failure::Unreachable(format!("no answer within the {ttl:?} that the lead lasts"));
        attempt
            .map_err(late)
            .and_then(|outcome| outcome)
            .map_err(|failure| failure.into_error(OPERATION))
    }

    async fn claim(
        &self,
        name: &str,
        subject: &str,
        holder: &str,
        ttl: Duration,
    ) -> Result<LeaseState, Failure> {
        loop {
            let (claim, sequence) = self.current_claim(subject).await?;
            if let Some(Claim {
                holder: Some(other),
                ttl_ms,
            }) = claim
                && other != holder
                && !self.has_lapsed(name, sequence, ttl.max(Duration::from_millis(ttl_ms)))
            {
                return Ok(LeaseState::HeldBy(other));
            }
            let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
            if self
                .store_claim(
                    subject,
                    &Claim {
                        holder: Some(holder.to_owned()),
                        ttl_ms,
                    },
                    sequence,
                )
                .await?
            {
                return Ok(LeaseState::Held);
            }
            // Someone claimed in between; look again.
        }
    }

    async fn current_claim(&self, subject: &str) -> Result<(Option<Claim>, u64), Failure> {
        let Some(last) = self.connection.last(LEADS, subject).await? else {
            return Ok((None, 0));
        };
        let claim = serde_json::from_slice(&last.entry.payload).map_err(|error| {
            Failure::Malformed(format!("{LEADS} {subject} holds what is no claim: {error}"))
        })?;
        Ok((Some(claim), last.entry.sequence))
    }

    /// Whether the claim at `sequence` has been seen here unchanged for its whole time.
    fn has_lapsed(&self, name: &str, sequence: u64, ttl: Duration) -> bool {
        let mut seen = self.seen_claims.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let entry = seen
            .entry(name.to_owned())
            .or_insert(Seen { sequence, since: now });
        if entry.sequence != sequence {
            *entry = Seen { sequence, since: now };
        }
        now.duration_since(entry.since) >= ttl
    }

    /// Stores a claim if the one at `expected` is still the last; tells whether it was.
    async fn store_claim(&self, subject: &str, claim: &Claim, expected: u64) -> Result<bool, Failure> {
        let payload = serde_json::to_vec(claim).map_err(|error| Failure::Malformed(error.to_string()))?;
        let mut headers = HeaderMap::new();
        headers.insert(header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, expected.to_string());
        let message = Outgoing {
            subject: subject.to_owned(),
            headers,
            payload: payload.into(),
        };
        // One try: a claim whose answer was lost is found, as ours, by the next look.
        match self.connection.publish(&message).await {
            Ok(_ack) => Ok(true),
            Err(failure) if failure.is(code::WRONG_LAST_SEQUENCE) || failure.is(code::WRITE_IN_PROCESS) => {
                Ok(false)
            }
            Err(failure) => Err(failure),
        }
    }

    pub(super) async fn resign(&self, name: &str, holder: &str) -> Result<(), JournalError> {
        let token = checks::lead_name(name, holder)?;
        let subject = subject::lead(&token);
        let resigned = async {
            let (claim, sequence) = self.current_claim(&subject).await?;
            if let Some(Claim {
                holder: Some(current),
                ttl_ms,
            }) = claim
                && current == holder
            {
                // If someone took over in between there is nothing to give back.
                self.store_claim(&subject, &Claim { holder: None, ttl_ms }, sequence)
                    .await?;
            }
            Ok(())
        };
        resigned
            .await
            .map_err(|failure: Failure| failure.into_error("resign"))
    }
}
