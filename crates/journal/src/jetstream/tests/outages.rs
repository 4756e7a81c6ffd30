//! A server that is killed and comes back: nothing acknowledged is lost, nothing is doubled, and everyone goes on.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures::StreamExt as _;
use model::JobFailure;
use testkit::nats::NatsServer;
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use super::{connect, raw};
use crate::{
    AppendError, JetStream, Journal, JournalError, LogName, Published,
    contract::{commits, job, key, org, result, run, turn},
};

const WAIT: Duration = Duration::from_secs(60);

/// Kills the server and starts it again, three times, each time once `progress` has gone on by `steps`.
async fn trouble(server: Arc<NatsServer>, mut progress: watch::Receiver<u64>, steps: u64) {
    for _ in 0..3 {
        let goal = *progress.borrow() + steps;
        progress
            .wait_for(|done| *done >= goal)
            .await
            .expect("the worker goes on");
        let server = Arc::clone(&server);
        tokio::task::spawn_blocking(move || server.restart())
            .await
            .expect("the server comes back");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_ride_out_restarts() {
    let server = Arc::new(NatsServer::start());
    let journal = connect(&server).await;
    let org = org("acme");
    let mut follower = journal
        .subscribe_events(0)
        .await
        .expect("the log can be followed");
    let progress = watch::Sender::new(0);
    let troubled = tokio::spawn(trouble(Arc::clone(&server), progress.subscribe(), 20));
    let (mut tail, mut n_appended) = (0, 0);
    while !troubled.is_finished() || n_appended < 80 {
        // Singles and batches in turn.
        let width = 1 + 3 * (n_appended % 2);
        let batch = commits(&org, 0..width, &format!("c{n_appended}"));
        let appended = journal
            .append(&batch, tail)
            .await
            .expect("it rides the outage out");
        assert_eq!((appended.first, appended.last), (tail + 1, tail + width));
        (tail, n_appended) = (appended.last, n_appended + 1);
        progress.send_replace(n_appended);
    }
    troubled.await.expect("no panic");
    let info = journal.info(LogName::Events).await.expect("the log answers");
    assert_eq!(info.last_sequence, tail, "nothing was doubled");
    let mut commands = BTreeSet::new();
    for sequence in 1..=tail {
        let item = timeout(WAIT, follower.next())
            .await
            .expect("it goes on")
            .expect("it goes on");
        let recorded = item.expect("it is contiguous");
        assert_eq!(recorded.sequence, sequence);
        commands.insert(recorded.commit.meta.command_id);
    }
    assert_eq!(commands.len() as u64, n_appended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_ride_out_restarts() {
    const N_WORKERS: u32 = 16;
    let server = Arc::new(NatsServer::start());
    let journal = connect(&server).await;
    let org = org("acme");
    let mut counts = journal
        .subscribe_result_counts(0)
        .await
        .expect("the log can be followed");
    let progress = Arc::new(watch::Sender::new(0));
    let troubled = tokio::spawn(trouble(Arc::clone(&server), progress.subscribe(), 200));
    let stop = watch::Sender::new(false);
    let workers: Vec<_> = (0..N_WORKERS)
        .map(|worker| {
            let (journal, org, progress, stop) = (
                journal.clone(),
                org.clone(),
                Arc::clone(&progress),
                stop.subscribe(),
            );
            tokio::spawn(async move {
                let mut held = Vec::new();
                while !*stop.borrow() {
                    let n = worker + N_WORKERS * u32::try_from(held.len()).expect("few");
                    let conversation = key(&org, run(1), n);
                    let mut last = 0;
                    for number in 0..3 {
                        let record = turn(&number.to_string());
                        last = journal
                            .append_turn(&conversation, &record, last)
                            .await
                            .expect("it rides it out");
                    }
                    let outcome = journal.publish_result(&org, &result(run(1), n, "w")).await;
                    assert!(matches!(outcome, Ok(Published::Stored(_))), "{outcome:?}");
                    held.push((conversation, last));
                    progress.send_modify(|done| *done += 1);
                }
                held
            })
        })
        .collect();
    troubled.await.expect("no panic");
    stop.send_replace(true);
    let mut n_held = 0;
    for worker in workers {
        for (conversation, last) in worker.await.expect("no panic") {
            let (records, found) = journal.turns(&conversation).await.expect("it can be read");
            assert_eq!(
                (records, found),
                ((0..3).map(|number| turn(&number.to_string())).collect(), last)
            );
            n_held += 1;
        }
    }
    for sequence in 1..=n_held {
        let count = timeout(WAIT, counts.next())
            .await
            .expect("it goes on")
            .expect("it goes on");
        assert_eq!(count.expect("it is contiguous").sequence, sequence);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_survive_a_restart_wherever_they_are() {
    let server = NatsServer::start();
    let journal = connect(&server).await;
    let org = org("acme");
    journal
        .enqueue(&(0..3).map(|n| job(&org, run(1), n)).collect::<Vec<_>>())
        .await
        .expect("jobs are taken");
    let leases = journal.lease(2, WAIT).await.expect("jobs come");
    let mut again = leases[0].job().clone();
    again.failures.push(JobFailure {
        worker: "w".to_owned(),
        at: model::Time::default(),
        cause: "c".to_owned(),
    });
    let at = crate::MemoryOptions::default().epoch.plus_millis(1500);
    leases[0]
        .retry(again.clone(), at)
        .await
        .expect("a job can be scheduled");
    let server = tokio::task::spawn_blocking(move || {
        server.restart();
        server
    })
    .await
    .expect("the server comes back");
    leases[1].done().await.expect("what was held can be done");
    let found = journal
        .in_flight(&org, run(1))
        .await
        .expect("the queue can be looked at");
    assert_eq!(found.len(), 2);
    let mut seen = Vec::new();
    let start = Instant::now();
    while seen.len() < 2 {
        assert!(start.elapsed() < WAIT, "{seen:?}");
        // A pull that the restart cut off says so.
        for lease in journal.lease(1, Duration::from_secs(5)).await.unwrap_or_default() {
            lease.done().await.expect("it can be done");
            seen.push(lease.job().clone());
        }
    }
    assert!(seen.contains(&again), "{seen:?}");
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_without_end_is_told() {
    let server = NatsServer::start();
    let journal = connect(&server).await;
    server.kill();
    let start = Instant::now();
    let outcome = journal.append(&commits(&org("acme"), 0..1, "one"), 0).await;
    assert!(
        matches!(
            outcome,
            Err(AppendError::Journal(JournalError::Unreachable { .. }))
        ),
        "{outcome:?}"
    );
    assert!(
        start.elapsed() >= Duration::from_secs(10),
        "it tries for a while: {:?}",
        start.elapsed()
    );
    let error = journal
        .tell_cancelled(&org("acme"), run(1))
        .await
        .expect_err("nobody is there");
    assert!(error.retryable(), "{error}");
}

async fn first_error<T>(subscription: Result<crate::Subscription<T>, JournalError>) -> JournalError {
    let mut subscription = match subscription {
        Ok(subscription) => subscription,
        Err(error) => return error,
    };
    loop {
        let item = timeout(WAIT, subscription.next())
            .await
            .expect("it ends")
            .expect("it ends with an error");
        if let Err(error) = item {
            assert!(subscription.next().await.is_none(), "nothing follows an error");
            return error;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_not_the_same_any_more_is_noticed() {
    let server = NatsServer::start();
    let journal: JetStream = connect(&server).await;
    let org = org("acme");
    for n in 0..3 {
        journal
            .publish_result(&org, &result(run(1), n, "w"))
            .await
            .expect("it is taken");
    }
    let raw = raw(&server).await;
    // Someone removes a message.
    raw.get_stream("RESULTS")
        .await
        .expect("it exists")
        .delete_message(2)
        .await
        .expect("it can be removed");
    let error = first_error(journal.subscribe_results(0).await).await;
    assert!(matches!(error, JournalError::Discontinuous { .. }), "{error}");
    let mut rest = journal.subscribe_results(2).await.expect("what follows is whole");
    assert_eq!(
        rest.next()
            .await
            .expect("there is one")
            .expect("it can be read")
            .1
            .sequence,
        3
    );
    raw.get_stream("RESULTS")
        .await
        .expect("it exists")
        .purge()
        .await
        .expect("it can be purged");
    let error = first_error(journal.subscribe_results(0).await).await;
    assert!(matches!(error, JournalError::Discontinuous { .. }), "{error}");

    // Someone makes it anew, under a reader.
    journal
        .append(&commits(&org, 0..5, "one"), 0)
        .await
        .expect("nothing was there");
    let following = journal.subscribe_events(5).await;
    raw.delete_stream("EVENTS").await.expect("it can be deleted");
    let config = super::super::streams::definitions(&super::options(), 1).remove(0);
    raw.create_stream(config).await.expect("it can be made");
    let server = tokio::task::spawn_blocking(move || {
        server.restart();
        server
    })
    .await
    .expect("the server comes back");
    let error = first_error(following).await;
    assert!(matches!(error, JournalError::Discontinuous { .. }), "{error}");
    drop(server);
}
