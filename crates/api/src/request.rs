//! How requests are declared.

pub(crate) mod schema;

use model::Command;
use serde::Serialize;
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

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

impl PartialSchema for Empty {
    fn schema() -> RefOr<Schema> {
        schema::Object::new("No field.").finish(true)
    }
}

impl ToSchema for Empty {}

/// Something whose fields can stand beside others in one object.
pub(crate) trait ReadFields: Sized {
    /// Reads the fields; `None` if a fault was reported.
    fn read_fields(fields: &mut Fields<'_>) -> Option<Self>;

    /// Says what the fields look like.
    fn describe_fields(object: &mut schema::Object);

    /// Adds the components that the fields refer to.
    fn add_components(components: &mut schema::Components);
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
        $(#[doc = $doc:literal])*
        $name:ident {
            $($(#[doc = $field_doc:literal])* $field:ident: $type:ty = $method:ident($($argument:expr),*),)*
            $(.. $(#[doc = $inner_doc:literal])* $inner:ident: $inner_type:ty $(,)?)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        pub struct $name {
            $($(#[doc = $field_doc])* pub $field: $type,)*
            $($(#[doc = $inner_doc])* #[serde(flatten)] pub $inner: $inner_type,)?
        }

        impl $crate::request::ReadFields for $name {
            fn read_fields(fields: &mut $crate::read::Fields<'_>) -> Option<Self> {
                $(let $field = fields.$method($crate::request::wire_key(stringify!($field)) $(, $argument)*);)*
                $(let $inner = <$inner_type as $crate::request::ReadFields>::read_fields(fields);)?
                Some(Self { $($field: $field?,)* $($inner: $inner?,)? })
            }

            fn describe_fields(object: &mut $crate::request::schema::Object) {
                $(
                    let field: $crate::request::schema::Field<$type> = $crate::request::schema::$method($($argument),*);
                    object.field($crate::request::wire_key(stringify!($field)), concat!($($field_doc),*), field);
                )*
                $(<$inner_type as $crate::request::ReadFields>::describe_fields(object);)?
            }

            fn add_components(components: &mut $crate::request::schema::Components) {
                $(
                    let field: $crate::request::schema::Field<$type> = $crate::request::schema::$method($($argument),*);
                    field.add_components(components);
                )*
                $(<$inner_type as $crate::request::ReadFields>::add_components(components);)?
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let mut object = $crate::request::schema::Object::new(concat!($($doc),*));
                <Self as $crate::request::ReadFields>::describe_fields(&mut object);
                object.finish(true)
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                $crate::request::schema::component_name(module_path!(), stringify!($name)).into()
            }

            fn schemas(components: &mut $crate::request::schema::Components) {
                <Self as $crate::request::ReadFields>::add_components(components);
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
    ($(#[doc = $doc:literal])* $name:ident { $key:ident: $instance:ty, $filter:ty }) => {
        $(#[doc = $doc])*
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

        $crate::request::page_schema!($(#[doc = $doc])* $name { $key: $instance, $filter });
    };
}

/// Describes a page of a list.
macro_rules! page_schema {
    ($(#[doc = $doc:literal])* $name:ident { $key:ident: $instance:ty $(, $filter:ty)? }) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let filter = None::<serde_json::Value>$(.or_else(|| Some($crate::request::schema::refer::<$filter>())))?;
                let description = concat!($($doc),*);
                $crate::request::schema::page(description, stringify!($key), $crate::request::schema::refer::<$instance>(), filter)
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                $crate::request::schema::component_name(module_path!(), stringify!($name)).into()
            }

            fn schemas(components: &mut $crate::request::schema::Components) {
                $crate::request::schema::referred::<$instance>(components);
                $($crate::request::schema::referred::<$filter>(components);)?
            }
        }
    };
}

/// Declares the answers of a version list.
macro_rules! versions {
    ($(#[doc = $doc:literal])* $name:ident { $key:ident: $instance:ty }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            /// The page.
            pub $key: Vec<$instance>,
            /// Whether there is a further page.
            pub has_more: bool,
            /// Where the further page begins; none if there is none.
            pub continuation_token: Option<u64>,
        }

        $crate::request::page_schema!($(#[doc = $doc])* $name { $key: $instance });
    };
}

pub(crate) use list;
pub(crate) use page_schema;
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
