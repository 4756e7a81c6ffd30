//! Waiting for a state, never for a time.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Calls `probe` until it answers `Ok`, and returns what it answered.
///
/// `Err` carries the state that was seen instead. Have `probe` panic on a state that can no longer
/// become the wanted one: the test then fails at once.
///
/// # Panics
///
/// When `deadline` has passed, with `what` was waited for and the state last seen. A probe that
/// hangs is cut off there too.
pub async fn wait_until<T, F>(deadline: Duration, what: &str, mut probe: F) -> T
where
    F: AsyncFnMut() -> Result<T, String>,
{
    let end = Instant::now() + deadline;
    let mut ticks = interval(POLL_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_seen = String::from("nothing: the first probe did not return");

    let found = timeout_at(end, async {
        loop {
            ticks.tick().await;
            match probe().await {
                Ok(value) => return value,
                Err(state) => last_seen = state,
            }
        }
    })
    .await;

    #[expect(
        clippy::panic,
        reason = "a passed deadline is the failure of the test that waits"
    )]
    found.unwrap_or_else(|_| panic!("waited {deadline:?} for {what}; last seen: {last_seen}"))
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    async fn message_of_failure(wait: impl Future<Output = ()> + Send + 'static) -> String {
        let panic = tokio::spawn(wait).await.expect_err("the wait fails").into_panic();
        *panic
            .downcast::<String>()
            .expect("the panic carries a formatted message")
    }

    #[tokio::test(start_paused = true)]
    async fn returns_what_the_probe_found() {
        let mut n_calls = 0;
        let found = wait_until(Duration::from_secs(1), "the third call", async || {
            n_calls += 1;
            if n_calls == 3 {
                Ok(n_calls)
            } else {
                Err(format!("call {n_calls}"))
            }
        })
        .await;
        assert_eq!(found, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn reports_the_last_state_when_the_deadline_passes() {
        let message = message_of_failure(wait_until(Duration::from_millis(95), "the end", {
            let mut n_calls = 0;
            async move || {
                n_calls += 1;
                Err(format!("call {n_calls}"))
            }
        }))
        .await;
        assert_eq!(message, "waited 95ms for the end; last seen: call 10");
    }

    #[tokio::test(start_paused = true)]
    async fn cuts_off_a_probe_that_hangs() {
        let message = message_of_failure(wait_until(Duration::from_millis(50), "an answer", async || {
            pending().await
        }))
        .await;
        assert_eq!(
            message,
            "waited 50ms for an answer; last seen: nothing: the first probe did not return"
        );
    }
}
