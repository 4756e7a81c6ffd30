//! How many requests and tokens a model gets per minute from this worker.
//!
//! A whole minute's worth may go at once after a quiet minute, as providers count it. How many tokens a request takes is known only
//! afterwards: what was estimated for its text is taken before, and what it took beyond that is owed by the next request.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use governor::{
    Quota, RateLimiter,
    clock::Clock,
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use tokio::time::Instant;

use super::{
    AskError, estimate,
    layer::{Failed, Layer, Reply, Request, Spent},
};

/// Makes requests wait until the model's limits have room for them.
#[derive(Debug)]
pub(super) struct RateLimit<L> {
    inner: L,
    model: String,
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    /// Tokens that were used beyond what was taken for them.
    owed: AtomicU64,
    max_wait: Duration,
}

/// One limit.
#[derive(Debug)]
struct Bucket {
    limiter: RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Duration>>,
    per_minute: NonZeroU32,
    name: &'static str,
}

/// What is owed, while someone waits to pay it; it is owed again if they give up.
struct Debt<'a> {
    owed: &'a AtomicU64,
    tokens: u64,
}

impl<'a> Debt<'a> {
    fn of(owed: &'a AtomicU64) -> Self {
        let tokens = owed.swap(0, Ordering::Relaxed);
        Self { owed, tokens }
    }

    fn paid(mut self) {
        self.tokens = 0;
    }
}

impl Drop for Debt<'_> {
    fn drop(&mut self) {
        self.owed.fetch_add(self.tokens, Ordering::Relaxed);
    }
}

/// The runtime's clock, which tests can stop.
#[derive(Clone, Debug)]
struct Ticks(Instant);

impl Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

impl<L> RateLimit<L> {
    /// A request that would wait longer than `max_wait` is given up.
    pub(super) fn new(
        inner: L,
        model: String,
        requests_per_minute: Option<u32>,
        tokens_per_minute: Option<u32>,
        max_wait: Duration,
    ) -> Self {
        let bucket = |per_minute: Option<u32>, name| {
            let per_minute = NonZeroU32::new(per_minute?)?;
            let quota = Quota::per_minute(per_minute);
            Some(Bucket {
                limiter: RateLimiter::direct_with_clock(quota, Ticks(Instant::now())),
                per_minute,
                name,
            })
        };
        Self {
            inner,
            model,
            requests: bucket(requests_per_minute, "requests_per_minute"),
            tokens: bucket(tokens_per_minute, "tokens_per_minute"),
            owed: AtomicU64::new(0),
            max_wait,
        }
    }

    async fn take(&self, bucket: &Bucket, n: u64, deadline: Instant) -> Result<(), AskError> {
        // What is more than a minute's worth can only be let through when the whole minute is free.
        let n = u32::try_from(n).unwrap_or(u32::MAX).min(bucket.per_minute.get());
        let Some(n) = NonZeroU32::new(n) else {
            return Ok(());
        };
        loop {
            let wait = match bucket.limiter.check_n(n) {
                // The bucket holds `n`: it was bounded by what fits.
                Ok(Ok(())) | Err(_) => return Ok(()),
                Ok(Err(until)) => until.wait_time_from(bucket.limiter.clock().now()),
            };
            if Instant::now() + wait > deadline {
                return Err(AskError::Timeout {
                    model: self.model.clone(),
                    timeout_ms: u32::try_from(self.max_wait.as_millis()).unwrap_or(u32::MAX),
                    tries: format!(
                        ": its `{}` ({}) leaves no room before that",
                        bucket.name, bucket.per_minute
                    ),
                });
            }
            tokio::time::sleep(wait).await;
        }
    }
}

#[async_trait]
impl<L: Layer> Layer for RateLimit<L> {
    async fn send(&self, request: &Request) -> Result<Reply, Failed> {
        let deadline = Instant::now() + self.max_wait;
        let refused = |error| Failed::new(error, Spent::default());
        if let Some(bucket) = &self.requests {
            self.take(bucket, 1, deadline).await.map_err(refused)?;
        }
        let Some(bucket) = &self.tokens else {
            return self.inner.send(request).await;
        };
        let taken = estimate::of_messages(&request.messages);
        let debt = Debt::of(&self.owed);
        self.take(bucket, taken.saturating_add(debt.tokens), deadline)
            .await
            .map_err(refused)?;
        debt.paid();
        let outcome = self.inner.send(request).await;
        let spent = match &outcome {
            Ok(reply) => reply.spent,
            Err(failed) => failed.spent,
        };
        self.owed
            .fetch_add(spent.usage.tokens().saturating_sub(taken), Ordering::Relaxed);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::fake::{Fake, request};

    fn limited(requests: Option<u32>, tokens: Option<u32>, max_wait: u64) -> RateLimit<Fake> {
        let inner = Fake::always_ok("hi");
        RateLimit::new(
            inner,
            "m".to_owned(),
            requests,
            tokens,
            Duration::from_secs(max_wait),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_s_worth_goes_at_once_and_the_rest_in_step() {
        let layer = limited(Some(6), None, 600);
        let started = Instant::now();
        for _ in 0..6 {
            layer.send(&request("hello")).await.unwrap();
        }
        assert_eq!(started.elapsed(), Duration::ZERO);
        for n in 1..=3 {
            layer.send(&request("hello")).await.unwrap();
            let expected = Duration::from_secs(10 * n);
            let off = started.elapsed().abs_diff(expected);
            assert!(off <= Duration::from_millis(5), "{:?}", started.elapsed());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_are_counted_after_the_fact() {
        // A request of the fake takes 15 tokens, far more than its text lets expect.
        let layer = limited(None, Some(60), 600);
        let started = Instant::now();
        for _ in 0..8 {
            layer.send(&request("hello")).await.unwrap();
        }
        // 120 tokens: 60 at once, the last request's own and what it owes not yet waited for.
        let elapsed = started.elapsed().as_secs();
        assert!((40..=60).contains(&elapsed), "{elapsed}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_would_wait_too_long_is_given_up_at_once() {
        let layer = limited(Some(1), None, 30);
        layer.send(&request("hello")).await.unwrap();
        let started = Instant::now();
        let failed = layer.send(&request("hello")).await.unwrap_err();
        assert_eq!(started.elapsed(), Duration::ZERO);
        assert_eq!(
            failed.error.to_string(),
            "model `m`: no answer within 30000 ms: its `requests_per_minute` (1) leaves no room before that"
        );
        assert!(failed.error.is_passing());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_owed_stays_owed_if_nobody_waits_to_pay_it() {
        let layer = limited(None, Some(20), 600);
        layer.send(&request("hello")).await.unwrap();
        let owed = layer.owed.load(Ordering::Relaxed);
        assert!(owed > 0);
        let given_up = tokio::time::timeout(Duration::from_millis(1), layer.send(&request("hello"))).await;
        assert!(given_up.is_err());
        assert_eq!(layer.owed.load(Ordering::Relaxed), owed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_larger_than_the_limit_is_let_through_by_itself() {
        let layer = limited(None, Some(10), 600);
        let text = "word ".repeat(1000);
        layer.send(&request(&text)).await.unwrap();
        let started = Instant::now();
        layer.send(&request(&text)).await.unwrap();
        assert!(
            (55..=61).contains(&started.elapsed().as_secs()),
            "{:?}",
            started.elapsed()
        );
    }
}
