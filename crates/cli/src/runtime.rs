//! The asynchronous runtime, and the signals that end a process.

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{failure::Failure, output::WriteError};

/// Runs a future to its end.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, WriteError>>) -> Result<T, WriteError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| Failure::bug(format!("the runtime cannot be started: {source}")))?;
    let result = runtime.block_on(future);
    // What still runs has been told to stop, or does not matter any more: a blocked read of standard input must not hold the process.
    runtime.shutdown_background();
    result
}

/// Signals that ask the process to end: Ctrl-C, a polite kill, a closed terminal.
#[derive(Debug)]
pub(crate) struct EndSignals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl EndSignals {
    /// From now on these signals do not end the process by themselves.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|source| Failure::bug(format!("signals cannot be listened to: {source}")))
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}
