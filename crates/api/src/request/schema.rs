//! What the fields of a request look like, as JSON Schema.
//!
//! For every method of [`Fields`](crate::read::Fields) that reads a field there is a function of the same name and arguments here, which
//! says what that method accepts. So a request that is declared by `request!` is described by its declaration.

mod fields;

use std::marker::PhantomData;

pub(crate) use fields::*;
use serde_json::{Map, Value, json};
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

/// Components that a schema refers to, with their names.
pub(crate) type Components = Vec<(String, RefOr<Schema>)>;

/// A field of a request: what a value of it looks like. `T` is what the reader makes of it.
pub(crate) struct Field<T> {
    schema: Value,
    required: bool,
    components: fn(&mut Components),
    reads: PhantomData<fn() -> T>,
}

impl<T> Field<T> {
    fn new(schema: Value, required: bool) -> Self {
        Self {
            schema,
            required,
            components: |_none| {},
            reads: PhantomData,
        }
    }

    /// Adds the components that the field refers to.
    pub(crate) fn add_components(&self, components: &mut Components) {
        (self.components)(components);
    }

    fn of<U: ToSchema>(self) -> Self {
        Self {
            components: referred::<U>,
            ..self
        }
    }
}

/// Adds what a reference to `T` refers to, and everything behind it.
pub(crate) fn referred<T: ToSchema>(components: &mut Components) {
    let name = T::name().into_owned();
    if !is_builtin(&name) && components.iter().all(|(known, _)| *known != name) {
        components.push((name, T::schema()));
        T::schemas(components);
    }
}

/// Whether a type has no component of its own.
fn is_builtin(name: &str) -> bool {
    matches!(name, "String" | "bool" | "u32" | "u64" | "f64" | "Value")
}

/// A schema of `T`: a reference, or for plain types what they are.
pub(crate) fn refer<T: ToSchema>() -> Value {
    match T::name().as_ref() {
        "String" => json!({"type": "string", "maxLength": 256 * 1024}),
        "bool" => json!({"type": "boolean"}),
        "u32" => json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
        "u64" => json!({"type": "integer", "minimum": 0, "maximum": u64::MAX}),
        "f64" => json!({"type": "number"}),
        "Value" => json!({}),
        name => json!({"$ref": format!("#/components/schemas/{name}")}),
    }
}

/// The same, or null.
pub(crate) fn or_null(mut schema: Value) -> Value {
    let plain = schema.get("type").and_then(Value::as_str).map(str::to_owned);
    match plain {
        Some(plain) if schema.get("enum").is_none() => {
            schema["type"] = json!([plain, "null"]);
            schema
        }
        Some(_) | None => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}

/// A request's fields, while they are put together.
#[derive(Default)]
pub(crate) struct Object {
    description: String,
    properties: Map<String, Value>,
    required: Vec<&'static str>,
    one_of: Vec<&'static str>,
}

impl Object {
    pub(crate) fn new(description: &str) -> Self {
        Self {
            description: description.trim().to_owned(),
            ..Self::default()
        }
    }

    /// Adds a field. What it means stands beside what it looks like.
    pub(crate) fn field<T>(&mut self, key: &'static str, description: &str, field: Field<T>) {
        let mut described = Map::new();
        described.insert("description".to_owned(), Value::from(description.trim()));
        if let Value::Object(keywords) = field.schema {
            described.extend(keywords);
        }
        self.properties.insert(key.to_owned(), Value::Object(described));
        if field.required {
            self.required.push(key);
        }
    }

    /// Exactly one of these fields must be there.
    pub(crate) fn exactly_one(&mut self, keys: &[&'static str]) {
        self.one_of.extend_from_slice(keys);
    }

    /// The schema; `closed` if unknown fields are refused.
    pub(crate) fn finish(self, closed: bool) -> RefOr<Schema> {
        let mut keywords = json!({
            "description": self.description,
            "type": "object",
            "properties": self.properties,
        });
        if !self.required.is_empty() {
            keywords["required"] = json!(self.required);
        }
        if !self.one_of.is_empty() {
            let alternative = |key: &&str| json!({"required": [key]});
            keywords["oneOf"] = self.one_of.iter().map(alternative).collect();
        }
        if closed {
            keywords["additionalProperties"] = json!(false);
        }
        crate::openapi::schema(keywords)
    }
}

/// A page of a list: the items under a key of their own, and what filters can hold where that is told.
pub(crate) fn page(description: &str, key: &str, item: Value, filter: Option<Value>) -> RefOr<Schema> {
    let mut keywords = json!({
        "description": description.trim(),
        "type": "object",
        "properties": {
            key: {"description": "The page.", "type": "array", "items": item},
            "has_more": {"description": "Whether there is a further page.", "type": "boolean"},
            "continuation_token": {
                "description": "Where the further page begins; null if there is none.",
                "type": ["integer", "null"], "minimum": 0,
            },
        },
        "required": [key, "has_more", "continuation_token"],
    });
    if let Some(filter) = filter {
        let mut described = or_null(filter);
        described["description"] =
            json!("What filters can hold, over everything that matches; null on all pages but the first.");
        keywords["properties"]["filter_values"] = described;
        keywords["required"] = json!([key, "has_more", "continuation_token", "filter_values"]);
    }
    crate::openapi::schema(keywords)
}

/// The name of a component: the type's, after the module that it stands in, so that `persona::Create` is `PersonaCreate`.
pub(crate) fn component_name(module: &str, name: &str) -> String {
    let module = module.split("::").nth(1).unwrap_or_default();
    let prefix: String = match module {
        "bus" | "wire" | "filter" | "request" => String::new(),
        module => module
            .split('_')
            .map(|word| {
                let mut chars = word.chars();
                chars.next().map_or_else(String::new, |first| {
                    first.to_ascii_uppercase().to_string() + chars.as_str()
                })
            })
            .collect(),
    };
    if name.starts_with(&prefix) {
        name.to_owned()
    } else {
        prefix + name
    }
}

#[cfg(test)]
mod tests {
    use super::component_name;

    #[test]
    fn components_are_called_after_their_module() {
        assert_eq!(component_name("api::persona", "Create"), "PersonaCreate");
        assert_eq!(component_name("api::unit_test_set", "List"), "UnitTestSetList");
        assert_eq!(
            component_name("api::run::conversations", "ResultsQuery"),
            "RunResultsQuery"
        );
        assert_eq!(
            component_name("api::bus::dead_letter", "DeadLettersQuery"),
            "DeadLettersQuery"
        );
        assert_eq!(component_name("api::event", "EventView"), "EventView");
    }
}
