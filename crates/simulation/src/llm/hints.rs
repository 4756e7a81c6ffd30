//! Leaving out what an endpoint does not take.
//!
//! A question's temperature and seed are wishes: some models refuse requests that have them. Such a refusal names the field; then the
//! request is made without it, and so is every later one to this model. The temperature of the model's own configuration is not a wish and stays.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use super::{
    AskError,
    layer::{Failed, Layer, Reply, Request, Spent},
};

/// Makes requests without the wishes that are refused.
#[derive(Debug)]
pub(super) struct Hints<L> {
    inner: L,
    no_temperature: AtomicBool,
    no_seed: AtomicBool,
}

impl<L> Hints<L> {
    pub(super) const fn new(inner: L) -> Self {
        Self {
            inner,
            no_temperature: AtomicBool::new(false),
            no_seed: AtomicBool::new(false),
        }
    }

    /// Leaves out what is known to be refused; whether that was anything.
    fn leave_out(&self, request: &mut Request) -> bool {
        let mut left_out = false;
        if self.no_temperature.load(Ordering::Relaxed) {
            left_out |= request.temperature.take().is_some();
        }
        if self.no_seed.load(Ordering::Relaxed) {
            left_out |= request.seed.take().is_some();
        }
        left_out
    }

    /// Learns from a refusal.
    fn learn(&self, request: &Request, error: &AskError) {
        let AskError::Refused {
            status: 400 | 422,
            detail,
            ..
        } = error
        else {
            return;
        };
        let detail = detail.to_ascii_lowercase();
        if request.temperature.is_some() && detail.contains("temperature") {
            self.no_temperature.store(true, Ordering::Relaxed);
        }
        if request.seed.is_some() && detail.contains("seed") {
            self.no_seed.store(true, Ordering::Relaxed);
        }
    }
}

#[async_trait]
impl<L: Layer> Layer for Hints<L> {
    async fn send(&self, request: &Request) -> Result<Reply, Failed> {
        let mut request = request.clone();
        let mut wasted = Spent::default();
        self.leave_out(&mut request);
        loop {
            let outcome = self.inner.send(&request).await;
            match outcome {
                Ok(mut reply) => {
                    reply.spent.add(wasted);
                    return Ok(reply);
                }
                Err(mut failed) => {
                    self.learn(&request, &failed.error);
                    // Each round leaves out one more of two things, so there are three at most.
                    if !self.leave_out(&mut request) {
                        failed.spent.add(wasted);
                        return Err(failed);
                    }
                    tracing::debug!(error = %failed.error, "the model is asked without what it refuses");
                    wasted.add(failed.spent);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::fake::{Fake, request};

    fn refused(detail: &str) -> AskError {
        AskError::Refused {
            model: "m".to_owned(),
            status: 400,
            retry_after_ms: None,
            detail: detail.to_owned(),
        }
    }

    #[tokio::test]
    async fn a_refused_wish_is_left_out_from_then_on() {
        let fake = Fake::answers(vec![
            Err(refused(": Unsupported value: 'temperature' does not support 0")),
            Err(refused(": unknown field Seed")),
            Ok("hi"),
            Ok("hi again"),
        ]);
        let layer = Hints::new(fake.clone());
        let mut wished = request("hello");
        wished.temperature = Some(0.0);
        wished.seed = Some(3);
        let reply = layer.send(&wished).await.unwrap();
        assert_eq!((reply.text.as_str(), reply.spent.requests), ("hi", 3));
        let reply = layer.send(&wished).await.unwrap();
        assert_eq!(reply.spent.requests, 1);
        let seen = fake.seen();
        let wishes: Vec<_> = seen
            .iter()
            .map(|r| (r.temperature.is_some(), r.seed.is_some()))
            .collect();
        assert_eq!(
            wishes,
            [(true, true), (false, true), (false, false), (false, false)]
        );
    }

    #[tokio::test]
    async fn other_refusals_are_not_hidden() {
        let layer = Hints::new(Fake::answers(vec![Err(refused(
            ": temperature must be a number",
        ))]));
        let failed = layer.send(&request("hello")).await.unwrap_err();
        assert_eq!(*failed.error, refused(": temperature must be a number"));
        assert_eq!(failed.spent.requests, 1);
    }
}
