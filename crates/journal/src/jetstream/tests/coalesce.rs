//! Publishing together.

use std::collections::BTreeSet;

use futures::future;
use testkit::nats::NatsServer;

use super::connect;
use crate::{
    Journal, Published,
    contract::{key, org, result, run},
};

#[tokio::test]
async fn one_that_is_refused_does_not_fail_the_others() {
    const N_RESULTS: u32 = 150;
    let server = NatsServer::start();
    let journal = connect(&server).await;
    let org = org("acme");
    for n in [3, 50, 100] {
        journal
            .publish_result(&org, &result(run(1), n, "early"))
            .await
            .expect("it is taken");
    }
    let late: Vec<_> = (0..N_RESULTS).map(|n| result(run(1), n, "late")).collect();
    let outcomes = future::join_all(late.iter().map(|result| journal.publish_result(&org, result))).await;
    let mut sequences = BTreeSet::new();
    for (n, outcome) in (0..).zip(outcomes) {
        match outcome.expect("each has its answer") {
            Published::AlreadyThere => assert!([3, 50, 100].contains(&n), "{n}"),
            Published::Stored(sequence) => {
                let stored = journal
                    .result(&key(&org, run(1), n))
                    .await
                    .expect("it can be read");
                let stored = stored.expect("it is there");
                assert_eq!(
                    (stored.sequence, stored.value),
                    (sequence, result(run(1), n, "late"))
                );
                sequences.insert(sequence);
            }
        }
    }
    assert_eq!(
        sequences,
        (4..=u64::from(N_RESULTS)).collect(),
        "none is doubled and none left out"
    );
}
