//! `kind: Service`.

use std::collections::BTreeMap;

use model::{Json, Keyterm, ModelPreference, Name, SuiteSpec, Tags, Text, VersionSet, VersionSetName};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    FieldErrors, Pointer,
    read::{Fields, integer, json_object, map},
};

/// An agent and a context graph, with named version sets.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ServiceSpec {
    /// What the service is for.
    pub description: String,
    /// The agent's name.
    pub agent: String,
    /// The context graph's name. Default: an empty one called `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_graph: Option<String>,
    /// Words that speech recognition should know: one to three words of `a-z` and `-` each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default, length(max = 20))]
    pub keyterms: Vec<String>,
    /// Version sets by name. `edge` always means the latest versions and cannot be set.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub version_sets: BTreeMap<String, VersionSetDoc>,
}

/// Which versions a version set means, and which models the agent prefers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct VersionSetDoc {
    /// The agent's version. Default: `latest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<PinDoc>,
    /// The context graph's version. Default: `latest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_graph: Option<PinDoc>,
    /// Preferred models by interaction of the agent.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub models: BTreeMap<String, ModelDoc>,
}

/// A version: its number, or `latest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum PinDoc {
    /// Exactly this version.
    Number(#[schemars(range(min = 1))] u32),
    /// Whichever is the latest when a run starts.
    Word(LatestWord),
}

/// The word `latest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LatestWord {
    /// Whichever is the latest when a run starts.
    Latest,
}

/// A preferred model.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ModelDoc {
    /// The model's name.
    pub name: String,
    /// Parameters.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schemars(default)]
    pub params: Map<String, Value>,
}

pub(super) fn read(fields: &mut Fields<'_>, tags: Tags) -> Option<SuiteSpec> {
    let description = fields.required("description");
    let agent = fields.required("agent");
    let context_graph = fields.optional("contextGraph");
    let keyterms = fields.list("keyterms", 0..=20);
    let version_sets = fields.optional_with("versionSets", read_version_sets);
    Some(SuiteSpec::Service {
        description: description?,
        agent: agent?,
        context_graph: context_graph?,
        tags,
        keyterms: keyterms?,
        version_sets: version_sets?.unwrap_or_default(),
    })
}

fn read_version_sets(
    value: &Value,
    at: &Pointer,
    errors: &mut FieldErrors,
) -> Option<BTreeMap<VersionSetName, VersionSet>> {
    let read = map(value, 100, at, errors, read_version_set)?;
    let mut sets = BTreeMap::new();
    let mut faulty = false;
    for (name, set) in read {
        let at = at.key(&name);
        match VersionSetName::try_from(name) {
            Ok(name) if name == VersionSetName::edge() => {
                errors.push(&at, "`edge` always means the latest versions and cannot be set");
                faulty = true;
            }
            Ok(name) => {
                sets.insert(name, set);
            }
            Err(reason) => {
                errors.push(&at, reason.to_string());
                faulty = true;
            }
        }
    }
    (!faulty).then_some(sets)
}

fn read_version_set(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<VersionSet> {
    let mut fields = Fields::of(value, at, errors)?;
    let agent_version = fields.optional_with("agent", read_pin);
    let context_graph_version = fields.optional_with("contextGraph", read_pin);
    let models = fields.optional_with("models", |value, at, errors| {
        map(value, 100, at, errors, read_model)
    });
    fields.finish();
    Some(VersionSet {
        agent_version: agent_version?.flatten(),
        context_graph_version: context_graph_version?.flatten(),
        llm_model_preferences: models?.unwrap_or_default(),
    })
}

fn read_pin(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Option<u32>> {
    match value {
        Value::String(word) if word == "latest" => Some(None),
        Value::Number(_) => {
            let number = integer(value, &(1..=u64::from(u32::MAX)), at, errors)?;
            Some(u32::try_from(number).ok())
        }
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            errors.push(at, "must be a version's number or `latest`");
            None
        }
    }
}

fn read_model(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<ModelPreference> {
    let mut fields = Fields::of(value, at, errors)?;
    let llm_name = fields.required("name");
    let params = fields.optional_with("params", json_object);
    fields.finish();
    Some(ModelPreference {
        llm_name: llm_name?,
        params: params?.unwrap_or_else(Json::empty_object),
    })
}

pub(super) fn write(
    description: &Text,
    agent: &Name,
    context_graph: Option<&Name>,
    keyterms: &[Keyterm],
    version_sets: &BTreeMap<VersionSetName, VersionSet>,
) -> ServiceSpec {
    ServiceSpec {
        description: description.to_string(),
        agent: agent.to_string(),
        context_graph: context_graph.map(ToString::to_string),
        keyterms: keyterms.iter().map(|term| String::from(term.clone())).collect(),
        version_sets: version_sets
            .iter()
            .map(|(name, set)| (name.to_string(), write_version_set(set)))
            .collect(),
    }
}

fn write_version_set(set: &VersionSet) -> VersionSetDoc {
    let model = |preference: &ModelPreference| ModelDoc {
        name: preference.llm_name.to_string(),
        params: crate::wire::object(&preference.params),
    };
    VersionSetDoc {
        agent: set.agent_version.map(PinDoc::Number),
        context_graph: set.context_graph_version.map(PinDoc::Number),
        models: set
            .llm_model_preferences
            .iter()
            .map(|(name, preference)| (name.clone(), model(preference)))
            .collect(),
    }
}
