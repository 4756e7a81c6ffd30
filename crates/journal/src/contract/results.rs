//! Results: exactly one for each conversation.

use std::{collections::BTreeSet, sync::Arc};

use futures::{StreamExt as _, future};

use super::fixtures::{key, org, result, run};
use crate::{Journal, Published};

/// The first result stands; every further one is told so, however close it comes.
pub async fn one_result_for_each_conversation(journal: Arc<dyn Journal>) {
    let org = org("acme");
    let conversation = key(&org, run(1), 0);
    assert!(
        !journal
            .has_result(&conversation)
            .await
            .expect("it can be looked for")
    );
    assert_eq!(
        journal.result(&conversation).await.expect("it can be looked for"),
        None
    );
    let publish = async |n, worker: &str| {
        journal
            .publish_result(&org, &result(run(1), n, worker))
            .await
            .expect("a result is taken or there")
    };
    assert_eq!(publish(0, "first").await, Published::Stored(1));
    assert_eq!(publish(0, "second").await, Published::AlreadyThere);
    assert_eq!(publish(0, "first").await, Published::AlreadyThere);
    assert!(
        journal
            .has_result(&conversation)
            .await
            .expect("it can be looked for")
    );
    let stored = journal
        .result(&conversation)
        .await
        .expect("it can be read")
        .expect("it is there");
    assert_eq!((stored.sequence, stored.value), (1, result(run(1), 0, "first")));

    // Eight publish results of the same conversations at once.
    let workers: Vec<String> = (0..8).map(|worker| format!("w{worker}")).collect();
    let attempts = workers.iter().flat_map(|worker| (1..6).map(move |n| (n, worker)));
    let outcomes = future::join_all(attempts.map(|(n, worker)| {
        let publish = &publish;
        async move { (n, worker, publish(n, worker).await) }
    }));
    let mut winners = BTreeSet::new();
    for (n, worker, outcome) in outcomes.await {
        if let Published::Stored(sequence) = outcome {
            let stored = journal
                .result(&key(&org, run(1), n))
                .await
                .expect("it can be read")
                .expect("it is there");
            assert_eq!((stored.sequence, &stored.value.worker), (sequence, worker));
            assert!(winners.insert(n), "conversation {n} has two results");
        }
    }
    assert_eq!(winners, BTreeSet::from([1, 2, 3, 4, 5]));
}

/// A run's results are read completely, and nothing else, and the reading ends.
pub async fn many_results_are_read_to_the_end(journal: Arc<dyn Journal>) {
    const N_RESULTS: u32 = 600;
    let (acme, other) = (org("acme"), org("other"));
    let read = async |org, run| {
        let results = journal
            .run_results(org, run)
            .await
            .expect("the results can be read");
        let results = results
            .map(|stored| stored.expect("a result can be read").value)
            .collect::<Vec<_>>();
        let results = tokio::time::timeout(super::SOON, results)
            .await
            .expect("the reading ends");
        results.into_iter().map(|result| result.n).collect::<Vec<_>>()
    };
    assert_eq!(read(&acme, run(1)).await, Vec::<u32>::new());
    let mine = (0..N_RESULTS).map(|n| (&acme, run(1), n));
    let others = [(&acme, run(2), 1), (&other, run(1), 2)];
    let published = future::join_all(mine.chain(others).map(|(org, run, n)| {
        let journal = Arc::clone(&journal);
        let result = result(run, n, "worker");
        async move {
            journal
                .publish_result(org, &result)
                .await
                .expect("a result is taken")
        }
    }));
    assert!(
        published
            .await
            .into_iter()
            .all(|outcome| matches!(outcome, Published::Stored(_)))
    );
    let mut numbers = read(&acme, run(1)).await;
    numbers.sort_unstable();
    assert_eq!(numbers, (0..N_RESULTS).collect::<Vec<_>>());
    assert_eq!(read(&acme, run(2)).await, [1]);
    assert_eq!(read(&other, run(1)).await, [2]);
    assert_eq!(read(&other, run(2)).await, Vec::<u32>::new());
}
