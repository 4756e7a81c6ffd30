//! Compatibility with the contract: every operation that it shares with us accepts what it accepts, and answers what it promises.

mod contain;
mod document;
mod exceptions;
mod operations;
mod schema;

pub(super) use document::Document;
