//! When what was taken in is put onto the disk.
//!
//! A projection may lose its newest batches in a crash: rows and checkpoint go back together, and the log gives the batches
//! again. So a batch waits for the disk only now and then.

use std::time::{Duration, Instant};

use redb::Durability;

/// At most this much is lost in a crash.
const MAX_AGE: Duration = Duration::from_secs(1);
/// At most this many rows are lost in a crash; also bounds how much the database holds back.
const MAX_ROWS: usize = 20_000;

/// What has not been put onto the disk yet.
#[derive(Debug)]
pub(super) struct Pace {
    since: Instant,
    n_rows: usize,
}

impl Pace {
    pub(super) fn begin() -> Self {
        Self {
            since: Instant::now(),
            n_rows: 0,
        }
    }

    /// How the next batch, of `n_rows` rows, is committed.
    pub(super) fn next(&mut self, n_rows: usize) -> Durability {
        self.n_rows = self.n_rows.saturating_add(n_rows);
        if self.n_rows >= MAX_ROWS || self.since.elapsed() >= MAX_AGE {
            self.flushed();
            return Durability::Immediate;
        }
        Durability::None
    }

    /// Everything is on the disk.
    pub(super) fn flushed(&mut self) {
        *self = Self::begin();
    }
}
