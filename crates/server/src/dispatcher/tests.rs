//! The dispatcher on a journal in memory, with the tests as workers.

mod budget;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use journal::{Call, Fault, Faults, Journal as _, MemoryJournal, Published};
use model::{
    ConversationResult, DirectoryExt as _, EndReason, Plan, Time, UnitTestId, Usage, UserOutcome, Verdict,
};
use serde_json::json;

use super::*;
use crate::tests::{Bench, bench_as, bench_on, suite};

/// How many there may be in flight, as in the bench's options.
const CAP: usize = 10;

fn org() -> OrgId {
    "acme".parse().unwrap()
}

/// Starts a run of `repetitions` conversations.
async fn start(bench: &Bench, repetitions: u32) -> RunId {
    let mut suite = suite();
    suite["documents"][6]["spec"]["tests"][0]["repetitions"] = json!(repetitions);
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

fn result(run: RunId, n: u32) -> ConversationResult {
    ConversationResult {
        run,
        n,
        test_idx: 0,
        unit_test_id: UnitTestId(model::Oid::from_bytes([7; 12])),
        run_index: n,
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
        verdict: Verdict::Passed,
        error: None,
        usage: Usage::default(),
        simulator_usage: Usage::default(),
        judge_usage: Usage::default(),
        milestones: Vec::new(),
        broken: Vec::new(),
    }
}

/// Holds conversations until `n` have a result; how often each was handed out.
async fn work(journal: &MemoryJournal, run: RunId, n: usize) -> BTreeMap<u32, u32> {
    let mut handed_out: BTreeMap<u32, u32> = BTreeMap::new();
    let mut n_results = 0;
    while n_results < n {
        for lease in journal.lease(3, Duration::from_secs(1)).await.unwrap() {
            let in_flight = journal.in_flight(&org(), run).await.unwrap();
            assert!(in_flight.len() <= CAP, "{in_flight:?}");
            let n = lease.job().key.n;
            *handed_out.entry(n).or_default() += 1;
            let published = journal.publish_result(&org(), &result(run, n)).await.unwrap();
            n_results += usize::from(matches!(published, Published::Stored(_)));
            lease.done().await.unwrap();
        }
    }
    handed_out
}

/// Counts calls of one operation.
struct Counting(&'static str, AtomicUsize);

impl Faults for Counting {
    fn before(&self, call: Call<'_>) -> Fault {
        self.1
            .fetch_add(usize::from(call.operation == self.0), Ordering::SeqCst);
        Fault::None
    }
}

#[tokio::test(start_paused = true)]
async fn every_conversation_is_admitted_once_and_few_at_a_time() {
    let journal = MemoryJournal::new();
    let bench = bench_on(journal.clone(), Database::in_memory().unwrap()).await;
    let leads = Arc::new(Counting("lead", AtomicUsize::new(0)));
    journal.set_faults(Some(leads.clone()));
    let began = Instant::now();
    let run = start(&bench, 100).await;
    let handed_out = work(&journal, run, 100).await;
    assert_eq!(handed_out.len(), 100);
    assert!(handed_out.values().all(|times| *times == 1), "{handed_out:?}");
    let thirds = began.elapsed().as_secs() / 3;
    let n_leads = leads.1.load(Ordering::SeqCst) as u64;
    assert!(
        n_leads <= thirds + 2,
        "{n_leads} messages for the lead in {thirds} thirds of its time"
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_job_is_admitted_again() {
    let journal = MemoryJournal::new();
    let bench = bench_on(journal.clone(), Database::in_memory().unwrap()).await;
    let run = start(&bench, 30).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let first: BTreeSet<u32> = (0..10).collect();
    assert_eq!(journal.in_flight(&org(), run).await.unwrap(), first);
    journal.purge_jobs(&org(), run).await.unwrap();
    // The queue does not take the same job again before its window for duplicates has passed.
    tokio::time::sleep(Duration::from_secs(140)).await;
    assert_eq!(
        journal.in_flight(&org(), run).await.unwrap(),
        first,
        "the same ones, in their turn"
    );
    assert_eq!(work(&journal, run, 30).await.len(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_standby_takes_over_and_a_cancelled_run_leaves_the_queue() {
    let journal = MemoryJournal::new();
    let one = bench_as("one", journal.clone(), Database::in_memory().unwrap()).await;
    let two = bench_as("two", journal.clone(), Database::in_memory().unwrap()).await;
    let run = start(&one, 30).await;
    let mut handed_out = work(&journal, run, 7).await;
    one.server.stop().await;
    for (n, times) in work(&journal, run, 13).await {
        *handed_out.entry(n).or_default() += times;
    }
    assert!(handed_out.values().all(|times| *times == 1), "{handed_out:?}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!journal.in_flight(&org(), run).await.unwrap().is_empty());
    two.command("run.cancel", json!({"id": run.to_string()}))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(journal.in_flight(&org(), run).await.unwrap(), BTreeSet::new());
}

#[tokio::test(start_paused = true)]
async fn who_does_not_lead_any_more_admits_nothing() {
    let journal = MemoryJournal::new();
    let database = Database::in_memory().unwrap();
    let bench = bench_on(journal.clone(), database.clone()).await;
    let options = bench.server.options().dispatcher.clone();
    // Nobody admits while the run is started: another holds the lead.
    journal.resign(LEAD, &options.holder).await.unwrap();
    journal
        .lead(LEAD, "another", Duration::from_secs(600))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    let run = start(&bench, 3).await;
    let mut dispatcher = Dispatcher::new(
        Arc::new(journal.clone()),
        database,
        bench.server.executor().clone(),
        Arc::clone(&bench.server.options().commands.clock),
        options,
    );
    dispatcher.leads_until = Some(Instant::now());
    dispatcher.round().await.unwrap();
    assert_eq!(
        journal.in_flight(&org(), run).await.unwrap().len(),
        0,
        "its time was up before it could admit"
    );
    dispatcher.leads_until = Some(Instant::now() + Duration::from_secs(1));
    dispatcher.round().await.unwrap();
    assert_eq!(journal.in_flight(&org(), run).await.unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_comes_first_again() {
    let journal = MemoryJournal::new();
    let database = Database::in_memory().unwrap();
    let bench = bench_on(journal, database.clone()).await;
    let id = start(&bench, 12).await;
    let key = (org(), id);
    let mut seen = read_open(&database, &BTreeMap::new()).unwrap();
    let facts = seen.remove(&key).unwrap().facts.unwrap();
    let mut run = OpenRun::new(facts, projections::Concluded::default(), Usage::default());
    run.sync(BTreeSet::new());
    let numbers = |jobs: Vec<model::Job>| jobs.iter().map(|job| job.key.n).collect::<Vec<_>>();
    assert_eq!(numbers(run.admit(&key, 5)), [0, 1, 2, 3, 4]);
    let demand = run.demand(&key.0, 8);
    assert_eq!((demand.in_flight, demand.waiting, demand.cap), (5, 7, 8));
    run.sync(BTreeSet::from([0, 2, 4]));
    assert_eq!(numbers(run.admit(&key, 3)), [1, 3, 5]);
    run.sync((0..6).collect());
    assert_eq!(numbers(run.admit(&key, 100)), [6, 7, 8, 9, 10, 11]);
    assert_eq!(numbers(run.admit(&key, 1)), [0_u32; 0]);

    // Runs that are known are not read again.
    let seen = read_open(&database, &BTreeMap::from([(key.clone(), None)])).unwrap();
    assert!(seen[&key].facts.is_none());
    let plan: Plan = database
        .view()
        .unwrap()
        .organization(org())
        .run(id)
        .unwrap()
        .unwrap()
        .plan;
    assert_eq!(plan.n_conversations(), 12);
}
