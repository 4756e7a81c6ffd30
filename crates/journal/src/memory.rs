//! The journal in memory: the same promises as JetStream, in one process, deterministic.
//!
//! For simulation tests. It has no threads and no tasks; time is tokio's, so `tokio::time::pause` and `advance` govern leases,
//! retries and duplicate windows. It must not be used where anything is to be kept.

mod agents;
mod conversations;
mod deliveries;
mod events;
mod faults;
mod followers;
mod jobs;
mod lease;
mod notices;
mod operations;
mod queue;
mod state;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

pub use agents::AgentReply;
use bytes::Bytes;
pub use faults::{Call, Fault, Faults};
use model::Time;
use state::State;
use tokio::{sync::watch, time::Instant};

use crate::JournalError;

/// What a [`MemoryJournal`] is started with.
#[derive(Clone, Copy, Debug)]
pub struct MemoryOptions {
    /// What the clock shows at the start; it goes on with tokio's.
    pub epoch: Time,
    /// How long a lease lasts without a sign of life.
    pub lease_duration: Duration,
    /// The largest message, in bytes.
    pub max_payload: usize,
}

impl Default for MemoryOptions {
    /// The system's time, 30 seconds and 1 MiB.
    fn default() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let micros = i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX);
        Self {
            epoch: Time::from_micros(micros),
            lease_duration: Duration::from_secs(30),
            max_payload: 1 << 20,
        }
    }
}

/// The journal in memory. Clones share everything.
#[derive(Clone)]
pub struct MemoryJournal {
    shared: Arc<Shared>,
    connection: Arc<Connection>,
}

/// What all connections share.
struct Shared {
    options: MemoryOptions,
    started: Instant,
    state: Mutex<State>,
    faults: Mutex<Option<Arc<dyn Faults>>>,
    /// Changes whenever anything in the state changed that someone may be waiting for.
    changes: watch::Sender<u64>,
}

/// One way to the journal: what a process has in reality.
struct Connection {
    id: u64,
    name: String,
    is_cut: AtomicBool,
}

impl fmt::Debug for MemoryJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryJournal")
            .field("connection", &self.connection.name)
            .finish_non_exhaustive()
    }
}

impl Default for MemoryJournal {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Self {
        Self::with(MemoryOptions::default())
    }

    /// An empty journal with these options.
    pub fn with(options: MemoryOptions) -> Self {
        let shared = Shared {
            options,
            started: Instant::now(),
            state: Mutex::default(),
            faults: Mutex::default(),
            changes: watch::Sender::new(0),
        };
        let connection = Connection {
            id: 0,
            name: String::new(),
            is_cut: AtomicBool::new(false),
        };
        Self {
            shared: Arc::new(shared),
            connection: Arc::new(connection),
        }
    }

    /// The same journal through a connection of its own, as another process would have it: it can be cut, and its leases expire
    /// together.
    #[must_use]
    pub fn connection(&self, name: &str) -> Self {
        let mut state = self.state();
        state.n_connections += 1;
        let connection = Connection {
            id: state.n_connections,
            name: name.to_owned(),
            is_cut: AtomicBool::new(false),
        };
        drop(state);
        Self {
            shared: Arc::clone(&self.shared),
            connection: Arc::new(connection),
        }
    }

    /// Cuts this connection (every call fails as unreachable, subscriptions stand still, notices are lost) or mends it.
    pub fn set_cut(&self, is_cut: bool) {
        self.connection.is_cut.store(is_cut, Ordering::SeqCst);
        self.changed();
    }

    fn is_cut(&self) -> bool {
        self.connection.is_cut.load(Ordering::SeqCst)
    }

    fn connected(&self, operation: &'static str) -> Result<(), JournalError> {
        if self.is_cut() {
            let reason = "the simulation cut the connection".to_owned();
            return Err(JournalError::Unreachable { operation, reason });
        }
        Ok(())
    }

    /// Ends every lease taken through this connection at once, and takes back every commit that was handed out through it, as if its
    /// time were up: what happens, some time later, when a process is lost.
    pub fn expire_leases(&self) {
        let mut state = self.state();
        state.queue.give_back_all_of(self.connection.id);
        for following in state.followers.values_mut() {
            following.give_back_all_of(self.connection.id);
        }
        drop(state);
        self.changed();
    }

    /// Decides about every call from now on, through any connection; none: nothing goes wrong any more.
    pub fn set_faults(&self, faults: Option<Arc<dyn Faults>>) {
        *self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
    }

    /// What the journal's clock shows.
    pub fn now(&self) -> Time {
        let millis = u64::try_from(self.shared.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.shared.options.epoch.plus_millis(millis)
    }

    /// The tokio instant at which the journal's clock shows `at`; now if that is past.
    fn instant_of(&self, at: Time) -> Instant {
        let micros = at
            .as_micros()
            .saturating_sub(self.shared.options.epoch.as_micros());
        let since_start = Duration::from_micros(u64::try_from(micros).unwrap_or(0));
        // Beyond what the clock can count is as good as never.
        self.shared
            .started
            .checked_add(since_start)
            .unwrap_or_else(|| self.shared.started + FAR_FUTURE)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics halfway through a change.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.shared
            .changes
            .send_modify(|version| *version = version.wrapping_add(1));
    }

    /// Makes one call that changes something: asks the faults before and after, and wakes whoever waits for a change.
    async fn call<T, E: From<JournalError>>(
        &self,
        operation: &'static str,
        about: &str,
        act: impl FnOnce(&mut State) -> Result<T, E>,
    ) -> Result<T, E> {
        self.attempt(operation, about, || {
            let outcome = act(&mut self.state());
            self.changed();
            outcome
        })
        .await
    }

    /// Makes one call that only reads.
    async fn look<T>(
        &self,
        operation: &'static str,
        about: &str,
        read: impl FnOnce(&State) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        self.attempt(operation, about, || read(&self.state())).await
    }

    async fn attempt<T, E: From<JournalError>>(
        &self,
        operation: &'static str,
        about: &str,
        act: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let number = {
            let mut state = self.state();
            state.n_calls += 1;
            state.n_calls - 1
        };
        let call = Call {
            operation,
            about,
            connection: &self.connection.name,
            number,
        };
        self.pass(call, |faults| faults.before(call)).await?;
        let outcome = act();
        self.pass(call, |faults| faults.after(call)).await?;
        outcome
    }

    async fn pass(&self, call: Call<'_>, ask: impl FnOnce(&dyn Faults) -> Fault) -> Result<(), JournalError> {
        let faults = self
            .shared
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let fault = faults.map_or(Fault::None, |faults| ask(faults.as_ref()));
        match fault {
            Fault::None => {}
            Fault::Lost => {
                let reason = "the simulation lost the message".to_owned();
                return Err(JournalError::Unreachable {
                    operation: call.operation,
                    reason,
                });
            }
            Fault::Delay(duration) => tokio::time::sleep(duration).await,
        }
        self.connected(call.operation)
    }

    /// Checks a message's size.
    fn fit(&self, operation: &'static str, bytes: Vec<u8>) -> Result<Bytes, JournalError> {
        let limit = self.shared.options.max_payload;
        if bytes.len() > limit {
            return Err(JournalError::TooLarge {
                operation,
                size: bytes.len(),
                limit,
            });
        }
        Ok(bytes.into())
    }
}

/// Longer than any test runs; an `Instant` can count this far.
const FAR_FUTURE: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);
