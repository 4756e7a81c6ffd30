//! The whole system over the in-memory journal, under a seeded schedule of faults: servers, workers and aggregators are killed and
//! started, connections are cut, calls are lost before or after they took effect, and delayed. Time is simulated.
//!
//! Everything that runs is the real code; only the journal is the in-memory twin and the agent a function.

mod faults;
mod world;

use std::time::Duration;

use futures::TryStreamExt as _;
use journal::Journal as _;
use model::{DirectoryExt as _, RunVerdict, TurnRecord};
use projections::Database;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use world::{RUN_COUNT, World};

/// How many schedules the test plays.
const SEEDS: u64 = 40;

/// Plays one schedule to its end and checks what must hold.
async fn play(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut world = World::new(seed).await;
    let run = world.start_run().await;
    let cancel_after = (seed % 5 == 4).then(|| random.random_range(5..25_u32));
    let mut n_kills = 0;
    for step in 0..2_000_u32 {
        if world.is_complete(run).await {
            break;
        }
        assert!(
            step < 1_999,
            "seed {seed}: the run is not complete after {step} steps\n{}",
            world.describe(run).await
        );
        // Faults stop after a while, so that whatever is still missing must now arrive.
        if step < 60 {
            match random.random_range(0..12_u32) {
                0 => n_kills += world.replace_worker(random.random_range(0..world::WORKERS)),
                1 => world.replace_server(random.random_bool(0.5)).await,
                2 => world.replace_aggregator(),
                3 => world.cut_worker(random.random_range(0..world::WORKERS), true),
                4 => world.cut_worker(random.random_range(0..world::WORKERS), false),
                _ => {}
            }
        } else if step == 60 {
            world.calm();
        }
        if cancel_after == Some(step) {
            world.cancel(run).await;
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(1..3_000))).await;
    }
    world.calm();
    // A paused worker, or a message that was under way, may still come.
    tokio::time::sleep(Duration::from_secs(120)).await;
    check(&world, run, seed, n_kills, cancel_after.is_some()).await;
    world.stop().await;
}

async fn check(world: &World, run: model::RunId, seed: u64, n_kills: u32, was_cancelled: bool) {
    let org = world.org();
    let results: Vec<_> = world
        .journal
        .run_results(&org, run)
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    let state = world.run(run).await;
    let completion = state.completed.clone().unwrap();

    // invariant_one_result_per_conversation
    let mut ns: Vec<u32> = results.iter().map(|result| result.value.n).collect();
    ns.sort_unstable();
    let n_results = ns.len();
    ns.dedup();
    assert_eq!(ns.len(), n_results, "seed {seed}: a conversation has two results");
    assert_eq!(completion.tally.planned, RUN_COUNT, "seed {seed}");
    if was_cancelled && state.cancelled.is_some() {
        assert_eq!(completion.verdict, RunVerdict::Cancelled, "seed {seed}");
    } else {
        assert_eq!(
            n_results,
            usize::try_from(RUN_COUNT).unwrap(),
            "seed {seed}: a result is missing"
        );
        assert_eq!(
            completion.verdict,
            RunVerdict::Passed,
            "seed {seed}: {:?}",
            completion.tally
        );
    }

    // invariant_run_completes_once
    let history = world
        .journal
        .history(&org, &model::ObjectRef::new(model::Kind::Run, run))
        .await
        .unwrap();
    let names: Vec<_> = history
        .iter()
        .flat_map(|recorded| recorded.commit.events.iter().map(model::Event::name))
        .collect();
    assert_eq!(
        names.iter().filter(|name| **name == "run.completed").count(),
        1,
        "seed {seed}: {names:?}"
    );

    // invariant_turns_contiguous, invariant_resumes_at_the_right_turn
    for result in &results {
        let indices: Vec<u32> = result.value.turns.iter().map(|turn| turn.index).collect();
        assert_eq!(
            indices,
            (0..6).collect::<Vec<_>>(),
            "seed {seed}: conversation {}",
            result.value.n
        );
        let texts: Vec<&str> = result.value.turns.iter().map(|turn| turn.text.as_str()).collect();
        assert_eq!(
            texts,
            ["one", "reply 1", "two", "reply 3", "three", "reply 5"],
            "seed {seed}"
        );
    }

    // invariant_journal_tells_the_same: every turn of a result stands in the conversation's journal.
    let mut n_taken_over = 0;
    for n in 0..RUN_COUNT {
        let key = model::ConversationKey {
            org: org.clone(),
            run,
            n,
        };
        let (records, _) = world.journal.turns(&key).await.unwrap();
        let claims = records
            .iter()
            .filter(|record| matches!(record, TurnRecord::Claimed { .. }))
            .count();
        n_taken_over += claims.saturating_sub(1);
        if results.iter().any(|result| result.value.n == n) {
            let said = records
                .iter()
                .filter(|record| matches!(record, TurnRecord::Said(_)))
                .count();
            assert_eq!(said, 6, "seed {seed}: conversation {n}");
        }
    }

    // invariant_calls_repeat_only_when_taken_over
    let repeated = world.agent.repeated_calls();
    assert!(
        usize::try_from(repeated).unwrap() <= n_taken_over,
        "seed {seed}: {repeated} calls were repeated, {n_taken_over} conversations were taken over, {n_kills} workers killed"
    );

    // invariant_projection_is_replay
    let replay = Database::in_memory().unwrap();
    world::replay(&world.journal, &replay).await;
    let live = world.fingerprint().await;
    let replayed = replay.view().unwrap().fingerprint().unwrap();
    assert_eq!(
        live.differences(&replayed),
        Vec::<&str>::new(),
        "seed {seed}: the projection is not what a replay gives"
    );
    assert_eq!(
        replay.view().unwrap().check().unwrap(),
        Vec::<String>::new(),
        "seed {seed}"
    );
    let view = replay.view().unwrap();
    let replayed_run = view.organization(org).run(run).unwrap().unwrap();
    assert_eq!(replayed_run, state, "seed {seed}");
}

#[test]
fn whatever_is_killed_nothing_is_lost_or_doubled() {
    for seed in 0..SEEDS {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(play(seed));
    }
}
