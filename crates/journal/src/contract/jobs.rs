//! Jobs: handed out, lost, handed back, tried again, given up, purged.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use model::{DeadLetter, Job, JobFailure, Time};
use tokio::time::{Instant, timeout};

use super::{
    LEASE, SOON,
    fixtures::{AT, job, now, org, run},
};
use crate::{Journal, Lease};

async fn take(journal: &Arc<dyn Journal>, max: usize, wait: Duration) -> Vec<Box<dyn Lease>> {
    journal.lease(max, wait).await.expect("jobs can be asked for")
}

/// The one job that must come soon.
async fn take_one(journal: &Arc<dyn Journal>) -> Box<dyn Lease> {
    let mut leases = take(journal, 1, SOON).await;
    assert_eq!(leases.len(), 1, "a job comes");
    leases.remove(0)
}

async fn nothing_within(journal: &Arc<dyn Journal>, wait: Duration) {
    let leases = take(journal, 1, wait).await;
    let jobs: Vec<&Job> = leases.iter().map(|lease| lease.job()).collect();
    assert!(jobs.is_empty(), "{jobs:?} should not come");
}

async fn in_flight(journal: &Arc<dyn Journal>, number: u64) -> Vec<u32> {
    let found = journal
        .in_flight(&org("acme"), run(number))
        .await
        .expect("the queue can be looked at");
    found.into_iter().collect()
}

async fn enqueue(journal: &Arc<dyn Journal>, jobs: &[Job]) {
    journal.enqueue(jobs).await.expect("jobs are taken");
}

fn failed(job: &Job) -> Job {
    let mut job = job.clone();
    job.failures.push(JobFailure {
        worker: "w".to_owned(),
        at: AT,
        cause: "the agent is away".to_owned(),
    });
    job
}

/// Each job goes to one worker and is gone once it is done.
pub async fn jobs_are_handed_out_once(journal: Arc<dyn Journal>) {
    let org = org("acme");
    let jobs: Vec<Job> = (0..10).map(|n| job(&org, run(1), n)).collect();
    enqueue(&journal, &jobs).await;
    assert_eq!(in_flight(&journal, 1).await, (0..10).collect::<Vec<_>>());
    let mut leases = take(&journal, 4, SOON).await;
    assert_eq!(leases.len(), 4);
    leases.extend(take(&journal, 100, SOON).await);
    let seen: BTreeSet<u32> = leases.iter().map(|lease| lease.job().key.n).collect();
    assert_eq!((leases.len(), seen.len()), (10, 10));
    for lease in &leases {
        let n = usize::try_from(lease.job().key.n).expect("small");
        assert_eq!((lease.job(), lease.deliveries()), (&jobs[n], 1));
    }
    assert_eq!(
        in_flight(&journal, 1).await.len(),
        10,
        "jobs in workers' hands are in flight"
    );
    for lease in &leases {
        lease.done().await.expect("a job can be done");
    }
    assert_eq!(in_flight(&journal, 1).await, Vec::<u32>::new());
    nothing_within(&journal, Duration::from_millis(50)).await;
    leases[0].done().await.expect("done twice is done");
}

/// The same job enqueued again is not doubled, while it waits and shortly after it is done.
pub async fn enqueued_twice_is_once(journal: Arc<dyn Journal>) {
    let jobs = [job(&org("acme"), run(1), 0), job(&org("acme"), run(1), 1)];
    enqueue(&journal, &jobs[..1]).await;
    enqueue(&journal, &jobs).await;
    enqueue(&journal, &jobs).await;
    let leases = take(&journal, 10, SOON).await;
    assert_eq!(leases.len(), 2);
    for lease in &leases {
        lease.done().await.expect("a job can be done");
    }
    enqueue(&journal, &jobs).await;
    nothing_within(&journal, Duration::from_millis(50)).await;
    assert_eq!(in_flight(&journal, 1).await, Vec::<u32>::new());
}

/// Whoever asks gets the first job as soon as it comes, or nothing when the wait is over.
pub async fn leases_wait(journal: Arc<dyn Journal>) {
    let start = Instant::now();
    let wait = Duration::from_millis(300);
    nothing_within(&journal, wait).await;
    assert!(
        start.elapsed() >= wait - Duration::from_millis(1),
        "{:?}",
        start.elapsed()
    );
    assert!(take(&journal, 0, SOON).await.is_empty());
    let org = org("acme");
    let first = {
        let journal = Arc::clone(&journal);
        tokio::spawn(async move { take(&journal, 5, SOON).await })
    };
    enqueue(&journal, &[job(&org, run(1), 0)]).await;
    assert_eq!(first.await.expect("no panic").len(), 1);
    // Many wait; each gets one.
    let waiting: Vec<_> = (0..8)
        .map(|_| {
            let journal = Arc::clone(&journal);
            tokio::spawn(async move { take(&journal, 1, SOON).await.len() })
        })
        .collect();
    let start = Instant::now();
    enqueue(
        &journal,
        &(1..9).map(|n| job(&org, run(1), n)).collect::<Vec<_>>(),
    )
    .await;
    for worker in waiting {
        assert_eq!(worker.await.expect("no panic"), 1);
    }
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

/// A job whose worker falls silent comes back, not before its time is up.
pub async fn lost_leases_come_back(journal: Arc<dyn Journal>) {
    assert_eq!(journal.lease_duration(), LEASE);
    enqueue(&journal, &[job(&org("acme"), run(1), 0)]).await;
    let start = Instant::now();
    let lost = take_one(&journal).await;
    assert_eq!(lost.deliveries(), 1);
    drop(lost);
    let again = take_one(&journal).await;
    assert!(
        start.elapsed() >= LEASE - Duration::from_millis(100),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(again.deliveries(), 2);
    assert_eq!(again.job(), &job(&org("acme"), run(1), 0));
    again.done().await.expect("a job can be done");
    assert_eq!(in_flight(&journal, 1).await, Vec::<u32>::new());
}

/// A sign of life gives a job its whole time again.
pub async fn progress_prolongs(journal: Arc<dyn Journal>) {
    enqueue(&journal, &[job(&org("acme"), run(1), 0)]).await;
    let lease = take_one(&journal).await;
    let most_of_it = LEASE.mul_f64(0.6);
    for _ in 0..2 {
        nothing_within(&journal, most_of_it).await;
        lease.progress().await.expect("a sign of life is taken");
    }
    nothing_within(&journal, most_of_it).await;
    lease.done().await.expect("a job can be done");
    nothing_within(&journal, LEASE).await;
}

/// A job handed back is there at once, before those that nobody has had yet.
pub async fn released_jobs_come_back_at_once(journal: Arc<dyn Journal>) {
    let org = org("acme");
    enqueue(&journal, &[job(&org, run(1), 0), job(&org, run(1), 1)]).await;
    let lease = take_one(&journal).await;
    let n = lease.job().key.n;
    let start = Instant::now();
    lease.release().await.expect("a job can be handed back");
    let again = take_one(&journal).await;
    assert_eq!((again.job().key.n, again.deliveries()), (n, 2));
    assert!(start.elapsed() < LEASE, "{:?}", start.elapsed());
}

/// A job to be tried again waits until its time, in flight, with its failures; then it is handed out as a new one.
pub async fn retries_come_at_their_time(journal: Arc<dyn Journal>) {
    let org = org("acme");
    enqueue(&journal, &[job(&org, run(1), 0), job(&org, run(1), 1)]).await;
    let leases = take(&journal, 2, SOON).await;
    assert_eq!(leases.len(), 2);
    let start = Instant::now();
    let now = now();
    let delay = Duration::from_secs(2);
    let at = now.plus_millis(u64::try_from(delay.as_millis()).expect("small"));
    // One in two seconds, one at a time that is past.
    leases[0]
        .retry(failed(leases[0].job()), at)
        .await
        .expect("a job can be scheduled");
    let past = Time::from_micros(now.as_micros() - 10_000_000);
    leases[1]
        .retry(failed(leases[1].job()), past)
        .await
        .expect("a job can be scheduled");
    assert_eq!(in_flight(&journal, 1).await, [0, 1]);

    let first = take_one(&journal).await;
    assert_eq!(first.job(), &failed(leases[1].job()));
    let second = take_one(&journal).await;
    assert!(
        start.elapsed() >= delay - Duration::from_millis(50),
        "{:?}",
        start.elapsed()
    );
    assert_eq!((second.job(), second.deliveries()), (&failed(leases[0].job()), 1));
    assert_eq!(in_flight(&journal, 1).await, [0, 1]);
    first.done().await.expect("a job can be done");
    second.done().await.expect("a job can be done");
    assert_eq!(in_flight(&journal, 1).await, Vec::<u32>::new());
    nothing_within(&journal, LEASE).await;
}

/// A job that is given up is gone from the queue and kept with its failures.
pub async fn dead_letters_are_kept(journal: Arc<dyn Journal>) {
    let org = org("acme");
    assert_eq!(journal.dead_letters(0, 10).await.expect("there are none"), []);
    let jobs: Vec<Job> = (0..3).map(|n| job(&org, run(1), n)).collect();
    enqueue(&journal, &jobs).await;
    let leases = take(&journal, 3, SOON).await;
    assert_eq!(leases.len(), 3);
    for lease in &leases {
        let letter = DeadLetter {
            job: failed(lease.job()),
            at: AT,
        };
        lease.dead_letter(letter).await.expect("a job can be given up");
    }
    assert_eq!(in_flight(&journal, 1).await, Vec::<u32>::new());
    let letters = journal.dead_letters(0, 2).await.expect("the letters can be read");
    assert_eq!(letters.len(), 2);
    assert_eq!(
        letters[0].value,
        DeadLetter {
            job: failed(leases[0].job()),
            at: AT
        }
    );
    let rest = journal
        .dead_letters(letters[1].sequence, 10)
        .await
        .expect("the letters can be read");
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].value.job, failed(leases[2].job()));
    nothing_within(&journal, LEASE).await;
}

/// A run's jobs go, wherever they are; those who hold one are not disturbed; other runs stay.
pub async fn purged_jobs_are_gone(journal: Arc<dyn Journal>) {
    let org = org("acme");
    let jobs: Vec<Job> = (0..6).map(|n| job(&org, run(1), n)).collect();
    enqueue(&journal, &jobs).await;
    enqueue(&journal, &[job(&org, run(2), 0)]).await;
    let held = take(&journal, 4, SOON).await;
    assert_eq!(held.len(), 4);
    let later = now().plus_millis(1000);
    held[0]
        .retry(failed(held[0].job()), later)
        .await
        .expect("a job can be scheduled");
    journal
        .purge_jobs(&org, run(1))
        .await
        .expect("a run can be purged");
    assert_eq!(in_flight(&journal, 1).await, Vec::<u32>::new());
    assert_eq!(in_flight(&journal, 2).await, [0]);
    let quiet = async {
        held[1]
            .progress()
            .await
            .expect("a sign of life for nothing is nothing");
        held[1].done().await.expect("done with nothing is done");
        held[2].release().await.expect("nothing can be handed back");
    };
    timeout(SOON, quiet).await.expect("it ends");
    let other = take_one(&journal).await;
    assert_eq!(other.job().key.run, run(2));
    other.done().await.expect("a job can be done");
    nothing_within(&journal, LEASE + Duration::from_secs(1)).await;
}
