//! Trying again: how often, and how long to wait in between.

use std::time::Duration;

use model::Connection;
use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha8Rng};

use super::AgentError;
use crate::briefing::seed_of;

/// The longest wait before the second try; it doubles with each further one.
const FIRST_BACKOFF_MS: u64 = 500;
/// The longest wait that backing off gives.
const MAX_BACKOFF_MS: u64 = 20_000;
/// The longest wait that an agent may ask for.
const MAX_RETRY_AFTER_MS: u64 = 60_000;

/// Tries calls again whose failure may pass.
#[derive(Debug)]
pub(super) struct Attempts {
    max_attempts: u32,
    timeout_ms: u32,
    seed: u64,
}

impl Attempts {
    pub(super) const fn new(connection: &Connection, seed: u64) -> Self {
        Self {
            max_attempts: connection.max_attempts,
            timeout_ms: connection.timeout_ms,
            seed,
        }
    }

    /// Runs `attempt` until it succeeds, fails for good or was tried often enough; also says how often it was tried. Waits
    /// follow from the conversation's seed and the turn alone.
    pub(super) async fn run<T, F: Future<Output = Result<T, AgentError>>>(
        &self,
        turn_index: u32,
        place: &str,
        mut attempt: impl FnMut() -> F,
    ) -> Result<(T, u32), AgentError> {
        let mut random = ChaCha8Rng::seed_from_u64(seed_of(&[
            b"backoff",
            &self.seed.to_be_bytes(),
            &turn_index.to_be_bytes(),
        ]));
        let mut calls = 0;
        loop {
            calls += 1;
            let limit = Duration::from_millis(u64::from(self.timeout_ms));
            let outcome = tokio::time::timeout(limit, attempt())
                .await
                .unwrap_or_else(|_elapsed| {
                    let detail = if calls > 1 {
                        format!(" (try {calls})")
                    } else {
                        String::new()
                    };
                    Err(AgentError::Timeout {
                        place: place.to_owned(),
                        timeout_ms: self.timeout_ms,
                        detail,
                    })
                });
            let error = match outcome {
                Ok(value) => return Ok((value, calls)),
                Err(error) => error,
            };
            if calls >= self.max_attempts || !error.retryable() {
                return Err(error);
            }
            let wait = wait_ms(calls, error.retry_after_ms(), &mut random);
            tracing::debug!(calls, wait_ms = wait, %error, "the agent is called again");
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
    }
}

/// Full jitter: anything up to a bound that doubles. An agent that says how long to wait is obeyed, within reason.
fn wait_ms(calls: u32, retry_after_ms: Option<u64>, random: &mut ChaCha8Rng) -> u64 {
    let doubled = FIRST_BACKOFF_MS.saturating_mul(1_u64.checked_shl(calls - 1).unwrap_or(u64::MAX));
    let jitter = random.random_range(0..=doubled.min(MAX_BACKOFF_MS));
    retry_after_ms.map_or(jitter, |asked| asked.min(MAX_RETRY_AFTER_MS))
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    fn attempts(max_attempts: u32) -> Attempts {
        Attempts {
            max_attempts,
            timeout_ms: 1000,
            seed: 1,
        }
    }

    fn refused(status: u16, retry_after_ms: Option<u64>) -> AgentError {
        AgentError::Refused {
            place: "there".to_owned(),
            status,
            retry_after_ms,
            detail: String::new(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_again_and_the_wait_is_obeyed() {
        let started = Instant::now();
        let mut failures = vec![refused(503, Some(7_000)), refused(503, Some(3_600_000))];
        let outcome = attempts(3)
            .run(0, "there", || {
                std::future::ready(failures.pop().map_or(Ok("fine"), Err))
            })
            .await;
        assert_eq!(outcome, Ok(("fine", 3)));
        // An hour was asked for and cut to a minute; then seven seconds.
        assert_eq!(started.elapsed(), Duration::from_secs(67));
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_pass_is_not_tried_again() {
        let mut calls = 0;
        let outcome = attempts(5)
            .run(0, "there", || {
                calls += 1;
                std::future::ready(Err::<(), _>(refused(401, None)))
            })
            .await;
        assert_eq!(outcome, Err(refused(401, None)));
        assert_eq!(calls, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn every_try_has_its_own_time_and_tries_end() {
        let started = Instant::now();
        let outcome = attempts(3)
            .run(0, "there", std::future::pending::<Result<(), _>>)
            .await;
        let error = outcome.unwrap_err();
        assert_eq!(error.to_string(), "there: no reply within 1000 ms (try 3)");
        let elapsed = started.elapsed().as_millis();
        assert!((3000..=4500).contains(&elapsed), "{elapsed}");
    }

    #[test]
    fn waits_follow_from_the_seed_and_are_bounded() {
        let waits = |seed| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            (1..=80)
                .map(|calls| wait_ms(calls, None, &mut random))
                .collect::<Vec<_>>()
        };
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
        assert!(waits(1).iter().all(|wait| *wait <= MAX_BACKOFF_MS));
        assert!(waits(1)[0] <= FIRST_BACKOFF_MS);
    }
}
