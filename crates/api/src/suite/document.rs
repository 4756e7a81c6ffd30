//! The envelope that every suite document has.

use std::collections::BTreeMap;

use model::{Kind, MAX_OBJECTS, Name, Suite, SuiteObject, SuiteSpec, Tags};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{
    AgentSpec, ContextGraphSpec, MetricSpec, PersonaSpec, ScenarioSpec, ServiceSpec, UnitTestSetSpec,
    UnitTestSpec, agent, context_graph, metric, persona, scenario, service, unit_test, unit_test_set,
};
use crate::{
    FieldErrors, Pointer,
    read::{Fields, Read, collect, list, words},
};

/// What `apiVersion` says in every document.
pub const API_VERSION: &str = "rehearse/v1";

/// The kinds of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuiteKind {
    /// A persona.
    Persona,
    /// A scenario.
    Scenario,
    /// A metric.
    Metric,
    /// An agent.
    Agent,
    /// A context graph.
    ContextGraph,
    /// A service.
    Service,
    /// A unit test.
    UnitTest,
    /// A unit test set.
    UnitTestSet,
}

words! {
    SuiteKind {
        Persona = "Persona",
        Scenario = "Scenario",
        Metric = "Metric",
        Agent = "Agent",
        ContextGraph = "ContextGraph",
        Service = "Service",
        UnitTest = "UnitTest",
        UnitTestSet = "UnitTestSet",
    }
}

impl SuiteKind {
    /// The kind of object that such a document makes.
    pub const fn object_kind(self) -> Kind {
        match self {
            Self::Persona => Kind::Persona,
            Self::Scenario => Kind::Scenario,
            Self::Metric => Kind::Metric,
            Self::Agent => Kind::Agent,
            Self::ContextGraph => Kind::ContextGraph,
            Self::Service => Kind::Service,
            Self::UnitTest => Kind::UnitTest,
            Self::UnitTestSet => Kind::UnitTestSet,
        }
    }

    /// What tags the kind may have.
    const fn tags(self) -> TagRule {
        match self {
            Self::Persona | Self::Scenario | Self::Metric | Self::Service => TagRule::Strict,
            Self::UnitTest | Self::UnitTestSet => TagRule::Loose,
            Self::Agent | Self::ContextGraph => TagRule::None,
        }
    }
}

#[derive(Clone, Copy)]
enum TagRule {
    Strict,
    Loose,
    None,
}

/// One document, as an export writes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Always [`API_VERSION`].
    pub api_version: &'static str,
    /// The kind's word, such as `UnitTest`.
    pub kind: &'static str,
    /// What every object has.
    pub metadata: Metadata,
    /// What this kind of object has.
    pub spec: Spec,
}

/// What every object has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Metadata {
    /// The object's name: with its kind, its identity.
    pub name: String,
    /// Labels; a value may be null. Agents and context graphs have none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub tags: BTreeMap<String, Option<String>>,
}

/// What a kind of object has.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "documents are few and short-lived")]
pub enum Spec {
    /// Of a persona.
    Persona(PersonaSpec),
    /// Of a scenario.
    Scenario(ScenarioSpec),
    /// Of a metric.
    Metric(MetricSpec),
    /// Of an agent.
    Agent(AgentSpec),
    /// Of a context graph.
    ContextGraph(ContextGraphSpec),
    /// Of a service.
    Service(ServiceSpec),
    /// Of a unit test.
    UnitTest(UnitTestSpec),
    /// Of a unit test set.
    UnitTestSet(UnitTestSetSpec),
}

impl From<&SuiteObject> for Document {
    fn from(object: &SuiteObject) -> Self {
        let none = Tags::default();
        let (kind, tags, spec) = match &object.spec {
            SuiteSpec::Persona { role, tags, content } => (
                SuiteKind::Persona,
                tags,
                Spec::Persona(persona::write(role, content)),
            ),
            SuiteSpec::Scenario { tags, content } => (
                SuiteKind::Scenario,
                tags,
                Spec::Scenario(scenario::write(content)),
            ),
            SuiteSpec::Metric {
                additional_notes,
                applied_to_services,
                tags,
                content,
            } => {
                let spec = metric::write(additional_notes.as_ref(), applied_to_services, content);
                (SuiteKind::Metric, tags, Spec::Metric(spec))
            }
            SuiteSpec::Agent(content) => (SuiteKind::Agent, &none, Spec::Agent(agent::write(content))),
            SuiteSpec::ContextGraph(content) => (
                SuiteKind::ContextGraph,
                &none,
                Spec::ContextGraph(context_graph::write(content)),
            ),
            SuiteSpec::Service {
                description,
                agent,
                context_graph,
                tags,
                keyterms,
                version_sets,
            } => {
                let spec = service::write(description, agent, context_graph.as_ref(), keyterms, version_sets);
                (SuiteKind::Service, tags, Spec::Service(spec))
            }
            SuiteSpec::UnitTest {
                description,
                service,
                version_set,
                persona,
                scenario,
                max_interactions,
                success_criteria,
                tags,
            } => {
                let spec = UnitTestSpec {
                    description: unit_test::written_description(&object.name, description),
                    service: service.to_string(),
                    version_set: unit_test::written_version_set(version_set),
                    persona: persona.to_string(),
                    scenario: scenario.to_string(),
                    max_interactions: unit_test::written_max_interactions(*max_interactions),
                    criteria: success_criteria.iter().map(super::criterion::write).collect(),
                };
                (SuiteKind::UnitTest, tags, Spec::UnitTest(spec))
            }
            SuiteSpec::UnitTestSet {
                description,
                tests,
                tags,
            } => (
                SuiteKind::UnitTestSet,
                tags,
                Spec::UnitTestSet(unit_test_set::write(description.as_ref(), tests)),
            ),
        };
        Self {
            api_version: API_VERSION,
            kind: crate::read::Word::word(kind),
            metadata: Metadata {
                name: object.name.to_string(),
                tags: tags.entries().clone(),
            },
            spec,
        }
    }
}

impl Document {
    /// The document as JSON, keys in the order in which people write them.
    ///
    /// # Errors
    /// None in practice: every part has text keys. The error is kept rather than hidden.
    pub fn to_value(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }
}

/// Reads one document.
///
/// # Errors
/// Every wrong field of the document.
pub fn read_object(value: &Value) -> Result<SuiteObject, FieldErrors> {
    collect(|at, errors| object(value, at, errors))
}

/// Reads the documents of a suite (a JSON list). Pointers begin with the document's index.
///
/// # Errors
/// Every wrong field of every document.
pub fn read_suite(value: &Value) -> Result<Suite, FieldErrors> {
    collect(|at, errors| suite(value, at, errors))
}

/// Reads a list of documents that stands within another document.
pub(crate) fn suite(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Suite> {
    let objects = list(value, &(0..=MAX_OBJECTS), at, errors, object)?;
    let mut seen = BTreeMap::new();
    let mut doubled = false;
    for (index, object) in objects.iter().enumerate() {
        let kind = object.spec.kind();
        if let Some(first) = seen.insert((kind, &object.name), index) {
            let name = &object.name;
            errors.push(
                &at.index(index).key("metadata").key("name"),
                format!("{kind} `{name}` stands in this suite twice; document {first} has it already"),
            );
            doubled = true;
        }
    }
    (!doubled).then_some(Suite { objects })
}

fn object(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<SuiteObject> {
    let mut fields = Fields::of(value, at, errors)?;
    let version = fields.with("apiVersion", |value, at, errors| {
        let known = value.as_str() == Some(API_VERSION);
        if !known {
            errors.push(at, format!("must be `{API_VERSION}`"));
        }
        known.then_some(())
    });
    let kind = fields.required::<SuiteKind>("kind");
    let metadata = fields.with("metadata", |value, at, errors| metadata(value, kind, at, errors));
    let spec_at = fields.at("spec");
    fields.raw("spec");
    fields.finish();
    let spec = value.get("spec");
    // Without a kind nobody can say what the spec should hold.
    let kind = kind?;
    let name = metadata.as_ref().map(|(name, _)| name.clone());
    let tags = metadata.as_ref().map(|(_, tags)| tags.clone());
    // An agent's spec may be empty, every other one has fields that are required and will be asked for.
    let empty = Value::Object(serde_json::Map::new());
    let spec = match spec {
        Some(spec) if !spec.is_null() => Some(spec),
        Some(_) | None => {
            if kind != SuiteKind::Agent {
                errors.push(&spec_at, "is required");
            }
            (kind == SuiteKind::Agent).then_some(&empty)
        }
    };
    // Faults of the spec are reported even if the name is faulty.
    let tags = tags.unwrap_or_default();
    let spec = spec.and_then(|spec| {
        let mut fields = Fields::of(spec, &spec_at, errors)?;
        let spec = match kind {
            SuiteKind::Persona => persona::read(&mut fields, tags),
            SuiteKind::Scenario => scenario::read(&mut fields, tags),
            SuiteKind::Metric => metric::read(&mut fields, tags),
            SuiteKind::Agent => agent::read(&mut fields).map(SuiteSpec::Agent),
            SuiteKind::ContextGraph => context_graph::read(&mut fields).map(SuiteSpec::ContextGraph),
            SuiteKind::Service => service::read(&mut fields, tags),
            SuiteKind::UnitTest => unit_test::read(&mut fields, name.as_ref(), tags),
            SuiteKind::UnitTestSet => unit_test_set::read(&mut fields, tags),
        };
        fields.finish();
        spec
    });
    version?;
    Some(SuiteObject {
        name: metadata?.0,
        spec: spec?,
    })
}

fn metadata(
    value: &Value,
    kind: Option<SuiteKind>,
    at: &Pointer,
    errors: &mut FieldErrors,
) -> Option<(Name, Tags)> {
    let mut fields = Fields::of(value, at, errors)?;
    let name = fields.with("name", Name::read);
    let tags = match kind.map(SuiteKind::tags) {
        Some(TagRule::Strict) => fields.strict_tags("tags"),
        Some(TagRule::Loose) | None => fields.loose_tags("tags"),
        Some(TagRule::None) => {
            let tags = fields.loose_tags("tags");
            if tags.as_ref().is_some_and(|tags| !tags.entries().is_empty()) {
                fields.fault("tags", "agents and context graphs have no tags");
            }
            tags
        }
    };
    fields.finish();
    Some((name?, tags?))
}
