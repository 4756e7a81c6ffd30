//! Notices: to whoever listens.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::fixtures::{next, nothing_comes, org, run};
use crate::{Journal, Notice};

/// A notice reaches those who watch its run or its organization, and nobody else.
pub async fn notices_reach_their_watchers(journal: Arc<dyn Journal>) {
    let (acme, other) = (org("acme"), org("other"));
    let notice = |org: &model::OrgId, number, text: &'static str| Notice {
        org: org.clone(),
        run: run(number),
        payload: Bytes::from_static(text.as_bytes()),
    };
    journal
        .tell(notice(&acme, 1, "nobody listens"))
        .await
        .expect("it can be told");
    let mut one_run = journal
        .watch(&acme, Some(run(1)))
        .await
        .expect("a run can be watched");
    let mut all_runs = journal
        .watch(&acme, None)
        .await
        .expect("an organization can be watched");
    let mut others = journal
        .watch(&other, None)
        .await
        .expect("an organization can be watched");
    for notice in [
        notice(&acme, 2, "{}"),
        notice(&other, 1, "{}"),
        notice(&acme, 1, "{\"n\":1}"),
    ] {
        journal.tell(notice).await.expect("it can be told");
    }
    assert_eq!(next(&mut one_run).await, notice(&acme, 1, "{\"n\":1}"));
    assert_eq!(next(&mut all_runs).await, notice(&acme, 2, "{}"));
    assert_eq!(next(&mut all_runs).await, notice(&acme, 1, "{\"n\":1}"));
    assert_eq!(next(&mut others).await, notice(&other, 1, "{}"));
    for subscription in [&mut one_run, &mut all_runs, &mut others] {
        nothing_comes(subscription, Duration::from_millis(50)).await;
    }
}

/// Workers hear of cancelled runs.
pub async fn cancellations_are_told(journal: Arc<dyn Journal>) {
    let mut cancelled = journal
        .watch_cancelled()
        .await
        .expect("cancellations can be watched");
    let mut live = journal
        .watch(&org("acme"), None)
        .await
        .expect("an organization can be watched");
    journal
        .tell_cancelled(&org("acme"), run(1))
        .await
        .expect("it can be told");
    journal
        .tell_cancelled(&org("other"), run(2))
        .await
        .expect("it can be told");
    assert_eq!(next(&mut cancelled).await, (org("acme"), run(1)));
    assert_eq!(next(&mut cancelled).await, (org("other"), run(2)));
    nothing_comes(&mut live, Duration::from_millis(50)).await;
}
