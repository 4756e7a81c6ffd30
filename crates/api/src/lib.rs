//! The JSON of Rehearse: requests and responses of the bus and of the HTTP API, error codes, and suite documents.
//!
//! These are types of their own, apart from the stored format: each is mapped to and from the domain by exhaustive
//! matches. Requests are read with every wrong field reported at once ([`FieldErrors`]). No transport is named here.
#![warn(missing_docs)]

pub mod agent;
pub mod api_key;
pub mod bus;
#[cfg(feature = "client")]
pub mod client;
pub mod context_graph;
pub mod conversation;
mod document;
pub mod duration;
pub mod error;
pub mod event;
mod field;
mod filter;
pub mod http;
pub mod import;
pub mod metric;
pub mod metric_result;
pub mod openapi;
pub mod organization;
pub mod page;
mod patch;
pub mod persona;
pub mod read;
pub mod recording;
mod request;
pub mod role;
pub mod run;
pub mod scenario;
pub mod service;
pub mod session;
pub mod shape;
pub mod suite;
pub mod temporary_grant;
pub mod unit_test;
pub mod unit_test_set;
pub mod user;
pub mod webhook_delivery;
pub mod webhook_destination;
mod wire;

pub use field::{FieldError, FieldErrors, MAX_FIELD_ERRORS, Pointer};
pub use filter::{
    AsOf, Get, Key, MetricVersionFilter, SortKey, TagFilter, TagMatch, UserFilter, VersionFilter,
};
pub use patch::Patch;
pub use request::{CommandRequest, Empty};
pub use wire::{Tag, UserInfo, VersionCreated, tag_list, tags_of_list};

#[cfg(test)]
mod contract;
