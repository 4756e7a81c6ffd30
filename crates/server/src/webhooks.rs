//! Webhooks: destinations are told what happened.
//!
//! Every server follows the completed runs under one name, so they share the work, and the log keeps how far they have come. An event
//! is told to every live destination of its organization that accepts it and was made before it. What is in hand when a server is lost
//! is told again by another, under the same idempotency key; what was told and recorded is not.
//!
//! In one server a destination is told one event at a time, in the order of the log, and waits for nobody else's.

mod address;
mod carrier;
mod deliver;
mod line;
mod prepare;
mod sender;
mod sign;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;

pub(crate) use carrier::HttpCarrier;
pub(crate) use sender::Sender;

/// How webhooks are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookOptions {
    /// Whether they may go over plain HTTP, where anybody on the way can read and change them.
    pub allow_http: bool,
    /// Whether they may go to addresses that are not public: this machine, its network, and the like.
    pub allow_private_addresses: bool,
    /// The most requests at once.
    pub max_concurrent: NonZeroUsize,
}

impl WebhookOptions {
    /// The most requests at once, if nothing else is said.
    pub const MAX_CONCURRENT: NonZeroUsize = NonZeroUsize::new(16).expect("16 is not 0");
}

impl Default for WebhookOptions {
    /// HTTPS to public addresses only, 16 requests at once.
    fn default() -> Self {
        Self {
            allow_http: false,
            allow_private_addresses: false,
            max_concurrent: Self::MAX_CONCURRENT,
        }
    }
}
