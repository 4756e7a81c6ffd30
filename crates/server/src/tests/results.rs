//! The results of a run, page by page and within what one answer can hold.

use std::collections::BTreeSet;

use journal::Journal as _;
use model::{
    ConversationResult, DirectoryExt as _, EndReason, OrgId, RunId, Time, Usage, UserOutcome, Verdict,
};

use super::*;

/// A result of conversation `n`.
pub(crate) fn result(run: &model::Run, n: u32, verdict: Verdict) -> ConversationResult {
    let (test_idx, run_index) = run.plan.locate(n).unwrap();
    ConversationResult {
        run: run.id,
        n,
        test_idx: test_idx.try_into().unwrap(),
        unit_test_id: run.plan.tests[test_idx].unit_test_id,
        run_index,
        attempts: 1,
        claims: 1,
        worker: "w".to_owned(),
        started_at: Time::from_micros(1),
        finished_at: Time::from_micros(2),
        turns: Vec::new(),
        end: EndReason::UserLeft {
            outcome: UserOutcome::Achieved,
            reason: None,
        },
        evaluations: Vec::new(),
        criteria: Vec::new(),
        verdict,
        error: None,
        usage: Usage::default(),
        simulator_usage: Usage::default(),
        judge_usage: Usage::default(),
        milestones: Vec::new(),
        broken: Vec::new(),
    }
}

/// A set of three tests, each repeated, and a run of it.
pub(super) async fn started(bench: &Bench, repetitions: u32) -> RunId {
    let mut suite = suite();
    let documents = suite["documents"].as_array_mut().unwrap();
    let mut tests = Vec::new();
    for name in ["one", "two", "three"] {
        let mut test = documents[5].clone();
        test["metadata"]["name"] = json!(name);
        tests.push(json!({"test": name, "repetitions": repetitions}));
        documents.push(test);
    }
    documents[6]["spec"]["tests"] = json!(tests);
    bench.command("suite.apply", suite).await.unwrap();
    let set = bench
        .query("unit_test_set.get", json!({"name": "all"}))
        .await
        .unwrap();
    let run = bench
        .command("run.start", json!({"simulation_unit_test_set_id": set["id"]}))
        .await
        .unwrap();
    run["simulation_unit_test_set_run_id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

pub(super) fn run_of(bench: &Bench, id: RunId) -> model::Run {
    let org: OrgId = "acme".parse().unwrap();
    bench
        .server
        .database()
        .view()
        .unwrap()
        .organization(org)
        .run(id)
        .unwrap()
        .unwrap()
}

pub(super) async fn publish(bench: &Bench, journal: &MemoryJournal, results: Vec<ConversationResult>) {
    let org: OrgId = "acme".parse().unwrap();
    for result in results {
        journal.publish_result(&org, &result).await.unwrap();
    }
    let last = journal
        .info(journal::LogName::Results)
        .await
        .unwrap()
        .last_sequence;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    bench
        .server
        .database()
        .wait_for(projections::Log::Results, last, deadline)
        .await
        .unwrap();
}

#[tokio::test]
async fn results_of_some_tests_come_page_by_page_each_once() {
    let journal = MemoryJournal::new();
    let bench = bench_on(journal.clone(), Database::in_memory().unwrap()).await;
    let id = started(&bench, 7).await;
    let run = run_of(&bench, id);
    let verdicts = [Verdict::Passed, Verdict::Failed, Verdict::Errored];
    let results = (0..21).map(|n| result(&run, n, verdicts[n as usize % 3]));
    publish(&bench, &journal, results.collect()).await;

    let ids: Vec<_> = run
        .plan
        .tests
        .iter()
        .map(|test| test.unit_test_id.to_string())
        .collect();
    let all: BTreeSet<u64> = (0..21).collect();
    let (first, last): (BTreeSet<u64>, BTreeSet<u64>) = ((0..7).collect(), (14..21).collect());
    let outer: BTreeSet<u64> = first.union(&last).copied().collect();
    let failed = |n: &&u64| **n % 3 == 1;
    for (tests, verdict, expected) in [
        (json!([]), json!([]), all.clone()),
        (
            json!([]),
            json!(["failed"]),
            all.iter().filter(failed).copied().collect(),
        ),
        (json!([ids[1]]), json!([]), (7..14).collect()),
        (json!([ids[0], ids[2]]), json!([]), outer.clone()),
        (
            json!([ids[0], ids[2]]),
            json!(["failed"]),
            outer.iter().filter(failed).copied().collect(),
        ),
        (
            json!([ids[0], ids[2]]),
            json!(["failed", "passed"]),
            outer.iter().filter(|n| **n % 3 < 2).copied().collect(),
        ),
        (json!(["0".repeat(24)]), json!([]), BTreeSet::new()),
    ] {
        for limit in [1, 3, 50] {
            let mut found = Vec::new();
            let mut token = json!(0);
            loop {
                let query = json!({
                    "id": id.to_string(), "unit_test_id": tests, "verdict": verdict, "limit": limit, "continuation_token": token,
                });
                let page = bench.query("run.results", query).await.unwrap();
                let rows = page["conversations"].as_array().unwrap();
                assert!(rows.len() <= limit);
                found.extend(rows.iter().map(|row| row["n"].as_u64().unwrap()));
                token = page["continuation_token"].clone();
                assert_eq!(page["has_more"], json!(!token.is_null()));
                if token.is_null() {
                    break;
                }
            }
            assert_eq!(
                found.len(),
                expected.len(),
                "{tests} {verdict} {limit}: each once"
            );
            assert_eq!(
                found.into_iter().collect::<BTreeSet<_>>(),
                expected,
                "{tests} {verdict} {limit}"
            );
        }
    }
    let beyond =
        json!({"id": id.to_string(), "unit_test_id": [ids[0], ids[2]], "continuation_token": u32::MAX});
    let beyond = bench.query("run.results", beyond).await.unwrap();
    assert_eq!(
        (&beyond["conversations"], &beyond["has_more"]),
        (&json!([]), &json!(false))
    );
}

#[tokio::test]
async fn a_run_whose_results_no_answer_could_hold_is_shown_without() {
    let journal = MemoryJournal::new();
    let bench = bench_on(journal.clone(), Database::in_memory().unwrap()).await;
    let id = started(&bench, 100_000).await;
    let run = run_of(&bench, id);
    publish(&bench, &journal, vec![result(&run, 0, Verdict::Failed)]).await;
    bench
        .command("run.cancel", json!({"id": id.to_string()}))
        .await
        .unwrap();
    for query in [json!({"id": [id.to_string()]}), json!({})] {
        let list = bench.query("run.list", query).await.unwrap();
        let run = &list["simulation_unit_test_set_runs"][0];
        assert_eq!(run["unit_test_run_results"], json!([null, null, null]));
        assert_eq!(run["failed_metrics"], json!(true));
    }
    let one = bench
        .query("run.get", json!({"id": id.to_string()}))
        .await
        .unwrap();
    assert_eq!(one["unit_test_run_results"], json!([null, null, null]));
    assert_eq!(one["rehearse"]["tally"]["failed"], json!(1));
    let unknown = json!({"id": id.to_string(), "test": "four"});
    let problem = bench.query("run.transcript", unknown).await.unwrap_err();
    assert_eq!(problem.code, ErrorCode::NotFound);
}
