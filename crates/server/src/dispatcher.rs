//! The dispatcher admits conversations: it puts their jobs into the queue, few at a time.
//!
//! It is a reconciler. It takes no input but the projections and the queue, runs on a signal and on a timer, and does the same thing in
//! both cases: what is planned, minus what is concluded, minus what is in flight, is admitted up to the caps. So a restart, a
//! takeover by a standby and an ordinary round are one code path. Admitting a conversation twice is harmless, because its result is
//! published once.
//!
//! Because few jobs wait in the queue, cancelling and stopping early are just "admit no more".

mod budget;
mod open_run;
mod share;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use commands::{ExecuteError, Executor, Request};
use journal::{Journal, JournalError, LeaseState};
use model::{
    BudgetLimit, CancelReason, Command, CommandId, OrgId, ReadError, Rejection, RunId, Time, UserId,
};
use open_run::{OpenRun, read_open};
use projections::{Database, QueryError};
use share::{Demand, fair_shares};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

/// The lead under which one dispatcher is active at a time.
const LEAD: &str = "dispatcher";

/// How conversations are admitted.
#[derive(Clone, Debug)]
pub struct Options {
    /// Names this dispatcher among its standbys.
    pub holder: String,
    /// The most conversations in flight at once, over all runs.
    pub max_in_flight: u32,
    /// The most conversations in flight at once in one run.
    pub max_in_flight_per_run: u32,
    /// How long the lead lasts without being renewed.
    pub lead_ttl: Duration,
    /// How often the queue itself is read again, so that a lost job is noticed.
    pub resync_interval: Duration,
    /// The least time between two rounds.
    pub min_interval: Duration,
}

/// A round of the dispatcher failed. The next one starts from scratch.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RoundError {
    /// The queue cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The projections cannot be read.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The projections cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The projections list a run as open that they do not have.
    #[error("run {run} is listed as open, but there is no such run")]
    NoRun {
        /// The run.
        run: RunId,
    },
    /// A run that has used up its budget cannot be cancelled.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// The task that reads was lost.
    #[error("reading the projections ended: {0}")]
    Ended(String),
}

/// What time it is.
pub(crate) type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// Names a run.
type RunKey = (OrgId, RunId);

/// Admits conversations.
pub(crate) struct Dispatcher {
    journal: Arc<dyn Journal>,
    database: Database,
    executor: Executor,
    clock: Clock,
    options: Options,
    /// The runs that were not over when last looked, with what is known to be in the queue of each.
    open: BTreeMap<RunKey, OpenRun>,
    /// When the queue itself was read; none: it must be.
    resynced_at: Option<Instant>,
    /// Until when this dispatcher leads, counted from before it asked. Another may lead from then on.
    leads_until: Option<Instant>,
}

impl Dispatcher {
    pub(crate) const fn new(
        journal: Arc<dyn Journal>,
        database: Database,
        executor: Executor,
        clock: Clock,
        options: Options,
    ) -> Self {
        Self {
            journal,
            database,
            executor,
            clock,
            options,
            open: BTreeMap::new(),
            resynced_at: None,
            leads_until: None,
        }
    }

    /// Runs until `shutdown`. Passing faults are logged and tried again.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let mut changes = self.database.subscribe();
        let mut leading = false;
        let mut failing = false;
        while !shutdown.is_cancelled() {
            // Whatever is cut short here is found by the next dispatcher: this one keeps nothing that the queue does not show.
            let Some(outcome) = shutdown.run_until_cancelled(self.turn(&mut leading)).await else {
                break;
            };
            match outcome {
                Ok(()) => {
                    if failing {
                        info!("the dispatcher works again");
                    }
                    failing = false;
                }
                Err(error) => {
                    self.resynced_at = None;
                    note_failure(&mut failing, &error);
                }
            }
            let pause = tokio::time::sleep(self.options.min_interval);
            if shutdown.run_until_cancelled(pause).await.is_none() {
                break;
            }
            let timer = tokio::time::sleep(self.pause());
            tokio::select! {
                () = shutdown.cancelled() => {}
                changed = changes.changed(), if leading => {
                    if changed.is_err() {
                        break;
                    }
                }
                () = timer => {}
            }
        }
        self.resign().await;
    }

    /// Takes or keeps the lead, and with it does one round.
    async fn turn(&mut self, leading: &mut bool) -> Result<(), RoundError> {
        let led = std::mem::take(leading);
        if !self.take_lead().await? {
            return Ok(());
        }
        if !led {
            info!(holder = %self.options.holder, "this dispatcher leads");
            // Another dispatcher may have admitted since this one last looked.
            self.resynced_at = None;
        }
        *leading = true;
        self.round().await
    }

    /// Whether this dispatcher leads. It asks only when a third of its time has gone by: each answer is a message in the log.
    async fn take_lead(&mut self) -> Result<bool, JournalError> {
        let (now, ttl) = (Instant::now(), self.options.lead_ttl);
        if self.leads_until.is_some_and(|until| now + ttl / 3 * 2 < until) {
            return Ok(true);
        }
        match self.journal.lead(LEAD, &self.options.holder, ttl).await? {
            LeaseState::Held => {
                self.leads_until = Some(now + ttl);
                Ok(true)
            }
            LeaseState::HeldBy(_) => {
                self.leads_until = None;
                Ok(false)
            }
        }
    }

    /// Whether the lead has not run out in the middle of a round, as it does when the process was paused.
    fn still_leads(&self) -> bool {
        self.leads_until.is_some_and(|until| Instant::now() < until)
    }

    /// Gives the lead back, so that a standby need not wait for it to run out.
    async fn resign(&self) {
        if self.leads_until.is_none() {
            return;
        }
        let resigned = timeout(
            self.options.lead_ttl,
            self.journal.resign(LEAD, &self.options.holder),
        );
        match resigned.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => debug!(error = %error, "the lead could not be given back; it ends by itself"),
            Err(_elapsed) => debug!("the lead could not be given back in time; it has ended by itself"),
        }
    }

    /// How long to wait if nothing happens: until the lead is to be renewed, or the time of some run is up.
    fn pause(&self) -> Duration {
        let longest = self.options.lead_ttl / 3;
        let now = (self.clock)();
        let deadlines = self.open.values().filter_map(OpenRun::deadline);
        // One that has passed was dealt with, or is hindered by something that the next regular round finds mended.
        let next = deadlines.filter(|deadline| *deadline > now).min();
        next.map_or(longest, |next| {
            longest.min(Duration::from_millis(next.millis_since(now).saturating_add(1)))
        })
    }

    /// Admits what may be admitted now.
    async fn round(&mut self) -> Result<(), RoundError> {
        self.look().await?;
        if self.enforce_budgets().await? {
            self.look().await?;
        }
        self.resync().await?;
        // Oldest first: the time of the start is the beginning of the id.
        let mut keys: Vec<RunKey> = self.open.keys().cloned().collect();
        keys.sort_by_key(|(_org, run)| *run);
        let demand = |key: &RunKey| {
            let open = self.open.get(key)?;
            Some(open.demand(&key.0, self.options.max_in_flight_per_run))
        };
        let demands: Vec<Demand> = keys.iter().filter_map(demand).collect();
        let shares = fair_shares(&demands, self.options.max_in_flight);
        for (key, share) in keys.iter().zip(shares) {
            if share > 0 && self.still_leads() {
                self.admit(key, share).await?;
            }
        }
        Ok(())
    }

    /// Cancels the runs that have used up their budgets; whether there was one.
    async fn enforce_budgets(&self) -> Result<bool, RoundError> {
        let now = (self.clock)();
        let mut is_any = false;
        for (key, open) in &self.open {
            if let Some(limit) = open.limit_reached(now)
                && self.still_leads()
            {
                self.cancel(key, limit).await?;
                is_any = true;
            }
        }
        Ok(is_any)
    }

    /// Cancels a run, unless it is over by now.
    async fn cancel(&self, (org, run): &RunKey, limit: BudgetLimit) -> Result<(), RoundError> {
        let request = Request {
            org: org.clone(),
            actor: system_user(),
            command_id: Some(budget_command(*run, limit)),
            traceparent: None,
            precondition: None,
            command: Command::CancelRun {
                id: *run,
                reason: CancelReason::Budget(limit),
            },
        };
        match self.executor.execute(request).await {
            Ok(done) if done.repeated => {}
            Ok(_done) => {
                info!(run.id = %run, limit = limit.as_str(), "the run has used up its budget, so it is cancelled")
            }
            Err(ExecuteError::Rejected(Rejection::RunOver { .. })) => {
                debug!(run.id = %run, "the run was over before it could be cancelled");
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Reads which runs are open and what is concluded in each, and empties the queue of those that are over.
    async fn look(&mut self) -> Result<(), RoundError> {
        let known = self.open.iter().map(|(key, open)| (key.clone(), open.counted()));
        let (database, known) = (self.database.clone(), known.collect());
        let read = tokio::task::spawn_blocking(move || read_open(&database, &known));
        let mut seen = read
            .await
            .map_err(|ended| RoundError::Ended(ended.to_string()))??;
        let closed: Vec<RunKey> = self
            .open
            .keys()
            .filter(|key| !seen.contains_key(*key))
            .cloned()
            .collect();
        for key in closed {
            self.journal.purge_jobs(&key.0, key.1).await?;
            self.open.remove(&key);
        }
        for (key, open) in &mut self.open {
            if let Some(seen) = seen.remove(key) {
                open.conclude(seen.concluded, seen.usage);
            }
        }
        let opened = seen
            .into_iter()
            .filter_map(|(key, seen)| Some((key, OpenRun::new(seen.facts?, seen.concluded, seen.usage))));
        self.open.extend(opened);
        Ok(())
    }

    /// Reads from the queue what is in flight, if that was not done lately.
    async fn resync(&mut self) -> Result<(), RoundError> {
        let due = self
            .resynced_at
            .is_none_or(|at| at.elapsed() >= self.options.resync_interval);
        for ((org, run), open) in &mut self.open {
            if due || !open.is_synced() {
                open.sync(self.journal.in_flight(org, *run).await?);
            }
        }
        if due {
            self.resynced_at = Some(Instant::now());
        }
        Ok(())
    }

    /// Puts the next `share` conversations of a run into the queue.
    async fn admit(&mut self, key: &RunKey, share: u32) -> Result<(), RoundError> {
        let Some(open) = self.open.get_mut(key) else {
            return Ok(());
        };
        let jobs = open.admit(key, share);
        self.journal.enqueue(&jobs).await?;
        debug!(run.id = %key.1, n_jobs = jobs.len(), "admitted");
        Ok(())
    }
}

/// Who cancels what has used up its budget.
fn system_user() -> UserId {
    "system"
        .parse()
        .expect("`system` is six letters, which a user's id may be")
}

/// The command that cancels a run for this reason: the same on every server, so that it takes effect once.
fn budget_command(run: RunId, limit: BudgetLimit) -> CommandId {
    let id = format!("budget-{run}-{}", limit.as_str());
    id.parse()
        .expect("letters, digits and dashes, fewer than a command's id may have")
}

/// Logs the first of a row of failures.
fn note_failure(failing: &mut bool, error: &(dyn std::error::Error + 'static)) {
    if *failing {
        debug!(error, "the dispatcher is still hindered");
    } else {
        warn!(error, "the dispatcher is hindered; it tries again");
    }
    *failing = true;
}
