//! Webhook deliveries: one record for each.

use std::sync::Arc;

use model::{
    DeliveryAttempt, DeliveryStatus, WebhookDelivery, WebhookDestinationId, WebhookType, delivery_id,
};

use super::fixtures::{AT, oid, org};
use crate::{Journal, Published};

fn delivery(destination: WebhookDestinationId, event_sequence: u64, status_code: u16) -> WebhookDelivery {
    let attempt = DeliveryAttempt {
        at: AT,
        status_code,
        failure: None,
    };
    WebhookDelivery {
        id: delivery_id(destination, event_sequence),
        destination,
        event_sequence,
        of: WebhookType::RunCompleted,
        body: "{}".to_owned(),
        status: DeliveryStatus::Success,
        attempts: vec![attempt],
        dual_signed: false,
        created_at: AT,
    }
}

/// The first record of a delivery stands; those of one destination are read newest first, and nobody else's.
pub async fn deliveries_are_kept_once(journal: Arc<dyn Journal>) {
    const N_DELIVERIES: u64 = 300;
    let (acme, other) = (org("acme"), org("other"));
    let (one, two) = (WebhookDestinationId(oid(1)), WebhookDestinationId(oid(2)));
    let record = async |org, delivery: WebhookDelivery| {
        journal
            .record_delivery(org, &delivery)
            .await
            .expect("it is kept or there")
    };
    let read = async |org, destination| {
        let stored = journal
            .deliveries(org, destination)
            .await
            .expect("they can be read");
        stored
            .into_iter()
            .map(|stored| (stored.value.event_sequence, stored.value.attempts[0].status_code))
            .collect::<Vec<_>>()
    };
    let has = async |org, destination, sequence| {
        journal
            .has_delivery(org, destination, delivery_id(destination, sequence))
            .await
            .expect("it can be looked for")
    };
    assert_eq!(read(&acme, one).await, []);
    assert!(!has(&acme, one, 7).await);
    assert_eq!(record(&acme, delivery(one, 7, 200)).await, Published::Stored(1));
    assert_eq!(
        record(&acme, delivery(one, 7, 201)).await,
        Published::AlreadyThere
    );
    assert!(has(&acme, one, 7).await);
    assert_eq!(record(&acme, delivery(two, 7, 202)).await, Published::Stored(2));
    assert_eq!(record(&other, delivery(one, 7, 203)).await, Published::Stored(3));
    assert_eq!(read(&acme, one).await, [(7, 200)]);
    assert_eq!(read(&acme, two).await, [(7, 202)]);
    assert_eq!(read(&other, one).await, [(7, 203)]);
    assert!(!has(&other, two, 7).await);
    for sequence in 8..8 + N_DELIVERIES {
        record(&acme, delivery(one, sequence, 204)).await;
    }
    let expected: Vec<_> = (8..8 + N_DELIVERIES)
        .rev()
        .map(|sequence| (sequence, 204))
        .chain([(7, 200)])
        .collect();
    assert_eq!(read(&acme, one).await, expected);
}
