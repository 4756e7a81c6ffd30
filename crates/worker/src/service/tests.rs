//! Whole workers on the memory journal.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use journal::{Call, Fault, Faults, MemoryJournal};
use model::{ConversationResult, DeadLetter, Verdict};
use tokio::{task::JoinHandle, time::Instant};

use super::*;
use crate::testing::{Stage, World, reply, slow_reply};

struct Running {
    journal: MemoryJournal,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), WorkerError>>,
}

impl Running {
    /// Stops the worker and returns once it has ended, which it must in order.
    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }
}

fn run(world: &World, worker: &str, stage: &Arc<Stage>) -> Running {
    run_with(world, stage, world.options(worker))
}

fn run_with(world: &World, stage: &Arc<Stage>, options: Options) -> Running {
    let journal = world.journal.connection(options.name.as_str());
    let shutdown = CancellationToken::new();
    let simulation = Arc::clone(stage) as Arc<dyn Simulation>;
    let worker = Worker::new(Arc::new(journal.clone()), simulation, options);
    let task = tokio::spawn(worker.run(shutdown.clone()));
    Running {
        journal,
        shutdown,
        task,
    }
}

async fn enqueue(world: &World, conversations: std::ops::Range<u32>) {
    let jobs: Vec<_> = conversations.map(|n| world.job(n)).collect();
    world.journal.enqueue(&jobs).await.unwrap();
}

/// Waits, at most an hour of the paused clock, until nothing of the run is in the queue.
async fn settled(world: &World) {
    let deadline = Instant::now() + Duration::from_secs(3600);
    loop {
        let left = world.in_flight().await;
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "never settled: {left:?}");
        sleep(Duration::from_millis(100)).await;
    }
}

async fn dead_letters(world: &World) -> Vec<DeadLetter> {
    let letters = world.journal.dead_letters(0, 100).await.unwrap();
    letters.into_iter().map(|stored| stored.value).collect()
}

/// Whatever the first worker does to one operation of the log fails.
struct Broken(&'static str);

impl Faults for Broken {
    fn before(&self, call: Call<'_>) -> Fault {
        if call.operation == self.0 && call.connection == "w1" {
            Fault::Lost
        } else {
            Fault::None
        }
    }
}

#[tokio::test(start_paused = true)]
async fn conversations_are_held_at_once_but_no_more_than_there_is_room_for() {
    let world = World::begin(10, |_| {}).await;
    enqueue(&world, 0..10).await;
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counts = (Arc::clone(&now), Arc::clone(&most));
    let stage = Arc::new(Stage::polite(1).with_agent(move |_| {
        let (now, most) = counts.clone();
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            sleep(Duration::from_secs(1)).await;
            now.fetch_sub(1, Ordering::Relaxed);
            Ok(reply("re"))
        }
    }));
    let worker = run(&world, "w1", &stage);
    settled(&world).await;
    worker.stop().await;
    assert_eq!(most.load(Ordering::Relaxed), 4);
    for n in 0..10 {
        assert_eq!(world.result(n).await.verdict, Verdict::Passed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_comes_back_after_its_result_was_published_is_only_acknowledged() {
    let world = World::begin(1, |_| {}).await;
    enqueue(&world, 0..1).await;
    let stage = Arc::new(Stage::polite(2));
    world.journal.set_faults(Some(Arc::new(Broken("done"))));
    let first = run(&world, "w1", &stage);
    sleep(Duration::from_secs(5)).await;
    assert!(world.has_result(0).await);
    assert_eq!(world.in_flight().await, [0]);
    first.task.abort();
    let result = world.result(0).await;
    let second = run(&world, "w2", &stage);
    settled(&world).await;
    second.stop().await;
    assert_eq!(world.result(0).await, result);
    assert_eq!(stage.seen().len(), 2, "nobody was called again");
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_was_replaced_leaves_the_job_to_the_other() {
    let world = Arc::new(World::begin(1, |_| {}).await);
    enqueue(&world, 0..1).await;
    let other = Arc::clone(&world);
    let stage = Arc::new(Stage::polite(1).with_agent(move |_| {
        let world = Arc::clone(&other);
        async move {
            world.claim(0, "w2").await;
            Ok(reply("too late"))
        }
    }));
    let replaced = run(&world, "w1", &stage);
    sleep(Duration::from_secs(1)).await;
    replaced.stop().await;
    assert!(!world.has_result(0).await);
    assert_eq!(world.in_flight().await, [0], "whoever has it now may be lost too");
    let third = run(&world, "w3", &Arc::new(Stage::polite(1)));
    settled(&world).await;
    third.stop().await;
    assert_eq!(world.result(0).await.claims, 3);
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_while_the_agent_takes_its_time() {
    let world = World::begin(1, |_| {}).await;
    enqueue(&world, 0..1).await;
    let stage = Arc::new(Stage::polite(1).with_agent(|_| slow_reply("at last", Duration::from_secs(600))));
    let (first, second) = (run(&world, "w1", &stage), run(&world, "w2", &stage));
    settled(&world).await;
    first.stop().await;
    second.stop().await;
    assert_eq!((world.result(0).await.claims, stage.seen().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn draining_finishes_what_it_can_and_hands_the_rest_over() {
    let world = World::begin(2, |_| {}).await;
    enqueue(&world, 0..2).await;
    // Conversation 0 takes 12 seconds, conversation 1 two minutes.
    let pace = |n| Duration::from_secs(if n == 0 { 4 } else { 40 });
    let stage = Arc::new(Stage::polite(3).with_agent(move |seen| slow_reply("re", pace(seen.n))));
    let first = run(&world, "w1", &stage);
    sleep(Duration::from_secs(5)).await;
    let stopping = Instant::now();
    first.stop().await;
    assert_eq!(stopping.elapsed().as_secs(), 10, "the drain timeout");
    assert_eq!(world.result(0).await.worker, "w1");
    assert_eq!(world.in_flight().await, [1]);
    let second = run(&world, "w2", &stage);
    settled(&world).await;
    second.stop().await;
    let result = world.result(1).await;
    assert_eq!(
        (result.worker.as_str(), result.claims, result.verdict),
        ("w2", 2, Verdict::Passed)
    );
    let took = result.finished_at.millis_since(result.started_at) / 1000;
    assert!(
        (135..137).contains(&took),
        "it was handed over at once and only the broken call was repeated: {took} s"
    );
    assert!(result.turns[1].repeated);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_taken_after_shutdown() {
    let world = World::begin(1, |_| {}).await;
    let stage = Arc::new(Stage::polite(1));
    let worker = run(&world, "w1", &stage);
    sleep(Duration::from_millis(1500)).await;
    worker.shutdown.cancel();
    enqueue(&world, 0..1).await;
    worker.stop().await;
    assert_eq!(world.in_flight().await, [0]);
    let leases = world.journal.lease(1, Duration::ZERO).await.unwrap();
    assert_eq!(leases.len(), 1, "the job is not left in the worker's hands");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_keeps_failing_is_given_up_with_an_errored_result() {
    let world = World::planned(1, |_| {});
    world.start().await;
    enqueue(&world, 0..1).await;
    let worker = run(&world, "w1", &Arc::new(Stage::polite(1)));
    let started = Instant::now();
    settled(&world).await;
    worker.stop().await;
    assert!(started.elapsed() >= Duration::from_secs(3), "a second, then two");
    let result = world.result(0).await;
    assert_eq!(
        (result.verdict, result.end.as_str()),
        (Verdict::Errored, "infrastructure")
    );
    assert_eq!(result.criteria.len(), 1);
    let letters = dead_letters(&world).await;
    assert_eq!((letters.len(), letters[0].job.failures.len()), (1, 3));
    assert!(letters[0].job.failures[2].cause.contains("does not exist"));
}

#[tokio::test(start_paused = true)]
async fn a_manifest_that_comes_late_costs_a_try() {
    let world = World::planned(1, |_| {});
    world.start().await;
    enqueue(&world, 0..1).await;
    let worker = run(&world, "w1", &Arc::new(Stage::polite(1)));
    sleep(Duration::from_millis(1500)).await;
    world.put_manifest().await;
    settled(&world).await;
    worker.stop().await;
    assert_eq!(world.result(0).await.verdict, Verdict::Passed);
    assert!(dead_letters(&world).await.is_empty());
}

async fn given_up(world: &World, stage: Stage) -> (ConversationResult, DeadLetter) {
    enqueue(world, 0..1).await;
    let worker = run(world, "w1", &Arc::new(stage));
    settled(world).await;
    worker.stop().await;
    (world.result(0).await, dead_letters(world).await.remove(0))
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure_like_others_and_keeps_what_was_said() {
    let world = World::begin(1, |_| {}).await;
    let stage = Stage::polite(1).with_judge(|_| panic!("the judge fell over"));
    let (result, letter) = given_up(&world, stage).await;
    assert_eq!(
        result.error.as_deref(),
        Some("the worker's task panicked: the judge fell over")
    );
    assert_eq!((result.turns.len(), result.claims), (2, 3));
    assert_eq!(letter.job.failures.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_result_too_large_for_the_log_is_given_up_at_once_without_its_turns() {
    let world = World::begin(1, |_| {}).await;
    let stage = Stage::polite(2).with_agent(|_| async { Ok(reply(&"x".repeat(600 << 10))) });
    let (result, letter) = given_up(&world, stage).await;
    assert_eq!((result.verdict, result.turns.len()), (Verdict::Errored, 0));
    assert!(result.error.unwrap().contains("more than the log accepts"));
    assert_eq!(letter.job.failures.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_takes_down_every_worker_is_given_up() {
    let world = World::begin(1, |_| {}).await;
    enqueue(&world, 0..1).await;
    for _ in 0..2 {
        let leases = world.journal.lease(1, Duration::ZERO).await.unwrap();
        leases[0].release().await.unwrap();
    }
    let stage = Arc::new(Stage::polite(1));
    let options = Options {
        max_deliveries: 2,
        ..world.options("w1")
    };
    let worker = run_with(&world, &stage, options);
    settled(&world).await;
    worker.stop().await;
    assert!(stage.seen().is_empty());
    let error = world.result(0).await.error.unwrap();
    assert_eq!(
        error,
        "the job was handed out 2 times and every worker was lost with it"
    );
}

#[tokio::test(start_paused = true)]
async fn a_job_of_a_run_that_nobody_knows_leaves_a_dead_letter_only() {
    let world = World::planned(1, |_| {});
    enqueue(&world, 0..1).await;
    let worker = run(&world, "w1", &Arc::new(Stage::polite(1)));
    settled(&world).await;
    worker.stop().await;
    assert!(!world.has_result(0).await);
    assert_eq!(dead_letters(&world).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn jobs_of_a_cancelled_run_are_removed() {
    let world = World::begin(6, |_| {}).await;
    enqueue(&world, 0..6).await;
    let stage = Arc::new(Stage::polite(3).with_agent(|_| slow_reply("re", Duration::from_secs(60))));
    let worker = run(&world, "w1", &stage);
    sleep(Duration::from_secs(5)).await;
    world.cancel().await;
    settled(&world).await;
    worker.stop().await;
    assert_eq!(stage.seen().len(), 4, "only what had begun before was called");
    for n in 0..6 {
        assert!(!world.has_result(n).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_reached_is_ridden_out() {
    let world = World::begin(2, |_| {}).await;
    enqueue(&world, 0..1).await;
    let stage = Arc::new(Stage::polite(3).with_agent(|_| slow_reply("re", Duration::from_secs(2))));
    let worker = run(&world, "w1", &stage);
    sleep(Duration::from_secs(3)).await;
    worker.journal.set_cut(true);
    sleep(Duration::from_secs(20)).await;
    worker.journal.set_cut(false);
    enqueue(&world, 1..2).await;
    settled(&world).await;
    worker.stop().await;
    for n in 0..2 {
        let result = world.result(n).await;
        assert_eq!(
            (result.verdict, result.claims, result.turns.len()),
            (Verdict::Passed, 1, 6)
        );
    }
    assert_eq!(stage.seen().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_worker_does_nothing_any_more() {
    let world = World::begin(1, |_| {}).await;
    enqueue(&world, 0..1).await;
    let stage = Arc::new(Stage::polite(3).with_agent(|_| slow_reply("re", Duration::from_secs(2))));
    let worker = run(&world, "w1", &stage);
    sleep(Duration::from_secs(3)).await;
    let calls = Arc::new(Calls::default());
    worker.task.abort();
    world
        .journal
        .set_faults(Some(Arc::clone(&calls) as Arc<dyn Faults>));
    sleep(Duration::from_secs(600)).await;
    assert_eq!(*calls.0.lock().unwrap(), Vec::<String>::new());
    assert_eq!(stage.seen().len(), 2);
}

/// Remembers every call.
#[derive(Default)]
struct Calls(Mutex<Vec<String>>);

impl Faults for Calls {
    fn before(&self, call: Call<'_>) -> Fault {
        self.0
            .lock()
            .unwrap()
            .push(format!("{} {}", call.operation, call.about));
        Fault::None
    }
}
