//! The OpenAPI 3.1 document, made from the code.
//!
//! Operations come from the table of [`http`](crate::http), what they take and answer from the types of their
//! [endpoints](crate::bus::Call). The few operations that are no endpoints stand in [`extra`]. Nothing is written by hand twice, so the
//! document cannot say anything but what the server does. A test compares `docs/openapi.json` with it.
//!
//! # Adding an endpoint
//! * A request declared by `request!` is described by its declaration; so are pages declared by `list!` and `versions!`. A request that is
//!   read by hand implements `PartialSchema` with an `Object` of fields (see [`Get`](crate::Get)).
//! * An answer derives `utoipa::ToSchema`, with `#[schema(as = KindName)]` if its name alone is not unique, `#[schema(required)]` on every
//!   field of type `Option` that is always written, and `#[schema(nullable = false)]` on those that are left out instead.
//! * `REHEARSE_UPDATE_DOCS=1 cargo nextest run -p rehearse-api` writes the document; the tests say what else is missing.

mod build;
mod document;
mod extra;
mod links;
mod order;
mod parameters;
mod responses;
mod schemas;
mod tidy;

pub use document::{openapi, openapi_json};
pub(crate) use schemas::{
    AddComponents, Component, Components, EndpointSchemas, OfSuite, SuiteDocument, described, schema,
    suite_type,
};

#[cfg(test)]
mod compat;
#[cfg(test)]
mod tests;
