//! An OpenAPI document, and examples checked against it.

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::http::{Operation, Spread};

/// An OpenAPI document.
pub(in super::super) struct Document {
    pub(super) json: Value,
}

impl Document {
    pub(in super::super) fn new(json: Value) -> Self {
        Self { json }
    }

    /// The operation with this path and method, if there is one.
    pub(super) fn operation(&self, path: &str, method: &str) -> Option<&Value> {
        self.json["paths"].get(path)?.get(method)
    }

    /// A value with its references followed, as far as they are at its top.
    pub(super) fn resolve<'a>(&'a self, mut value: &'a Value) -> &'a Value {
        while let Some(reference) = value["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#');
            value = self
                .json
                .pointer(pointer)
                .unwrap_or_else(|| panic!("{reference} leads nowhere"));
        }
        value
    }

    /// A validator of a schema of this document.
    pub(super) fn validator(&self, schema: &Value) -> Validator {
        let whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": self.json["components"],
            "allOf": [schema],
        });
        jsonschema::options()
            .should_validate_formats(true)
            .build(&whole)
            .unwrap_or_else(|error| panic!("{error} in {schema}"))
    }

    fn check(&self, schema: &Value, value: &Value, what: &str) {
        let errors: Vec<String> = self
            .validator(schema)
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{what}: {errors:#?} in {value}");
    }

    fn described(&self, operation: &Operation) -> &Value {
        let (path, method) = (operation.full_path(), operation.method.as_str().to_lowercase());
        self.operation(&path, &method)
            .unwrap_or_else(|| panic!("there is no {method} {path}"))
    }

    /// A request must be valid by the document.
    pub(in super::super) fn check_request(&self, operation: &Operation, request: &Spread) {
        let described = self.described(operation);
        for parameter in described["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let schema = &parameter["schema"];
            let value = match parameter["in"].as_str() {
                Some("path") => operation
                    .path_fields
                    .iter()
                    .zip(&request.path)
                    .find(|((placeholder, _), _)| *placeholder == name)
                    .map(|(_, value)| json!(value)),
                Some("query") => query_value(request, name, &self.shape(schema)),
                Some(_) | None => None,
            };
            if let Some(value) = value {
                self.check(schema, &value, &format!("{} {name}", operation.id));
            }
        }
        let known = |name: &str| {
            let mut parameters = described["parameters"].as_array().into_iter().flatten();
            parameters.any(|parameter| parameter["in"] == "query" && parameter["name"] == name)
        };
        for (name, _) in &request.query {
            assert!(known(name), "{} has no parameter {name}", operation.id);
        }
        let body = &described["requestBody"]["content"]["application/json"]["schema"];
        match &request.body {
            Some(value) if !body.is_null() => self.check(body, value, operation.id),
            Some(value) => assert_eq!(value, &json!({}), "{}", operation.id),
            None => {}
        }
    }

    /// A success must be valid by the document.
    pub(in super::super) fn check_response(&self, operation: &Operation, response: &Value) {
        let described = self.described(operation);
        let success = self.resolve(&described["responses"][operation.status.to_string()]);
        let schema = &success["content"]["application/json"]["schema"];
        if operation.status == 204 {
            assert!(schema.is_null() && response.is_null(), "{}", operation.id);
        } else {
            self.check(schema, response, operation.id);
        }
    }

    /// The type of a parameter's values: `array`, `integer` and so on.
    fn shape(&self, schema: &Value) -> String {
        let schema = self.resolve(schema);
        let alternatives = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array());
        match alternatives {
            Some(alternatives) => alternatives
                .iter()
                .map(|alternative| self.shape(alternative))
                .find(|shape| shape != "null")
                .unwrap_or_default(),
            None => schema["type"].as_str().unwrap_or_default().to_owned(),
        }
    }
}

/// The value that a parameter has in a query, as its schema wants it.
fn query_value(request: &Spread, name: &str, shape: &str) -> Option<Value> {
    let values: Vec<&str> = request
        .query
        .iter()
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
        .collect();
    let first = *values.first()?;
    Some(match shape {
        "array" => json!(values),
        "integer" | "boolean" => serde_json::from_str(first).unwrap(),
        _ => json!(first),
    })
}
