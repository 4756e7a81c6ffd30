//! Leads: one at a time.

use std::{sync::Arc, time::Duration};

use futures::future;
use tokio::time::{Instant, sleep, timeout};

use crate::{Journal, JournalError, LeaseState};

const TTL: Duration = Duration::from_secs(2);

/// One holds the lead until it gives it back or falls silent.
pub async fn one_leads_at_a_time(journal: Arc<dyn Journal>) {
    let lead = async |holder: &str| {
        journal
            .lead("dispatcher", holder, TTL)
            .await
            .expect("the lead can be asked for")
    };
    let held_by = |holder: &str| LeaseState::HeldBy(holder.to_owned());
    assert_eq!(lead("a").await, LeaseState::Held);
    assert_eq!(lead("b").await, held_by("a"));
    assert_eq!(lead("a").await, LeaseState::Held, "a holder keeps it");
    let other = journal
        .lead("aggregator", "b", TTL)
        .await
        .expect("the lead can be asked for");
    assert_eq!(other, LeaseState::Held, "another name is another lead");

    // Given back, by its holder only.
    journal
        .resign("dispatcher", "b")
        .await
        .expect("giving back what one does not hold is nothing");
    assert_eq!(lead("b").await, held_by("a"));
    journal
        .resign("dispatcher", "a")
        .await
        .expect("it can be given back");
    assert_eq!(lead("b").await, LeaseState::Held);
    assert_eq!(lead("a").await, held_by("b"));

    // The holder falls silent.
    let silent_since = Instant::now();
    let taken_over = async {
        while lead("c").await != LeaseState::Held {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(super::SOON, taken_over)
        .await
        .expect("a silent holder loses the lead");
    assert!(
        silent_since.elapsed() >= TTL - Duration::from_millis(300),
        "{:?}",
        silent_since.elapsed()
    );
    assert_eq!(lead("b").await, held_by("c"));

    // Many ask at once for a lead that is free.
    let holders: Vec<String> = (0..8).map(|number| format!("h{number}")).collect();
    let asked = holders
        .iter()
        .map(|holder| journal.lead("contested", holder, TTL));
    let outcomes = future::join_all(asked)
        .await
        .into_iter()
        .map(|outcome| outcome.expect("the lead can be asked for"));
    let held = outcomes.filter(|state| *state == LeaseState::Held).count();
    assert_eq!(held, 1);

    for (name, holder, ttl) in [
        ("a.b", "a", TTL),
        ("a", "", TTL),
        ("a", "a", Duration::ZERO),
        ("a", "a", TTL * 1000),
    ] {
        let refused = journal.lead(name, holder, ttl).await;
        assert!(
            matches!(refused, Err(JournalError::Refused { .. })),
            "{name} {holder} {ttl:?}: {refused:?}"
        );
    }
}
