//! Whether it is quicker to publish what is waiting as one batch or as single messages.
//!
//! It depends on the server: one that writes each message to disk before it answers takes about as long for a batch as for ten
//! messages; one that does not takes single messages far quicker than batches. So both are measured, and the quicker one is used.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Every so many groups the slower way is tried, so that a change is noticed.
const TRIAL_EVERY: u32 = 100;
/// The weight of a new measurement.
const WEIGHT: f64 = 0.2;

/// How to publish a group of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As one atomic batch.
    Batch,
    /// One by one, all at once.
    Singles,
}

#[derive(Clone, Copy, Debug)]
struct Estimate {
    /// Seconds that a batch takes, whatever its size.
    batch: f64,
    /// Seconds that each single message takes when many are on their way.
    single: f64,
    n_groups: u32,
}

/// What has been measured so far. It begins with a server that writes each message to disk.
#[derive(Debug)]
pub(super) struct Pace(Mutex<Estimate>);

impl Default for Pace {
    fn default() -> Self {
        Self(Mutex::new(Estimate {
            batch: 0.015,
            single: 0.001_3,
            n_groups: 0,
        }))
    }
}

impl Pace {
    /// The way for the next group.
    pub(super) fn choose(&self, n_messages: usize) -> Way {
        if n_messages < 2 {
            return Way::Singles;
        }
        let mut estimate = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        estimate.n_groups = estimate.n_groups.wrapping_add(1);
        let is_trial = estimate.n_groups.is_multiple_of(TRIAL_EVERY);
        let batch_is_quicker = estimate.batch < estimate.single * f64::from(clamped(n_messages));
        if batch_is_quicker == is_trial {
            Way::Singles
        } else {
            Way::Batch
        }
    }

    /// Takes note of how long a group took.
    pub(super) fn note(&self, way: Way, n_messages: usize, took: Duration) {
        let mut estimate = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (slot, seconds) = match way {
            Way::Batch => (&mut estimate.batch, took.as_secs_f64()),
            Way::Singles => (
                &mut estimate.single,
                took.as_secs_f64() / f64::from(clamped(n_messages).max(1)),
            ),
        };
        *slot += WEIGHT * (seconds - *slot);
    }
}

fn clamped(n_messages: usize) -> u32 {
    u32::try_from(n_messages).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n_batches(pace: &Pace, n_messages: usize) -> usize {
        (0..1000)
            .filter(|_| pace.choose(n_messages) == Way::Batch)
            .count()
    }

    #[test]
    fn a_server_that_writes_each_message_gets_batches() {
        let pace = Pace::default();
        assert_eq!(n_batches(&pace, 1), 0);
        assert_eq!(
            n_batches(&pace, 5),
            10,
            "few are quicker one by one; batches are tried"
        );
        assert_eq!(
            n_batches(&pace, 64),
            990,
            "many are quicker together; single messages are tried"
        );
    }

    #[test]
    fn a_server_that_does_not_gets_single_messages() {
        let pace = Pace::default();
        for _ in 0..50 {
            pace.note(Way::Singles, 64, Duration::from_millis(3));
            pace.note(Way::Batch, 64, Duration::from_millis(30));
        }
        assert_eq!(n_batches(&pace, 200), 10);
        // It is told to write each message, without a restart.
        for _ in 0..50 {
            pace.note(Way::Singles, 64, Duration::from_millis(90));
        }
        assert_eq!(n_batches(&pace, 200), 990);
    }
}
