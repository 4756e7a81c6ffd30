//! Trying again: what, how often, and how long to wait in between.
//!
//! Only what may pass is tried again: timeouts, broken connections, and the statuses 408, 409, 429 and 5xx. How often depends on the kind
//! of failure. A provider that is busy (429, and 529 of Anthropic) says that it will answer if one waits, so it is tried as often as the model's
//! `max_attempts` says; anything else at most [`MAX_OTHER_ATTEMPTS`] times, since more tries of a broken provider only cost time.

use std::time::Duration;

use async_trait::async_trait;
use backon::Retryable as _;

use super::{
    AskError,
    layer::{Failed, Layer, Reply, Request, Spent},
};

/// How often is tried at most what fails for another reason than that the provider is busy.
const MAX_OTHER_ATTEMPTS: u32 = 3;
/// The longest wait before the second try; it doubles with each further one.
const FIRST_BACKOFF_MS: u64 = 500;
/// The longest wait that backing off gives.
const MAX_BACKOFF_MS: u64 = 20_000;
/// The longest wait that a provider may ask for.
const MAX_RETRY_AFTER_MS: u64 = 60_000;

/// Makes requests again whose failure may pass.
#[derive(Debug)]
pub(super) struct Retry<L> {
    pub(super) inner: L,
    pub(super) max_attempts: u32,
}

#[async_trait]
impl<L: Layer> Layer for Retry<L> {
    async fn send(&self, request: &Request) -> Result<Reply, Failed> {
        let mut wasted = Spent::default();
        let mut tries = 0;
        let outcome = (|| self.inner.send(request))
            .retry(FullJitter { tries: 0 })
            .when(|failed: &Failed| {
                tries += 1;
                tries < allowed(&failed.error, self.max_attempts)
            })
            .adjust(|failed: &Failed, jitter: Option<Duration>| retry_after(&failed.error).or(jitter))
            .notify(|failed: &Failed, wait: Duration| {
                wasted.add(failed.spent);
                tracing::debug!(?wait, error = %failed.error, "the model is asked again");
            })
            .await;
        match outcome {
            Ok(mut reply) => {
                reply.spent.add(wasted);
                Ok(reply)
            }
            Err(mut failed) => {
                failed.spent.add(wasted);
                if let AskError::Timeout { tries: said, .. } = failed.error.as_mut()
                    && tries > 1
                {
                    *said = format!(" (try {tries})");
                }
                Err(failed)
            }
        }
    }
}

/// How often a request that fails so is made in all.
fn allowed(error: &AskError, max_attempts: u32) -> u32 {
    let is_busy = matches!(
        error,
        AskError::Refused {
            status: 429 | 529,
            ..
        }
    );
    if is_busy {
        max_attempts
    } else if error.is_passing() {
        max_attempts.min(MAX_OTHER_ATTEMPTS)
    } else {
        1
    }
}

/// How long the provider asked to wait, within reason.
fn retry_after(error: &AskError) -> Option<Duration> {
    let AskError::Refused {
        retry_after_ms: Some(asked),
        ..
    } = error
    else {
        return None;
    };
    Some(Duration::from_millis((*asked).min(MAX_RETRY_AFTER_MS)))
}

/// Waits of anything up to a bound that doubles: those who fail together do not come back together.
#[derive(Debug)]
struct FullJitter {
    tries: u32,
}

impl Iterator for FullJitter {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let doubled = FIRST_BACKOFF_MS.saturating_mul(1_u64.checked_shl(self.tries).unwrap_or(u64::MAX));
        self.tries = self.tries.saturating_add(1);
        Some(Duration::from_millis(rand::random_range(
            0..=doubled.min(MAX_BACKOFF_MS),
        )))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::llm::fake::{Fake, refused, request, timeout};

    fn retry(inner: Fake, max_attempts: u32) -> Retry<Fake> {
        Retry { inner, max_attempts }
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_again_and_the_wait_is_obeyed() {
        let layer = retry(
            Fake::answers(vec![
                Err(refused(429, Some(7_000))),
                Err(refused(503, Some(3_600_000))),
                Ok("hi"),
            ]),
            5,
        );
        let started = Instant::now();
        let reply = layer.send(&request("hello")).await.unwrap();
        assert_eq!(reply.text, "hi");
        assert_eq!(reply.spent.requests, 3);
        // Seven seconds; then an hour was asked for and cut to a minute.
        assert_eq!(started.elapsed(), Duration::from_secs(67));
    }

    #[tokio::test(start_paused = true)]
    async fn each_kind_of_failure_has_its_own_number_of_tries() {
        let cases = [
            (refused(429, Some(1)), 6),
            (refused(529, Some(1)), 6),
            (refused(408, Some(1)), 3),
            (refused(409, Some(1)), 3),
            (refused(500, Some(1)), 3),
            (timeout(), 3),
            (refused(400, Some(1)), 1),
            (refused(401, None), 1),
            (refused(404, None), 1),
        ];
        for (error, tries) in cases {
            let layer = retry(Fake::answers(vec![Err(error.clone()); 8]), 6);
            let failed = layer.send(&request("hello")).await.unwrap_err();
            assert_eq!(failed.spent.requests, tries, "{error}");
        }
        let layer = retry(Fake::answers(vec![Err(refused(429, None)); 8]), 1);
        assert_eq!(layer.send(&request("hello")).await.unwrap_err().spent.requests, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_says_which_try_it_was() {
        let layer = retry(Fake::answers(vec![Err(timeout()); 3]), 9);
        let started = Instant::now();
        let failed = layer.send(&request("hello")).await.unwrap_err();
        assert_eq!(
            failed.error.to_string(),
            "model `m`: no answer within 9 ms (try 3)"
        );
        assert!(started.elapsed() <= Duration::from_millis(500 + 1000));
    }

    #[test]
    fn waits_are_bounded_and_differ() {
        let waits: Vec<Duration> = FullJitter { tries: 0 }.take(80).collect();
        assert!(waits[0] <= Duration::from_millis(FIRST_BACKOFF_MS));
        assert!(
            waits
                .iter()
                .all(|wait| *wait <= Duration::from_millis(MAX_BACKOFF_MS))
        );
        assert!(waits[10..].iter().any(|wait| *wait != waits[10]));
    }
}
