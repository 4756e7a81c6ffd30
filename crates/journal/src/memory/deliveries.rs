//! Webhook deliveries in memory.

use bytes::Bytes;
use model::{Oid, OrgId, WebhookDelivery, WebhookDestinationId, codec};
use tokio::time::Instant;

use super::MemoryJournal;
use crate::{DELIVERIES_MAX_AGE, JournalError, MAX_DELIVERIES, Published, Stored, subject};

const WEBHOOKS: &str = "WEBHOOKS";

/// One that is kept.
#[derive(Debug)]
pub(super) struct Kept {
    subject: String,
    sequence: u64,
    until: Instant,
    bytes: Bytes,
}

/// All that are kept, oldest first.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    last_sequence: u64,
    kept: Vec<Kept>,
}

impl Deliveries {
    /// Those that are not too old.
    fn iter(&self) -> impl DoubleEndedIterator<Item = &Kept> {
        let now = Instant::now();
        self.kept.iter().filter(move |kept| kept.until > now)
    }

    fn has(&self, subject: &str) -> bool {
        self.iter().any(|kept| kept.subject == subject)
    }
}

impl MemoryJournal {
    pub(super) async fn do_record_delivery(
        &self,
        org: &OrgId,
        delivery: &WebhookDelivery,
    ) -> Result<Published, JournalError> {
        let bytes = self.fit("record_delivery", codec::encode_delivery(delivery)?)?;
        let subject = subject::delivery(org, delivery.destination, delivery.id);
        self.call("record_delivery", &subject, |state| {
            let deliveries = &mut state.deliveries;
            if deliveries.has(&subject) {
                return Ok(Published::AlreadyThere);
            }
            deliveries.last_sequence += 1;
            deliveries.kept.push(Kept {
                subject: subject.clone(),
                sequence: deliveries.last_sequence,
                until: Instant::now() + DELIVERIES_MAX_AGE,
                bytes,
            });
            Ok(Published::Stored(deliveries.last_sequence))
        })
        .await
    }

    pub(super) async fn do_has_delivery(
        &self,
        org: &OrgId,
        destination: WebhookDestinationId,
        id: Oid,
    ) -> Result<bool, JournalError> {
        let subject = subject::delivery(org, destination, id);
        self.look("has_delivery", &subject, |state| {
            Ok(state.deliveries.has(&subject))
        })
        .await
    }

    pub(super) async fn do_deliveries(
        &self,
        org: &OrgId,
        destination: WebhookDestinationId,
    ) -> Result<Vec<Stored<WebhookDelivery>>, JournalError> {
        let filter = subject::destination_deliveries(org, destination);
        let prefix = filter.trim_end_matches('*');
        self.look("deliveries", &filter, |state| {
            let newest = state.deliveries.iter().rev();
            newest
                .filter(|kept| kept.subject.starts_with(prefix))
                .take(MAX_DELIVERIES)
                .map(|kept| {
                    let value =
                        codec::decode_delivery(&kept.bytes).map_err(|source| JournalError::Unreadable {
                            stream: WEBHOOKS,
                            sequence: kept.sequence,
                            source,
                        })?;
                    Ok(Stored {
                        sequence: kept.sequence,
                        value,
                    })
                })
                .collect()
        })
        .await
    }
}
