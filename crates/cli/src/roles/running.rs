//! Roles of one kind that are running, and their end.

use std::future::Future;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{DONE, Done},
    exit::Exit,
    failure::Failure,
    output::Output,
    runtime::{EndSignals, block_on},
};

/// Tasks that are stopped together.
#[derive(Debug, Default)]
pub(crate) struct Running {
    tasks: JoinSet<(String, Result<(), String>)>,
    shutdown: CancellationToken,
}

impl Running {
    /// Starts one more. What it returns before it was told to stop is a failure.
    pub(crate) fn start<F>(&mut self, name: String, task: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        let running = task(self.shutdown.clone());
        self.tasks.spawn(async move { (name, running.await) });
    }

    /// Waits until one of them ends without having been told to. With none there is nothing to wait for.
    pub(crate) async fn failed(&mut self) -> Failure {
        match self.tasks.join_next().await {
            None => std::future::pending().await,
            Some(Ok((name, Ok(())))) => Failure::bug(format!("{name} ended without being told to")),
            Some(Ok((name, Err(reason)))) => Failure::bug(format!("{name} ended: {reason}")),
            Some(Err(lost)) => Failure::bug(format!("a task was lost: {lost}")),
        }
    }

    /// Tells all of them to stop and waits until they have. Says what went wrong meanwhile.
    pub(crate) async fn stop(mut self) -> Vec<Failure> {
        self.shutdown.cancel();
        let mut failures = Vec::new();
        while let Some(ended) = self.tasks.join_next().await {
            match ended {
                Ok((_, Ok(()))) => {}
                Ok((name, Err(reason))) => failures.push(Failure::bug(format!("{name}: {reason}"))),
                Err(lost) => failures.push(Failure::bug(format!("a task was lost: {lost}"))),
            }
        }
        failures
    }
}

/// Starts a role that stands alone and lets it run until a signal or a failure. `start` also says what people should know.
pub(crate) fn run_until_signal(
    output: Output,
    start: impl Future<Output = Result<(Running, String), Failure>>,
) -> Done {
    block_on(async move {
        let mut signals = EndSignals::listen()?;
        let (mut running, ready) = tokio::select! {
            started = start => started?,
            () = signals.next() => return DONE,
        };
        output.say(&ready);
        let failure = tokio::select! {
            () = signals.next() => None,
            failure = running.failed() => Some(failure),
        };
        output.note("stopping; once more ends it at once");
        let failures = tokio::select! {
            failures = running.stop() => failures,
            () = signals.next() => vec![Failure::new(Exit::Stopped, "ended at once")],
        };
        match failure.into_iter().chain(failures).next() {
            Some(failure) => Err(failure.into()),
            None => DONE,
        }
    })
}
