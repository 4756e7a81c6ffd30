//! Several servers, waiting, and stopping.

use journal::Journal as _;
use serde_json::json;

use super::*;

#[tokio::test]
async fn what_one_server_did_is_seen_on_another_by_its_sequence() {
    let journal = MemoryJournal::new();
    let ann = caller("acme", "ann");
    let one = bench_as("one", journal.clone(), Database::in_memory().unwrap()).await;
    let two = bench_as("two", journal, Database::in_memory().unwrap()).await;
    for number in 1..=20 {
        let body = persona(&format!("p{number}")).to_string();
        let made = one
            .gateway
            .command(&ann, Metadata::default(), "persona", "create", body.as_bytes())
            .await
            .unwrap();
        assert_eq!(made.sequence, number);
        let seen = Metadata {
            seen: Some(made.sequence),
            ..Metadata::default()
        };
        let list = two
            .gateway
            .query(&ann, seen, "persona", "list", b"")
            .await
            .unwrap();
        assert_eq!(
            list["simulation_personas"].as_array().unwrap().len() as u64,
            number
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_has_done_is_not_waited_for_for_ever() {
    let bench = bench().await;
    let seen = Metadata {
        seen: Some(u64::MAX),
        ..Metadata::default()
    };
    let problem = bench
        .gateway
        .query(&caller("acme", "ann"), seen, "persona", "list", b"")
        .await
        .unwrap_err();
    assert_eq!(problem.code, ErrorCode::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_has_stopped_answers_nothing() {
    let bench = bench().await;
    let ann = caller("acme", "ann");
    let waiting = bench.gateway.clone();
    let waiter = ann.clone();
    let poll = tokio::spawn(async move {
        waiting
            .query(
                &waiter,
                Metadata::default(),
                "event",
                "list",
                br#"{"wait_ms": 10000}"#,
            )
            .await
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = tokio::time::Instant::now();
    bench.server.stop().await;
    assert!(
        poll.await.unwrap().is_ok(),
        "whoever waits is answered with what there is"
    );
    assert!(before.elapsed() < Duration::from_secs(5), "and at once");
    for (kind, verb) in [("persona", "list"), ("event", "list")] {
        let problem = bench
            .gateway
            .query(&ann, Metadata::default(), kind, verb, b"")
            .await
            .unwrap_err();
        assert_eq!(problem.code, ErrorCode::Unavailable);
    }
    let body = persona("Maria").to_string();
    let problem = bench
        .gateway
        .command(&ann, Metadata::default(), "persona", "create", body.as_bytes())
        .await
        .unwrap_err();
    assert_eq!(problem.code, ErrorCode::Unavailable);
}

#[tokio::test]
async fn events_that_match_are_found_whatever_stands_between() {
    let bench = bench().await;
    for number in 0..30 {
        bench
            .command("persona.create", persona(&format!("p{number}")))
            .await
            .unwrap();
    }
    bench.command("suite.apply", suite()).await.unwrap();
    let mut after = json!(0);
    let mut names = Vec::new();
    loop {
        let page = json!({"kinds": ["scenario", "metric", "unit_test"], "limit": 1, "after": after});
        let page = bench.query("event.list", page).await.unwrap();
        let events = page["events"].as_array().unwrap();
        assert!(events.len() <= 1);
        names.extend(
            events
                .iter()
                .map(|event| event["event"].as_str().unwrap().to_owned()),
        );
        after = page["last_sequence"].clone();
        if page["has_more"] == json!(false) {
            break;
        }
    }
    assert_eq!(names, ["scenario.created", "metric.created", "unit_test.created"]);
    assert_eq!(after, json!(38), "every commit has been looked at");
}

#[tokio::test(start_paused = true)]
async fn a_poll_is_answered_when_something_happens() {
    let bench = bench().await;
    let gateway = bench.gateway.clone();
    let began = tokio::time::Instant::now();
    let poll = tokio::spawn(async move {
        gateway
            .query(
                &caller("acme", "ann"),
                Metadata::default(),
                "event",
                "list",
                br#"{"wait_ms": 10000}"#,
            )
            .await
    });
    tokio::time::sleep(Duration::from_secs(2)).await;
    bench.command("persona.create", persona("Maria")).await.unwrap();
    let page = poll.await.unwrap().unwrap();
    assert_eq!(page["events"].as_array().unwrap().len(), 1);
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn a_log_that_makes_no_sense_stops_the_server() {
    let journal = MemoryJournal::new();
    let mut bench = bench_on(journal.clone(), Database::in_memory().unwrap()).await;
    bench.command("persona.create", persona("Maria")).await.unwrap();
    let org: model::OrgId = "acme".parse().unwrap();
    let (log, _) = journal.page(&org, 0, 1).await.unwrap();
    let mut commit = log[0].commit.clone();
    commit.meta.command_id = "another".parse().unwrap();
    journal
        .append(&[commit], 1)
        .await
        .expect("the log does not know what it holds");
    let failure = bench.server.failed().await;
    assert!(matches!(failure, crate::ServerError::Projector(_)), "{failure}");
    let problem = bench.query("persona.list", json!({})).await.unwrap_err();
    assert_eq!(
        problem.code,
        ErrorCode::Unavailable,
        "what it would answer is not the truth any more"
    );
    let problem = bench
        .command("persona.create", persona("Carmen"))
        .await
        .unwrap_err();
    assert_eq!(problem.code, ErrorCode::Unavailable);
}
