//! Applying a suite: each object is compared with what exists, and made, versioned or updated where it differs.

use super::{agent, metric, persona, scenario, service, staged::Staged, unit_test};
use crate::{
    AgentId, ContextGraphContent, ContextGraphId, DecideError, Difference, Directory, Invalid, Json, Kind,
    MetricId, MetricNotes, Name, ObjectRef, Oid, PersonaId, Rejection, ScenarioId, ServiceChange, ServiceId,
    ServiceProfile, SetEntry, SuccessCriterion, Suite, SuiteChange, SuiteObject, SuiteSpec, UnitTestChange,
    UnitTestDefinition, UnitTestId, UnitTestSetChange, UnitTestSetDefinition, UnitTestSetId,
    suite::{MAX_OBJECTS, fields_that_differ},
};

type Change = (ObjectRef, u32);

/// The name of the context graph of services that name none.
const NO_CONTEXT_GRAPH: &str = "none";

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
        SuiteSpec::Service { .. } => apply_service(staged, existing.map(ServiceId), object),
        SuiteSpec::UnitTest { .. } => apply_unit_test(staged, existing.map(UnitTestId), object),
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
                return created(unit_test::create_set(staged, &definition)?);
            };
            let (this, state) = unit_test::live_set(staged, id)?;
            let fields = fields_that_differ("", &state.definition, &definition);
            let change = UnitTestSetChange {
                name: None,
                description: Some(definition.description),
                entries: Some(definition.entries),
                tags: Some(definition.tags),
            };
            unit_test::update_set(staged, id, &change)?;
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

fn apply_service(
    staged: &mut Staged<'_>,
    existing: Option<ServiceId>,
    object: &SuiteObject,
) -> Result<Applied, DecideError> {
    let SuiteSpec::Service {
        description,
        agent,
        context_graph,
        tags,
        keyterms,
        version_sets,
    } = &object.spec
    else {
        return Err(Rejection::invalid("/kind", Invalid::new("must be Service")).into());
    };
    let agent_id = AgentId(refer(staged, Kind::Agent, agent)?);
    let context_graph_id = match context_graph {
        Some(name) => ContextGraphId(refer(staged, Kind::ContextGraph, name)?),
        None => no_context_graph(staged)?,
    };
    let profile = ServiceProfile {
        name: object.name.clone(),
        description: description.clone(),
        is_active: true,
        agent_id,
        context_graph_id,
        tags: tags.clone(),
        keyterms: keyterms.clone(),
    };
    let (this, id, old) = match existing {
        Some(id) => {
            let (this, state) = service::existing(staged, id)?;
            (this, id, Some(state))
        }
        None => {
            let (this, _) = service::create(staged, &profile, None)?;
            let id = ServiceId(refer(staged, Kind::Service, &object.name)?);
            (this, id, None)
        }
    };
    let mut fields = Vec::new();
    if let Some(old) = &old {
        fields = fields_that_differ("", &old.profile, &profile);
        let change = ServiceChange {
            name: None,
            description: Some(profile.description),
            is_active: None,
            agent_id: Some(agent_id),
            context_graph_id: Some(context_graph_id),
            tags: Some(profile.tags),
            keyterms: Some(profile.keyterms),
        };
        service::update(staged, id, &change, version_sets.keys())?;
    }
    for (name, version_set) in version_sets {
        let before = old.as_ref().and_then(|old| old.version_sets.get(name));
        fields.extend(fields_that_differ(
            &format!("version_sets.{name}"),
            &before,
            &Some(version_set),
        ));
        service::put_version_set(staged, id, name, version_set)?;
    }
    if old.is_none() {
        return Ok(((this, 0), Difference::Created, Vec::new()));
    }
    Ok(changed(this, None, fields))
}

fn no_context_graph(staged: &mut Staged<'_>) -> Result<ContextGraphId, DecideError> {
    let name = Name::try_from(NO_CONTEXT_GRAPH)
        .map_err(|reason| Rejection::invalid("/spec/contextGraph", reason))?;
    if find(staged, Kind::ContextGraph, &name)?.is_none() {
        apply_context_graph(
            staged,
            &name,
            &ContextGraphContent {
                document: Json::empty_object(),
            },
        )?;
    }
    Ok(ContextGraphId(refer(staged, Kind::ContextGraph, &name)?))
}

fn apply_unit_test(
    staged: &mut Staged<'_>,
    existing: Option<UnitTestId>,
    object: &SuiteObject,
) -> Result<Applied, DecideError> {
    let SuiteSpec::UnitTest {
        description,
        service,
        version_set,
        persona,
        scenario,
        max_interactions,
        success_criteria,
        tags,
    } = &object.spec
    else {
        return Err(Rejection::invalid("/kind", Invalid::new("must be UnitTest")).into());
    };
    let mut criteria = Vec::new();
    for criterion in success_criteria {
        criteria.push(SuccessCriterion {
            name: criterion.name.clone(),
            metric_id: MetricId(refer(staged, Kind::Metric, &criterion.metric)?),
            criterion: criterion.criterion.clone(),
        });
    }
    let definition = UnitTestDefinition {
        description: description.clone(),
        service_id: ServiceId(refer(staged, Kind::Service, service)?),
        version_set: version_set.clone(),
        persona_id: PersonaId(refer(staged, Kind::Persona, persona)?),
        scenario_id: ScenarioId(refer(staged, Kind::Scenario, scenario)?),
        max_interactions: *max_interactions,
        success_criteria: criteria,
        tags: tags.clone(),
    };
    let Some(id) = existing else {
        let change = unit_test::create(staged, &object.name, &definition)?;
        return Ok((change, Difference::Created, Vec::new()));
    };
    let (this, state) = unit_test::live(staged, id)?;
    let fields = fields_that_differ("", &state.definition, &definition);
    let change = UnitTestChange {
        description: Some(definition.description),
        service_id: Some(definition.service_id),
        version_set: Some(definition.version_set),
        persona_id: Some(definition.persona_id),
        scenario_id: Some(definition.scenario_id),
        max_interactions: Some(definition.max_interactions),
        success_criteria: Some(definition.success_criteria),
        tags: Some(definition.tags),
    };
    unit_test::update(staged, id, &change)?;
    Ok(changed(this, None, fields))
}
