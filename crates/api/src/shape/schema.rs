//! What the shapes with fields look like, as JSON Schema.

use model::{MetricId, Name, Text};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use super::{CriterionShape, ModelPreferenceShape};
use crate::{
    openapi::{self, AddComponents, Components},
    read::word_schema,
    request::schema::{or_null, refer, referred},
};

/// An object of one `type`, with these fields beside it, all of which it must have.
fn tagged(word: &str, fields: &[(&str, Value)]) -> Value {
    let mut object = json!({
        "title": word,
        "type": "object",
        "properties": {"type": {"type": "string", "const": word}},
        "required": ["type"],
        "additionalProperties": false,
    });
    for (key, schema) in fields {
        object["properties"][*key] = schema.clone();
    }
    let keys = fields.iter().map(|(key, _)| *key);
    object["required"] = std::iter::once("type").chain(keys).collect();
    object
}

fn alternatives(alternatives: [Value; 3]) -> Value {
    json!({"oneOf": alternatives})
}

fn names() -> Value {
    json!({"type": "array", "items": refer::<Name>(), "minItems": 1, "maxItems": 50})
}

pub(super) fn metric_value() -> Value {
    let number = || json!({"type": "number"});
    alternatives([
        tagged("boolean", &[]),
        tagged(
            "numerical",
            &[("lower_bound", number()), ("upper_bound", number())],
        ),
        tagged("categorical", &[("categories", names())]),
    ])
}

pub(super) fn criterion() -> Value {
    alternatives([
        tagged("boolean", &[("expected_value", json!({"type": "boolean"}))]),
        tagged(
            "numerical",
            &[
                ("verb", word_schema::<model::Comparison>()),
                ("threshold", json!({"type": "number"})),
            ],
        ),
        tagged("categorical", &[("expected_values", names())]),
    ])
}

pub(super) fn success_criterion() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": refer::<Name>(),
            "metric_id": refer::<MetricId>(),
            "criterion": refer::<CriterionShape>(),
        },
        "required": ["name", "metric_id", "criterion"],
        "additionalProperties": false,
    })
}

/// What a success criterion refers to.
pub(super) struct SuccessCriterionParts;

impl AddComponents for SuccessCriterionParts {
    fn add_components(components: &mut Components) {
        referred::<Name>(components);
        referred::<MetricId>(components);
        referred::<CriterionShape>(components);
    }
}

fn version_number() -> Value {
    json!({"type": ["integer", "null"], "minimum": 1, "maximum": u32::MAX})
}

fn version_set_of(preference: Value) -> Value {
    json!({
        "type": "object",
        "properties": {
            "agent_version_number": version_number(),
            "service_hierarchical_state_machine_version_number": version_number(),
            "llm_model_preferences": {
                "type": "object",
                "propertyNames": {"minLength": 1, "maxLength": 512},
                "additionalProperties": preference,
                "maxProperties": 100,
            },
        },
    })
}

pub(super) fn version_set() -> Value {
    let mut set = version_set_of(refer::<ModelPreferenceShape>());
    let preferences = set["properties"]["llm_model_preferences"].take();
    set["properties"]["llm_model_preferences"] = or_null(preferences);
    set["additionalProperties"] = json!(false);
    set
}

pub(super) fn preference() -> Value {
    json!({
        "type": "object",
        "properties": {"llm_name": refer::<Text>(), "params": {"type": ["object", "null"]}},
        "required": ["llm_name"],
        "additionalProperties": false,
    })
}

/// A measured value as answers show it.
#[derive(Debug)]
pub(crate) struct MetricResultValue;

impl PartialSchema for MetricResultValue {
    fn schema() -> RefOr<Schema> {
        openapi::schema(json!({
            "description": "A measured value; null: the metric does not apply.",
            "type": ["number", "boolean", "string", "null"],
        }))
    }
}

impl ToSchema for MetricResultValue {}

/// A preferred model as answers show it: with every field.
#[derive(Debug)]
pub(crate) struct ModelPreferenceView;

impl PartialSchema for ModelPreferenceView {
    fn schema() -> RefOr<Schema> {
        openapi::schema(json!({
            "description": "A preferred model.",
            "type": "object",
            "properties": {"llm_name": refer::<Text>(), "params": {"type": "object"}},
            "required": ["llm_name", "params"],
        }))
    }
}

impl ToSchema for ModelPreferenceView {
    fn schemas(components: &mut Components) {
        referred::<Text>(components);
    }
}

/// A version set as answers show it: with every field.
#[derive(Debug)]
pub(crate) struct VersionSetView;

impl PartialSchema for VersionSetView {
    fn schema() -> RefOr<Schema> {
        let mut set = version_set_of(refer::<ModelPreferenceView>());
        set["description"] = json!("A version set.");
        set["required"] = json!([
            "agent_version_number",
            "service_hierarchical_state_machine_version_number",
            "llm_model_preferences",
        ]);
        openapi::schema(set)
    }
}

impl ToSchema for VersionSetView {
    fn schemas(components: &mut Components) {
        referred::<ModelPreferenceView>(components);
    }
}
