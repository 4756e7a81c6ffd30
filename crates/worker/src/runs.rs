//! Which runs are over. The log is the authority; notices only make it quick.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use futures::{StreamExt as _, future::join_all};
use journal::JournalError;
use model::{Event, Kind, ObjectRef, OrgId, Plan, Recorded, RunId};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::link::Link;

/// How often each run that has conversations here is looked at.
const CHECK_EVERY: Duration = Duration::from_secs(2);

/// A run that has conversations here.
#[derive(Debug)]
pub(crate) struct RunWatch {
    /// What it executes; none if it was over when first looked at.
    pub(crate) plan: Option<Plan>,
    over: CancellationToken,
}

impl RunWatch {
    /// Whether the run was cancelled or completed: its conversations are no longer wanted.
    pub(crate) fn is_over(&self) -> bool {
        self.over.is_cancelled()
    }

    /// Returns when the run is over.
    pub(crate) async fn over(&self) {
        self.over.cancelled().await;
    }
}

/// The runs that have conversations here.
#[derive(Debug)]
pub(crate) struct Runs {
    link: Arc<Link>,
    watched: Mutex<BTreeMap<(OrgId, RunId), Weak<RunWatch>>>,
}

impl Runs {
    pub(crate) fn new(link: Arc<Link>) -> Self {
        Self {
            link,
            watched: Mutex::default(),
        }
    }

    /// The run, watched for as long as the answer is kept; none if the log does not know it.
    pub(crate) async fn watch(&self, org: &OrgId, run: RunId) -> Result<Option<Arc<RunWatch>>, JournalError> {
        if let Some(watch) = self.find(org, run) {
            return Ok(Some(watch));
        }
        let object = ObjectRef::new(Kind::Run, run);
        let last = self
            .link
            .ride_out(|| self.link.journal().last_commit(org, &object))
            .await?;
        let Some(last) = last else { return Ok(None) };
        Ok(Some(self.remember(org, run, last)))
    }

    /// There is one watch for each run: whoever looked at the run at the same time shares it.
    fn remember(&self, org: &OrgId, run: RunId, last: Recorded) -> Arc<RunWatch> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.retain(|_, watch| watch.strong_count() > 0);
        let is_over = ends_run(&last);
        let known = watched.get(&(org.clone(), run)).and_then(Weak::upgrade);
        let watch = known.unwrap_or_else(|| {
            let mut events = last.commit.events.into_iter();
            let plan = events.find_map(|event| {
                let Event::RunStarted(started) = event else {
                    return None;
                };
                Some(started.plan)
            });
            let over = CancellationToken::new();
            let watch = Arc::new(RunWatch { plan, over });
            watched.insert((org.clone(), run), Arc::downgrade(&watch));
            watch
        });
        if is_over {
            watch.over.cancel();
        }
        watch
    }

    /// Looks after the watched runs, for ever.
    pub(crate) async fn keep_current(&self) {
        tokio::join!(self.heed_notices(), self.look_regularly());
    }

    async fn heed_notices(&self) {
        loop {
            match self.link.journal().watch_cancelled().await {
                Ok(mut notices) => {
                    while let Some(Ok((org, run))) = notices.next().await {
                        self.check(&org, run).await;
                    }
                    tracing::debug!("cancel notices ended; subscribing again");
                }
                Err(error) => tracing::debug!(%error, "no cancel notices for now"),
            }
            sleep(CHECK_EVERY).await;
        }
    }

    async fn look_regularly(&self) {
        loop {
            let runs: Vec<(OrgId, RunId)> = {
                let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
                let wanted = |watch: &Weak<RunWatch>| watch.upgrade().is_some_and(|watch| !watch.is_over());
                let wanted = watched.iter().filter(|(_, watch)| wanted(watch));
                wanted.map(|(run, _)| run.clone()).collect()
            };
            let looks = join_all(runs.iter().map(|(org, run)| self.check(org, *run)));
            tokio::join!(looks, sleep(CHECK_EVERY));
        }
    }

    /// Looks at one run once. What cannot be seen now is seen at the next look.
    async fn check(&self, org: &OrgId, run: RunId) {
        let Some(watch) = self.find(org, run) else { return };
        let object = ObjectRef::new(Kind::Run, run);
        match timeout(CHECK_EVERY, self.link.journal().last_commit(org, &object)).await {
            Ok(Ok(Some(last))) if ends_run(&last) => {
                tracing::info!(run.id = %run, "the run is over; its conversations stop");
                watch.over.cancel();
            }
            Ok(Ok(Some(_) | None)) => {}
            Ok(Err(error)) => tracing::debug!(run.id = %run, %error, "cannot see whether the run is over"),
            Err(_elapsed) => tracing::debug!(run.id = %run, "cannot see in time whether the run is over"),
        }
    }

    fn find(&self, org: &OrgId, run: RunId) -> Option<Arc<RunWatch>> {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.get(&(org.clone(), run))?.upgrade()
    }
}

fn ends_run(last: &Recorded) -> bool {
    let ends = |event: &Event| matches!(event, Event::RunCancelled(_) | Event::RunCompleted(_));
    last.commit.events.iter().any(ends)
}
