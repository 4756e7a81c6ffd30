//! Counting requests, for whoever asks how a service is doing.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// What one endpoint has done since its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) n_requests: u64,
    pub(super) n_errors: u64,
    pub(super) last_error: String,
    pub(super) processing_time: Duration,
}

/// The same, shared.
#[derive(Debug, Default)]
pub(super) struct Stats(Mutex<Counts>);

impl Stats {
    pub(super) fn count(&self, took: Duration, error: Option<String>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.n_requests += 1;
        counts.processing_time += took;
        if let Some(error) = error {
            counts.n_errors += 1;
            counts.last_error = error;
        }
    }

    pub(super) fn read(&self) -> Counts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
