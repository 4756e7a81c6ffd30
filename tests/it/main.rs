//! Integration tests, in one binary.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "every function here is part of a test, and says so by failing it"
)]

mod architecture;
mod bad_input;
mod bus;
mod cli;
mod connectors;
mod crash;
mod docs;
mod lifecycle;
mod progress;
mod replay;
mod schemathesis;
mod sdk;
mod system;
mod webhooks;
