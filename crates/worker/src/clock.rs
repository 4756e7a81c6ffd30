//! Where a worker reads the time. Timers are tokio's; this is for what is written down.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use model::Time;

/// A clock that never shows the same moment twice and never goes back.
///
/// So no two entries that one worker writes to a conversation's journal are alike, and an entry that may or may not have been stored
/// can be recognized.
#[derive(Clone)]
pub struct Clock {
    read: Arc<dyn Fn() -> Time + Send + Sync>,
    last_micros: Arc<AtomicI64>,
}

impl Clock {
    /// A clock over `read`.
    pub fn new(read: impl Fn() -> Time + Send + Sync + 'static) -> Self {
        Self {
            read: Arc::new(read),
            last_micros: Arc::new(AtomicI64::new(i64::MIN)),
        }
    }

    /// The host's clock.
    pub fn system() -> Self {
        Self::new(|| {
            let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Time::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
        })
    }

    /// The time, at least a microsecond after the one shown before.
    pub fn now(&self) -> Time {
        let micros = (self.read)().as_micros();
        let next = |last: i64| micros.max(last.saturating_add(1));
        let last = self
            .last_micros
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)))
            .unwrap_or(micros);
        Time::from_micros(next(last))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_moment_is_shown_twice() {
        let stopped = Clock::new(|| Time::from_micros(7));
        let other = stopped.clone();
        let shown = [stopped.now(), other.now(), stopped.now()];
        assert_eq!(shown.map(Time::as_micros), [7, 8, 9]);
    }
}
