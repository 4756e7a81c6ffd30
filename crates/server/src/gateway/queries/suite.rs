//! Suites: what applying one would change, and the organization as one.

use api::{
    error::Problem,
    read::read,
    suite::{Apply, Changes, DifferenceWord, Document, ExportQuery, Exported},
};
use model::{Command, Directory, Kind, Name, Object, ObjectRef, SuiteCriterion, SuiteObject, SuiteSpec};
use projections::{ListQuery, MAX_LIMIT, OrgView};
use serde_json::Value;

use crate::gateway::{Caller, Gateway, dry_run::dry_run, failure, not_found, render};

/// What people write, each after what it names.
const KINDS: [Kind; 8] = [
    Kind::Persona,
    Kind::Scenario,
    Kind::Agent,
    Kind::ContextGraph,
    Kind::Service,
    Kind::Metric,
    Kind::UnitTest,
    Kind::UnitTestSet,
];

/// Decides on the suite as applying it would, and appends nothing.
pub(super) async fn diff(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let command = Command::ApplySuite(read::<Apply>(body)?.suite);
    let outcome = dry_run(gateway, caller, None, command).await?.outcome;
    let objects: Vec<ObjectRef> = outcome.changes.into_iter().map(|(object, _)| object).collect();
    let mut changes = Changes::of(&outcome.suite.unwrap_or_default(), &objects);
    for change in &mut changes.changes {
        // The id that it would get is not the one that it will get.
        if change.difference == DifferenceWord::Created {
            change.id = None;
        }
    }
    render(&changes)
}

/// The live objects as documents. Agents and context graphs without a version, and inactive services, cannot be said in a suite.
pub(super) async fn export(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<ExportQuery>(body)?;
    gateway
        .look(&caller.org, move |view| {
            let kinds: Vec<Kind> = request.kind.iter().map(|kind| kind.0.object_kind()).collect();
            let mut documents = Vec::new();
            for kind in KINDS
                .into_iter()
                .filter(|kind| kinds.is_empty() || kinds.contains(kind))
            {
                for object in live(view, kind)? {
                    let named = |name: &Name| object.unique_name() == Some(name.as_str());
                    if !request.name.is_empty() && !request.name.iter().any(named) {
                        continue;
                    }
                    if let Some(object) = as_code(view, &object)? {
                        documents.push(render(&Document::from(&object))?);
                    }
                }
            }
            render(&Exported { documents })
        })
        .await
}

/// Every live object of a kind, oldest change first.
fn live(view: &OrgView<'_>, kind: Kind) -> Result<Vec<Object>, Problem> {
    let mut wanted = ListQuery {
        limit: MAX_LIMIT,
        ..ListQuery::default()
    };
    if kind == Kind::Service {
        wanted.is_active = Some(true);
    } else {
        wanted.is_deleted = Some(false);
    }
    let mut objects = Vec::new();
    loop {
        let page = view
            .list(kind, &wanted)
            .map_err(|error| failure::of_query(&error))?;
        objects.extend(page.items);
        match page.next_offset {
            Some(next) => wanted.offset = next,
            None => break,
        }
    }
    objects.reverse();
    Ok(objects)
}

/// An object as code; none if it cannot be said.
fn as_code(view: &OrgView<'_>, object: &Object) -> Result<Option<SuiteObject>, Problem> {
    let (name, spec) = match object {
        Object::Persona(state) => (
            &state.name,
            SuiteSpec::Persona {
                role: state.role.clone(),
                tags: state.tags.clone(),
                content: state.latest.clone(),
            },
        ),
        Object::Scenario(state) => (
            &state.name,
            SuiteSpec::Scenario {
                tags: state.tags.clone(),
                content: state.latest.clone(),
            },
        ),
        Object::Metric(state) => {
            let mut applied_to_services = Vec::new();
            for service in &state.applied_to_services {
                applied_to_services.push(name_of(view, Kind::Service, *service)?);
            }
            (
                &state.name,
                SuiteSpec::Metric {
                    additional_notes: state.additional_notes.clone(),
                    applied_to_services,
                    tags: state.tags.clone(),
                    content: state.latest.clone(),
                },
            )
        }
        Object::Agent(state) => match &state.latest {
            Some(content) => (&state.name, SuiteSpec::Agent(content.clone())),
            None => return Ok(None),
        },
        Object::ContextGraph(state) => match &state.latest {
            Some(content) => (&state.name, SuiteSpec::ContextGraph(content.clone())),
            None => return Ok(None),
        },
        Object::Service(state) => {
            let profile = &state.profile;
            let mut version_sets = state.version_sets.clone();
            version_sets.remove(&model::VersionSetName::edge());
            (
                &profile.name,
                SuiteSpec::Service {
                    description: profile.description.clone(),
                    agent: name_of(view, Kind::Agent, profile.agent_id)?,
                    context_graph: Some(name_of(view, Kind::ContextGraph, profile.context_graph_id)?),
                    tags: profile.tags.clone(),
                    keyterms: profile.keyterms.clone(),
                    version_sets,
                },
            )
        }
        Object::UnitTest(state) => {
            let definition = &state.definition;
            let mut success_criteria = Vec::new();
            for criterion in &definition.success_criteria {
                success_criteria.push(SuiteCriterion {
                    name: criterion.name.clone(),
                    metric: name_of(view, Kind::Metric, criterion.metric_id)?,
                    criterion: criterion.criterion.clone(),
                });
            }
            (
                &state.name,
                SuiteSpec::UnitTest {
                    description: definition.description.clone(),
                    service: name_of(view, Kind::Service, definition.service_id)?,
                    version_set: definition.version_set.clone(),
                    persona: name_of(view, Kind::Persona, definition.persona_id)?,
                    scenario: name_of(view, Kind::Scenario, definition.scenario_id)?,
                    max_interactions: definition.max_interactions,
                    success_criteria,
                    tags: definition.tags.clone(),
                },
            )
        }
        Object::UnitTestSet(state) => {
            let mut tests = Vec::new();
            for entry in &state.definition.entries {
                tests.push((
                    name_of(view, Kind::UnitTest, entry.unit_test_id)?,
                    entry.run_count,
                ));
            }
            (
                &state.definition.name,
                SuiteSpec::UnitTestSet {
                    description: state.definition.description.clone(),
                    tests,
                    tags: state.definition.tags.clone(),
                },
            )
        }
        Object::Organization(_)
        | Object::User(_)
        | Object::ApiKey(_)
        | Object::Run(_)
        | Object::Role(_)
        | Object::TemporaryGrant(_)
        | Object::WebhookDestination(_)
        | Object::Evaluation(_) => return Ok(None),
    };
    Ok(Some(SuiteObject {
        name: name.clone(),
        spec,
    }))
}

/// The name of something that an object refers to.
fn name_of(view: &OrgView<'_>, kind: Kind, id: impl Into<model::Token>) -> Result<Name, Problem> {
    let object = ObjectRef::new(kind, id);
    let found = view.object(&object).map_err(|error| failure::of_read(&error))?;
    let name = match &found {
        // An inactive service has a name, but not one that would find it.
        Some(Object::Service(state)) => Some(state.profile.name.clone()),
        Some(other) => other.unique_name().and_then(|name| Name::try_from(name).ok()),
        None => None,
    };
    name.ok_or_else(|| not_found(&object))
}
