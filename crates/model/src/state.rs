//! The state of an object, and how commits change it.
//!
//! Every reader of the log goes through [`evolve`]: projections, rebuilds, replays and tests, so all of them agree.

use serde::{Deserialize, Serialize};

use crate::{
    Agent, AgentContent, ApiKey, ApiKeyId, Change, Commit, ContextGraph, ContextGraphContent, Event, Kind, Life,
    Metric, MetricContent, ObjectRef, Oid, Organization, Persona, PersonaContent, Run, RunCompletion,
    Scenario, ScenarioContent, Service, UnitTest, UnitTestSet, User,
};

/// The state of one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Object {
    /// A tenant.
    Organization(Organization),
    /// A user.
    User(User),
    /// An API key.
    ApiKey(ApiKey),
    /// A persona.
    Persona(Persona),
    /// A scenario.
    Scenario(Scenario),
    /// A metric.
    Metric(Metric),
    /// An agent.
    Agent(Agent),
    /// A context graph.
    ContextGraph(ContextGraph),
    /// A service.
    Service(Service),
    /// A unit test.
    UnitTest(UnitTest),
    /// A unit test set.
    UnitTestSet(UnitTestSet),
    /// A run.
    Run(Run),
}

/// The content of one version of an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// Of a persona.
    Persona(PersonaContent),
    /// Of a scenario.
    Scenario(ScenarioContent),
    /// Of a metric.
    Metric(MetricContent),
    /// Of an agent.
    Agent(AgentContent),
    /// Of a context graph.
    ContextGraph(ContextGraphContent),
}

/// One version of an object. Versions are never changed or deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// The version's own id.
    pub id: Oid,
    /// Its number, from 1.
    pub number: u32,
    /// Its content.
    pub content: Content,
    /// Who made it, and when.
    pub created: Change,
}

/// A commit that cannot follow the state it meets: the log is damaged or was written by something else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {event} cannot follow the state of {object}: {reason}")]
pub struct Misfit {
    /// The object.
    pub object: ObjectRef,
    /// The event's name.
    pub event: &'static str,
    /// What is wrong.
    pub reason: String,
}

/// What a commit made of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Evolved {
    /// The new state.
    pub object: Object,
    /// Versions that came into being, in order.
    pub versions: Vec<Version>,
}

/// The state after `commit`, given the state before (none if the object did not exist).
pub fn evolve(state: Option<Object>, commit: &Commit) -> Result<Evolved, Misfit> {
    let change = commit.meta.change();
    let mut state = state;
    let mut versions = Vec::new();
    for event in &commit.events {
        state = Some(step(state, event, &commit.object, &change, &mut versions)?);
    }
    let object = state.ok_or_else(|| Misfit {
        object: commit.object.clone(),
        event: "none",
        reason: "a commit has at least one event".to_owned(),
    })?;
    Ok(Evolved { object, versions })
}

/// An id of the type that the object's kind has.
fn id<T: std::str::FromStr>(object: &ObjectRef, event: &Event) -> Result<T, Misfit> {
    object
        .key
        .as_str()
        .parse()
        .map_err(|_invalid| misfit(object, event, "its id is malformed"))
}

fn misfit(object: &ObjectRef, event: &Event, reason: impl Into<String>) -> Misfit {
    Misfit {
        object: object.clone(),
        event: event.name(),
        reason: reason.into(),
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one arm per event; the compiler checks that none is missing"
)]
fn step(
    state: Option<Object>,
    event: &Event,
    at: &ObjectRef,
    change: &Change,
    versions: &mut Vec<Version>,
) -> Result<Object, Misfit> {
    let life = || Life::begun(change.clone());
    let mut version = |number: u32, id: Oid, content: Content| {
        versions.push(Version {
            id,
            number,
            content,
            created: change.clone(),
        });
    };
    let fits = |kind: Kind| at.kind == kind && state.is_none();
    match event {
        Event::OrganizationCreated(profile) if fits(Kind::Organization) => {
            Ok(Object::Organization(Organization {
                id: id(at, event)?,
                profile: profile.clone(),
                life: life(),
            }))
        }
        Event::UserCreated(body) if fits(Kind::User) => Ok(Object::User(User {
            id: id(at, event)?,
            name: body.name.clone(),
            role: body.role.clone(),
            life: life(),
        })),
        Event::ApiKeyCreated(body) if fits(Kind::ApiKey) => {
            if id::<ApiKeyId>(at, event)? != body.id {
                return Err(misfit(at, event, "it names another key"));
            }
            Ok(Object::ApiKey(ApiKey {
                id: body.id,
                user_id: body.user_id.clone(),
                name: body.name.clone(),
                secret_hash: body.secret_hash,
                expires_at: body.expires_at,
                life: life(),
            }))
        }
        Event::PersonaCreated(body) if fits(Kind::Persona) => {
            version(
                1,
                body.first.version_id,
                Content::Persona(body.first.content.clone()),
            );
            Ok(Object::Persona(Persona {
                id: id(at, event)?,
                name: body.name.clone(),
                role: body.role.clone(),
                tags: body.tags.clone(),
                latest_version: 1,
                latest: body.first.content.clone(),
                life: life(),
            }))
        }
        Event::ScenarioCreated(body) if fits(Kind::Scenario) => {
            version(
                1,
                body.first.version_id,
                Content::Scenario(body.first.content.clone()),
            );
            Ok(Object::Scenario(Scenario {
                id: id(at, event)?,
                name: body.name.clone(),
                tags: body.tags.clone(),
                latest_version: 1,
                latest: body.first.content.clone(),
                life: life(),
            }))
        }
        Event::MetricCreated(body) if fits(Kind::Metric) => {
            version(
                1,
                body.first.version_id,
                Content::Metric(body.first.content.clone()),
            );
            Ok(Object::Metric(Metric {
                id: id(at, event)?,
                name: body.name.clone(),
                applied_to_services: body.notes.applied_to_services.clone(),
                additional_notes: body.notes.additional_notes.clone(),
                tags: body.notes.tags.clone(),
                latest_version: 1,
                latest: body.first.content.clone(),
                life: life(),
            }))
        }
        Event::AgentCreated(name) if fits(Kind::Agent) => Ok(Object::Agent(Agent {
            id: id(at, event)?,
            name: name.clone(),
            latest_version: 0,
            latest: None,
            life: life(),
        })),
        Event::ContextGraphCreated(name) if fits(Kind::ContextGraph) => {
            Ok(Object::ContextGraph(ContextGraph {
                id: id(at, event)?,
                name: name.clone(),
                latest_version: 0,
                latest: None,
                life: life(),
            }))
        }
        Event::ServiceCreated(body) if fits(Kind::Service) => Ok(Object::Service(Service {
            id: id(at, event)?,
            profile: body.profile.clone(),
            version_sets: body.version_sets.clone(),
            life: life(),
        })),
        Event::UnitTestCreated(body) if fits(Kind::UnitTest) => Ok(Object::UnitTest(UnitTest {
            id: id(at, event)?,
            name: body.name.clone(),
            definition: body.definition.clone(),
            life: life(),
        })),
        Event::UnitTestSetCreated(definition) if fits(Kind::UnitTestSet) => {
            Ok(Object::UnitTestSet(UnitTestSet {
                id: id(at, event)?,
                definition: definition.clone(),
                life: life(),
            }))
        }
        Event::RunStarted(body) if fits(Kind::Run) => Ok(Object::Run(Run {
            id: id(at, event)?,
            set_id: body.set_id,
            set_name: body.set_name.clone(),
            plan: body.plan.clone(),
            manifest: body.manifest,
            cancelled: None,
            completed: None,
            life: life(),
        })),
        Event::OrganizationCreated(_)
        | Event::UserCreated(_)
        | Event::ApiKeyCreated(_)
        | Event::PersonaCreated(_)
        | Event::ScenarioCreated(_)
        | Event::MetricCreated(_)
        | Event::AgentCreated(_)
        | Event::ContextGraphCreated(_)
        | Event::ServiceCreated(_)
        | Event::UnitTestCreated(_)
        | Event::UnitTestSetCreated(_)
        | Event::RunStarted(_) => Err(misfit(
            at,
            event,
            "the object exists already, or is of another kind",
        )),
        Event::OrganizationUpdated(_)
        | Event::UserDeleted(())
        | Event::ApiKeyDeleted(())
        | Event::PersonaUpdated(_)
        | Event::PersonaVersionCreated(_)
        | Event::PersonaDeleted(())
        | Event::ScenarioUpdated(_)
        | Event::ScenarioVersionCreated(_)
        | Event::ScenarioDeleted(())
        | Event::MetricUpdated(_)
        | Event::MetricVersionCreated(_)
        | Event::MetricDeleted(())
        | Event::AgentVersionCreated(_)
        | Event::AgentDeleted(())
        | Event::ContextGraphVersionCreated(_)
        | Event::ContextGraphDeleted(())
        | Event::ServiceUpdated(_)
        | Event::VersionSetPut(_)
        | Event::VersionSetDeleted(_)
        | Event::UnitTestUpdated(_)
        | Event::UnitTestDeleted(())
        | Event::UnitTestSetUpdated(_)
        | Event::UnitTestSetDeleted(())
        | Event::RunCancelled(())
        | Event::RunCompleted(_) => {
            let mut object = state.ok_or_else(|| misfit(at, event, "the object does not exist"))?;
            let next = object.latest_version() + 1;
            if made_version(event).is_some_and(|number| number != next) {
                return Err(misfit(at, event, format!("the next version is {next}")));
            }
            if !object.change(event, change, &mut version) {
                return Err(misfit(at, event, "the object is of another kind"));
            }
            Ok(object)
        }
    }
}

/// The number of the version that an event makes of an existing object.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only these make versions; `Object::change` names every event"
)]
const fn made_version(event: &Event) -> Option<u32> {
    match event {
        Event::PersonaVersionCreated(body) => Some(body.version),
        Event::ScenarioVersionCreated(body) => Some(body.version),
        Event::MetricVersionCreated(body) => Some(body.version),
        Event::AgentVersionCreated(body) => Some(body.version),
        Event::ContextGraphVersionCreated(body) => Some(body.version),
        _ => None,
    }
}

impl Object {
    /// Applies an event to an existing object. False if the event is not one of this object's.
    fn change(
        &mut self,
        event: &Event,
        change: &Change,
        version: &mut impl FnMut(u32, Oid, Content),
    ) -> bool {
        match (&mut *self, event) {
            (Self::Organization(state), Event::OrganizationUpdated(profile)) => {
                state.profile = profile.clone()
            }
            (Self::Persona(state), Event::PersonaUpdated(tags)) => state.tags = tags.clone(),
            (Self::Persona(state), Event::PersonaVersionCreated(body)) => {
                state.latest_version = body.version;
                state.latest = body.content.clone();
                version(
                    body.version,
                    body.version_id,
                    Content::Persona(body.content.clone()),
                );
            }
            (Self::Scenario(state), Event::ScenarioUpdated(tags)) => state.tags = tags.clone(),
            (Self::Scenario(state), Event::ScenarioVersionCreated(body)) => {
                state.latest_version = body.version;
                state.latest = body.content.clone();
                version(
                    body.version,
                    body.version_id,
                    Content::Scenario(body.content.clone()),
                );
            }
            (Self::Metric(state), Event::MetricUpdated(notes)) => {
                state.applied_to_services = notes.applied_to_services.clone();
                state.additional_notes = notes.additional_notes.clone();
                state.tags = notes.tags.clone();
            }
            (Self::Metric(state), Event::MetricVersionCreated(body)) => {
                state.latest_version = body.version;
                state.latest = body.content.clone();
                version(
                    body.version,
                    body.version_id,
                    Content::Metric(body.content.clone()),
                );
            }
            (Self::Agent(state), Event::AgentVersionCreated(body)) => {
                state.latest_version = body.version;
                state.latest = Some(body.content.clone());
                version(
                    body.version,
                    body.version_id,
                    Content::Agent(body.content.clone()),
                );
            }
            (Self::ContextGraph(state), Event::ContextGraphVersionCreated(body)) => {
                state.latest_version = body.version;
                state.latest = Some(body.content.clone());
                version(
                    body.version,
                    body.version_id,
                    Content::ContextGraph(body.content.clone()),
                );
            }
            (Self::Service(state), Event::ServiceUpdated(profile)) => state.profile = profile.clone(),
            (Self::Service(state), Event::VersionSetPut(put)) => {
                state
                    .version_sets
                    .insert(put.name.clone(), put.version_set.clone());
            }
            (Self::Service(state), Event::VersionSetDeleted(name)) => {
                state.version_sets.remove(name);
            }
            (Self::UnitTest(state), Event::UnitTestUpdated(definition)) => {
                state.definition = definition.clone()
            }
            (Self::UnitTestSet(state), Event::UnitTestSetUpdated(definition)) => {
                state.definition = definition.clone();
            }
            (Self::Run(state), Event::RunCancelled(())) => state.cancelled = Some(change.clone()),
            (Self::Run(state), Event::RunCompleted(body)) => {
                state.completed = Some(RunCompletion {
                    tally: body.tally,
                    verdict: body.verdict,
                    artifact: body.artifact,
                });
            }
            (Self::User(_), Event::UserDeleted(()))
            | (Self::ApiKey(_), Event::ApiKeyDeleted(()))
            | (Self::Persona(_), Event::PersonaDeleted(()))
            | (Self::Scenario(_), Event::ScenarioDeleted(()))
            | (Self::Metric(_), Event::MetricDeleted(()))
            | (Self::Agent(_), Event::AgentDeleted(()))
            | (Self::ContextGraph(_), Event::ContextGraphDeleted(()))
            | (Self::UnitTest(_), Event::UnitTestDeleted(()))
            | (Self::UnitTestSet(_), Event::UnitTestSetDeleted(())) => {
                self.life_mut().delete(change);
                return true;
            }
            _ => return false,
        }
        self.life_mut().update(change);
        true
    }

    /// The object's kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Organization(_) => Kind::Organization,
            Self::User(_) => Kind::User,
            Self::ApiKey(_) => Kind::ApiKey,
            Self::Persona(_) => Kind::Persona,
            Self::Scenario(_) => Kind::Scenario,
            Self::Metric(_) => Kind::Metric,
            Self::Agent(_) => Kind::Agent,
            Self::ContextGraph(_) => Kind::ContextGraph,
            Self::Service(_) => Kind::Service,
            Self::UnitTest(_) => Kind::UnitTest,
            Self::UnitTestSet(_) => Kind::UnitTestSet,
            Self::Run(_) => Kind::Run,
        }
    }

    /// Names the object.
    pub fn object_ref(&self) -> ObjectRef {
        match self {
            Self::Organization(state) => ObjectRef::new(Kind::Organization, state.id.clone()),
            Self::User(state) => ObjectRef::new(Kind::User, state.id.clone()),
            Self::ApiKey(state) => ObjectRef::new(Kind::ApiKey, state.id),
            Self::Persona(state) => ObjectRef::new(Kind::Persona, state.id),
            Self::Scenario(state) => ObjectRef::new(Kind::Scenario, state.id),
            Self::Metric(state) => ObjectRef::new(Kind::Metric, state.id),
            Self::Agent(state) => ObjectRef::new(Kind::Agent, state.id),
            Self::ContextGraph(state) => ObjectRef::new(Kind::ContextGraph, state.id),
            Self::Service(state) => ObjectRef::new(Kind::Service, state.id),
            Self::UnitTest(state) => ObjectRef::new(Kind::UnitTest, state.id),
            Self::UnitTestSet(state) => ObjectRef::new(Kind::UnitTestSet, state.id),
            Self::Run(state) => ObjectRef::new(Kind::Run, state.id),
        }
    }

    /// Creation, change, deletion.
    pub const fn life(&self) -> &Life {
        match self {
            Self::Organization(state) => &state.life,
            Self::User(state) => &state.life,
            Self::ApiKey(state) => &state.life,
            Self::Persona(state) => &state.life,
            Self::Scenario(state) => &state.life,
            Self::Metric(state) => &state.life,
            Self::Agent(state) => &state.life,
            Self::ContextGraph(state) => &state.life,
            Self::Service(state) => &state.life,
            Self::UnitTest(state) => &state.life,
            Self::UnitTestSet(state) => &state.life,
            Self::Run(state) => &state.life,
        }
    }

    const fn life_mut(&mut self) -> &mut Life {
        match self {
            Self::Organization(state) => &mut state.life,
            Self::User(state) => &mut state.life,
            Self::ApiKey(state) => &mut state.life,
            Self::Persona(state) => &mut state.life,
            Self::Scenario(state) => &mut state.life,
            Self::Metric(state) => &mut state.life,
            Self::Agent(state) => &mut state.life,
            Self::ContextGraph(state) => &mut state.life,
            Self::Service(state) => &mut state.life,
            Self::UnitTest(state) => &mut state.life,
            Self::UnitTestSet(state) => &mut state.life,
            Self::Run(state) => &mut state.life,
        }
    }

    /// The name by which the object is unique among its kind's live objects; none for kinds without such names.
    pub fn unique_name(&self) -> Option<&str> {
        if self.life().is_deleted() {
            return None;
        }
        match self {
            Self::Persona(state) => Some(state.name.as_str()),
            Self::Scenario(state) => Some(state.name.as_str()),
            Self::Metric(state) => Some(state.name.as_str()),
            Self::Agent(state) => Some(state.name.as_str()),
            Self::ContextGraph(state) => Some(state.name.as_str()),
            Self::Service(state) => state.profile.is_active.then_some(state.profile.name.as_str()),
            Self::UnitTest(state) => Some(state.name.as_str()),
            Self::UnitTestSet(state) => Some(state.definition.name.as_str()),
            Self::Organization(_) | Self::User(_) | Self::ApiKey(_) | Self::Run(_) => None,
        }
    }

    /// The objects that this one refers to and that may not be deleted while it lives. Each is named once.
    pub fn references(&self) -> Vec<ObjectRef> {
        let mut references = match self {
            Self::Service(state) if state.profile.is_active => vec![
                ObjectRef::new(Kind::Agent, state.profile.agent_id),
                ObjectRef::new(Kind::ContextGraph, state.profile.context_graph_id),
            ],
            Self::UnitTest(state) if !state.life.is_deleted() => {
                let definition = &state.definition;
                let mut references = vec![
                    ObjectRef::new(Kind::Service, definition.service_id),
                    ObjectRef::new(Kind::Persona, definition.persona_id),
                    ObjectRef::new(Kind::Scenario, definition.scenario_id),
                ];
                let metrics = definition.success_criteria.iter();
                references.extend(metrics.map(|criterion| ObjectRef::new(Kind::Metric, criterion.metric_id)));
                references
            }
            Self::UnitTestSet(state) if !state.life.is_deleted() => {
                let entries = state.definition.entries.iter();
                entries
                    .map(|entry| ObjectRef::new(Kind::UnitTest, entry.unit_test_id))
                    .collect()
            }
            Self::Organization(_)
            | Self::User(_)
            | Self::ApiKey(_)
            | Self::Persona(_)
            | Self::Scenario(_)
            | Self::Metric(_)
            | Self::Agent(_)
            | Self::ContextGraph(_)
            | Self::Service(_)
            | Self::UnitTest(_)
            | Self::UnitTestSet(_)
            | Self::Run(_) => Vec::new(),
        };
        references.sort();
        references.dedup();
        references
    }

    /// The newest version's number; 0 if the object has none.
    pub const fn latest_version(&self) -> u32 {
        match self {
            Self::Persona(state) => state.latest_version,
            Self::Scenario(state) => state.latest_version,
            Self::Metric(state) => state.latest_version,
            Self::Agent(state) => state.latest_version,
            Self::ContextGraph(state) => state.latest_version,
            Self::Organization(_)
            | Self::User(_)
            | Self::ApiKey(_)
            | Self::Service(_)
            | Self::UnitTest(_)
            | Self::UnitTestSet(_)
            | Self::Run(_) => 0,
        }
    }
}
