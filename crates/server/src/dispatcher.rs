//! The dispatcher admits conversations: it puts their jobs into the queue, few at a time.
//!
//! It is a reconciler. It takes no input but the projections and the queue, runs on a signal and on a timer, and does the same thing in
//! both cases: what is planned, minus what is concluded, minus what is in flight, is admitted up to the caps. So a restart, a
//! takeover by a standby and an ordinary round are one code path. Admitting a conversation twice is harmless, because its result is
//! published once.
//!
//! Because few jobs wait in the queue, cancelling and stopping early are just "admit no more".

mod share;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use journal::{Journal, JournalError, LeaseState};
use model::{ConversationKey, DirectoryExt, Job, OrgId, ReadError, Run, RunId};
use projections::{Concluded, Database, QueryError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use share::{Demand, fair_shares};

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
    /// The task that reads was lost.
    #[error("reading the projections ended: {0}")]
    Ended(String),
}

/// Admits conversations.
pub(crate) struct Dispatcher {
    journal: Arc<dyn Journal>,
    database: Database,
    options: Options,
    /// What this dispatcher knows to be in the queue, by run: read from the queue, then kept up.
    admitted: BTreeMap<(OrgId, RunId), BTreeSet<u32>>,
    resynced_at: Option<Instant>,
}

/// An unfinished run, as the projections show it.
struct OpenRun {
    org: OrgId,
    run: Run,
    concluded: Concluded,
}

impl Dispatcher {
    pub(crate) fn new(journal: Arc<dyn Journal>, database: Database, options: Options) -> Self {
        Self { journal, database, options, admitted: BTreeMap::new(), resynced_at: None }
    }

    /// Runs until `shutdown`. Passing faults are logged and tried again.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let mut changes = self.database.subscribe();
        let mut leading = false;
        let mut failing = false;
        while !shutdown.is_cancelled() {
            match self.journal.lead(LEAD, &self.options.holder, self.options.lead_ttl).await {
                Ok(LeaseState::Held) => {
                    if !leading {
                        info!(holder = %self.options.holder, "this dispatcher leads");
                        // Another dispatcher may have admitted since this one last looked.
                        self.resynced_at = None;
                    }
                    leading = true;
                }
                Ok(LeaseState::HeldBy(_)) => leading = false,
                Err(error) => {
                    leading = false;
                    note_failure(&mut failing, &error);
                }
            }
            if leading {
                match self.round().await {
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
            }
            let pause = self.options.min_interval;
            let _ = shutdown.run_until_cancelled(tokio::time::sleep(pause)).await;
            let timer = tokio::time::sleep(self.options.lead_ttl / 3);
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
        if leading && let Err(error) = self.journal.resign(LEAD, &self.options.holder).await {
            debug!(error = %error, "the lead could not be given back; it ends by itself");
        }
    }

    /// Admits what may be admitted now.
    async fn round(&mut self) -> Result<(), RoundError> {
        let open = self.open_runs().await?;
        self.forget_closed(&open).await?;
        self.resync(&open).await?;

        let mut demands = Vec::new();
        for run in &open {
            let admitted = self.admitted.entry((run.org.clone(), run.run.id)).or_default();
            admitted.retain(|n| !run.concluded.contains(*n));
            let in_flight = u32::try_from(admitted.len()).unwrap_or(u32::MAX);
            let concluded = run.concluded.len();
            let planned = run.run.plan.n_conversations();
            let cap = run.run.plan.options.max_concurrency.unwrap_or(u32::MAX);
            demands.push(Demand {
                org: run.org.clone(),
                in_flight,
                waiting: planned.saturating_sub(concluded).saturating_sub(in_flight),
                cap: cap.min(self.options.max_in_flight_per_run),
            });
        }
        let shares = fair_shares(&demands, self.options.max_in_flight);
        for (run, share) in open.iter().zip(shares) {
            if share > 0 {
                self.admit(run, share).await?;
            }
        }
        Ok(())
    }

    /// Every run that is not over, oldest first, with what is concluded.
    async fn open_runs(&self) -> Result<Vec<OpenRun>, RoundError> {
        let database = self.database.clone();
        let read = tokio::task::spawn_blocking(move || {
            let view = database.view()?;
            let mut open = Vec::new();
            for (org, id) in view.unfinished_runs()? {
                let organization = view.organization(org.clone());
                if let Some(run) = organization.run(id)? {
                    let concluded = organization.concluded(id)?;
                    open.push(OpenRun { org, run, concluded });
                }
            }
            Ok::<_, RoundError>(open)
        });
        let mut open = read.await.map_err(|ended| RoundError::Ended(ended.to_string()))??;
        open.sort_by_key(|open| open.run.id);
        Ok(open)
    }

    /// Empties the queue of runs that are over.
    async fn forget_closed(&mut self, open: &[OpenRun]) -> Result<(), RoundError> {
        let is_open = |key: &(OrgId, RunId)| open.iter().any(|open| open.org == key.0 && open.run.id == key.1);
        let closed: Vec<_> = self.admitted.keys().filter(|key| !is_open(key)).cloned().collect();
        for key in closed {
            self.journal.purge_jobs(&key.0, key.1).await?;
            self.admitted.remove(&key);
        }
        Ok(())
    }

    /// Reads from the queue what is in flight, if that was not done lately.
    async fn resync(&mut self, open: &[OpenRun]) -> Result<(), RoundError> {
        let due = self.resynced_at.is_none_or(|at| at.elapsed() >= self.options.resync_interval);
        for run in open {
            let key = (run.org.clone(), run.run.id);
            if due || !self.admitted.contains_key(&key) {
                let in_flight = self.journal.in_flight(&run.org, run.run.id).await?;
                self.admitted.insert(key, in_flight);
            }
        }
        if due {
            self.resynced_at = Some(Instant::now());
        }
        Ok(())
    }

    /// Puts the next `share` conversations of a run into the queue.
    async fn admit(&mut self, open: &OpenRun, share: u32) -> Result<(), RoundError> {
        let admitted = self.admitted.entry((open.org.clone(), open.run.id)).or_default();
        let next: Vec<u32> = open
            .run
            .plan
            .admission_order()
            .filter(|n| !open.concluded.contains(*n) && !admitted.contains(n))
            .take(usize::try_from(share).unwrap_or(usize::MAX))
            .collect();
        let job = |n: u32| Job {
            key: ConversationKey { org: open.org.clone(), run: open.run.id, n },
            manifest: open.run.manifest,
            failures: Vec::new(),
        };
        let jobs: Vec<Job> = next.iter().map(|n| job(*n)).collect();
        self.journal.enqueue(&jobs).await?;
        debug!(run.id = %open.run.id, n_jobs = jobs.len(), "admitted");
        admitted.extend(next);
        Ok(())
    }
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
