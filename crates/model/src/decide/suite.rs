//! Applying a suite: each object is compared with what exists, and made, versioned or updated where it differs.

mod service;
mod unit_test;

use super::{agent, metric, persona, scenario, staged::Staged};
use crate::{
    AgentId, ContextGraphContent, ContextGraphId, DecideError, Difference, Directory, Invalid, Kind,
    MetricId, MetricNotes, Name, ObjectRef, Oid, PersonaId, Rejection, ScenarioId, ServiceId, SetEntry,
    Suite, SuiteChange, SuiteObject, SuiteSpec, UnitTestId, UnitTestSetChange, UnitTestSetDefinition,
    UnitTestSetId,
    suite::{MAX_OBJECTS, fields_that_differ},
};

type Change = (ObjectRef, u32);

/// Objects that others refer to come first.
const ORDER: [Kind; 8] = [
    Kind::Persona,
    Kind::Scenario,
    Kind::Agent,
    Kind::ContextGraph,
    Kind::Service,
    Kind::Metric,
    Kind::UnitTest,
    Kind::UnitTestSet,
];

pub(super) fn apply(
    staged: &mut Staged<'_>,
    suite: &Suite,
) -> Result<(Vec<Change>, Vec<SuiteChange>), DecideError> {
    if suite.objects.len() > MAX_OBJECTS {
        let reason = Invalid::new(format!("a suite has at most {MAX_OBJECTS} objects"));
        return Err(Rejection::invalid("", reason).into());
    }
    refuse_twins(suite)?;
    let mut done = Vec::new();
    for kind in ORDER {
        for (index, object) in suite
            .objects
            .iter()
            .enumerate()
            .filter(|(_, object)| object.spec.kind() == kind)
        {
            let (change, difference, fields) =
                apply_one(staged, object).map_err(|error| in_suite(error, index, object))?;
            let summary = SuiteChange {
                kind,
                name: object.name.clone(),
                difference,
                fields,
            };
            done.push((index, change, summary));
        }
    }
    done.sort_by_key(|(index, _, _)| *index);
    Ok(done
        .into_iter()
        .map(|(_, change, summary)| (change, summary))
        .unzip())
}

fn refuse_twins(suite: &Suite) -> Result<(), DecideError> {
    let mut seen = std::collections::BTreeSet::new();
    for (index, object) in suite.objects.iter().enumerate() {
        if !seen.insert((object.spec.kind(), object.name.as_str())) {
            let reason = Invalid::new("the suite has another object of this kind and name");
            return Err(in_suite(
                Rejection::invalid("/metadata/name", reason).into(),
                index,
                object,
            ));
        }
    }
    Ok(())
}

fn in_suite(error: DecideError, index: usize, object: &SuiteObject) -> DecideError {
    match error {
        DecideError::Rejected(source) => Rejection::InSuite {
            index,
            kind: object.spec.kind(),
            name: object.name.to_string(),
            source: Box::new(source),
        }
        .into(),
        DecideError::Read(_) => error,
    }
}

/// An existing object's id, by name.
fn find(staged: &Staged<'_>, kind: Kind, name: &Name) -> Result<Option<Oid>, DecideError> {
    let key = staged.named(kind, name.as_str())?;
    Ok(key.and_then(|key| key.as_str().parse().ok()))
}

/// The id of something that the suite refers to by name.
fn refer(staged: &Staged<'_>, kind: Kind, name: &Name) -> Result<Oid, DecideError> {
    find(staged, kind, name)?.ok_or_else(|| {
        Rejection::NotFound {
            kind,
            what: name.to_string(),
        }
        .into()
    })
}

/// The object with the version that it got (0 if none), what was done to it, and the fields that differ.
type Applied = (Change, Difference, Vec<String>);

/// Says what happened to an existing object: a new version, an update in place, or nothing.
fn changed(object: ObjectRef, version: Option<u32>, fields: Vec<String>) -> Applied {
    let difference = match version {
        Some(number) => Difference::NewVersion(number),
        None if fields.is_empty() => Difference::Unchanged,
        None => Difference::Updated,
    };
    ((object, version.unwrap_or(0)), difference, fields)
}

fn apply_one(staged: &mut Staged<'_>, object: &SuiteObject) -> Result<Applied, DecideError> {
    let existing = find(staged, object.spec.kind(), &object.name)?;
    let created = |change| Ok((change, Difference::Created, Vec::new()));
    match &object.spec {
        SuiteSpec::Persona { role, tags, content } => {
            let Some(id) = existing.map(PersonaId) else {
                return created(persona::create(staged, &object.name, role, tags, content)?);
            };
            let (this, state) = persona::live(staged, id)?;
            if state.role != *role {
                let (name, is) = (state.name.to_string(), state.role.to_string());
                return Err(Rejection::RoleFrozen { name, is }.into());
            }
            let mut fields = fields_that_differ("tags", &state.tags, tags);
            persona::update(staged, id, Some(tags))?;
            let differing = fields_that_differ("content", &state.latest, content);
            let version = if differing.is_empty() {
                None
            } else {
                Some(persona::create_version(staged, id, content, None)?.1)
            };
            fields.extend(differing);
            Ok(changed(this, version, fields))
        }
        SuiteSpec::Scenario { tags, content } => {
            let Some(id) = existing.map(ScenarioId) else {
                return created(scenario::create(staged, &object.name, tags, content)?);
            };
            let (this, state) = scenario::live(staged, id)?;
            let mut fields = fields_that_differ("tags", &state.tags, tags);
            scenario::update(staged, id, Some(tags))?;
            let differing = fields_that_differ("content", &state.latest, content);
            let version = if differing.is_empty() {
                None
            } else {
                Some(scenario::create_version(staged, id, content, None)?.1)
            };
            fields.extend(differing);
            Ok(changed(this, version, fields))
        }
        SuiteSpec::Metric {
            additional_notes,
            applied_to_services,
            tags,
            content,
        } => {
            let mut services = Vec::new();
            for service in applied_to_services {
                services.push(ServiceId(refer(staged, Kind::Service, service)?));
            }
            let notes = MetricNotes {
                applied_to_services: services,
                additional_notes: additional_notes.clone(),
                tags: tags.clone(),
            };
            let Some(id) = existing.map(MetricId) else {
                return created(metric::create(staged, &object.name, notes, content)?);
            };
            let (this, state) = metric::live(staged, id)?;
            let old = MetricNotes {
                applied_to_services: state.applied_to_services,
                additional_notes: state.additional_notes,
                tags: state.tags,
            };
            let mut fields = fields_that_differ("notes", &old, &notes);
            let services = Some(&notes.applied_to_services);
            metric::update(
                staged,
                id,
                services,
                Some(&notes.additional_notes),
                Some(&notes.tags),
            )?;
            let differing = fields_that_differ("content", &state.latest, content);
            let version = if differing.is_empty() {
                None
            } else {
                Some(metric::create_version(staged, id, content, None)?.1)
            };
            fields.extend(differing);
            Ok(changed(this, version, fields))
        }
        SuiteSpec::Agent(content) => {
            let Some(id) = existing.map(AgentId) else {
                let (this, _) = agent::create_agent(staged, &object.name)?;
                let id = refer(staged, Kind::Agent, &object.name)?;
                let (_, version) = agent::create_agent_version(staged, AgentId(id), content, None)?;
                return created((this, version));
            };
            let (this, state) = agent::live_agent(staged, id)?;
            let fields = fields_that_differ("content", &state.latest, &Some(content));
            let version = if fields.is_empty() {
                None
            } else {
                Some(agent::create_agent_version(staged, id, content, None)?.1)
            };
            Ok(changed(this, version, fields))
        }
        SuiteSpec::ContextGraph(content) => apply_context_graph(staged, &object.name, content),
        SuiteSpec::Service { .. } => service::apply(staged, existing.map(ServiceId), object),
        SuiteSpec::UnitTest { .. } => unit_test::apply(staged, existing.map(UnitTestId), object),
        SuiteSpec::UnitTestSet {
            description,
            tests,
            tags,
        } => {
            let mut entries = Vec::new();
            for (test, run_count) in tests {
                let unit_test_id = UnitTestId(refer(staged, Kind::UnitTest, test)?);
                entries.push(SetEntry {
                    unit_test_id,
                    run_count: *run_count,
                });
            }
            let definition = UnitTestSetDefinition {
                name: object.name.clone(),
                description: description.clone(),
                entries,
                tags: tags.clone(),
            };
            let Some(id) = existing.map(UnitTestSetId) else {
                return created(super::unit_test::create_set(staged, &definition)?);
            };
            let (this, state) = super::unit_test::live_set(staged, id)?;
            let fields = fields_that_differ("", &state.definition, &definition);
            let change = UnitTestSetChange {
                name: None,
                description: Some(definition.description),
                entries: Some(definition.entries),
                tags: Some(definition.tags),
            };
            super::unit_test::update_set(staged, id, &change)?;
            Ok(changed(this, None, fields))
        }
    }
}

fn apply_context_graph(
    staged: &mut Staged<'_>,
    name: &Name,
    content: &ContextGraphContent,
) -> Result<Applied, DecideError> {
    let Some(id) = find(staged, Kind::ContextGraph, name)?.map(ContextGraphId) else {
        let (this, _) = agent::create_context_graph(staged, name)?;
        let id = ContextGraphId(refer(staged, Kind::ContextGraph, name)?);
        let (_, version) = agent::create_context_graph_version(staged, id, content, None)?;
        return Ok(((this, version), Difference::Created, Vec::new()));
    };
    let (this, state) = agent::live_context_graph(staged, id)?;
    let fields = fields_that_differ("content", &state.latest, &Some(content));
    let version = if fields.is_empty() {
        None
    } else {
        Some(agent::create_context_graph_version(staged, id, content, None)?.1)
    };
    Ok(changed(this, version, fields))
}
