//! Budgets: a run that has used up what it was given is cancelled, once.

use super::*;

/// Starts a run of 30 conversations with a budget.
async fn start_with(bench: &Bench, budget: serde_json::Value) -> RunId {
    let mut suite = suite();
    suite["documents"][6]["spec"]["tests"][0]["repetitions"] = json!(30);
    bench.command("suite.apply", suite).await.unwrap();
    let set = bench
        .query("unit_test_set.get", json!({"name": "all"}))
        .await
        .unwrap();
    let run = json!({"simulation_unit_test_set_id": set["id"], "rehearse": {"budget": budget}});
    let run = bench.command("run.start", run).await.unwrap();
    run["simulation_unit_test_set_run_id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

/// The run's budget as it is shown, and why it was cancelled by whom.
async fn shown(bench: &Bench, run: RunId) -> (serde_json::Value, serde_json::Value, serde_json::Value) {
    let run = bench
        .query("run.get", json!({"id": run.to_string()}))
        .await
        .unwrap();
    let extension = &run["rehearse"];
    (
        extension["budget"].clone(),
        extension["cancel_reason"].clone(),
        extension["cancelled_by"]["user_id"].clone(),
    )
}

/// How often the log says that a run was cancelled.
async fn n_cancelled(bench: &Bench) -> usize {
    let events = bench.query("event.list", json!({"limit": 100})).await.unwrap();
    let events = events["events"].as_array().unwrap();
    events
        .iter()
        .filter(|event| event["event"] == "run.cancelled")
        .count()
}

#[tokio::test(start_paused = true)]
async fn no_more_conversations_are_begun_than_the_budget_has() {
    let journal = MemoryJournal::new();
    let bench = bench_on(journal.clone(), Database::in_memory().unwrap()).await;
    let run = start_with(&bench, json!({"max_conversations": 4})).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(journal.in_flight(&org(), run).await.unwrap().len(), 4);
    assert_eq!(shown(&bench, run).await.1, json!(null));
    assert_eq!(work(&journal, run, 4).await.len(), 4);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let budget =
        json!({"max_duration_ms": null, "max_conversations": 4, "max_tokens": null, "max_cost_micros": null});
    assert_eq!(
        shown(&bench, run).await,
        (budget, json!("budget_conversations"), json!("system"))
    );
    assert_eq!(journal.in_flight(&org(), run).await.unwrap(), BTreeSet::new());
    assert_eq!(n_cancelled(&bench).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_time_is_up_is_cancelled_at_once() {
    let journal = MemoryJournal::new();
    let bench = bench_on(journal.clone(), Database::in_memory().unwrap()).await;
    let run = start_with(&bench, json!({"max_duration_ms": 60_000})).await;
    tokio::time::sleep(Duration::from_millis(59_900)).await;
    assert_eq!(shown(&bench, run).await.1, json!(null));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(shown(&bench, run).await.1, json!("budget_duration"));
}

#[tokio::test(start_paused = true)]
async fn the_tokens_of_finished_conversations_are_added_up() {
    let journal = MemoryJournal::new();
    let bench = bench_on(journal.clone(), Database::in_memory().unwrap()).await;
    let run = start_with(&bench, json!({"max_tokens": 30})).await;
    let used = |n| ConversationResult {
        usage: Usage::of_tokens(7, 3),
        ..result(run, n)
    };
    for n in 0..2 {
        journal.publish_result(&org(), &used(n)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(shown(&bench, run).await.1, json!(null), "20 of 30");
    journal.publish_result(&org(), &used(2)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(shown(&bench, run).await.1, json!("budget_tokens"));
}

#[tokio::test(start_paused = true)]
async fn of_two_servers_one_cancels() {
    let journal = MemoryJournal::new();
    let one = bench_as("one", journal.clone(), Database::in_memory().unwrap()).await;
    let two = bench_as("two", journal.clone(), Database::in_memory().unwrap()).await;
    let run = start_with(&one, json!({"max_conversations": 2, "max_duration_ms": 60_000})).await;
    work(&journal, run, 2).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    one.server.stop().await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(shown(&two, run).await.1, json!("budget_conversations"));
    assert_eq!(n_cancelled(&two).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_done_is_not_cancelled() {
    let journal = MemoryJournal::new();
    let bench = bench_on(journal.clone(), Database::in_memory().unwrap()).await;
    let run = start_with(
        &bench,
        json!({"max_conversations": 30, "max_duration_ms": 60_000}),
    )
    .await;
    assert_eq!(work(&journal, run, 30).await.len(), 30);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(shown(&bench, run).await.1, json!(null));
}
