//! Waiting longer after each failure.

use std::time::Duration;

/// Waits that double from a first one to a longest one.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    /// Waits for something that has a way of coming back soon: 100 ms to 5 s.
    pub(crate) const fn brief() -> Self {
        Self {
            next: Duration::from_millis(100),
            longest: Duration::from_secs(5),
        }
    }

    /// The next wait.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = self.next.min(self.longest);
        self.next = wait.saturating_mul(2);
        wait
    }

    /// Waits.
    pub(crate) async fn wait(&mut self) {
        tokio::time::sleep(self.next()).await;
    }
}

/// How long to wait after the `n`-th failure (from 1): `first`, doubled each time, up to a minute.
pub(crate) fn after_failures(first: Duration, n: usize) -> Duration {
    let doublings = u32::try_from(n.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    first.saturating_mul(1 << doublings).min(Duration::from_secs(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let mut backoff = Backoff::brief();
        let waits: Vec<u128> = (0..8).map(|_| backoff.next().as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    }

    #[test]
    fn failures_wait_a_minute_at_most() {
        let second = Duration::from_secs(1);
        let waits = [1, 2, 3, 6, 7, 1000].map(|n| after_failures(second, n).as_secs());
        assert_eq!(waits, [1, 2, 4, 32, 60, 60]);
    }
}
