//! The time that one try may take.

use std::time::Duration;

use async_trait::async_trait;

use super::{
    AskError,
    layer::{Failed, Layer, Reply, Request, Spent},
};

/// Gives up a try that takes too long.
#[derive(Debug)]
pub(super) struct TimeLimit<L> {
    pub(super) inner: L,
    pub(super) model: String,
    pub(super) timeout_ms: u32,
}

#[async_trait]
impl<L: Layer> Layer for TimeLimit<L> {
    async fn send(&self, request: &Request) -> Result<Reply, Failed> {
        let limit = Duration::from_millis(u64::from(self.timeout_ms));
        tokio::time::timeout(limit, self.inner.send(request))
            .await
            .unwrap_or_else(|_elapsed| {
                let error = AskError::Timeout {
                    model: self.model.clone(),
                    timeout_ms: self.timeout_ms,
                    tries: String::new(),
                };
                Err(Failed::new(error, Spent::REQUEST))
            })
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::llm::fake::{Fake, request};

    #[tokio::test(start_paused = true)]
    async fn a_try_ends_in_time_and_counts_as_a_request() {
        let layer = TimeLimit {
            inner: Fake::never(),
            model: "m".to_owned(),
            timeout_ms: 1500,
        };
        let started = Instant::now();
        let failed = layer.send(&request("hello")).await.unwrap_err();
        assert_eq!(failed.error.to_string(), "model `m`: no answer within 1500 ms");
        assert_eq!(failed.spent, Spent::REQUEST);
        assert_eq!(started.elapsed(), Duration::from_millis(1500));
    }
}
