//! How a worker works.

use std::{num::NonZeroUsize, time::Duration};

use model::WorkerId;

use crate::Clock;

/// How a worker works.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its name, unique among all workers that live.
    pub name: WorkerId,
    /// The most conversations it holds at once.
    pub concurrency: NonZeroUsize,
    /// How often it shows that it still works on a job; none: every third of a lease.
    pub heartbeat: Option<Duration>,
    /// How long one request for jobs waits for the first. A shutdown waits for it too.
    pub lease_wait: Duration,
    /// After this many failures a job is given up, at least 1.
    pub max_failures: u32,
    /// A job that was handed out more often than this is given up: it takes down whoever works on it.
    pub max_deliveries: u64,
    /// How long a job waits after its first failure; doubled after each further one, up to a minute.
    pub retry_delay: Duration,
    /// The most bytes that the turns of one conversation may have together.
    pub max_transcript_bytes: usize,
    /// How long running conversations may go on after a shutdown was asked for.
    pub drain_timeout: Duration,
    /// Where the times come from that are written down.
    pub clock: Clock,
}

impl Options {
    /// The defaults, for the worker of this name.
    pub fn new(name: WorkerId) -> Self {
        Self {
            name,
            concurrency: NonZeroUsize::new(64).expect("64 is not zero"),
            heartbeat: None,
            lease_wait: Duration::from_secs(1),
            max_failures: 3,
            max_deliveries: 20,
            retry_delay: Duration::from_secs(1),
            max_transcript_bytes: 4 * 1024 * 1024,
            drain_timeout: Duration::from_secs(10),
            clock: Clock::system(),
        }
    }
}
