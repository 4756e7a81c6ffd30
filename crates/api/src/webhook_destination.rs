//! Webhook destinations: where an organization is told what happened. What secrets follow from is never shown, and a secret only to
//! whoever makes it.

use model::{Command, Time, WebhookDestination, WebhookDestinationId, WebhookType, WebhookUrl};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    read::Word as _,
    request::{CommandRequest, request},
    shape::WebhookTypeWord,
};

/// The most types that a request may list; more than there are, so that repeating some is no error.
const MAX_TYPES: usize = 100;
/// How often a failed delivery is tried again at most.
const MAX_RETRY_ATTEMPTS: u32 = 5;
/// How often it is tried again where nothing is said.
const RETRY_ATTEMPTS: u32 = 3;

request! {
    /// Makes a webhook destination.
    Create {
        /// Where it is: an `https` URL.
        url: WebhookUrl = required(),
        /// What it is told of.
        accepted_types: Vec<WebhookTypeWord> = all(MAX_TYPES),
        /// How often a delivery that failed is tried again.
        retry_attempts: u32 = number_or(1..=MAX_RETRY_ATTEMPTS, RETRY_ATTEMPTS),
    }
}

request! {
    /// Changes a webhook destination.
    Update {
        /// The destination.
        id: WebhookDestinationId = required(),
        /// What it is told of; none: unchanged.
        accepted_types: Option<Vec<WebhookTypeWord>> = optional_list(0..=MAX_TYPES),
        /// How often a delivery that failed is tried again; none: unchanged.
        retry_attempts: Option<u32> = optional_number(1..=MAX_RETRY_ATTEMPTS),
    }
}

request! {
    /// Gives a webhook destination a new secret. The old one signs for half an hour more.
    RotateSecret {
        /// The destination.
        id: WebhookDestinationId = required(),
    }
}

request! {
    /// Deletes a webhook destination.
    Delete {
        /// The destination.
        id: WebhookDestinationId = required(),
    }
}

request! {
    /// Lists webhook destinations.
    ListQuery {
        /// Only these.
        id: Vec<WebhookDestinationId> = values(),
    }
}

impl CommandRequest for Create {
    fn into_command(self) -> Command {
        Command::CreateWebhookDestination {
            url: self.url,
            accepted_types: self.accepted_types.into_iter().map(|word| word.0).collect(),
            retry_attempts: self.retry_attempts,
        }
    }
}

impl CommandRequest for Update {
    fn into_command(self) -> Command {
        let types = self.accepted_types;
        Command::UpdateWebhookDestination {
            id: self.id,
            accepted_types: types.map(|types| types.into_iter().map(|word| word.0).collect()),
            retry_attempts: self.retry_attempts,
        }
    }
}

impl CommandRequest for RotateSecret {
    fn into_command(self) -> Command {
        Command::RotateWebhookSecret { id: self.id }
    }
}

impl CommandRequest for Delete {
    fn into_command(self) -> Command {
        Command::DeleteWebhookDestination { id: self.id }
    }
}

/// A webhook destination was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WebhookDestinationCreated)]
pub struct Created {
    /// Its id.
    pub webhook_destination_id: WebhookDestinationId,
    /// What signs its webhooks. It is shown here and never again.
    pub secret: String,
}

/// A webhook destination got a new secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WebhookSecretRotated)]
pub struct Rotated {
    /// The new secret. It is shown here and never again.
    pub secret: String,
    /// Until then the old secret signs too.
    pub dual_signing_stops_at: Time,
}

/// A webhook destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WebhookDestinationInstance)]
pub struct Instance {
    /// Its id.
    pub id: WebhookDestinationId,
    /// Where it is.
    pub url: WebhookUrl,
    /// Since when the newest secret signs.
    pub secret_generated_at: Time,
    /// How often a delivery that failed is tried again.
    pub retry_attempts: u32,
    /// What it is told of, such as `rehearse-run-completed`.
    pub accepted_types: Vec<String>,
}

/// The organization's webhook destinations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WebhookDestinationList)]
pub struct List {
    /// All live ones that match.
    pub webhook_destinations: Vec<Instance>,
}

impl Instance {
    /// The destination.
    pub fn of(destination: &WebhookDestination) -> Self {
        Self {
            id: destination.id,
            url: destination.url.clone(),
            secret_generated_at: destination.secret.generated_at,
            retry_attempts: destination.retry_attempts,
            accepted_types: words(&destination.accepted_types),
        }
    }
}

/// The types, as words.
pub(crate) fn words<'a>(types: impl IntoIterator<Item = &'a WebhookType>) -> Vec<String> {
    types.into_iter().map(|of| of.word().to_owned()).collect()
}
