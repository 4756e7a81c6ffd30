//! How requests are declared.

use model::Command;
use serde::Serialize;
use serde_json::Value;

use crate::{
    FieldErrors, Pointer,
    read::{Fields, Read},
};

/// A request that asks for a change.
pub trait CommandRequest: Read + Serialize {
    /// The command that it asks for.
    fn into_command(self) -> Command;
}

/// A request without any field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Empty {}

impl Read for Empty {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        Fields::of(value, at, errors)?.finish();
        Some(Self {})
    }
}

/// Something whose fields can stand beside others in one object.
pub(crate) trait ReadFields: Sized {
    /// Reads the fields; `None` if a fault was reported.
    fn read_fields(fields: &mut Fields<'_>) -> Option<Self>;
}

/// The key of a field on the wire.
pub(crate) const fn wire_key(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}

/// Declares a request: each field with its type and the method of [`Fields`] that reads it. `..field: Type` puts the
/// fields of another request beside its own.
macro_rules! request {
    (
        $(#[$doc:meta])*
        $name:ident {
            $($(#[$field_doc:meta])* $field:ident: $type:ty = $method:ident($($argument:expr),*),)*
            $(.. $(#[$inner_doc:meta])* $inner:ident: $inner_type:ty $(,)?)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
            $($(#[$inner_doc])* #[serde(flatten)] pub $inner: $inner_type,)?
        }

        impl $crate::request::ReadFields for $name {
            fn read_fields(fields: &mut $crate::read::Fields<'_>) -> Option<Self> {
                $(let $field = fields.$method($crate::request::wire_key(stringify!($field)) $(, $argument)*);)*
                $(let $inner = <$inner_type as $crate::request::ReadFields>::read_fields(fields);)?
                Some(Self { $($field: $field?,)* $($inner: $inner?,)? })
            }
        }

        impl $crate::read::Read for $name {
            fn read(
                value: &serde_json::Value,
                at: &$crate::Pointer,
                errors: &mut $crate::FieldErrors,
            ) -> Option<Self> {
                let mut fields = $crate::read::Fields::of(value, at, errors)?;
                let read = <Self as $crate::request::ReadFields>::read_fields(&mut fields);
                fields.finish();
                read
            }
        }
    };
}

/// Declares the answers of a list: a page of instances, and on the first page what filters can hold.
macro_rules! list {
    ($(#[$doc:meta])* $name:ident { $key:ident: $instance:ty, $filter:ty }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            /// The page.
            pub $key: Vec<$instance>,
            /// Whether there is a further page.
            pub has_more: bool,
            /// Where the further page begins; none if there is none.
            pub continuation_token: Option<u64>,
            /// What filters can hold, over everything that matches; on the first page only.
            pub filter_values: Option<$filter>,
        }
    };
}

/// Declares the answers of a version list.
macro_rules! versions {
    ($(#[$doc:meta])* $name:ident { $key:ident: $instance:ty }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            /// The page.
            pub $key: Vec<$instance>,
            /// Whether there is a further page.
            pub has_more: bool,
            /// Where the further page begins; none if there is none.
            pub continuation_token: Option<u64>,
        }
    };
}

pub(crate) use list;
pub(crate) use request;
pub(crate) use versions;

#[cfg(test)]
mod tests {
    use super::wire_key;

    #[test]
    fn raw_identifiers_lose_their_mark() {
        assert_eq!(wire_key("r#type"), "type");
        assert_eq!(wire_key("role"), "role");
        assert_eq!(wire_key("r"), "r");
    }
}
