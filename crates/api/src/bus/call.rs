//! Typed endpoints.

use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use super::Endpoint;
use crate::read::Read;

/// An endpoint with the types of its request and reply.
pub trait Call {
    /// What is sent.
    type Request: Read + Serialize + ToSchema;
    /// What comes back. `()` is `null`.
    type Response: Serialize + DeserializeOwned + ToSchema;
    /// The endpoint.
    const ENDPOINT: Endpoint;
}

/// Declares the endpoints of a family: a type for each, and the table of all.
macro_rules! endpoints {
    (
        $family:ident, $(#[$table_doc:meta])* $table:ident;
        $($name:ident($request:ty) -> $response:ty = $kind:literal $verb:literal, [$($permission:literal),*], $summary:literal,
            $example_request:literal, $example_response:literal;)+
    ) => {
        $(
            #[doc = $summary]
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub struct $name;

            impl Call for $name {
                type Request = $request;
                type Response = $response;
                const ENDPOINT: Endpoint = Endpoint {
                    family: Family::$family,
                    kind: $kind,
                    verb: $verb,
                    summary: $summary,
                    permissions: &[$($permission),*],
                    example_request: $example_request,
                    example_response: $example_response,
                };
            }
        )+

        $(#[$table_doc])*
        pub const $table: &[Endpoint] = &[$($name::ENDPOINT),+];

        /// What each takes and answers, in the same order.
        pub(crate) const SCHEMAS: &[fn() -> crate::openapi::EndpointSchemas] =
            &[$(crate::openapi::EndpointSchemas::of::<$name>),+];

        #[cfg(test)]
        pub(super) fn check_examples(check: &mut impl super::tests::ExampleCheck) {
            $(check.check::<$name>();)+
        }
    };
}

pub(super) use endpoints;
