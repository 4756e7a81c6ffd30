//! Long polls: requests that wait for something to happen before they are answered.

use std::sync::Arc;

use api::error::{ErrorCode, Problem};
use projections::{Database, Log, Sequences};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Duration, Instant, sleep_until, timeout_at},
};
use tokio_util::sync::CancellationToken;

/// How many requests may wait at once: half of what the bus handles, so that waiting keeps nobody from being answered.
pub(crate) const MAX_WAITING: usize = 128;

/// How long a query waits for the projections to reach what the caller has seen.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(5);

/// The least time between two looks of one request. While a run goes on, something changes all the time.
const PACE: Duration = Duration::from_millis(100);

/// Places for requests that wait.
#[derive(Clone, Debug)]
pub(crate) struct Polls {
    places: Arc<Semaphore>,
    ending: CancellationToken,
}

impl Polls {
    /// Places that are closed by [`Polls::end`], and when `stopped` is cancelled.
    pub(super) fn new(stopped: &CancellationToken) -> Self {
        Self {
            places: Arc::new(Semaphore::new(MAX_WAITING)),
            ending: stopped.child_token(),
        }
    }

    /// From now on nobody waits: whoever does is answered with what there is.
    pub(super) fn end(&self) {
        self.ending.cancel();
    }

    /// How many requests wait now.
    #[cfg(test)]
    pub(super) fn n_waiting(&self) -> usize {
        MAX_WAITING - self.places.available_permits()
    }

    /// A place to wait in, until it is dropped.
    fn place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map_err(|_all_taken| {
            let detail = format!("{MAX_WAITING} requests wait already; try again in a moment");
            Problem::new(ErrorCode::Unavailable, detail)
        })
    }

    /// Waits until `database` shows what the caller has seen.
    pub(super) async fn catch_up(&self, database: &Database, seen: u64) -> Result<(), Problem> {
        if database.sequences().events >= seen {
            return Ok(());
        }
        let _place = self.place()?;
        let shown = database.wait_for(Log::Events, seen, Instant::now() + CATCH_UP_TIMEOUT);
        match self.ending.run_until_cancelled(shown).await {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) | None => {
                let detail =
                    format!("sequence {seen}, which the request has seen, is not shown here yet; try again");
                Err(Problem::new(ErrorCode::Unavailable, detail))
            }
        }
    }

    /// A request that may wait for `patience`.
    pub(super) fn begin(&self, database: &Database, patience: Duration) -> Poll {
        Poll {
            polls: self.clone(),
            changes: database.subscribe(),
            deadline: Instant::now() + patience,
            looked_at: Instant::now(),
            place: None,
        }
    }
}

/// A request that may wait.
#[derive(Debug)]
pub(super) struct Poll {
    polls: Polls,
    changes: watch::Receiver<Sequences>,
    deadline: Instant,
    looked_at: Instant,
    /// Held from the first time that it has to wait.
    place: Option<OwnedSemaphorePermit>,
}

impl Poll {
    /// Takes a place at once, to keep it for as long as the request goes on.
    pub(super) fn take_place(&mut self) -> Result<(), Problem> {
        if self.place.is_none() {
            self.place = Some(self.polls.place()?);
        }
        Ok(())
    }

    /// What a look that begins now shows at least.
    pub(super) fn look(&mut self) -> Sequences {
        self.looked_at = Instant::now();
        *self.changes.borrow_and_update()
    }

    /// Waits until `is_news` of what has happened by now. False: the time is up, or the server stops.
    pub(super) async fn wait(&mut self, is_news: impl Fn(Sequences) -> bool) -> Result<bool, Problem> {
        if Instant::now() >= self.deadline || self.polls.ending.is_cancelled() {
            return Ok(false);
        }
        self.take_place()?;
        let news = async {
            let next_look = (self.looked_at + PACE).min(self.deadline);
            let changed = timeout_at(
                self.deadline,
                self.changes.wait_for(|&sequences| is_news(sequences)),
            );
            let has_changed = matches!(changed.await, Ok(Ok(_)));
            sleep_until(next_look).await;
            has_changed
        };
        Ok(self.polls.ending.run_until_cancelled(news).await.unwrap_or(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waiting_ends_in_time_or_with_the_server() {
        let database = Database::in_memory().unwrap();
        let stopped = CancellationToken::new();
        let polls = Polls::new(&stopped);
        let began = Instant::now();
        let mut poll = polls.begin(&database, Duration::from_secs(7));
        assert!(!poll.wait(|_| false).await.unwrap());
        assert_eq!(began.elapsed(), Duration::from_secs(7));
        assert!(
            !poll.wait(|_| true).await.unwrap(),
            "its time is up, whatever has happened"
        );

        let mut poll = polls.begin(&database, Duration::from_secs(7));
        stopped.cancel();
        assert!(!poll.wait(|_| false).await.unwrap());
        assert_eq!(began.elapsed(), Duration::from_secs(7), "it did not wait");
    }

    #[tokio::test(start_paused = true)]
    async fn news_are_told_but_not_faster_than_people_read() {
        let database = Database::in_memory().unwrap();
        let polls = Polls::new(&CancellationToken::new());
        let began = Instant::now();
        let mut poll = polls.begin(&database, Duration::from_secs(7));
        for _ in 0..3 {
            poll.look();
            assert!(poll.wait(|_| true).await.unwrap());
        }
        assert_eq!(began.elapsed(), PACE * 3);
    }

    #[tokio::test(start_paused = true)]
    async fn places_are_limited_and_given_back() {
        let database = Database::in_memory().unwrap();
        let polls = Polls::new(&CancellationToken::new());
        let mut waiting = Vec::new();
        for _ in 0..MAX_WAITING {
            let mut poll = polls.begin(&database, Duration::from_secs(1));
            poll.wait(|_| true).await.unwrap();
            waiting.push(poll);
        }
        let mut further = polls.begin(&database, Duration::from_secs(1));
        assert_eq!(
            further.wait(|_| true).await.unwrap_err().code,
            ErrorCode::Unavailable
        );
        let mut at_once = polls.begin(&database, Duration::ZERO);
        assert!(
            !at_once.wait(|_| true).await.unwrap(),
            "who does not wait needs no place"
        );
        waiting.pop();
        assert!(further.wait(|_| true).await.unwrap());
    }
}
