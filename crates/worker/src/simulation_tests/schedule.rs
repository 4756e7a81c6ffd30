//! One schedule: a run of a few conversations, workers that come and go, perhaps a cancellation; then calm, until everything is settled.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::Duration,
};

use journal::{Faults, Journal as _, MemoryJournal};
use model::{ConversationResult, InitialMessageType, TurnRecord};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::{runtime, task::JoinHandle, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{
    Chaos,
    chaos::{Effect, Odds},
};
use crate::{
    Options, Simulation, Worker, WorkerError,
    testing::{Seen, Stage, World, cannot_continue, opening, reply},
};

/// Nothing goes wrong any more after this.
const CALM_AFTER: Duration = Duration::from_secs(120);
/// Everything must be settled after this.
const DEADLINE: Duration = Duration::from_secs(1200);

/// What happens, as far as it is decided beforehand.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    pub(super) seed: u64,
    n_conversations: u32,
    n_workers: usize,
    n_replies: usize,
    cannot_continue: bool,
    opening: InitialMessageType,
    odds: Odds,
    kill_at: Option<u64>,
    max_kills: usize,
    /// Now and then a worker is told to stop, in good order.
    workers_leave: bool,
    cancel_at: Option<Duration>,
    cancel_is_told: bool,
    manifest_at: Duration,
}

impl Schedule {
    pub(super) fn random(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed ^ 0x5eed);
        let openings = [
            InitialMessageType::UserMessage,
            InitialMessageType::ExternalEvent,
            InitialMessageType::Skip,
        ];
        let may_cancel = rng.random_range(0..4) == 0;
        Self {
            seed,
            n_conversations: rng.random_range(2..7),
            n_workers: rng.random_range(1..4),
            n_replies: rng.random_range(1..5),
            cannot_continue: rng.random_range(0..2) == 0,
            opening: openings[rng.random_range(0..openings.len())],
            odds: Odds {
                lost: rng.random_range(0..80),
                slow: rng.random_range(0..80),
                paused: rng.random_range(0..20),
                killed: rng.random_range(0..40),
            },
            kill_at: None,
            max_kills: 8,
            workers_leave: true,
            cancel_at: may_cancel.then(|| Duration::from_millis(rng.random_range(0..20_000))),
            cancel_is_told: rng.random_range(0..2) == 0,
            manifest_at: Duration::from_millis(if rng.random_range(0..4) == 0 { 1500 } else { 0 }),
        }
    }

    /// The same with one worker at a time.
    pub(super) fn alone(self) -> Self {
        Self {
            n_workers: 1,
            workers_leave: false,
            ..self
        }
    }

    /// Two conversations on one worker, which is killed at this step and replaced.
    pub(super) fn killed_at(step: u64, cannot_continue: bool) -> Self {
        Self {
            seed: step,
            n_conversations: 2,
            n_workers: 1,
            n_replies: 2,
            cannot_continue,
            opening: InitialMessageType::UserMessage,
            odds: Odds::default(),
            kill_at: Some(step),
            max_kills: 1,
            workers_leave: false,
            cancel_at: None,
            cancel_is_told: false,
            manifest_at: Duration::ZERO,
        }
    }
}

/// What came of a schedule.
pub(super) struct Played {
    pub(super) schedule: Schedule,
    pub(super) effects: Vec<Effect>,
    pub(super) n_kills: usize,
    pub(super) cancelled_at: Option<Duration>,
    /// Every call of an agent, with when it was made.
    pub(super) calls: Vec<(Duration, Seen)>,
    /// Of each conversation: its journal and its results.
    pub(super) conversations: Vec<(Vec<TurnRecord>, Vec<ConversationResult>)>,
    /// Conversations that are still in the queue at the end.
    pub(super) left: Vec<u32>,
}

impl Played {
    /// How often a conversation was taken over from another worker.
    pub(super) fn n_takeovers(&self) -> usize {
        let claims = |records: &[TurnRecord]| {
            let claims = records
                .iter()
                .filter(|record| matches!(record, TurnRecord::Claimed { .. }));
            claims.count().saturating_sub(1)
        };
        self.conversations
            .iter()
            .map(|(records, _)| claims(records))
            .sum()
    }

    /// The seed and everything that took effect.
    pub(super) fn report(&self) -> String {
        let effects: Vec<String> = self.effects.iter().map(ToString::to_string).collect();
        format!("{:#?}\n{}", self.schedule, effects.join("\n"))
    }
}

pub(super) fn play(schedule: &Schedule) -> Played {
    let runtime = runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(play_on(schedule.clone()))
}

struct Hand {
    name: String,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), WorkerError>>,
}

async fn play_on(schedule: Schedule) -> Played {
    let world = World::planned(schedule.n_conversations, |manifest| {
        opening(manifest, schedule.opening);
        if schedule.cannot_continue {
            cannot_continue(manifest);
        }
    });
    world.start().await;
    let chaos = Arc::new(Chaos::new(
        schedule.seed,
        schedule.odds,
        schedule.kill_at,
        schedule.max_kills,
    ));
    world
        .journal
        .set_faults(Some(Arc::clone(&chaos) as Arc<dyn Faults>));
    let calls = Arc::new(Mutex::new(Vec::new()));
    let stage = Arc::new(stage(&schedule, Arc::clone(&chaos), Arc::clone(&calls)));
    let mut rng = StdRng::seed_from_u64(schedule.seed ^ 0xca11);
    let mut n_started = 0;
    let mut start = |world: &World| {
        n_started += 1;
        hand(world, &stage, &chaos, &format!("w{n_started}"))
    };
    let mut hands: Vec<Hand> = (0..schedule.n_workers).map(|_| start(&world)).collect();
    let jobs: Vec<_> = (0..schedule.n_conversations).map(|n| world.job(n)).collect();
    world.journal.enqueue(&jobs).await.unwrap();
    let (mut has_manifest, mut cancelled_at, mut is_calm) = (false, None, false);
    while chaos.elapsed() < DEADLINE {
        let now = chaos.elapsed();
        if !has_manifest && now >= schedule.manifest_at {
            has_manifest = true;
            world.put_manifest().await;
        }
        if cancelled_at.is_none() && schedule.cancel_at.is_some_and(|at| now >= at) {
            cancelled_at = Some(now);
            world.cancel().await;
            chaos.note("", "CANCELLED");
            if schedule.cancel_is_told {
                world
                    .journal
                    .tell_cancelled(&world.manifest.org, world.manifest.run)
                    .await
                    .unwrap();
            }
        }
        if !is_calm && now >= CALM_AFTER {
            is_calm = true;
            chaos.calm();
        }
        let lost = hands.iter().position(|hand| !chaos.lives(&hand.name));
        if let Some(lost) = lost {
            hands.remove(lost);
            sleep(Duration::from_millis(rng.random_range(0..20_000))).await;
            hands.push(start(&world));
        }
        if schedule.workers_leave && !is_calm && rng.random_range(0..200) == 0 {
            let leaving = hands.remove(0);
            chaos.note(&leaving.name, "SHUTDOWN");
            leaving.shutdown.cancel();
            hands.push(start(&world));
        }
        if world.in_flight().await.is_empty() {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    chaos.calm();
    for hand in hands {
        hand.shutdown.cancel();
        if chaos.lives(&hand.name) {
            hand.task.await.unwrap().unwrap();
        }
    }
    gather(schedule, &world, &chaos, cancelled_at, &calls).await
}

/// Agents whose every reply is another one, so that a reply that was lost cannot be taken for one that was kept.
fn stage(schedule: &Schedule, chaos: Arc<Chaos>, calls: Arc<Mutex<Vec<(Duration, Seen)>>>) -> Stage {
    let pace = Mutex::new(StdRng::seed_from_u64(schedule.seed ^ 0xbea7));
    Stage::polite(schedule.n_replies).with_agent(move |seen| {
        let takes = Duration::from_millis(pace.lock().unwrap().random_range(0..3000));
        let mut calls = calls.lock().unwrap();
        chaos.note("", format!("agent called {}", seen.idempotency_key));
        calls.push((chaos.elapsed(), seen));
        let text = format!("reply-{}", calls.len());
        async move {
            sleep(takes).await;
            Ok(reply(&text))
        }
    })
}

fn hand(world: &World, stage: &Arc<Stage>, chaos: &Chaos, name: &str) -> Hand {
    let connection: MemoryJournal = world.journal.connection(name);
    let shutdown = CancellationToken::new();
    let options = Options {
        concurrency: NonZeroUsize::new(2).unwrap(),
        max_deliveries: 1000,
        ..world.options(name)
    };
    let simulation = Arc::clone(stage) as Arc<dyn Simulation>;
    let worker = Worker::new(Arc::new(connection.clone()), simulation, options);
    let task = tokio::spawn(worker.run(shutdown.clone()));
    chaos.add(name, task.abort_handle(), connection);
    Hand {
        name: name.to_owned(),
        shutdown,
        task,
    }
}

async fn gather(
    schedule: Schedule,
    world: &World,
    chaos: &Chaos,
    cancelled_at: Option<Duration>,
    calls: &Mutex<Vec<(Duration, Seen)>>,
) -> Played {
    use futures::TryStreamExt as _;
    world.journal.set_faults(None);
    let stored = world
        .journal
        .run_results(&world.manifest.org, world.manifest.run)
        .await
        .unwrap();
    let results: Vec<ConversationResult> = stored.map_ok(|stored| stored.value).try_collect().await.unwrap();
    let mut conversations = Vec::new();
    for n in 0..schedule.n_conversations {
        let of_n = results.iter().filter(|result| result.n == n).cloned().collect();
        conversations.push((world.turns(n).await, of_n));
    }
    let calls = calls.lock().unwrap().clone();
    let left = world.in_flight().await;
    Played {
        schedule,
        effects: chaos.effects(),
        n_kills: chaos.n_kills(),
        cancelled_at,
        calls,
        conversations,
        left,
    }
}
