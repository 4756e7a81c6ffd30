//! Requests and replies over NATS, as the micro protocol has them (NATS ADR-32), so that any NATS client can discover and call us.
//!
//! Knows nothing of commands: a server hands requests to a [`BusHandler`]. Answers go only where an answer belongs, to an inbox: a
//! reply subject is chosen by the caller, and a caller must not make the server, which may write everywhere, write elsewhere for it.

mod client;
mod micro;
mod server;
mod stats;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use async_nats::HeaderMap;
use async_trait::async_trait;
use bytes::Bytes;
pub use client::BusClient;
pub use server::BusServer;

/// Requests handled at once by one server; further ones are answered with code 503.
pub const MAX_IN_FLIGHT: usize = 256;

/// The code for a request, or an answer, that is larger than one message may be.
pub const TOO_LARGE: u16 = 413;

const ERROR_HEADER: &str = "Nats-Service-Error";
const ERROR_CODE_HEADER: &str = "Nats-Service-Error-Code";

/// What a server offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// What it is called: letters, digits, `_` and `-`.
    pub name: String,
    /// Its version, such as `1.2.3`.
    pub version: String,
    /// What it does, for people.
    pub description: String,
    /// Its endpoints.
    pub endpoints: Vec<EndpointSpec>,
    /// The largest request, in bytes; larger ones are answered with code 413.
    pub max_request: usize,
}

/// One endpoint of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSpec {
    /// What it is called: letters, digits, `_` and `-`.
    pub name: String,
    /// Where it listens; a `*` stands for one word.
    pub subject: String,
    /// Anything else, for people and programs that discover it.
    pub metadata: BTreeMap<String, String>,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusRequest {
    /// The name of the endpoint that it came in on.
    pub endpoint: String,
    /// The words of its subject.
    pub tokens: Vec<String>,
    /// Its headers, each with its first value. Hostile: anyone may send anything.
    pub headers: BTreeMap<String, String>,
    /// Its body. Hostile as well.
    pub payload: Bytes,
}

/// An error in reply to a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct BusError {
    /// As an HTTP status.
    pub code: u16,
    /// What went wrong, on one line.
    pub message: String,
    /// JSON with more; empty: made of code and message.
    pub payload: Bytes,
}

impl BusError {
    /// An error with nothing but a code and a message.
    pub fn new(code: u16, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            payload: Bytes::new(),
        }
    }
}

/// An answer to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BusAnswer {
    /// Its body.
    pub payload: Bytes,
    /// Its headers: names of letters, digits and `-`, values of one line.
    pub headers: BTreeMap<String, String>,
}

impl<T: Into<Bytes>> From<T> for BusAnswer {
    /// An answer without headers.
    fn from(payload: T) -> Self {
        Self {
            payload: payload.into(),
            headers: BTreeMap::new(),
        }
    }
}

/// What a handler answers.
pub type BusReply = Result<BusAnswer, BusError>;

/// Answers requests.
#[async_trait]
pub trait BusHandler: Send + Sync + 'static {
    /// Answers one request. Many run at once. A panic is answered with code 500.
    async fn handle(&self, request: BusRequest) -> BusReply;
}

/// Headers, each with its first value.
fn pairs(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter_map(|(name, values)| {
            let name: &str = name.as_ref();
            Some((name.to_owned(), values.first()?.as_str().to_owned()))
        })
        .collect()
}
