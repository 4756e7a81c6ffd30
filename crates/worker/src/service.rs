//! The worker: takes jobs while it has room, and drains when it is told to stop.

#[cfg(test)]
mod tests;

use std::{pin::pin, sync::Arc, time::Duration};

use futures::future::join_all;
use journal::{Journal, JournalError, Lease};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    Options, Simulation, attend::attend, backoff::Backoff, drive::Shared, link::Link, manifests::Manifests,
    runs::Runs,
};

/// How long the conversations that were stopped may take to hand their jobs back.
const MAX_HAND_BACK: Duration = Duration::from_secs(5);

/// Leases jobs and holds their conversations.
#[derive(Debug)]
pub struct Worker {
    shared: Arc<Shared>,
}

/// Why a worker gave up.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The log refuses to hand out jobs, for a reason that does not pass.
    #[error("no jobs can be leased")]
    Lease(#[source] JournalError),
}

impl Worker {
    /// A worker that takes its jobs from `journal` and has its conversations held by `simulation`.
    pub fn new(journal: Arc<dyn Journal>, simulation: Arc<dyn Simulation>, options: Options) -> Self {
        let link = Arc::new(Link::new(journal));
        let shared = Shared {
            runs: Runs::new(Arc::clone(&link)),
            link,
            simulation,
            manifests: Manifests::default(),
            options,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Works until `shutdown`, then lets running conversations go on for a while and hands back the jobs of those that are not
    /// finished by then. Rides out times when the log cannot be reached.
    ///
    /// Dropping the future is a crash: everything it does ends at once, and the jobs come back when their leases end.
    ///
    /// # Errors
    /// If the log refuses to hand out jobs for a reason that does not pass. Running conversations are drained first.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), WorkerError> {
        let shared = self.shared;
        tracing::info!(worker.id = %shared.options.name, concurrency = shared.options.concurrency, "the worker starts");
        let looks_after_runs = {
            let shared = Arc::clone(&shared);
            AbortOnDropHandle::new(tokio::spawn(async move { shared.runs.keep_current().await }))
        };
        let stop = CancellationToken::new();
        let mut conversations = JoinSet::new();
        let ended = take_jobs(&shared, &mut conversations, &shutdown, &stop).await;
        drain(&shared, conversations, &stop).await;
        drop(looks_after_runs);
        tracing::info!(worker.id = %shared.options.name, "the worker ends");
        ended
    }
}

/// Takes jobs until shutdown.
async fn take_jobs(
    shared: &Arc<Shared>,
    conversations: &mut JoinSet<()>,
    shutdown: &CancellationToken,
    stop: &CancellationToken,
) -> Result<(), WorkerError> {
    let mut backoff = Backoff::brief();
    while !shutdown.is_cancelled() {
        while conversations.try_join_next().is_some() {}
        let free = shared.options.concurrency.get() - conversations.len();
        if free == 0 {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => {}
                _ended = conversations.join_next() => {}
            }
            continue;
        }
        match lease(shared, free, shutdown).await {
            Ok(leases) => {
                shared.link.reached();
                backoff = Backoff::brief();
                if shutdown.is_cancelled() {
                    release(&leases).await;
                    break;
                }
                for lease in leases {
                    conversations.spawn(attend(Arc::clone(shared), Arc::from(lease), stop.clone()));
                }
            }
            Err(error) if error.retryable() => {
                shared.link.missed(&error);
                tokio::select! {
                    biased;
                    () = shutdown.cancelled() => {}
                    () = backoff.wait() => {}
                }
            }
            Err(error) => return Err(WorkerError::Lease(error)),
        }
    }
    Ok(())
}

/// Asks for jobs. A request is not dropped halfway at once: jobs that are on their way would be lost until their leases end.
async fn lease(
    shared: &Shared,
    free: usize,
    shutdown: &CancellationToken,
) -> Result<Vec<Box<dyn Lease>>, JournalError> {
    let wait = shared.options.lease_wait;
    let mut leases = pin!(shared.link.journal().lease(free, wait));
    tokio::select! {
        biased;
        leases = &mut leases => leases,
        () = shutdown.cancelled() => {
            timeout(wait.saturating_add(Duration::from_secs(1)), leases).await.unwrap_or_else(|_elapsed| Ok(Vec::new()))
        }
    }
}

/// Hands jobs back that came too late to be worked on.
async fn release(leases: &[Box<dyn Lease>]) {
    for error in join_all(leases.iter().map(|lease| lease.release()))
        .await
        .into_iter()
        .filter_map(Result::err)
    {
        tracing::debug!(%error, "a job could not be handed back; it is once its lease ends");
    }
}

/// Lets running conversations go on for a while, then has them stopped and their jobs handed back.
async fn drain(shared: &Shared, mut conversations: JoinSet<()>, stop: &CancellationToken) {
    if conversations.is_empty() {
        return;
    }
    let running = conversations.len();
    tracing::info!(running, "the worker drains");
    tokio::select! {
        biased;
        () = all_ended(&mut conversations) => return,
        () = sleep(shared.options.drain_timeout) => {}
    }
    stop.cancel();
    if timeout(MAX_HAND_BACK, all_ended(&mut conversations))
        .await
        .is_err()
    {
        tracing::warn!(
            left = conversations.len(),
            "some jobs could not be handed back; they are once their leases end"
        );
        conversations.shutdown().await;
    }
}

async fn all_ended(conversations: &mut JoinSet<()>) {
    while conversations.join_next().await.is_some() {}
}
