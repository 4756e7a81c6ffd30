//! A client of the HTTP API, typed by the table of endpoints.
//!
//! It signs in by itself, keeps the token, and makes a request again that may succeed a moment later: commands carry an idempotency
//! key, so none takes effect twice. It knows no address and no field by itself: both come from the
//! [table of operations](crate::http::operations). It stores nothing; a [`TokenStore`] may.
//!
//! An example:
#![doc = concat!("```no_run\n", include_str!("../examples/client.rs"), "```")]

mod address;
mod error;
mod idempotency;
mod options;
mod secret;
mod send;
mod sign_in;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use address::Address;
pub use error::ClientError;
use idempotency::Key;
pub use options::{ClientOptions, Credentials, Transport};
pub use secret::Secret;
use send::{Refusal, Sender};
use serde_json::Value;
pub use sign_in::TokenStore;
use sign_in::{SignIn, Token};
use tokio::time::Instant;

use crate::{
    bus::{Call, Family, SEEN_HEADER},
    error::ErrorCode,
    http::{IDEMPOTENCY_KEY_HEADER, Operation, Spread, operation_of, spread},
};

/// The pause before a request is made again, unless the server names a longer one.
const PAUSE: Duration = Duration::from_millis(300);

/// Asks a server over HTTP. Clones share connections and token.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
    persistence: Duration,
    connect_persistence: Duration,
}

#[derive(Debug)]
struct Shared {
    address: Address,
    sender: Sender,
    sign_in: SignIn,
    /// The sequence of the last change that was made through this client: what is asked afterwards shows it, whichever server answers.
    seen: AtomicU64,
}

impl Client {
    /// A client of this server. Nothing is asked yet.
    ///
    /// # Errors
    /// [`ClientError::Options`]: the address or the certificates cannot be used.
    pub fn new(options: ClientOptions) -> Result<Self, ClientError> {
        let address = Address::new(&options.base_url, options.organization)?;
        let sender = Sender::new(&address, &options.transport)?;
        Ok(Self {
            shared: Arc::new(Shared {
                address,
                sender,
                sign_in: SignIn::new(options.credentials, options.token_store),
                seen: AtomicU64::new(0),
            }),
            persistence: options.persistence,
            connect_persistence: options.connect_persistence.min(options.persistence),
        })
    }

    /// The same client, giving up sooner or later: for how long a request is made again that may succeed a moment later.
    #[must_use]
    pub fn with_persistence(mut self, persistence: Duration) -> Self {
        self.persistence = persistence;
        self.connect_persistence = self.connect_persistence.min(persistence);
        self
    }

    /// The server's address, without a slash at the end.
    pub fn base_url(&self) -> &str {
        self.shared.address.base_url()
    }

    /// Calls an endpoint. A command gets a fresh idempotency key.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub async fn call<C: Call>(&self, request: &C::Request) -> Result<C::Response, ClientError> {
        self.typed::<C>(request, None).await
    }

    /// Calls an endpoint under the caller's idempotency key: 1 to 255 visible ASCII characters, the same for the same intended change,
    /// even from another process.
    ///
    /// # Errors
    /// As [`Client::request`], and a key of another form.
    pub async fn call_with_key<C: Call>(
        &self,
        key: &str,
        request: &C::Request,
    ) -> Result<C::Response, ClientError> {
        self.typed::<C>(request, Some(Key::of_caller(key)?)).await
    }

    async fn typed<C: Call>(
        &self,
        request: &C::Request,
        key: Option<Key>,
    ) -> Result<C::Response, ClientError> {
        let endpoint = C::ENDPOINT;
        let request = serde_json::to_value(request).map_err(|source| ClientError::Unwritable { source })?;
        let answer = self
            .ask(endpoint.family, endpoint.kind, endpoint.verb, request, key)
            .await?;
        serde_json::from_value(answer).map_err(|source| ClientError::Unreadable {
            what: format!("{}.{}", endpoint.kind, endpoint.verb),
            source,
        })
    }

    /// Calls the endpoint of this name with a request as JSON; the answer is `null` where there is nothing to tell.
    ///
    /// # Errors
    /// - [`ClientError::Request`]: the request does not fit the endpoint; nothing was sent.
    /// - [`ClientError::Unreachable`]: nobody answered in time. Whether a command took effect is not known; sent again under the same
    ///   key it does not do so twice.
    /// - [`ClientError::SignIn`], [`ClientError::Problem`]: the server refused.
    /// - [`ClientError::NotRehearse`], [`ClientError::TooLarge`], [`ClientError::Unreadable`]: the answer is not what this build expects.
    pub async fn request(
        &self,
        family: Family,
        kind: &str,
        verb: &str,
        request: &Value,
    ) -> Result<Value, ClientError> {
        self.ask(family, kind, verb, request.clone(), None).await
    }

    /// As [`Client::request`], under the caller's idempotency key.
    ///
    /// # Errors
    /// As [`Client::request`], and a key of another form.
    pub async fn request_with_key(
        &self,
        key: &str,
        family: Family,
        kind: &str,
        verb: &str,
        request: &Value,
    ) -> Result<Value, ClientError> {
        let key = Key::of_caller(key)?;
        self.ask(family, kind, verb, request.clone(), Some(key)).await
    }

    async fn ask(
        &self,
        family: Family,
        kind: &str,
        verb: &str,
        request: Value,
        key: Option<Key>,
    ) -> Result<Value, ClientError> {
        let operation = operation_of(family, kind, verb).ok_or_else(|| ClientError::UnknownEndpoint {
            kind: kind.to_owned(),
            verb: verb.to_owned(),
        })?;
        let spread = spread(operation, request).map_err(ClientError::Request)?;
        let key = (family == Family::Command).then(|| key.unwrap_or_else(Key::fresh));
        let url = self.shared.address.of(operation, &spread)?;
        let started = Instant::now();
        loop {
            let refusal = match self.attempt(operation, &spread, &url, key.as_ref()).await {
                Ok(answer) => return Ok(answer),
                Err(refusal) => refusal,
            };
            let persistence = if self.shared.sender.was_answered() {
                self.persistence
            } else {
                self.connect_persistence
            };
            let pause = refusal.retry_after.unwrap_or(PAUSE).max(PAUSE);
            if !refusal.error.may_pass() || started.elapsed() + pause >= persistence {
                return Err(refusal.error);
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Makes the request once, or twice if the token has been taken back meanwhile.
    async fn attempt(
        &self,
        operation: &Operation,
        spread: &Spread,
        url: &reqwest::Url,
        key: Option<&Key>,
    ) -> Result<Value, Refusal> {
        let mut refused: Option<Token> = None;
        loop {
            let token = self.token(refused.as_ref()).await?;
            let mut sending = self
                .shared
                .sender
                .request(operation.method, url.clone())
                .bearer_auth(token.expose());
            if let Some(body) = &spread.body {
                sending = sending.json(body);
            }
            let seen = self.shared.seen.load(Ordering::Relaxed);
            if let Some(key) = key {
                sending = sending.header(IDEMPOTENCY_KEY_HEADER, key.as_str());
            } else if seen > 0 {
                sending = sending.header(SEEN_HEADER, seen);
            }
            let refusal = match self.shared.sender.send(sending).await {
                Ok(answer) => {
                    if let Some(sequence) = answer.sequence {
                        self.shared.seen.fetch_max(sequence, Ordering::Relaxed);
                    }
                    return answer
                        .json(operation.id)
                        .map_err(|error| Refusal::new(self.shared.sender.placed(error)));
                }
                Err(refusal) => refusal,
            };
            if refused.is_some() || refusal.error.code() != Some(ErrorCode::Unauthenticated) {
                return Err(refusal);
            }
            refused = Some(token);
        }
    }

    /// A token that is not `refused`.
    async fn token(&self, refused: Option<&Token>) -> Result<Token, Refusal> {
        self.shared
            .sign_in
            .token(&self.shared.sender, &self.shared.address, refused)
            .await
    }
}

#[cfg(test)]
mod tests;
