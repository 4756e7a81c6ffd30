//! Webhook deliveries: one record for each.

use std::collections::VecDeque;

use model::{Oid, OrgId, WebhookDelivery, WebhookDestinationId, codec};

use super::{
    Inner,
    coalesce::publish_persistently,
    failure::{Failure, code},
    read::Entry,
    streams::WEBHOOKS,
};
use crate::{JournalError, MAX_DELIVERIES, Published, Stored, subject};

impl Inner {
    pub(super) async fn record_delivery(
        &self,
        org: &OrgId,
        delivery: &WebhookDelivery,
    ) -> Result<Published, JournalError> {
        const OPERATION: &str = "record_delivery";
        let subject = subject::delivery(org, delivery.destination, delivery.id);
        let (message, id) = self.fenced(subject.clone(), codec::encode_delivery(delivery)?, 0);
        match publish_persistently(&self.connection, &message).await {
            Ok(ack) => Ok(Published::Stored(ack.sequence)),
            Err(failure) if failure.is(code::WRONG_LAST_SEQUENCE) => {
                let own = self.own_message(WEBHOOKS, &subject, &id).await;
                Ok(own
                    .map_err(|failure| failure.into_error(OPERATION))?
                    .map_or(Published::AlreadyThere, Published::Stored))
            }
            Err(failure) => Err(failure.into_error(OPERATION)),
        }
    }

    pub(super) async fn has_delivery(
        &self,
        org: &OrgId,
        destination: WebhookDestinationId,
        id: Oid,
    ) -> Result<bool, JournalError> {
        let subject = subject::delivery(org, destination, id);
        let last = self.connection.last_sequence(WEBHOOKS, &subject).await;
        Ok(last.map_err(|failure| failure.into_error("has_delivery"))? > 0)
    }

    pub(super) async fn deliveries(
        &self,
        org: &OrgId,
        destination: WebhookDestinationId,
    ) -> Result<Vec<Stored<WebhookDelivery>>, JournalError> {
        let into_error = |failure: Failure| failure.into_error("deliveries");
        let filter = subject::destination_deliveries(org, destination);
        let mut range = self
            .connection
            .range(WEBHOOKS, filter, 1)
            .await
            .map_err(into_error)?;
        let mut newest = VecDeque::new();
        while let Some(entry) = range.next().await.map_err(into_error)? {
            if newest.len() == MAX_DELIVERIES {
                newest.pop_front();
            }
            newest.push_back(entry);
        }
        newest.iter().rev().map(|entry| stored(org, entry)).collect()
    }
}

/// Decodes a delivery and checks that it stands where it belongs.
fn stored(org: &OrgId, entry: &Entry) -> Result<Stored<WebhookDelivery>, JournalError> {
    let unreadable = |source| JournalError::Unreadable {
        stream: WEBHOOKS,
        sequence: entry.sequence,
        source,
    };
    let value = codec::decode_delivery(&entry.payload).map_err(unreadable)?;
    let expected = subject::delivery(org, value.destination, value.id);
    if entry.subject != expected {
        let reason = format!("it stands on {} and belongs on {expected}", entry.subject);
        return Err(unreadable(codec::DecodeError::Damaged {
            what: "webhook.delivery",
            reason,
        }));
    }
    Ok(Stored {
        sequence: entry.sequence,
        value,
    })
}
