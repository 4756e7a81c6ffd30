//! Where the fields of a request stand over HTTP.

use serde_json::{Value, json};
use utoipa::openapi::{
    RefOr, Required,
    content::ContentBuilder,
    extensions::Extensions,
    path::{Parameter, ParameterBuilder, ParameterIn, ParameterStyle},
    request_body::{RequestBody, RequestBodyBuilder},
};

use super::schemas::{EndpointSchemas, schema};
use crate::{
    bus::{Family, SEEN_HEADER},
    http::{BY_NAME, IDEMPOTENCY_KEY_HEADER, Method, Operation, Spread, is_by_name},
    request::schema::refer,
};

/// A parameter, by its parts.
pub(super) struct Part<'a> {
    pub(super) name: &'a str,
    pub(super) place: ParameterIn,
    pub(super) required: bool,
    pub(super) schema: Value,
    pub(super) example: Option<Value>,
}

impl Part<'_> {
    /// The parameter. What it means is said once, beside it.
    pub(super) fn build(mut self) -> Parameter {
        let description = self
            .schema
            .as_object_mut()
            .and_then(|keywords| keywords.shift_remove("description"))
            .and_then(|description| description.as_str().map(str::to_owned));
        let is_list = self.schema.get("type").is_some_and(|kind| kind == "array");
        let required = if self.required {
            Required::True
        } else {
            Required::False
        };
        let style = is_list.then_some(ParameterStyle::Form);
        let example = self
            .example
            .map(|example| Extensions::from_iter([("example", example)]));
        ParameterBuilder::new()
            .name(self.name)
            .parameter_in(self.place)
            .description(description)
            .required(required)
            .schema(Some(schema(self.schema)))
            .style(style)
            .explode(is_list.then_some(true))
            .extensions(example)
            .build()
    }
}

/// The placeholder that every path of an organization has.
pub(super) fn organization() -> Part<'static> {
    let mut schema = refer::<model::OrgId>();
    schema["description"] = json!("The organization.");
    Part {
        name: "organization",
        place: ParameterIn::Path,
        required: true,
        schema,
        example: Some(json!("acme")),
    }
}

/// Every parameter of an operation.
pub(super) fn parameters(
    operation: &Operation,
    schemas: &EndpointSchemas,
    example: &Spread,
) -> Vec<RefOr<Parameter>> {
    let mut parts = vec![organization()];
    for ((placeholder, field), value) in operation.path_fields.iter().zip(&example.path) {
        parts.push(Part {
            name: placeholder,
            place: ParameterIn::Path,
            required: true,
            schema: path_schema(operation, schemas, field),
            example: Some(json!(value)),
        });
    }
    let in_query = query_fields(operation, schemas);
    for field in &in_query {
        let schema = without_null(field_schema(schemas, field));
        let example = query_example(example, field, &schema);
        parts.push(Part {
            required: is_required(schemas, field),
            name: field,
            place: ParameterIn::Query,
            schema,
            example,
        });
    }
    match operation.family {
        Family::Command => parts.push(Part {
            name: IDEMPOTENCY_KEY_HEADER,
            place: ParameterIn::Header,
            required: false,
            schema: json!({
                "description": "Names the intended change: sent again with the same key and body, the request has no further effect and gets the same answer.",
                "type": "string",
                "minLength": 1,
                "maxLength": 255,
                "pattern": "^[!-~]+$",
            }),
            example: None,
        }),
        Family::Query => parts.push(Part {
            name: SEEN_HEADER,
            place: ParameterIn::Header,
            required: false,
            schema: json!({
                "description": "A sequence that the caller has seen: the answer shows at least what had happened up to there.",
                "type": "integer",
                "minimum": 0,
            }),
            example: None,
        }),
    }
    let precondition = |name: &'static str, description: &str| Part {
        name,
        place: ParameterIn::Header,
        required: false,
        schema: json!({
            "description": description,
            "type": "string",
            "pattern": r#"^(\*|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*)$"#,
        }),
        example: None,
    };
    if operation.changes_object() {
        parts.push(precondition(
            "If-Match",
            "What the caller knows of the object: an `ETag` of its, or `*`. The request is refused if it is no longer so.",
        ));
    }
    if operation.shows_object() {
        parts.push(precondition(
            "If-None-Match",
            "An `ETag` of an earlier answer: if it is still so, there is no other answer than that.",
        ));
    }
    parts.into_iter().map(|part| RefOr::T(part.build())).collect()
}

/// The body of an operation's requests: what stands neither in the path nor in the query.
pub(super) fn body(operation: &Operation, schemas: &EndpointSchemas, example: Spread) -> Option<RequestBody> {
    if !operation.has_body() {
        return None;
    }
    let elsewhere: Vec<&str> = operation
        .path_fields
        .iter()
        .map(|(_, field)| *field)
        .chain(operation.query_fields.iter().copied())
        .collect();
    let mut body = schemas.request.clone();
    if let Some(Value::Object(properties)) = body.get_mut("properties") {
        properties.retain(|key, _| !elsewhere.contains(&key.as_str()));
    }
    if let Some(Value::Array(required)) = body.get_mut("required") {
        required.retain(|key| key.as_str().is_none_or(|key| !elsewhere.contains(&key)));
        if required.is_empty()
            && let Some(keywords) = body.as_object_mut()
        {
            keywords.shift_remove("required");
        }
    }
    // No body is as good as an empty object.
    let required = match body.get("required").and_then(Value::as_array) {
        Some(fields) if !fields.is_empty() => Required::True,
        Some(_) | None => Required::False,
    };
    let content = ContentBuilder::new()
        .schema(Some(schema(body)))
        .example(example.body)
        .build();
    Some(
        RequestBodyBuilder::new()
            .content("application/json", content)
            .required(Some(required))
            .build(),
    )
}

/// Which fields stand in the query.
fn query_fields(operation: &Operation, schemas: &EndpointSchemas) -> Vec<String> {
    let in_path = |field: &str| operation.path_fields.iter().any(|(_, known)| *known == field);
    if operation.method != Method::Get {
        return operation
            .query_fields
            .iter()
            .map(|field| (*field).to_owned())
            .collect();
    }
    schemas.request["properties"]
        .as_object()
        .into_iter()
        .flat_map(|properties| properties.keys())
        .filter(|field| !in_path(field))
        .cloned()
        .collect()
}

/// What stands in the path for a field: what the field looks like, or what says that the query names the object.
fn path_schema(operation: &Operation, schemas: &EndpointSchemas, field: &str) -> Value {
    let mut schema = field_schema(schemas, field);
    if is_by_name(operation, field) {
        let (reference, description) = (schema["$ref"].take(), schema["description"].take());
        let by_name = format!(
            "{} Or `{BY_NAME}`: the one that `name` names.",
            description.as_str().unwrap_or_default()
        );
        schema = json!({
            "description": by_name.trim_start(),
            "anyOf": [{"$ref": reference}, {"type": "string", "const": BY_NAME}],
        });
    }
    schema
}

fn field_schema(schemas: &EndpointSchemas, field: &str) -> Value {
    schemas.request["properties"][field].clone()
}

fn is_required(schemas: &EndpointSchemas, field: &str) -> bool {
    schemas.request["required"]
        .as_array()
        .is_some_and(|required| required.iter().any(|key| key == field))
}

/// A query has no null: a parameter is there or not.
fn without_null(mut schema: Value) -> Value {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    schema
}

/// The example of a parameter, as its schema wants it.
fn query_example(example: &Spread, field: &str, schema: &Value) -> Option<Value> {
    let values: Vec<&str> = example
        .query
        .iter()
        .filter(|(key, _)| key == field)
        .map(|(_, value)| value.as_str())
        .collect();
    let (first, kind) = (values.first()?, schema["type"].as_str());
    match kind {
        Some("array") => Some(json!(values)),
        Some("integer" | "boolean") => serde_json::from_str(first).ok(),
        Some(_) | None => Some(json!(first)),
    }
}
