//! The sender: takes completed runs from the log, one after the other, and has each of them told to its destinations.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use journal::{Followed, Follower, Journal, JournalError};
use model::{Kind, Time, WebhookDestinationId};
use projections::Database;
use tokio::{sync::Semaphore, task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::{
    WebhookOptions,
    carrier::Carrier,
    deliver::Shared,
    line::{Lines, Place},
    prepare::{Told, prepare},
};
use crate::KeyHasher;

/// The name under which servers follow the log together.
pub(super) const FOLLOWER: &str = "webhooks";
/// Events in hand at once. Each waits for its destinations, and for those before it.
const MAX_IN_HAND: usize = 256;
/// How long to wait for the next event at once.
const WAIT: Duration = Duration::from_secs(20);
/// How long to wait after the log could not be followed.
const PAUSE: Duration = Duration::from_secs(1);

/// Sends webhooks.
pub(crate) struct Sender {
    shared: Arc<Shared>,
    lines: Lines<WebhookDestinationId>,
    in_hand: JoinSet<()>,
}

impl Sender {
    /// `clock` shows what destinations and people are told; order comes from the log.
    pub(crate) fn new(
        journal: Arc<dyn Journal>,
        database: Database,
        clock: Arc<dyn Fn() -> Time + Send + Sync>,
        hasher: KeyHasher,
        carrier: Arc<dyn Carrier>,
        options: WebhookOptions,
    ) -> Self {
        let shared = Shared {
            journal,
            database,
            clock,
            hasher,
            carrier,
            requests: Semaphore::new(options.max_concurrent.get().min(Semaphore::MAX_PERMITS)),
        };
        Self {
            shared: Arc::new(shared),
            lines: Lines::new(),
            in_hand: JoinSet::new(),
        }
    }

    /// Runs until `shutdown`. What is in hand then is left as it is: another server tells it, or this one when it is back.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let _stopped = shutdown.run_until_cancelled(self.send()).await;
        self.in_hand.shutdown().await;
    }

    /// Sends for ever. Passing faults are logged and tried again.
    async fn send(&mut self) {
        let mut failing = false;
        loop {
            let failure = match self.follow_until_failure(&mut failing).await {
                Ok(never) => match never {},
                Err(failure) => failure,
            };
            if !failing {
                let failure = &failure as &dyn std::error::Error;
                error!(error = failure, "webhooks cannot be sent; it is tried again");
            }
            failing = true;
            sleep(PAUSE).await;
        }
    }

    async fn follow_until_failure(
        &mut self,
        failing: &mut bool,
    ) -> Result<std::convert::Infallible, JournalError> {
        let journal = Arc::clone(&self.shared.journal);
        let follower: Box<dyn Follower> = journal.follow(FOLLOWER, Kind::Run, 0).await?;
        loop {
            while self.in_hand.len() >= MAX_IN_HAND {
                self.end_one().await;
            }
            let next = tokio::select! {
                biased;
                next = follower.next(WAIT) => next?,
                () = self.end_one(), if !self.in_hand.is_empty() => continue,
            };
            if std::mem::take(failing) {
                info!("webhooks are sent again");
            }
            if let Some(followed) = next {
                self.take(followed).await;
            }
        }
    }

    /// Waits until something in hand is over.
    async fn end_one(&mut self) {
        if let Some(Err(lost)) = self.in_hand.join_next().await {
            let lost = &lost as &dyn std::error::Error;
            error!(error = lost, "a webhook was lost; it comes again");
        }
    }

    /// Begins to tell what a commit says. What cannot be told now is not done, so it comes again.
    async fn take(&mut self, followed: Box<dyn Followed>) {
        let shared = &self.shared;
        let recorded = followed.recorded();
        match prepare(&shared.journal, &shared.database, recorded, (shared.clock)()).await {
            Ok(Some(told)) => {
                // Places are taken here, in the order of the log.
                let places = told.destinations.iter();
                let places = places.map(|id| (*id, self.lines.enter(*id))).collect();
                self.in_hand
                    .spawn(tell(Arc::clone(shared), followed, told, places));
            }
            Ok(None) => done(&*followed).await,
            Err(failure) => {
                let failure = &failure as &dyn std::error::Error;
                warn!(
                    sequence = recorded.sequence,
                    error = failure,
                    "an event comes again"
                );
            }
        }
    }
}

/// Tells every destination, each when its turn comes, and meanwhile gives signs of life.
async fn tell(
    shared: Arc<Shared>,
    followed: Box<dyn Followed>,
    told: Told,
    places: Vec<(WebhookDestinationId, Place)>,
) {
    let deliveries = places.into_iter().map(|(destination, mut place)| {
        let (shared, told) = (&shared, &told);
        async move {
            place.reach().await;
            shared.deliver(told, destination).await
        }
    });
    let outcomes = tokio::select! {
        outcomes = join_all(deliveries) => outcomes,
        never = keep(&shared, &*followed) => match never {},
    };
    let mut is_done = true;
    for failure in outcomes.into_iter().filter_map(Result::err) {
        is_done = false;
        let failure = &failure as &dyn std::error::Error;
        warn!(sequence = told.sequence, error = failure, "a webhook comes again");
    }
    if is_done {
        done(&*followed).await;
    }
}

/// Gives signs of life for ever.
async fn keep(shared: &Shared, followed: &dyn Followed) -> std::convert::Infallible {
    loop {
        sleep(shared.journal.lease_duration() / 3).await;
        if let Err(error) = followed.progress().await {
            debug!(error = %error, "a sign of life was not heard; at worst an event comes again");
        }
    }
}

async fn done(followed: &dyn Followed) {
    if let Err(error) = followed.done().await {
        debug!(error = %error, "an event comes again, and finds that it was told");
    }
}
