//! The aggregator as a service: a reconciler over two subscriptions.
//!
//! It follows the log from its beginning, so it needs no state of its own and may be killed anywhere: another one, or the same one
//! started again, sees the same runs due and makes the same of them. What it remembers is what it would read again.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use futures::StreamExt as _;
use journal::{Journal, JournalError, LogName, RunCount};
use model::{Recorded, UserId};
use tokio::{
    task::{Id, JoinError, JoinSet},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    complete::{CompleteError, Completer, Completion},
    tracker::{RunKey, Tracker},
};

/// How to aggregate.
#[derive(Clone, Debug)]
pub struct Options {
    /// Runs that are folded at once, at least 1. Each needs memory for about the size of its artifact.
    pub max_concurrent_runs: usize,
    /// How long to wait after a run could not be completed; doubles with each failure.
    pub first_retry_delay: Duration,
    /// The longest wait before a run is tried again.
    pub longest_retry_delay: Duration,
    /// Who the log says completed the runs.
    pub actor: UserId,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_concurrent_runs: 2,
            first_retry_delay: Duration::from_secs(1),
            longest_retry_delay: Duration::from_mins(5),
            actor: "system".parse().expect("`system` is a token"),
        }
    }
}

/// The aggregator cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum AggregatorError {
    /// The log cannot be followed.
    #[error("the log cannot be followed")]
    Journal(#[from] JournalError),
    /// A subscription ended without saying why.
    #[error("the subscription to {what} ended; start the aggregator again")]
    Ended {
        /// Which.
        what: &'static str,
    },
}

/// Completes the runs of every organization.
#[derive(Clone)]
pub struct Aggregator {
    completer: Completer,
    options: Options,
}

impl std::fmt::Debug for Aggregator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Aggregator")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Aggregator {
    /// An aggregator over a log.
    pub fn new(journal: Arc<dyn Journal>, options: Options) -> Self {
        let completer = Completer {
            journal,
            actor: options.actor.clone(),
        };
        Self { completer, options }
    }

    /// Completes runs until `shutdown`, or until the log cannot be followed any more. A run that cannot be completed stops no other;
    /// it is tried again later.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), AggregatorError> {
        let journal = Arc::clone(&self.completer.journal);
        // Up to here the log tells of the past: a run that looks due may be complete a few events on.
        let past = journal.info(LogName::Events).await?.last_sequence;
        let mut events = journal.subscribe_events(0).await?;
        let mut counts = journal.subscribe_result_counts(0).await?;
        let mut caught_up = past == 0;
        let mut rounds = Rounds::new(self);
        tracing::info!(events = past, "aggregator follows the log");
        loop {
            if caught_up {
                rounds.begin_due();
            }
            let retry_at = rounds.next_retry();
            tokio::select! {
                () = shutdown.cancelled() => return Ok(()),
                Some(ended) = rounds.work.join_next_with_id() => rounds.ended(ended),
                () = reached(retry_at) => rounds.retry(),
                event = events.next() => {
                    let recorded: Recorded = event.ok_or(AggregatorError::Ended { what: "events" })??;
                    rounds.tracker.commit(&recorded);
                    caught_up |= recorded.sequence >= past;
                }
                count = counts.next() => {
                    let RunCount { org, run, n, sequence: _ } =
                        count.ok_or(AggregatorError::Ended { what: "results" })??;
                    rounds.tracker.result((org, run), n);
                }
            }
        }
    }
}

/// The completions under way and those to be tried again.
struct Rounds {
    aggregator: Aggregator,
    tracker: Tracker,
    /// Dropping it stops what is under way.
    work: JoinSet<Result<Completion, CompleteError>>,
    running: HashMap<Id, RunKey>,
    failures: HashMap<RunKey, Failure>,
    /// When runs are tried again, in order.
    retries: BTreeSet<(Instant, RunKey)>,
}

/// Why a run could not be completed, and how long to wait after the next time.
struct Failure {
    cause: String,
    delay: Duration,
    /// Whether it waits for its next try.
    waiting: bool,
}

impl Rounds {
    fn new(aggregator: Aggregator) -> Self {
        Self {
            aggregator,
            tracker: Tracker::default(),
            work: JoinSet::new(),
            running: HashMap::new(),
            failures: HashMap::new(),
            retries: BTreeSet::new(),
        }
    }

    /// Begins to complete runs that are due, as many as are allowed at once.
    fn begin_due(&mut self) {
        while self.work.len() < self.aggregator.options.max_concurrent_runs.max(1) {
            let idle = |key: &RunKey| {
                !self.running.values().any(|running| running == key)
                    && !self.failures.get(key).is_some_and(|failure| failure.waiting)
            };
            let Some(key) = self.tracker.take_due(idle) else {
                return;
            };
            let completer = self.aggregator.completer.clone();
            let (org, run) = key.clone();
            let task = self
                .work
                .spawn(async move { completer.complete(&org, run).await });
            self.running.insert(task.id(), key);
        }
    }

    /// Takes in how a completion ended.
    fn ended(&mut self, ended: Result<(Id, Result<Completion, CompleteError>), JoinError>) {
        let (id, outcome) = match ended {
            Ok((id, outcome)) => (id, outcome),
            Err(stopped) => {
                let reason = stopped.to_string();
                (stopped.id(), Err(CompleteError::Stopped { reason }))
            }
        };
        let Some(key) = self.running.remove(&id) else {
            return;
        };
        let (org, run) = &key;
        match outcome {
            Ok(completion) => {
                if completion == Completion::Recorded {
                    tracing::info!(org.id = %org, run.id = %run, "run {run} is complete");
                }
                self.failures.remove(&key);
                self.tracker.completed(&key);
            }
            Err(error) => self.failed(key, &error),
        }
    }

    fn failed(&mut self, key: RunKey, error: &CompleteError) {
        let options = &self.aggregator.options;
        let cause = chain(error);
        let (org, run) = &key;
        let failure = self.failures.entry(key.clone()).or_insert_with(|| Failure {
            cause: String::new(),
            delay: options.first_retry_delay,
            waiting: false,
        });
        let delay = failure.delay;
        // The same cause is told once, however often it comes back.
        if failure.cause == cause {
            tracing::debug!(org.id = %org, run.id = %run, "run {run} still cannot be completed: {cause}");
        } else {
            tracing::warn!(
                org.id = %org, run.id = %run, retry_delay_ms = delay.as_millis(),
                "run {run} cannot be completed yet: {cause}"
            );
        }
        failure.cause = cause;
        failure.delay = (delay * 2).min(options.longest_retry_delay);
        failure.waiting = true;
        self.retries.insert((Instant::now() + delay, key.clone()));
        self.tracker.give_back(&key);
    }

    /// When the next run is to be tried again.
    fn next_retry(&self) -> Option<Instant> {
        self.retries.first().map(|(at, _)| *at)
    }

    /// Lets the first of the waiting runs be tried again.
    fn retry(&mut self) {
        let Some((_, key)) = self.retries.pop_first() else {
            return;
        };
        if !self.tracker.is_open(&key) {
            // Someone else has completed it since.
            self.failures.remove(&key);
        } else if let Some(failure) = self.failures.get_mut(&key) {
            failure.waiting = false;
        }
    }
}

/// Waits for a moment; for ever if there is none.
async fn reached(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// An error with everything that caused it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
