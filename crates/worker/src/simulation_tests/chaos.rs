//! What goes wrong, decided call by call from a seed, and a record of what took effect all the same.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use journal::{Call, Fault, Faults, MemoryJournal};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::{task::AbortHandle, time::Instant};

/// How often what goes wrong, each out of 1,000 calls.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Odds {
    pub(super) lost: u32,
    pub(super) slow: u32,
    /// The whole worker is paused past the end of its leases.
    pub(super) paused: u32,
    pub(super) killed: u32,
}

/// Something that took effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Effect {
    /// Since the schedule began.
    pub(super) at: Duration,
    pub(super) who: String,
    pub(super) what: String,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>11.3?} {:<4} {}", self.at, self.who, self.what)
    }
}

/// Makes things go wrong.
pub(super) struct Chaos {
    started: Instant,
    state: Mutex<State>,
}

struct State {
    rng: StdRng,
    odds: Odds,
    /// Kill whoever makes this step; counted over all calls of workers, before and after each.
    kill_at: Option<u64>,
    n_steps: u64,
    max_kills: usize,
    n_kills: usize,
    living: BTreeMap<String, (AbortHandle, MemoryJournal)>,
    paused_until: BTreeMap<String, Instant>,
    effects: Vec<Effect>,
}

impl Chaos {
    pub(super) fn new(seed: u64, odds: Odds, kill_at: Option<u64>, max_kills: usize) -> Self {
        Self {
            started: Instant::now(),
            state: Mutex::new(State {
                rng: StdRng::seed_from_u64(seed),
                odds,
                kill_at,
                n_steps: 0,
                max_kills,
                n_kills: 0,
                living: BTreeMap::new(),
                paused_until: BTreeMap::new(),
                effects: Vec::new(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A worker that may be killed, with its own connection.
    pub(super) fn add(&self, worker: &str, task: AbortHandle, connection: MemoryJournal) {
        self.state().living.insert(worker.to_owned(), (task, connection));
    }

    /// Whether a worker has not been killed.
    pub(super) fn lives(&self, worker: &str) -> bool {
        self.state().living.contains_key(worker)
    }

    /// From now on nothing goes wrong any more.
    pub(super) fn calm(&self) {
        let mut state = self.state();
        state.odds = Odds::default();
        state.kill_at = None;
    }

    pub(super) fn n_kills(&self) -> usize {
        self.state().n_kills
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Records what took effect.
    pub(super) fn note(&self, who: &str, what: impl Into<String>) {
        let effect = Effect {
            at: self.elapsed(),
            who: who.to_owned(),
            what: what.into(),
        };
        self.state().effects.push(effect);
    }

    pub(super) fn effects(&self) -> Vec<Effect> {
        self.state().effects.clone()
    }

    fn decide(&self, call: Call<'_>) -> Fault {
        let mut state = self.state();
        // A call of the test itself, or of a worker that is being torn down.
        if !state.living.contains_key(call.connection) {
            return Fault::None;
        }
        let step = state.n_steps;
        state.n_steps += 1;
        let odds = state.odds;
        let draw = state.rng.random_range(0..1000);
        let by_chance = draw < odds.killed && state.n_kills < state.max_kills;
        if by_chance || state.kill_at == Some(step) {
            state.n_kills += 1;
            if let Some((task, connection)) = state.living.remove(call.connection) {
                task.abort();
                // Whatever it still tries before it is gone reaches nobody.
                connection.set_cut(true);
            }
            drop(state);
            self.note(
                call.connection,
                format!("KILLED at {} {}", call.operation, call.about),
            );
            return Fault::Delay(Duration::from_secs(1));
        }
        // The run's own state is what the worker is measured by after a cancellation: it may look at it at any time.
        if call.operation == "last_commit" {
            return Fault::None;
        }
        let now = Instant::now();
        if let Some(until) = state
            .paused_until
            .get(call.connection)
            .filter(|until| **until > now)
        {
            return Fault::Delay(*until - now);
        }
        let (lost, slow) = (odds.killed + odds.lost, odds.killed + odds.lost + odds.slow);
        if (odds.killed..lost).contains(&draw) {
            Fault::Lost
        } else if (lost..slow).contains(&draw) {
            Fault::Delay(Duration::from_millis(state.rng.random_range(1..500)))
        } else if (slow..slow + odds.paused).contains(&draw) {
            let pause = Duration::from_secs(state.rng.random_range(31..90));
            state.paused_until.insert(call.connection.to_owned(), now + pause);
            drop(state);
            self.note(
                call.connection,
                format!("PAUSED for {pause:?} at {} {}", call.operation, call.about),
            );
            Fault::Delay(pause)
        } else {
            Fault::None
        }
    }
}

impl Faults for Chaos {
    fn before(&self, call: Call<'_>) -> Fault {
        self.decide(call)
    }

    fn after(&self, call: Call<'_>) -> Fault {
        if !matches!(call.operation, "last_commit" | "tell") && !call.connection.is_empty() {
            self.note(call.connection, format!("{} {}", call.operation, call.about));
        }
        self.decide(call)
    }
}
