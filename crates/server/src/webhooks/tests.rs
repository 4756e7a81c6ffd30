//! Sending, over a journal in memory and in paused time: who is told what, when, how often, and what is kept of it.

mod faults;
mod world;

use std::time::Duration;

use journal::MemoryJournal;
use model::{DeliveryStatus, Event, SECRET_OVERLAP_MS, WebhookDestinationUpdated, WebhookType};
use serde_json::{Value, json};
use tokio::time::sleep;
use world::{Answer, World, destination, hasher};

use super::sign;

#[tokio::test(start_paused = true)]
async fn a_completed_run_is_told_once_signed_and_recorded() {
    let world = World::new();
    world.create(1, &[WebhookType::RunCompleted], 3).await;
    world.create(2, &[WebhookType::ApiKeyExpirationSoon], 3).await;
    let server = world.server("one").await;
    world.complete(1).await;
    world.create(3, &[WebhookType::RunCompleted], 3).await;
    sleep(Duration::from_secs(200)).await;

    let seen = world.receiver.seen();
    assert_eq!(
        seen.len(),
        1,
        "neither one that accepts something else nor one that was made later is told: {seen:?}"
    );
    let told = &seen[0];
    assert_eq!(told.url, "https://one.example/1");
    let body: Value = serde_json::from_str(&told.body).unwrap();
    let run = world::run(1).to_string();
    assert_eq!(body["type"], "rehearse-run-completed");
    assert_eq!(body["org_id"], "acme");
    assert_eq!(body["simulation_unit_test_set_run_id"], run);
    assert_eq!(body["simulation_unit_test_set_id"], world::set().to_string());
    assert_eq!(body["simulation_unit_test_set_name"], "all");
    assert_eq!(body["verdict"], "failed");
    assert_eq!(
        body["tally"],
        json!({"planned": 2, "passed": 1, "failed": 1, "invalid": 0, "errored": 0, "cancelled": 0})
    );
    assert_eq!(body["artifact"]["size_bytes"], 9);

    let secret = hasher().derive_secret("webhook", &[&world::salt(1)]);
    let timestamp = told.header(sign::TIMESTAMP).unwrap();
    assert_eq!(
        told.header(sign::SIGNATURE),
        Some(sign::signature(&secret, &timestamp, &told.body))
    );
    assert_eq!(told.header(sign::PREVIOUS_SIGNATURE), None);

    let kept = world.deliveries(1).await;
    assert_eq!(kept.len(), 1);
    assert_eq!(Some(kept[0].id.to_string()), told.header(sign::IDEMPOTENT_KEY));
    assert_eq!(kept[0].status, DeliveryStatus::Success);
    assert_eq!(kept[0].body, told.body);
    assert_eq!(kept[0].attempts.len(), 1);
    assert_eq!(kept[0].attempts[0].status_code, 200);
    assert!(!kept[0].dual_signed);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_attempt_is_repeated_at_its_time() {
    let world = World::new();
    world.create(1, &[WebhookType::RunCompleted], 5).await;
    let _server = world.server("one").await;
    world.receiver.answer(&[
        Answer::Status(500),
        Answer::Refused,
        Answer::Status(302),
        Answer::Silence,
        Answer::Status(404),
        Answer::Status(204),
    ]);
    world.complete(1).await;
    sleep(Duration::from_secs(200)).await;
    // The silent one takes ten seconds.
    assert_eq!(world.receiver.times(), [0, 5, 15, 35, 65, 85]);
    let seen = world.receiver.seen();
    let keys: Vec<_> = seen
        .iter()
        .map(|told| told.header(sign::IDEMPOTENT_KEY))
        .collect();
    assert!(
        keys.iter().all(|key| key.is_some() && *key == keys[0]),
        "{keys:?}"
    );
    let times: std::collections::BTreeSet<_> = seen
        .iter()
        .map(|told| told.header(sign::TIMESTAMP).unwrap())
        .collect();
    assert_eq!(times.len(), 6, "each attempt has a time of its own");
    assert!(seen.iter().all(|told| told.body == seen[0].body));
    let kept = world.deliveries(1).await;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].status, DeliveryStatus::Success);
    let codes: Vec<_> = kept[0].attempts.iter().map(|one| one.status_code).collect();
    assert_eq!(codes, [500, 0, 302, 0, 404, 204]);
    assert_eq!(kept[0].attempts[1].failure.as_deref(), Some("connection refused"));
    assert_eq!(
        kept[0].attempts[3].failure.as_deref(),
        Some("no answer within 10s")
    );
    assert_eq!(kept[0].attempts[0].failure, None);
}

#[tokio::test(start_paused = true)]
async fn no_more_attempts_are_made_than_the_destination_allows() {
    let world = World::new();
    world.create(1, &[WebhookType::RunCompleted], 1).await;
    let _server = world.server("one").await;
    world.receiver.answer(&[Answer::Status(500), Answer::Status(503)]);
    world.complete(1).await;
    sleep(Duration::from_secs(200)).await;
    assert_eq!(world.receiver.times(), [0, 5]);
    let kept = world.deliveries(1).await;
    assert_eq!(
        (kept[0].status, kept[0].attempts.len()),
        (DeliveryStatus::Failed, 2)
    );

    // Fewer retries in the middle of a delivery end it.
    let world = World::new();
    world.create(1, &[WebhookType::RunCompleted], 5).await;
    let _server = world.server("one").await;
    world.receiver.answer(&[Answer::Status(500); 6]);
    world.complete(1).await;
    sleep(Duration::from_secs(7)).await;
    let fewer = WebhookDestinationUpdated {
        accepted_types: [WebhookType::RunCompleted].into(),
        retry_attempts: 1,
    };
    world.change(1, Event::WebhookDestinationUpdated(fewer)).await;
    sleep(Duration::from_secs(200)).await;
    assert_eq!(world.receiver.times(), [0, 5]);
    let kept = world.deliveries(1).await;
    assert_eq!(
        (kept[0].status, kept[0].attempts.len()),
        (DeliveryStatus::Failed, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_is_deleted_is_told_nothing_more() {
    let world = World::new();
    world.create(1, &[WebhookType::RunCompleted], 5).await;
    let _server = world.server("one").await;
    world.receiver.answer(&[Answer::Status(500); 6]);
    world.complete(1).await;
    sleep(Duration::from_secs(7)).await;
    world.change(1, Event::WebhookDestinationDeleted(())).await;
    world.complete(2).await;
    sleep(Duration::from_secs(200)).await;
    assert_eq!(world.receiver.times(), [0, 5]);
    assert!(world.deliveries(1).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn for_half_an_hour_both_secrets_sign() {
    let world = World::new();
    world.create(1, &[WebhookType::RunCompleted], 5).await;
    let _server = world.server("one").await;
    world.rotate(1).await;
    world.complete(1).await;
    sleep(Duration::from_millis(SECRET_OVERLAP_MS)).await;
    world.complete(2).await;
    sleep(Duration::from_secs(60)).await;
    let secret = |salt: [u8; 32]| hasher().derive_secret("webhook", &[&salt]);
    let seen = world.receiver.seen();
    let signed = |index: usize, secret: &str| {
        let told: &world::Seen = &seen[index];
        let timestamp = told.header(sign::TIMESTAMP).unwrap();
        Some(sign::signature(secret, &timestamp, &told.body))
    };
    assert_eq!(seen.len(), 2);
    let (new, old) = (secret(world::new_salt(1)), secret(world::salt(1)));
    assert_eq!(seen[0].header(sign::SIGNATURE), signed(0, &new));
    assert_eq!(seen[0].header(sign::PREVIOUS_SIGNATURE), signed(0, &old));
    assert_eq!(seen[1].header(sign::SIGNATURE), signed(1, &new));
    assert_eq!(seen[1].header(sign::PREVIOUS_SIGNATURE), None);
    let kept = world.deliveries(1).await;
    let dual: Vec<_> = kept.iter().map(|delivery| delivery.dual_signed).collect();
    assert_eq!(dual, [false, true], "newest first");
}

#[tokio::test(start_paused = true)]
async fn a_destination_is_told_in_order_and_waits_for_no_other() {
    let world = World::new();
    world.create(1, &[WebhookType::RunCompleted], 1).await;
    world.create(2, &[WebhookType::RunCompleted], 1).await;
    let _server = world.server("one").await;
    world.receiver.refuse("https://one.example/1");
    for number in 1..=3 {
        world.complete(number).await;
    }
    sleep(Duration::from_secs(200)).await;
    let told = |url: &str| {
        let seen = world.receiver.seen();
        let to = seen.iter().filter(|told| told.url == url);
        to.map(|told| (told.run(), told.at.as_secs())).collect::<Vec<_>>()
    };
    let run = |number| world::run(number).to_string();
    let expected = [
        (run(1), 0),
        (run(1), 5),
        (run(2), 5),
        (run(2), 10),
        (run(3), 10),
        (run(3), 15),
    ];
    assert_eq!(told("https://one.example/1"), expected);
    assert_eq!(
        told("https://one.example/2"),
        [(run(1), 0), (run(2), 0), (run(3), 0)]
    );
    assert_eq!(destination(1), world.deliveries(1).await[0].destination);
}

#[tokio::test(start_paused = true)]
async fn what_is_older_than_deliveries_are_kept_is_not_told() {
    let world = World::on(MemoryJournal::new());
    world.create(1, &[WebhookType::RunCompleted], 1).await;
    world.complete(1).await;
    sleep(journal::DELIVERIES_MAX_AGE + Duration::from_secs(1)).await;
    world.complete(2).await;
    let _server = world.server("one").await;
    sleep(Duration::from_secs(60)).await;
    let seen = world.receiver.seen();
    let told: Vec<_> = seen.iter().map(world::Seen::run).collect();
    assert_eq!(told, [world::run(2).to_string()]);
}
