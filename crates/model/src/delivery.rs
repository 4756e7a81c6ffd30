//! Webhook deliveries: what one destination was told of one event, and how that went.
//!
//! Kept for a while so that people can see it. Nothing is decided from it.

use serde::{Deserialize, Serialize};

use crate::{Oid, Time, WebhookDestinationId, WebhookType};

/// The most characters of why an attempt failed.
pub const MAX_ATTEMPT_FAILURE_CHARS: usize = 300;

/// One finished delivery: an event, told to one destination, or given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookDelivery {
    /// Its id. It follows from the destination and the event, so a repetition has the same one.
    pub id: Oid,
    /// Who was told.
    pub destination: WebhookDestinationId,
    /// Where the event stands in the log.
    pub event_sequence: u64,
    /// What kind of event it is.
    pub of: WebhookType,
    /// What was sent: JSON, byte for byte.
    pub body: String,
    /// How it ended.
    pub status: DeliveryStatus,
    /// Every attempt, in order.
    pub attempts: Vec<DeliveryAttempt>,
    /// Whether an attempt was signed with two secrets, because the secret had just been replaced.
    pub dual_signed: bool,
    /// When the delivery was begun.
    pub created_at: Time,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DeliveryStatus {
    /// The destination took it.
    Success,
    /// No attempt succeeded.
    Failed,
}

/// One attempt of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryAttempt {
    /// When it was made.
    pub at: Time,
    /// What the destination answered, as an HTTP status; 0 if there was no answer.
    pub status_code: u16,
    /// Why there was no answer, at most [`MAX_ATTEMPT_FAILURE_CHARS`] characters; none if there was one.
    pub failure: Option<String>,
}

impl DeliveryAttempt {
    /// Whether the destination took what it was sent: any 2xx.
    pub const fn succeeded(&self) -> bool {
        matches!(self.status_code, 200..=299)
    }
}

/// The id of the delivery of the event at a sequence of the log to a destination.
pub fn delivery_id(destination: WebhookDestinationId, event_sequence: u64) -> Oid {
    Oid::derived(&[
        b"webhook delivery",
        destination.0.as_bytes(),
        &event_sequence.to_be_bytes(),
    ])
}
