//! What an operation is.

use model::Kind;

use crate::bus::{Endpoint, Family, endpoint};

/// What every path of an organization begins with.
pub const PATH_PREFIX: &str = "/v1/{organization}/";

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes or changes.
    Post,
    /// Makes or replaces what the path names.
    Put,
    /// Removes, or stops.
    Delete,
}

impl Method {
    /// The method as it stands in a request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// One operation of the HTTP API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its name in the OpenAPI document.
    pub id: &'static str,
    /// How it is asked for.
    pub method: Method,
    /// Where, after [`PATH_PREFIX`]. It is answered with and without a slash at the end.
    pub path: &'static str,
    /// The status of success. 204 has no body.
    pub status: u16,
    /// Whether it changes something.
    pub family: Family,
    /// What it is about.
    pub kind: &'static str,
    /// What it does.
    pub verb: &'static str,
    /// Which field of the endpoint's request each placeholder of the path is.
    pub path_fields: &'static [(&'static str, &'static str)],
    /// Which fields of the request stand in the query. Of a `GET` all that are not in the path do, whatever is listed here.
    pub query_fields: &'static [&'static str],
    /// Requests per minute that one user may make, where rate limits are on.
    pub per_minute: u32,
    /// Statuses of errors beside those that every operation can have (401, 403, 404, 422, 429, 503).
    pub errors: &'static [u16],
}

impl Operation {
    /// The whole path.
    pub fn full_path(&self) -> String {
        format!("{PATH_PREFIX}{}", self.path)
    }

    /// Both spellings of the whole path: with and without a slash at the end.
    pub fn spellings(&self) -> [String; 2] {
        let path = self.full_path();
        let other = path
            .strip_suffix('/')
            .map_or_else(|| format!("{path}/"), str::to_owned);
        [path, other]
    }

    /// The endpoint behind it; none only if the table is wrong, which a test excludes.
    pub fn endpoint(&self) -> Option<&'static Endpoint> {
        endpoint(self.family, self.kind, self.verb)
    }

    /// Whether it changes one object that is there already, so that the request can say (`If-Match`) what the caller knows of it.
    pub fn changes_object(&self) -> bool {
        self.family == Family::Command
            && matches!(
                self.verb,
                "update"
                    | "delete"
                    | "create_version"
                    | "put_version_set"
                    | "delete_version_set"
                    | "cancel"
                    | "assign"
                    | "rotate_secret"
            )
    }

    /// Whether it shows one object, so that the answer names the state (`ETag`) that it shows.
    pub fn shows_object(&self) -> bool {
        self.family == Family::Query && self.verb == "get" && self.kind.parse::<Kind>().is_ok()
    }

    /// Whether a request has a body.
    pub const fn has_body(&self) -> bool {
        matches!(self.method, Method::Post | Method::Put)
    }
}

/// The operation of this name.
pub fn operation(id: &str) -> Option<&'static Operation> {
    super::operations().find(|operation| operation.id == id)
}

/// The operation by which an endpoint is reached over HTTP; the first in the tables, if there are several.
pub fn operation_of(family: Family, kind: &str, verb: &str) -> Option<&'static Operation> {
    super::operations()
        .find(|operation| operation.family == family && operation.kind == kind && operation.verb == verb)
}

/// Declares operations, a line each: `"id": Method "path" = status, Family "kind" "verb", {placeholder => field}, [query], per
/// minute, [errors]`.
macro_rules! operations {
    (
        $(#[$doc:meta])* $table:ident;
        $($id:literal: $method:ident $path:literal = $status:literal, $family:ident $kind:literal $verb:literal,
            {$($placeholder:literal => $field:literal),*}, [$($query:literal),*], $per_minute:literal, [$($error:literal),*];)+
    ) => {
        $(#[$doc])*
        pub const $table: &[$crate::http::Operation] = &[$($crate::http::Operation {
            id: $id,
            method: $crate::http::Method::$method,
            path: $path,
            status: $status,
            family: $crate::bus::Family::$family,
            kind: $kind,
            verb: $verb,
            path_fields: &[$(($placeholder, $field)),*],
            query_fields: &[$($query),*],
            per_minute: $per_minute,
            errors: &[$($error),*],
        }),+];
    };
}

pub(super) use operations;
