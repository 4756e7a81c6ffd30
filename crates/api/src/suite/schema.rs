//! The JSON Schema of suite documents, for editors.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};

use super::{
    API_VERSION, AgentSpec, ContextGraphSpec, Metadata, MetricSpec, PersonaSpec, ScenarioSpec, ServiceSpec,
    SuiteKind, UnitTestSetSpec, UnitTestSpec,
};
use crate::read::Word as _;

/// The JSON Schema (2020-12) of one suite document: one alternative for each kind.
pub fn suite_schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = alternatives(&mut generator);
    let definitions = generator.take_definitions(true);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["$defs"] = Value::Object(definitions);
    schema
}

/// A document of any kind: one alternative for each.
pub(crate) fn alternatives(generator: &mut SchemaGenerator) -> Value {
    let alternatives: Vec<Value> = SuiteKind::WORDS
        .iter()
        .map(|(_, kind)| alternative(*kind, generator))
        .collect();
    json!({
        "title": "A document of a Rehearse suite",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata"],
        "oneOf": alternatives,
    })
}

fn alternative(kind: SuiteKind, generator: &mut SchemaGenerator) -> Value {
    let spec = match kind {
        SuiteKind::Persona => subschema::<PersonaSpec>(generator),
        SuiteKind::Scenario => subschema::<ScenarioSpec>(generator),
        SuiteKind::Metric => subschema::<MetricSpec>(generator),
        SuiteKind::Agent => subschema::<AgentSpec>(generator),
        SuiteKind::ContextGraph => subschema::<ContextGraphSpec>(generator),
        SuiteKind::Service => subschema::<ServiceSpec>(generator),
        SuiteKind::UnitTest => subschema::<UnitTestSpec>(generator),
        SuiteKind::UnitTestSet => subschema::<UnitTestSetSpec>(generator),
    };
    json!({
        "title": kind.word(),
        "type": "object",
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"const": kind.word()},
            "metadata": subschema::<Metadata>(generator),
            "spec": spec,
        },
        "required": if kind == SuiteKind::Agent {
            json!(["apiVersion", "kind", "metadata"])
        } else {
            json!(["apiVersion", "kind", "metadata", "spec"])
        },
        "additionalProperties": false,
    })
}

fn subschema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}
