//! Conversations that were held elsewhere.

use journal::subject::recording_object;
use model::{
    Digest, Json, MetricValue, RECORDING_FORMAT, RecordedTurn, Recording, RecordingEnd, Role, ToolCall,
    TurnRecord,
};

use super::*;

fn turn(role: Role, text: &str) -> RecordedTurn {
    RecordedTurn {
        role,
        text: text.to_owned(),
        tool_calls: Vec::new(),
    }
}

/// A recording of so many replies of the agent, which calls a tool each time.
fn recording(n_replies: usize) -> Recording {
    let replies = (0..n_replies).flat_map(|n| {
        let call = ToolCall {
            name: "look".to_owned(),
            arguments: Json::empty_object(),
            result: Some(Json::try_from("1").unwrap()),
        };
        [
            turn(Role::User, &format!("asks {n}")),
            RecordedTurn {
                tool_calls: vec![call],
                ..turn(Role::Agent, &format!("answers {n}"))
            },
        ]
    });
    Recording {
        format: RECORDING_FORMAT,
        turns: replies.collect(),
        values: BTreeMap::from([("reward".to_owned(), MetricValue::Boolean(true))]),
        end: RecordingEnd::UserLeft {
            outcome: UserOutcome::GaveUp,
            reason: Some("It was late.".to_owned()),
            farewell: Some("Bye".to_owned()),
        },
    }
}

/// A run that judges these recordings, of which the organization has stored all.
async fn begin(recordings: &[Recording], change: impl FnOnce(&mut Manifest)) -> World {
    let sealed: Vec<(Digest, Vec<u8>)> = recordings.iter().map(|one| one.seal().unwrap()).collect();
    let run_count = u32::try_from(recordings.len()).unwrap();
    let world = World::planned(run_count, |manifest| {
        manifest.plan.options.cast.recorded = true;
        manifest.recordings = sealed.iter().map(|(digest, _)| *digest).collect();
        for agent in manifest.agents.values_mut() {
            agent.content.connection = None;
        }
        change(manifest);
    });
    for (digest, bytes) in sealed {
        let name = recording_object(&world.manifest.org, digest);
        world.journal.put_object(&name, bytes.into()).await.unwrap();
    }
    world.put_manifest().await;
    world.start().await;
    world
}

/// A judge that takes the recorded reward.
fn stage() -> Stage {
    Stage::polite(0).with_judge(|material| material.recorded?.get("reward").cloned())
}

#[tokio::test(start_paused = true)]
async fn it_is_judged_as_it_was_and_nobody_is_asked() {
    // More replies than the plan allows, and an opening that the plan does not know.
    let mut greeted = recording(2);
    greeted.turns.remove(0);
    greeted.values.clear();
    greeted.end = RecordingEnd::AgentCompleted;
    let recordings = [recording(5), greeted];
    let world = begin(&recordings, |_| {}).await;
    let stage = Arc::new(stage());
    let shared = world.shared("w1", &stage);
    for (n, recording) in (0..).zip(&recordings) {
        let outcome = drive(&shared, &world.job(n), &CancellationToken::new()).await;
        assert_eq!(outcome, Ok(Outcome::Concluded));
        let result = world.result(n).await;
        let played: Vec<RecordedTurn> = result
            .turns
            .iter()
            .map(|turn| RecordedTurn {
                role: turn.role,
                text: turn.text.clone(),
                tool_calls: turn.tool_calls.clone(),
            })
            .collect();
        assert_eq!(played, recording.turns);
        for turn in &result.turns {
            assert_eq!((turn.latency_ms, turn.calls, turn.repeated), (None, 0, false));
            assert_eq!(turn.usage, None);
        }
        assert_eq!(result.error, None);
    }
    let first = world.result(0).await;
    assert_eq!(first.end.as_str(), "user_gave_up");
    assert_eq!(
        first.verdict,
        Verdict::Passed,
        "the reward decides, not how the user left"
    );
    let left = world.turns(0).await.pop().unwrap();
    assert!(
        matches!(&left, TurnRecord::UserLeft { farewell: Some(farewell), .. } if farewell == "Bye"),
        "{left:?}"
    );
    let second = world.result(1).await;
    assert_eq!(second.end, EndReason::AgentCompleted);
    assert!(second.turns.last().unwrap().completed && !second.turns[0].completed);
    assert_eq!(second.evaluations[0].value, None);
    assert!(stage.seen().is_empty(), "the agent was not called");
}

#[tokio::test(start_paused = true)]
async fn another_worker_goes_on_where_one_was_lost() {
    let world = begin(&[recording(3)], |_| {}).await;
    world.claim(0, "lost").await;
    let (_, last) = world.journal.turns(&world.key(0)).await.unwrap();
    let said = model::Turn {
        index: 0,
        role: Role::User,
        text: "asks 0".to_owned(),
        at: world.journal.now(),
        latency_ms: None,
        tool_calls: Vec::new(),
        usage: None,
        completed: false,
        calls: 0,
        repeated: false,
        note: None,
        violations: Vec::new(),
        session: None,
    };
    world
        .journal
        .append_turn(&world.key(0), &TurnRecord::Said(said), last)
        .await
        .unwrap();
    let (result, stage) = conclude(&world, stage()).await;
    assert_eq!((result.attempts, result.claims, result.turns.len()), (1, 2, 6));
    assert!(result.turns.iter().all(|turn| !turn.repeated));
    assert!(stage.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_recording_that_is_not_there_is_no_other() {
    // Another organization's is not this one's.
    let foreign = recording(1).seal().unwrap();
    let world = begin(&[recording(2)], |manifest| manifest.recordings = vec![foreign.0]).await;
    let other = recording_object(&"other".parse().unwrap(), foreign.0);
    world.journal.put_object(&other, foreign.1.into()).await.unwrap();
    let failure = drive_once(&world, "w1", &Arc::new(stage())).await.unwrap_err();
    assert!(
        failure.cause.contains("does not exist") && !failure.lasting,
        "{failure:?}"
    );

    let world = begin(&[recording(2)], |manifest| manifest.recordings.clear()).await;
    let failure = drive_once(&world, "w1", &Arc::new(stage())).await.unwrap_err();
    assert!(
        failure.cause.contains("names no recording") && failure.lasting,
        "{failure:?}"
    );

    let broken = b"{}".to_vec();
    let digest = Digest::of(&broken);
    let world = begin(&[recording(2)], |manifest| manifest.recordings = vec![digest]).await;
    let name = recording_object(&world.manifest.org, digest);
    world.journal.put_object(&name, broken.into()).await.unwrap();
    let failure = drive_once(&world, "w1", &Arc::new(stage())).await.unwrap_err();
    assert!(
        failure.cause.contains("cannot be read") && failure.lasting,
        "{failure:?}"
    );
}
