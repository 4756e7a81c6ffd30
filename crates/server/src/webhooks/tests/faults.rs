//! Servers that are lost, and several at once.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use journal::{Call, Fault, Faults};
use model::WebhookType;
use tokio::time::sleep;

use super::world::{Answer, World};
use crate::webhooks::sign;

/// Loses every call of one operation on one connection.
struct Losing(&'static str, &'static str);

impl Faults for Losing {
    fn before(&self, call: Call<'_>) -> Fault {
        if (call.connection, call.operation) == (self.0, self.1) {
            Fault::Lost
        } else {
            Fault::None
        }
    }

    fn after(&self, _call: Call<'_>) -> Fault {
        Fault::None
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_told_and_not_recorded_is_told_again_under_the_same_key() {
    let world = World::new();
    world.create(1, &[WebhookType::RunCompleted], 3).await;
    let faults = Losing("one", "record_delivery");
    world.journal.set_faults(Some(Arc::new(faults)));
    let one = world.server("one").await;
    world.complete(1).await;
    sleep(Duration::from_secs(120)).await;
    assert_eq!(
        world.receiver.times(),
        [0],
        "it is not told again for want of a record, however long that takes"
    );
    one.crash();
    let _two = world.server("two").await;
    sleep(Duration::from_secs(120)).await;
    let seen = world.receiver.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(
        seen[0].header(sign::IDEMPOTENT_KEY),
        seen[1].header(sign::IDEMPOTENT_KEY)
    );
    assert_eq!(seen[0].body, seen[1].body);
    assert_eq!(world.deliveries(1).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_recorded_is_not_told_again() {
    let world = World::new();
    world.create(1, &[WebhookType::RunCompleted], 3).await;
    world.create(2, &[WebhookType::RunCompleted], 5).await;
    world.receiver.refuse("https://one.example/2");
    let one = world.server("one").await;
    world.complete(1).await;
    sleep(Duration::from_secs(3)).await;
    // The second destination is still being tried.
    assert_eq!(world.deliveries(1).await.len(), 1);
    one.crash();
    let _two = world.server("two").await;
    sleep(Duration::from_secs(300)).await;
    let seen = world.receiver.seen();
    let n_told = |url: &str| seen.iter().filter(|told| told.url == url).count();
    assert_eq!(n_told("https://one.example/1"), 1);
    assert_eq!(n_told("https://one.example/2"), 1 + 6, "from the beginning");
    assert_eq!(world.deliveries(2).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_end_that_was_not_heard_changes_nothing() {
    let world = World::new();
    world.create(1, &[WebhookType::RunCompleted], 3).await;
    world.journal.set_faults(Some(Arc::new(Losing("one", "done"))));
    let _one = world.server("one").await;
    world.complete(1).await;
    sleep(Duration::from_secs(300)).await;
    assert_eq!(world.receiver.times(), [0]);
    assert_eq!(world.deliveries(1).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn several_servers_share_the_work() {
    const N_RUNS: u8 = 20;
    let world = World::new();
    for number in 1..=2 {
        world.create(number, &[WebhookType::RunCompleted], 3).await;
    }
    let servers = [world.server("one").await, world.server("two").await];
    world.receiver.answer(&[Answer::Status(500); 3]);
    for number in 1..=N_RUNS {
        world.complete(number).await;
    }
    sleep(Duration::from_secs(300)).await;
    let keys: Vec<_> = world
        .receiver
        .seen()
        .iter()
        .map(|told| told.header(sign::IDEMPOTENT_KEY).unwrap())
        .collect();
    assert_eq!(keys.len(), usize::from(N_RUNS) * 2 + 3);
    assert_eq!(
        keys.into_iter().collect::<BTreeSet<_>>().len(),
        usize::from(N_RUNS) * 2
    );
    for number in 1..=2 {
        assert_eq!(world.deliveries(number).await.len(), usize::from(N_RUNS));
    }
    for server in servers {
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_away_for_a_while_is_waited_for() {
    let world = World::new();
    world.create(1, &[WebhookType::RunCompleted], 3).await;
    world.journal.set_faults(Some(Arc::new(Losing("one", "follow"))));
    let _one = world.server("one").await;
    world.complete(1).await;
    sleep(Duration::from_secs(30)).await;
    assert!(world.receiver.seen().is_empty());
    world.journal.set_faults(None);
    sleep(Duration::from_secs(30)).await;
    assert_eq!(world.receiver.seen().len(), 1);
}
