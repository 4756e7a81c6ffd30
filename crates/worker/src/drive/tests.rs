//! One conversation on the memory journal.

mod broken;
mod recorded;

use std::{
    collections::BTreeMap,
    sync::{Mutex, atomic::Ordering},
    time::Duration,
};

use journal::{Call, Fault, Faults, Journal as _};
use model::{
    AgentInput, ConversationResult, EndReason, InitialMessageType, MetricValue, UserOutcome, Verdict,
};
use simulation::{AgentReply, UserMove};
use tokio::time::sleep;

use super::*;
use crate::{
    UserFailure,
    testing::{Stage, World, cannot_continue, criterion, opening, polite_user, reply, slow_reply},
};

/// Drives conversation 0 once.
async fn drive_once(world: &World, worker: &str, stage: &Arc<Stage>) -> Result<Outcome, Failure> {
    let shared = world.shared(worker, stage);
    drive(&shared, &world.job(0), &CancellationToken::new()).await
}

async fn conclude(world: &World, stage: Stage) -> (ConversationResult, Arc<Stage>) {
    let stage = Arc::new(stage);
    assert_eq!(drive_once(world, "w1", &stage).await, Ok(Outcome::Concluded));
    assert_eq!(stage.n_closed.load(Ordering::Relaxed), 1, "the session is closed");
    (world.result(0).await, stage)
}

fn said(result: &ConversationResult) -> Vec<(&'static str, &str)> {
    let turns = result.turns.iter();
    turns
        .map(|turn| (turn.role.as_str(), turn.text.as_str()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_conversation_passes() {
    let world = World::begin(1, |_| {}).await;
    let mut notices = world.notices().await;
    let (result, stage) = conclude(&world, Stage::polite(2)).await;
    assert_eq!(
        said(&result),
        [
            ("user", "user-0"),
            ("agent", "re-1"),
            ("user", "user-2"),
            ("agent", "re-3")
        ]
    );
    assert_eq!(result.verdict, Verdict::Passed);
    assert_eq!(result.end.as_str(), "user_achieved");
    assert_eq!(
        (result.attempts, result.claims, result.worker.as_str()),
        (1, 1, "w1")
    );
    assert!(result.criteria[0].passed);
    let seen = stage.seen();
    assert_eq!(seen[1].heard, ["user-0", "re-1", "user-2"]);
    assert_eq!(seen[1].idempotency_key, format!("{}-0-1-3", world.manifest.run));
    let told = notices();
    assert_eq!(told[0]["type"], "conversation_started");
    assert_eq!(told[0]["test"], "greeting");
    assert_eq!(told[0]["resumed"], false);
    assert_eq!(told[1]["type"], "turn");
    let last = told.last().unwrap();
    assert_eq!(
        (&last["type"], &last["verdict"]),
        (&"conversation_finished".into(), &"passed".into())
    );
    assert!(
        told.iter().all(|notice| !notice.to_string().contains("re-1")),
        "no words in notices"
    );
}

#[tokio::test(start_paused = true)]
async fn evaluations_are_shared_by_criteria_and_each_criterion_decides_for_itself() {
    let change = |manifest: &mut Manifest| {
        let mut unhappy = criterion("unhappy", 6);
        unhappy.criterion = model::Criterion::Boolean {
            expected_value: false,
        };
        manifest.plan.tests[0].criteria = vec![unhappy, criterion("happy", 5), criterion("glad", 6)];
    };
    let world = World::begin(1, change).await;
    let (result, _) = conclude(&world, Stage::polite(1)).await;
    assert_eq!(result.evaluations.len(), 2);
    let criteria: Vec<(&str, u32, bool)> = result
        .criteria
        .iter()
        .map(|outcome| (outcome.name.as_str(), outcome.evaluation_idx, outcome.passed))
        .collect();
    assert_eq!(
        criteria,
        [("unhappy", 0, false), ("happy", 1, true), ("glad", 0, true)]
    );
    assert_eq!(result.evaluations[0].metric_id, criterion("any", 6).metric_id);
    assert_eq!((result.verdict, result.error), (Verdict::Failed, None));
}

#[tokio::test(start_paused = true)]
async fn at_the_cap_metrics_are_kept_and_no_criterion_passes() {
    let world = World::begin(1, |_| {}).await;
    let (result, stage) = conclude(&world, Stage::polite(99)).await;
    assert_eq!(result.end, EndReason::MaxInteractions);
    assert_eq!(stage.seen().len(), 3);
    assert_eq!(
        result.turns.len(),
        6,
        "what the user would have said next is not sent"
    );
    assert_eq!(result.evaluations[0].value, Some(MetricValue::Boolean(true)));
    assert!(!result.criteria[0].passed);
    assert_eq!((result.verdict, result.error), (Verdict::Failed, None));
}

#[tokio::test(start_paused = true)]
async fn leaving_after_the_last_reply_is_no_cap() {
    let world = World::begin(1, |_| {}).await;
    let (result, _) = conclude(&world, Stage::polite(3)).await;
    assert_eq!(result.end.as_str(), "user_achieved");
    assert_eq!(result.verdict, Verdict::Passed);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_completes_is_asked_no_further() {
    let world = World::begin(1, |_| {}).await;
    let stage = Stage::polite(9).with_agent(|_| async {
        Ok(AgentReply {
            completed: true,
            ..reply("bye")
        })
    });
    let (result, _) = conclude(&world, stage).await;
    assert_eq!(said(&result), [("user", "user-0"), ("agent", "bye")]);
    assert_eq!(result.end, EndReason::AgentCompleted);
}

#[tokio::test(start_paused = true)]
async fn skipping_the_opening_lets_the_agent_greet() {
    let world = World::begin(1, |manifest| opening(manifest, InitialMessageType::Skip)).await;
    let (result, stage) = conclude(&world, Stage::polite(2)).await;
    assert_eq!(
        said(&result),
        [("agent", "re-0"), ("user", "user-1"), ("agent", "re-2")]
    );
    assert_eq!(stage.seen()[0].input, AgentInput::Greet);
}

#[tokio::test(start_paused = true)]
async fn an_external_event_opens_the_conversation() {
    let world = World::begin(1, |manifest| opening(manifest, InitialMessageType::ExternalEvent)).await;
    let (result, stage) = conclude(&world, Stage::polite(1)).await;
    assert_eq!(said(&result), [("event", "user-0"), ("agent", "re-1")]);
    assert_eq!(stage.seen()[0].input, AgentInput::Event("user-0".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_cannot_be_talked_to_is_errored_and_not_judged() {
    let world = World::begin(1, |_| {}).await;
    let stage = Stage::polite(2).with_agent(|_| async { Err("connection refused".to_owned()) });
    let (result, _) = conclude(&world, stage).await;
    assert_eq!(said(&result), [("user", "user-0")]);
    assert_eq!(result.verdict, Verdict::Errored);
    assert_eq!(result.error.as_deref(), Some("connection refused"));
    assert!(result.evaluations.is_empty());
    assert!(!result.criteria[0].passed);
}

#[tokio::test(start_paused = true)]
async fn a_simulated_user_that_breaks_makes_the_conversation_invalid() {
    let world = World::begin(1, |_| {}).await;
    let stage = Stage::polite(2).with_user(|_, _| {
        Err(UserFailure::Unplayable(
            "steps[0].say: no such variable".to_owned(),
        ))
    });
    let (result, _) = conclude(&world, stage).await;
    assert_eq!(result.verdict, Verdict::Invalid);
    assert_eq!(result.error.as_deref(), Some("steps[0].say: no such variable"));
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_the_log_has_no_room_for_is_the_agents_error() {
    let world = World::begin(1, |_| {}).await;
    let stage = Stage::polite(2).with_agent(|_| async { Ok(reply(&"x".repeat(2 << 20))) });
    let (result, _) = conclude(&world, stage).await;
    assert_eq!(result.end.as_str(), "agent_error");
    assert!(result.error.unwrap().contains("more than the log accepts"));
}

#[tokio::test(start_paused = true)]
async fn a_transcript_that_grows_too_large_ends_the_conversation() {
    let world = World::begin(1, |_| {}).await;
    let stage = Arc::new(Stage::polite(3).with_agent(|_| async { Ok(reply(&"x".repeat(600))) }));
    let mut shared = world.shared("w1", &stage);
    shared.options.max_transcript_bytes = 1000;
    let outcome = drive(&shared, &world.job(0), &CancellationToken::new()).await;
    assert_eq!(outcome, Ok(Outcome::Concluded));
    let result = world.result(0).await;
    assert_eq!(result.end.as_str(), "agent_error");
    assert_eq!(result.turns.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_with_a_result_is_not_held_again() {
    let world = World::begin(1, |_| {}).await;
    let (before, _) = conclude(&world, Stage::polite(1)).await;
    let stage = Arc::new(Stage::polite(2));
    assert_eq!(drive_once(&world, "w2", &stage).await, Ok(Outcome::Concluded));
    assert!(stage.seen().is_empty());
    assert_eq!(world.result(0).await, before);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_of_a_cancelled_run_does_not_begin() {
    let world = World::begin(1, |_| {}).await;
    world.cancel().await;
    let stage = Arc::new(Stage::polite(1));
    assert_eq!(drive_once(&world, "w1", &stage).await, Ok(Outcome::RunOver));
    assert!(world.turns(0).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_stops_its_conversations_in_the_middle() {
    for told in [true, false] {
        let world = World::begin(1, |_| {}).await;
        let stage = Arc::new(Stage::polite(3).with_agent(|_| slow_reply("late", Duration::from_secs(60))));
        let shared = Arc::new(world.shared("w1", &stage));
        let watcher = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move { shared.runs.keep_current().await }
        });
        let started = tokio::time::Instant::now();
        let (job, stop) = (world.job(0), CancellationToken::new());
        let cancelling = async {
            sleep(Duration::from_millis(500)).await;
            world.cancel().await;
            if told {
                world
                    .journal
                    .tell_cancelled(&world.manifest.org, world.manifest.run)
                    .await
                    .unwrap();
            }
        };
        let (outcome, ()) = tokio::join!(drive(&shared, &job, &stop), cancelling);
        watcher.abort();
        assert_eq!(outcome, Ok(Outcome::RunOver));
        let limit = if told { 500 } else { 2000 };
        assert!(
            started.elapsed() <= Duration::from_millis(limit),
            "told: {told}, {:?}",
            started.elapsed()
        );
        assert!(!world.has_result(0).await);
        assert_eq!(stage.n_closed.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_was_replaced_stops_at_its_next_entry() {
    let world = Arc::new(World::begin(1, |_| {}).await);
    let other = Arc::clone(&world);
    let stage = Arc::new(Stage::polite(3).with_agent(move |seen| {
        let world = Arc::clone(&other);
        async move {
            if seen.turn_index == 3 {
                world.claim(0, "w2").await;
            }
            Ok(reply("re"))
        }
    }));
    assert_eq!(drive_once(&world, "w1", &stage).await, Ok(Outcome::Fenced));
    assert_eq!(stage.n_closed.load(Ordering::Relaxed), 1);
    assert!(!world.has_result(0).await);
    assert!(
        matches!(world.turns(0).await.last(), Some(TurnRecord::Claimed { worker, .. }) if worker == "w2")
    );
}

#[tokio::test(start_paused = true)]
async fn another_worker_goes_on_at_the_last_turn_and_marks_the_repeated_call() {
    let world = World::begin(1, |_| {}).await;
    let lost = Arc::new(Stage::polite(2).with_agent(|seen| async move {
        if seen.turn_index == 3 {
            std::future::pending::<()>().await;
        }
        Ok(reply("first"))
    }));
    let driving = drive_once(&world, "w1", &lost);
    assert!(
        timeout(Duration::from_secs(5), driving).await.is_err(),
        "lost during the second call"
    );
    let (result, stage) = conclude_as(&world, "w2", Stage::polite(2)).await;
    assert_eq!(
        said(&result),
        [
            ("user", "user-0"),
            ("agent", "first"),
            ("user", "user-2"),
            ("agent", "re-3")
        ]
    );
    let seen = stage.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].session, lost.seen()[0].session);
    assert_eq!(seen[0].idempotency_key, lost.seen()[1].idempotency_key);
    let repeated: Vec<bool> = result.turns.iter().map(|turn| turn.repeated).collect();
    assert_eq!(repeated, [false, false, false, true]);
    assert_eq!(
        (result.attempts, result.claims, result.worker.as_str()),
        (1, 2, "w2")
    );
}

async fn conclude_as(world: &World, worker: &str, stage: Stage) -> (ConversationResult, Arc<Stage>) {
    let stage = Arc::new(stage);
    assert_eq!(drive_once(world, worker, &stage).await, Ok(Outcome::Concluded));
    (world.result(0).await, stage)
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_cannot_continue_starts_again_visibly() {
    let world = World::begin(1, cannot_continue).await;
    let lost = Arc::new(Stage::polite(2).with_agent(|seen| async move {
        if seen.turn_index == 3 {
            std::future::pending::<()>().await;
        }
        Ok(reply("first"))
    }));
    assert!(
        timeout(Duration::from_secs(5), drive_once(&world, "w1", &lost))
            .await
            .is_err()
    );
    let (result, stage) = conclude_as(&world, "w2", Stage::polite(1)).await;
    assert_eq!(said(&result), [("user", "user-0"), ("agent", "re-1")]);
    assert_eq!((result.attempts, result.claims), (2, 2));
    assert_ne!(stage.seen()[0].session, lost.seen()[0].session);
    assert!(stage.seen()[0].idempotency_key.ends_with("-0-2-1"));
    assert!(result.turns.iter().all(|turn| !turn.repeated));
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_is_over_does_not_start_again_to_be_judged() {
    let world = World::begin(1, cannot_continue).await;
    let first = Arc::new(Stage::polite(2));
    world.journal.set_faults(Some(Arc::new(Stuck("publish_result"))));
    assert!(
        timeout(Duration::from_secs(5), drive_once(&world, "w1", &first))
            .await
            .is_err()
    );
    world.journal.set_faults(None);
    let (result, stage) = conclude_as(&world, "w2", Stage::polite(2)).await;
    assert!(stage.seen().is_empty());
    assert_eq!((result.attempts, result.claims, result.turns.len()), (1, 2, 4));
}

#[tokio::test(start_paused = true)]
async fn what_was_not_yet_said_to_an_agent_does_not_start_again() {
    let world = World::begin(1, cannot_continue).await;
    world.claim(0, "w1").await;
    let (result, _) = conclude_as(&world, "w2", Stage::polite(1)).await;
    assert_eq!((result.attempts, result.claims), (1, 2));
}

/// An operation that never reaches the log.
struct Stuck(&'static str);

impl Faults for Stuck {
    fn before(&self, call: Call<'_>) -> Fault {
        if call.operation == self.0 {
            Fault::Lost
        } else {
            Fault::None
        }
    }
}

/// The first acknowledgement of each operation is lost, and the second call of it too.
#[derive(Default)]
struct Forgetful(Mutex<BTreeMap<String, u32>>);

impl Faults for Forgetful {
    fn before(&self, call: Call<'_>) -> Fault {
        if self.count(call) == 3 {
            Fault::Lost
        } else {
            Fault::None
        }
    }

    fn after(&self, call: Call<'_>) -> Fault {
        if self.count(call) == 2 {
            Fault::Lost
        } else {
            Fault::None
        }
    }
}

impl Forgetful {
    fn count(&self, call: Call<'_>) -> u32 {
        let mut counts = self.0.lock().unwrap();
        let count = counts
            .entry(format!("{} {}", call.operation, call.about))
            .or_default();
        *count += 1;
        *count
    }
}

#[tokio::test(start_paused = true)]
async fn entries_whose_acknowledgement_was_lost_are_recognized() {
    let world = World::begin(1, |_| {}).await;
    world.journal.set_faults(Some(Arc::new(Forgetful::default())));
    let stage = Arc::new(Stage::polite(3));
    assert_eq!(drive_once(&world, "w1", &stage).await, Ok(Outcome::Concluded));
    world.journal.set_faults(None);
    let result = world.result(0).await;
    assert_eq!(result.verdict, Verdict::Passed);
    assert_eq!((result.turns.len(), result.claims, stage.seen().len()), (6, 1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_cannot_be_understood_is_a_lasting_failure() {
    let world = World::begin(1, |_| {}).await;
    let stage = Arc::new(Stage::polite(1));
    let shared = world.shared("w1", &stage);
    let failure = drive(&shared, &world.job(7), &CancellationToken::new())
        .await
        .unwrap_err();
    assert!(failure.lasting, "{failure:?}");
    assert_eq!(failure.cause, "the plan of the run has no conversation 7");
}

#[tokio::test(start_paused = true)]
async fn a_missing_manifest_may_come_yet() {
    let world = World::planned(1, |_| {});
    world.start().await;
    let stage = Arc::new(Stage::polite(1));
    let shared = world.shared("w1", &stage);
    let stop = CancellationToken::new();
    let failure = drive(&shared, &world.job(0), &stop).await.unwrap_err();
    assert!(!failure.lasting, "{failure:?}");
    world.put_manifest().await;
    assert_eq!(drive(&shared, &world.job(0), &stop).await, Ok(Outcome::Concluded));
}

#[tokio::test(start_paused = true)]
async fn giving_up_is_an_outcome_of_the_user() {
    let world = World::begin(1, |_| {}).await;
    let stage = Stage::polite(0)
        .with_user(|_, turns| match polite_user(1, turns) {
            UserMove::Leave { .. } => Ok(UserMove::Leave {
                outcome: UserOutcome::GaveUp,
                reason: Some("too slow".to_owned()),
                farewell: None,
            }),
            say @ UserMove::Say(_) => Ok(say),
        })
        .with_judge(|_| None);
    let (result, _) = conclude(&world, stage).await;
    assert_eq!(result.end.as_str(), "user_gave_up");
    assert_eq!(
        result.verdict,
        Verdict::Failed,
        "a value that does not apply does not pass"
    );
}
