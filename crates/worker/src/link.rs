//! The worker's link to the log: rides out times when it cannot be reached, and says so once.

use std::{
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use journal::{Journal, JournalError};

use crate::backoff::Backoff;

/// The log, and whether it could be reached when last tried.
pub(crate) struct Link {
    journal: Arc<dyn Journal>,
    reachable: AtomicBool,
}

impl Link {
    pub(crate) fn new(journal: Arc<dyn Journal>) -> Self {
        Self {
            journal,
            reachable: AtomicBool::new(true),
        }
    }

    /// The log.
    pub(crate) fn journal(&self) -> &dyn Journal {
        &*self.journal
    }

    /// Tries an operation until the log answers. Only for operations that may be repeated. Fails only with errors that do not
    /// pass.
    pub(crate) async fn ride_out<T, F: Future<Output = Result<T, JournalError>>>(
        &self,
        mut operation: impl FnMut() -> F,
    ) -> Result<T, JournalError> {
        let mut backoff = Backoff::brief();
        loop {
            match operation().await {
                Ok(value) => {
                    self.reached();
                    return Ok(value);
                }
                Err(error) if error.retryable() => {
                    self.missed(&error);
                    backoff.wait().await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The log answered.
    pub(crate) fn reached(&self) {
        if !self.reachable.swap(true, Ordering::Relaxed) {
            tracing::info!("the log can be reached again");
        }
    }

    /// The log did not answer.
    pub(crate) fn missed(&self, error: &JournalError) {
        if self.reachable.swap(false, Ordering::Relaxed) {
            tracing::warn!(%error, "the log cannot be reached; trying until it can");
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("reachable", &self.reachable)
            .finish_non_exhaustive()
    }
}
