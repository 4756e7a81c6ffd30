//! Running again what went wrong.

use journal::Journal as _;
use model::{ArtifactRef, Command, Digest, DirectoryExt as _, RunId, Tally, Verdict};

use super::*;

/// A run of three conversations that came out like this, and is over.
async fn run(bench: &Bench, journal: &MemoryJournal, verdicts: [Verdict; 3]) -> RunId {
    let set = bench
        .query("unit_test_set.get", json!({"name": "all"}))
        .await
        .unwrap();
    let started = json!({"simulation_unit_test_set_id": set["id"]});
    let started = bench.command("run.start", started).await.unwrap();
    let id: RunId = started["simulation_unit_test_set_run_id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let org: model::OrgId = "acme".parse().unwrap();
    let view = bench.server.database().view().unwrap();
    let run = view.organization(org.clone()).run(id).unwrap().unwrap();
    drop(view);
    let mut tally = Tally::of(3);
    for (n, verdict) in (0..).zip(verdicts) {
        tally.count(verdict);
        journal
            .publish_result(&org, &results::result(&run, n, verdict))
            .await
            .unwrap();
    }
    let last = journal
        .info(journal::LogName::Results)
        .await
        .unwrap()
        .last_sequence;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    let shown = bench
        .server
        .database()
        .wait_for(projections::Log::Results, last, deadline);
    shown.await.unwrap();
    let artifact = ArtifactRef {
        digest: Digest::of(b"artifact"),
        size_bytes: 8,
    };
    let request = commands::Request {
        org,
        actor: "system".parse().unwrap(),
        command_id: None,
        traceparent: None,
        precondition: None,
        command: Command::CompleteRun { id, tally, artifact },
    };
    bench.server.executor().execute(request).await.unwrap();
    id
}

#[tokio::test]
async fn what_went_wrong_is_run_again_as_often_as_it_did() {
    let journal = MemoryJournal::new();
    let bench = bench_on(journal.clone(), Database::in_memory().unwrap()).await;
    bench.command("suite.apply", suite()).await.unwrap();
    let first = run(
        &bench,
        &journal,
        [Verdict::Failed, Verdict::Passed, Verdict::Errored],
    )
    .await;
    let rerun = |which: Value| bench.command("run.rerun", json!({"id": first.to_string(), "which": which}));
    let nothing = rerun(json!(["invalid"])).await.unwrap_err();
    assert_eq!((nothing.status, nothing.code), (400, ErrorCode::NothingToRerun));
    let again = rerun(json!(null)).await.unwrap();
    let again = again["simulation_unit_test_set_run_id"].clone();
    let shown = bench.query("run.get", json!({"id": again})).await.unwrap();
    assert_eq!(shown["rehearse"]["tally"]["planned"], json!(2));
    assert_eq!(shown["rehearse"]["rerun_of"], json!(first.to_string()));
    let unfinished = rerun(json!(["failed"])).await.unwrap_err();
    assert_eq!(
        (unfinished.status, unfinished.code),
        (409, ErrorCode::RunUnfinished)
    );
    let running = bench
        .command("run.rerun", json!({"id": again}))
        .await
        .unwrap_err();
    assert_eq!(running.code, ErrorCode::NothingToRerun);
    bench.command("run.cancel", json!({"id": again})).await.unwrap();
    let one = rerun(json!(["errored"])).await.unwrap();
    let shown = bench
        .query("run.get", json!({"id": one["simulation_unit_test_set_run_id"]}))
        .await
        .unwrap();
    assert_eq!(shown["rehearse"]["tally"]["planned"], json!(1));
}

#[tokio::test]
async fn where_all_went_well_there_is_nothing_to_run_again() {
    let journal = MemoryJournal::new();
    let bench = bench_on(journal.clone(), Database::in_memory().unwrap()).await;
    bench.command("suite.apply", suite()).await.unwrap();
    let id = run(&bench, &journal, [Verdict::Passed; 3]).await;
    let nothing = bench
        .command("run.rerun", json!({"id": id.to_string()}))
        .await
        .unwrap_err();
    assert_eq!(nothing.code, ErrorCode::NothingToRerun);
}
