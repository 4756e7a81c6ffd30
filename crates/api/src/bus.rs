//! The bus: requests and replies over core NATS.
//!
//! A command is a request on `cmd.<org>.<user>.<kind>.<verb>`, a query on `qry.<org>.<user>.<kind>.<verb>`; body and reply are JSON.
//! Subjects carry no id: what HTTP has in the path stands in the body. This module is the contract only, and names no client.

mod call;
pub mod commands;
mod dead_letter;
mod endpoint;
pub mod queries;
mod reference;
mod status;
mod subject;

pub use call::Call;
pub use commands::COMMANDS;
pub use dead_letter::{DeadLetterView, DeadLetters, DeadLettersQuery, FailureView};
pub use endpoint::{Endpoint, Family, endpoint};
pub use queries::QUERIES;
pub use reference::bus_reference;
pub use status::{LogStatus, Status};
pub use subject::{ALL_COMMANDS, ALL_QUERIES, Subject};

/// Request header: names the command, so that a repetition has no further effect. Without it every request is a new command.
pub const COMMAND_ID_HEADER: &str = "Rehearse-Command-Id";
/// Request header of queries: the sequence that the caller has seen; the answer shows at least that.
pub const SEEN_HEADER: &str = "Rehearse-Seen";
/// Reply header of commands: the sequence of the command's last commit.
pub const SEQUENCE_HEADER: &str = "Rehearse-Sequence";
/// Request header: the caller's trace (W3C Trace Context).
pub const TRACE_HEADER: &str = "traceparent";
/// Reply header of errors: what happened (as NATS services do it). The body is a [`Problem`](crate::error::Problem).
pub const ERROR_HEADER: &str = "Nats-Service-Error";
/// Reply header of errors: the HTTP status.
pub const ERROR_CODE_HEADER: &str = "Nats-Service-Error-Code";

#[cfg(test)]
mod tests;
