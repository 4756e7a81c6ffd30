//! Subscriptions: everything from a sequence on, in order, and then what comes.

use std::{sync::Arc, time::Duration};

use futures::StreamExt as _;

use super::fixtures::{commit, commits, next, nothing_comes, org, result, run};
use crate::{Journal, JournalError, Published, RunCount};

/// What was there comes first, then what is appended, of every organization, without a gap.
pub async fn event_subscriptions_stay_live(journal: Arc<dyn Journal>) {
    let (acme, other) = (org("acme"), org("other"));
    let mut from_empty = journal
        .subscribe_events(0)
        .await
        .expect("an empty log can be followed");
    journal
        .append(&commits(&acme, 0..3, "one"), 0)
        .await
        .expect("nothing was there");
    journal
        .append(&[commit(&other, 1, "two")], 0)
        .await
        .expect("nothing was there");
    let mut from_start = journal
        .subscribe_events(0)
        .await
        .expect("the log can be followed");
    let mut from_checkpoint = journal
        .subscribe_events(3)
        .await
        .expect("the log can be followed");
    let mut from_end = journal
        .subscribe_events(4)
        .await
        .expect("the log can be followed");
    for sequence in 1..=4 {
        for subscription in [&mut from_empty, &mut from_start] {
            assert_eq!(next(subscription).await.sequence, sequence);
        }
    }
    let recorded = next(&mut from_checkpoint).await;
    assert_eq!(
        (recorded.sequence, recorded.commit),
        (4, commit(&other, 1, "two"))
    );
    nothing_comes(&mut from_end, Duration::from_millis(50)).await;
    journal
        .append(&commits(&other, 5..7, "three"), 4)
        .await
        .expect("it follows");
    for subscription in [
        &mut from_empty,
        &mut from_start,
        &mut from_checkpoint,
        &mut from_end,
    ] {
        for (sequence, expected) in (5..).zip(commits(&other, 5..7, "three")) {
            let recorded = next(subscription).await;
            assert_eq!((recorded.sequence, recorded.commit), (sequence, expected));
        }
    }
}

/// As for events; refused results leave no gap.
pub async fn result_subscriptions_stay_live(journal: Arc<dyn Journal>) {
    let org = org("acme");
    let mut results = journal
        .subscribe_results(0)
        .await
        .expect("an empty log can be followed");
    for n in 0..3 {
        for worker in ["first", "second"] {
            journal
                .publish_result(&org, &result(run(1), n, worker))
                .await
                .expect("a result is taken or there");
        }
    }
    let mut counts = journal
        .subscribe_result_counts(1)
        .await
        .expect("the log can be followed");
    for n in 0..3 {
        let (found, stored) = next(&mut results).await;
        assert_eq!((found, stored.sequence), (org.clone(), u64::from(n) + 1));
        assert_eq!(stored.value, result(run(1), n, "first"));
    }
    let count = |n, number| RunCount {
        org: org.clone(),
        run: run(number),
        n,
        sequence: 0,
    };
    for (n, sequence) in [(1, 2), (2, 3)] {
        assert_eq!(
            next(&mut counts).await,
            RunCount {
                sequence,
                ..count(n, 1)
            }
        );
    }
    let outcome = journal
        .publish_result(&org, &result(run(2), 7, "first"))
        .await
        .expect("it is the first");
    assert_eq!(outcome, Published::Stored(4));
    assert_eq!(
        next(&mut counts).await,
        RunCount {
            sequence: 4,
            ..count(7, 2)
        }
    );
    assert_eq!(next(&mut results).await.1.sequence, 4);
}

/// Whoever has read more than there is has read another log.
pub async fn subscriptions_from_beyond_the_end_fail(journal: Arc<dyn Journal>) {
    let org = org("acme");
    journal
        .append(&[commit(&org, 1, "one")], 0)
        .await
        .expect("nothing was there");
    let outcomes = [
        journal
            .subscribe_events(2)
            .await
            .map(|subscription| subscription.map(|_item| ()).boxed()),
        journal
            .subscribe_results(1)
            .await
            .map(|subscription| subscription.map(|_item| ()).boxed()),
        journal
            .subscribe_result_counts(1)
            .await
            .map(|subscription| subscription.map(|_item| ()).boxed()),
    ];
    for outcome in outcomes {
        let error = outcome.err().expect("the log is shorter than that");
        assert!(matches!(error, JournalError::Discontinuous { .. }), "{error}");
    }
}
