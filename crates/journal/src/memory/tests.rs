//! The contract, in paused time, and what only the memory journal offers.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::StreamExt as _;
use tokio::time::{Instant, advance, timeout};

use super::{Call, Fault, Faults, MemoryJournal, MemoryOptions};
use crate::{
    Appended, Journal, JournalError, LeaseState, LogName, Published,
    contract::{self, commit, job, key, org, result, run, turn},
};

fn journal() -> MemoryJournal {
    MemoryJournal::with(MemoryOptions {
        lease_duration: contract::LEASE,
        ..MemoryOptions::default()
    })
}

macro_rules! contract_tests {
    ($($check:ident)+) => {
        mod keeps_the_contract {
            use super::*;

            $(
                #[tokio::test(start_paused = true)]
                async fn $check() {
                    contract::$check(Arc::new(journal())).await;
                }
            )+
        }
    };
}

contract::every_check!(contract_tests);

#[tokio::test(start_paused = true)]
async fn agents_are_asked() {
    let journal = journal();
    let serving = journal.clone();
    let attend: contract::Attend = Box::new(move |org, agent| {
        Box::pin(async move { serving.attend(&org, agent, Some(Arc::new(contract::twice))) })
    });
    contract::agents_are_asked(Arc::new(journal), attend).await;
}

/// Does one thing to one operation, and notes every call.
#[derive(Default)]
struct Script {
    before: Option<(&'static str, Fault)>,
    after: Option<(&'static str, Fault)>,
    calls: Mutex<Vec<String>>,
}

impl Faults for Script {
    fn before(&self, call: Call<'_>) -> Fault {
        let note = format!(
            "{} {} {} {}",
            call.number, call.connection, call.operation, call.about
        );
        self.calls.lock().expect("no panic").push(note);
        self.before
            .filter(|(operation, _fault)| *operation == call.operation)
            .map_or(Fault::None, |found| found.1)
    }

    fn after(&self, call: Call<'_>) -> Fault {
        self.after
            .filter(|(operation, _fault)| *operation == call.operation)
            .map_or(Fault::None, |found| found.1)
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_can_be_lost_on_the_way_there() {
    let journal = journal();
    journal.set_faults(Some(Arc::new(Script {
        before: Some(("append", Fault::Lost)),
        ..Script::default()
    })));
    journal
        .append(&[commit(&org("acme"), 1, "one")], 0)
        .await
        .expect_err("it is lost");
    journal.set_faults(None);
    assert_eq!(
        journal
            .info(LogName::Events)
            .await
            .expect("it answers")
            .last_sequence,
        0
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_can_be_lost_on_the_way_back() {
    let journal = journal();
    let (acme, conversation) = (org("acme"), key(&org("acme"), run(1), 0));
    for operation in ["append", "publish_result", "append_turn", "enqueue"] {
        journal.set_faults(Some(Arc::new(Script {
            after: Some((operation, Fault::Lost)),
            ..Script::default()
        })));
        let lost = match operation {
            "append" => journal.append(&[commit(&acme, 1, "one")], 0).await.is_err(),
            "publish_result" => journal
                .publish_result(&acme, &result(run(1), 0, "w"))
                .await
                .is_err(),
            "append_turn" => journal.append_turn(&conversation, &turn("w"), 0).await.is_err(),
            _ => journal.enqueue(&[job(&acme, run(1), 0)]).await.is_err(),
        };
        assert!(lost, "{operation}");
    }
    journal.set_faults(None);
    // Each took effect, once.
    let repeated = journal
        .append(&[commit(&acme, 1, "one")], 0)
        .await
        .expect("it is recognized");
    assert_eq!(
        repeated,
        Appended {
            first: 1,
            last: 1,
            duplicate: true
        }
    );
    let repeated = journal
        .publish_result(&acme, &result(run(1), 0, "w"))
        .await
        .expect("it is there");
    assert_eq!(repeated, Published::AlreadyThere);
    journal
        .append_turn(&conversation, &turn("w"), 0)
        .await
        .expect_err("it is there");
    journal
        .enqueue(&[job(&acme, run(1), 0)])
        .await
        .expect("it is recognized");
    assert_eq!(
        journal.lease(10, Duration::ZERO).await.expect("it answers").len(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_can_be_delayed_and_calls_are_told_apart() {
    let journal = journal();
    let delay = Fault::Delay(Duration::from_secs(5));
    let script = Arc::new(Script {
        before: Some(("has_result", delay)),
        ..Script::default()
    });
    journal.set_faults(Some(Arc::clone(&script) as Arc<dyn Faults>));
    let worker = journal.connection("worker-1");
    let start = Instant::now();
    worker
        .has_result(&key(&org("acme"), run(1), 7))
        .await
        .expect("it answers");
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    journal.org_tail(&org("acme")).await.expect("it answers");
    let subject = crate::subject::result(&key(&org("acme"), run(1), 7));
    let calls = script.calls.lock().expect("no panic").clone();
    assert_eq!(
        calls,
        [
            format!("0 worker-1 has_result {subject}"),
            "1  org_tail acme".to_owned()
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_worker_loses_its_leases_only() {
    let journal = journal();
    let acme = org("acme");
    let (lost, alive) = (journal.connection("lost"), journal.connection("alive"));
    journal
        .enqueue(&[job(&acme, run(1), 0), job(&acme, run(1), 1)])
        .await
        .expect("jobs are taken");
    let held = lost.lease(1, Duration::ZERO).await.expect("a job comes");
    let kept = alive.lease(1, Duration::ZERO).await.expect("a job comes");
    lost.expire_leases();
    let again = alive.lease(10, Duration::ZERO).await.expect("a job comes");
    assert_eq!(again.len(), 1);
    assert_eq!((again[0].job(), again[0].deliveries()), (held[0].job(), 2));
    assert_ne!(kept[0].job(), again[0].job());
}

#[tokio::test(start_paused = true)]
async fn a_cut_connection_is_cut_both_ways() {
    let journal = journal();
    let acme = org("acme");
    let partitioned = journal.connection("partitioned");
    let mut events = partitioned
        .subscribe_events(0)
        .await
        .expect("the log can be followed");
    let mut cancelled = partitioned
        .watch_cancelled()
        .await
        .expect("cancellations can be watched");
    partitioned.set_cut(true);
    let error = partitioned.org_tail(&acme).await.expect_err("it is cut");
    assert!(matches!(error, JournalError::Unreachable { .. }), "{error}");
    assert!(partitioned.lease(1, Duration::from_secs(1)).await.is_err());
    journal
        .append(&[commit(&acme, 1, "one")], 0)
        .await
        .expect("others go on");
    journal.tell_cancelled(&acme, run(1)).await.expect("others go on");
    assert!(timeout(Duration::from_secs(60), events.next()).await.is_err());
    assert!(timeout(Duration::from_secs(60), cancelled.next()).await.is_err());
    partitioned.set_cut(false);
    assert_eq!(
        events
            .next()
            .await
            .expect("it goes on")
            .expect("it is well")
            .sequence,
        1
    );
    journal
        .tell_cancelled(&acme, run(2))
        .await
        .expect("it can be told");
    let heard = cancelled.next().await.expect("it goes on").expect("it is well");
    assert_eq!(heard, (acme, run(2)), "what was told in between is lost");
}

#[tokio::test(start_paused = true)]
async fn repetitions_are_recognized_for_two_minutes() {
    let journal = journal();
    let acme = org("acme");
    let one = [commit(&acme, 1, "one")];
    journal.append(&one, 0).await.expect("nothing was there");
    journal
        .enqueue(&[job(&acme, run(1), 0)])
        .await
        .expect("jobs are taken");
    let leases = journal.lease(1, Duration::ZERO).await.expect("a job comes");
    leases[0].done().await.expect("it can be done");
    advance(Duration::from_secs(119)).await;
    journal
        .enqueue(&[job(&acme, run(1), 0)])
        .await
        .expect("it is recognized");
    assert!(
        journal
            .lease(1, Duration::ZERO)
            .await
            .expect("it answers")
            .is_empty()
    );
    // Like the server, a refused repetition does not count as another occasion to remember; the time has run since the first.
    advance(Duration::from_secs(2)).await;
    journal
        .enqueue(&[job(&acme, run(1), 0)])
        .await
        .expect("it is a new one");
    assert_eq!(
        journal.lease(1, Duration::ZERO).await.expect("it answers").len(),
        1
    );
    // A command is still found where it stands after the state that it was decided on.
    assert!(journal.append(&one, 0).await.expect("it is found").duplicate);
    assert!(
        !journal
            .append(&one, 1)
            .await
            .expect("nobody remembers it")
            .duplicate
    );
}

#[tokio::test(start_paused = true)]
async fn a_lead_lasts_from_when_it_was_asked_for() {
    let journal = journal();
    let ttl = Duration::from_secs(10);
    let delay = Fault::Delay(Duration::from_secs(8));
    journal.set_faults(Some(Arc::new(Script {
        before: Some(("lead", delay)),
        ..Script::default()
    })));
    assert_eq!(
        journal.lead("l", "slow", ttl).await.expect("it answers"),
        LeaseState::Held
    );
    journal.set_faults(None);
    assert_eq!(
        journal.lead("l", "b", ttl).await.expect("it answers"),
        LeaseState::HeldBy("slow".to_owned())
    );
    advance(Duration::from_secs(3)).await;
    assert_eq!(
        journal.lead("l", "b", ttl).await.expect("it answers"),
        LeaseState::Held
    );
}

#[tokio::test(start_paused = true)]
async fn the_clock_goes_with_tokio() {
    let journal = MemoryJournal::with(MemoryOptions {
        epoch: model::Time::from_micros(5),
        ..MemoryOptions::default()
    });
    advance(Duration::from_secs(2)).await;
    assert_eq!(journal.now(), model::Time::from_micros(2_000_005));
}
