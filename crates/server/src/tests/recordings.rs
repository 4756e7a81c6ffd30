//! Recordings, and runs that judge them.

use super::*;

fn recording(text: &str) -> Value {
    json!({
        "turns": [{"role": "user", "text": text}, {"role": "agent", "text": "Yes."}],
        "values": {"reward": 1},
        "end": {"reason": "agent_completed"},
    })
}

/// A suite that nothing can be held of: nobody plays the user, and the agent cannot be reached.
async fn set(bench: &Bench) -> Value {
    let mut suite = suite();
    suite["documents"][0]["spec"] = json!({});
    suite["documents"][3]["spec"]
        .as_object_mut()
        .unwrap()
        .remove("script");
    bench.command("suite.apply", suite).await.unwrap();
    let set = bench.query("unit_test_set.get", json!({"name": "all"})).await;
    set.unwrap()["id"].clone()
}

#[tokio::test]
async fn a_run_judges_what_was_stored() {
    let bench = bench().await;
    let set = set(&bench).await;
    let start = |rehearse: Value| {
        bench.command(
            "run.start",
            json!({"simulation_unit_test_set_id": set, "rehearse": rehearse}),
        )
    };
    let held = start(json!({})).await.unwrap_err();
    assert_eq!(held.code, ErrorCode::NotRunnable);

    let stored = bench
        .command("recording.create", recording("Really?"))
        .await
        .unwrap();
    let again = bench
        .command("recording.create", recording("Really?"))
        .await
        .unwrap();
    assert_eq!(stored, again);
    let digest = &stored["recording"];
    let missing = "0".repeat(64);
    let refused = start(json!({"recordings": [digest, missing, missing]}))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.status, refused.errors[0].pointer.as_str()),
        (422, "/rehearse/recordings/1")
    );
    let too_few = start(json!({"recordings": [digest]})).await.unwrap_err();
    assert!(
        too_few.errors[0]
            .detail
            .contains("one for each of the run's 3 conversations"),
        "{too_few:?}"
    );

    let started = start(json!({"recordings": [digest, digest, digest]}))
        .await
        .unwrap();
    let id = &started["simulation_unit_test_set_run_id"];
    let run = bench.query("run.get", json!({"id": id})).await.unwrap();
    assert_eq!(run["rehearse"]["tally"]["planned"], json!(3));
    bench.command("run.cancel", json!({"id": id})).await.unwrap();
}

#[tokio::test]
async fn another_organizations_recording_is_none() {
    let bench = bench().await;
    let set = set(&bench).await;
    let eve = caller("other", "eve");
    let stored = bench
        .command_as(&eve, None, "recording.create", recording("Really?"))
        .await
        .unwrap();
    let digest = &stored["recording"];
    let body =
        json!({"simulation_unit_test_set_id": set, "rehearse": {"recordings": [digest, digest, digest]}});
    let refused = bench.command("run.start", body.clone()).await.unwrap_err();
    assert_eq!(refused.errors[0].pointer, "/rehearse/recordings/0");
    let own = bench
        .command("recording.create", recording("Really?"))
        .await
        .unwrap();
    assert_eq!(
        own, stored,
        "the same conversation has the same digest everywhere"
    );
    bench.command("run.start", body).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_judged_is_not_stored() {
    let bench = bench().await;
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut body = recording("Really?");
        change(&mut body);
        let bench = &bench;
        async move {
            let problem = bench.command("recording.create", body).await.unwrap_err();
            assert_eq!(problem.status, 422, "{problem:?}");
            problem.errors[0].pointer.clone()
        }
    };
    let empty = refused(&|body| body["turns"] = json!([])).await;
    assert_eq!(empty, "/turns");
    let unanswered = refused(&|body| body["turns"].as_array_mut().unwrap().truncate(1)).await;
    assert_eq!(unanswered, "/turns");
    let twice = refused(&|body| body["turns"][1] = body["turns"][0].clone()).await;
    assert_eq!(twice, "/turns/1/role");
    let pair = recording(&"x".repeat(200_000))["turns"].clone();
    let large = refused(&|body| {
        let turns = std::iter::repeat_n(pair.as_array().unwrap().clone(), 22);
        body["turns"] = turns.flatten().collect();
    })
    .await;
    assert_eq!(large, "");
}
