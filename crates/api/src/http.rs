//! The HTTP API: which operation is which endpoint, and how a request is spread over path, query and body.
//!
//! An operation is an [endpoint](crate::bus::Endpoint) under an address: what the body of a bus request holds stands here partly in
//! the path and the query. The router, the OpenAPI document and the typed client are all made from [`operations`], so none of them
//! can differ from the others. This module names no server and no client.

mod classic;
mod operation;
mod rehearse;
mod spread;

pub use classic::CLASSIC;
pub use operation::{Method, Operation, PATH_PREFIX, operation, operation_of};
pub use rehearse::REHEARSE;
pub(crate) use spread::is_by_name;
pub use spread::{BY_NAME, Spread, gather, spread};

/// Request header: names an intended change, so that a repetition has no further effect
/// (draft-ietf-httpapi-idempotency-key-header).
pub const IDEMPOTENCY_KEY_HEADER: &str = "Idempotency-Key";
/// Response header: names the request in the server's logs.
pub const REQUEST_ID_HEADER: &str = "X-Request-Id";

/// Every operation that is an endpoint of the bus as well: those shared with Amigo's Classic API, then our own.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    CLASSIC.iter().chain(REHEARSE)
}

#[cfg(test)]
mod tests;
