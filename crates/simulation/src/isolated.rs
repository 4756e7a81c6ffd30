//! Runs what people wrote (scripts, expressions, schemas) on a thread of its own: with a deep stack, so that nesting cannot
//! overflow it, and with a deadline, so that nobody waits for ever.
//!
//! Everything run here has a budget of its own and so ends by itself. The deadline is the second line of defence: work
//! that misses it is given up, and its thread ends when the work does.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc,
    time::Duration,
};

/// How long one piece of work may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
/// Address space, not memory: pages that are never touched cost nothing.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Work that did not end well.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Isolated {
    /// It missed the deadline.
    #[error("did not finish within {} seconds", .0.as_secs_f32())]
    TooSlow(Duration),
    /// It panicked.
    #[error("failed inside: {0}")]
    Panicked(String),
    /// No thread could be started.
    #[error("no thread could be started: {0}")]
    NoThread(String),
}

/// Runs `work` and waits for it on this thread.
pub(crate) fn isolated_blocking<T: Send + 'static>(
    deadline: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Isolated> {
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::Builder::new()
        .name("isolated".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            // Nobody receives if the deadline has passed.
            let _late = sender.send(catch_unwind(AssertUnwindSafe(work)));
        })
        .map_err(|why| Isolated::NoThread(why.to_string()))?;
    match receiver.recv_timeout(deadline) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(panic)) => Err(Isolated::Panicked(panic_message(panic.as_ref()))),
        Err(mpsc::RecvTimeoutError::Timeout) => Err(Isolated::TooSlow(deadline)),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            Err(Isolated::Panicked("the thread ended early".to_owned()))
        }
    }
}

/// Runs `work` without holding up the runtime.
pub(crate) async fn isolated<T: Send + 'static>(
    deadline: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Isolated> {
    match tokio::task::spawn_blocking(move || isolated_blocking(deadline, work)).await {
        Ok(outcome) => outcome,
        Err(why) => Err(Isolated::Panicked(why.to_string())),
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_and_a_missed_deadline_are_errors() {
        assert_eq!(isolated_blocking(DEADLINE, || 7), Ok(7));
        let panicked = isolated_blocking(DEADLINE, || -> u8 { panic!("no") });
        assert_eq!(panicked, Err(Isolated::Panicked("no".to_owned())));
        let (_keep_open, never) = mpsc::channel::<()>();
        let deadline = Duration::from_millis(20);
        let late = isolated_blocking(deadline, move || never.recv().is_ok());
        assert_eq!(late, Err(Isolated::TooSlow(deadline)));
    }

    #[tokio::test(start_paused = true)]
    async fn paused_time_does_not_pass_meanwhile() {
        let before = tokio::time::Instant::now();
        assert_eq!(
            isolated(DEADLINE, || (0..1_000_000_u64).sum::<u64>()).await,
            Ok(499_999_500_000)
        );
        assert_eq!(before.elapsed(), Duration::ZERO);
    }
}
