//! Schemas as JSON, and what endpoints take and answer.

use std::borrow::Cow;

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

pub(crate) use crate::request::schema::Components;
use crate::{
    bus::Call,
    request::schema::{refer, referred},
    suite,
};

/// A schema made of these keywords.
pub(crate) fn schema(keywords: Value) -> RefOr<Schema> {
    match keywords {
        Value::Object(keywords) => model::openapi::schema(keywords),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            model::openapi::schema(Map::new())
        }
    }
}

/// The same, with a description before it.
pub(crate) fn described(description: &str, keywords: Value) -> RefOr<Schema> {
    let mut all = Map::new();
    all.insert("description".to_owned(), Value::from(description.trim()));
    if let Value::Object(keywords) = keywords {
        all.extend(keywords);
    }
    model::openapi::schema(all)
}

/// Something that schemas refer to.
pub(crate) trait AddComponents {
    /// Adds it, and everything behind it.
    fn add_components(components: &mut Components);
}

/// A generator whose definitions are components of the document.
pub(crate) fn suite_generator() -> SchemaGenerator {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = Cow::Borrowed("/components/schemas");
    settings.into_generator()
}

/// Adds what a generator has met.
pub(crate) fn add_definitions(mut generator: SchemaGenerator, components: &mut Components) {
    for (name, definition) in generator.take_definitions(true) {
        if components.iter().all(|(known, _)| *known != name) {
            components.push((name, schema(definition)));
        }
    }
}

/// A schema of a part of a suite, as suites describe it.
pub(crate) fn suite_type<T: JsonSchema>() -> Value {
    suite_generator().subschema_for::<T>().to_value()
}

/// What the schema of a part of a suite refers to.
pub(crate) struct OfSuite<T>(std::marker::PhantomData<T>);

impl<T: JsonSchema> AddComponents for OfSuite<T> {
    fn add_components(components: &mut Components) {
        let mut generator = suite_generator();
        generator.subschema_for::<T>();
        add_definitions(generator, components);
    }
}

/// A component of its own.
pub(crate) struct Component<T>(std::marker::PhantomData<T>);

impl<T: ToSchema> AddComponents for Component<T> {
    fn add_components(components: &mut Components) {
        referred::<T>(components);
    }
}

/// One document of a suite.
#[derive(Debug)]
pub(crate) struct SuiteDocument;

impl PartialSchema for SuiteDocument {
    fn schema() -> RefOr<Schema> {
        let mut generator = suite_generator();
        schema(suite::alternatives(&mut generator))
    }
}

impl ToSchema for SuiteDocument {
    fn schemas(components: &mut Components) {
        let mut generator = suite_generator();
        suite::alternatives(&mut generator);
        add_definitions(generator, components);
    }
}

/// What an endpoint takes and answers.
pub(crate) struct EndpointSchemas {
    /// The request's schema, as JSON: an object.
    pub(crate) request: Value,
    /// The answer's schema; none: `null`.
    pub(crate) response: Option<Value>,
    /// What both refer to.
    pub(crate) components: Components,
}

impl EndpointSchemas {
    /// Those of an endpoint.
    pub(crate) fn of<C: Call>() -> Self {
        let mut components = Components::new();
        <C::Request as ToSchema>::schemas(&mut components);
        let response = (C::Response::name() != <()>::name()).then(|| {
            referred::<C::Response>(&mut components);
            refer::<C::Response>()
        });
        Self {
            request: serde_json::to_value(<C::Request as PartialSchema>::schema())
                .unwrap_or_else(|_why| json!({})),
            response,
            components,
        }
    }
}
