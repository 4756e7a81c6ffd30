//! How commits change an object.

mod creation;

use creation::{create, evaluation_of};

use super::{Content, Object, Version};
use crate::{Change, Commit, Event, ObjectRef, Oid, RunCompletion};

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

fn step(
    state: Option<Object>,
    event: &Event,
    at: &ObjectRef,
    change: &Change,
    versions: &mut Vec<Version>,
) -> Result<Object, Misfit> {
    let mut version = |number: u32, id: Oid, content: Content| {
        versions.push(Version {
            id,
            number,
            content,
            created: change.clone(),
        });
    };
    let Some(mut object) = state else {
        return create(event, at, change, &mut version);
    };
    let next = object.latest_version().saturating_add(1);
    if made_version(event).is_some_and(|number| number != next) {
        return Err(misfit(at, event, format!("the next version is {next}")));
    }
    if !object.change(event, change, &mut version) {
        return Err(misfit(
            at,
            event,
            "the object exists already, or is of another kind",
        ));
    }
    Ok(object)
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
            (Self::User(state), Event::UserRoleAssigned(role)) => state.role = role.clone(),
            (Self::Role(state), Event::RoleUpdated(definition)) => state.definition = definition.clone(),
            (Self::WebhookDestination(state), Event::WebhookDestinationUpdated(body)) => {
                state.accepted_types = body.accepted_types.clone();
                state.retry_attempts = body.retry_attempts;
            }
            (Self::WebhookDestination(state), Event::WebhookSecretRotated(body)) => {
                state.secret = body.secret.clone();
                state.previous = Some(body.previous.clone());
            }
            (Self::Evaluation(state), Event::EvaluationRecorded(measured)) => {
                *state = evaluation_of(state.id, measured, state.life.clone());
            }
            (Self::Run(state), Event::RunCancelled(reason)) => {
                state.cancelled = Some(change.clone());
                state.cancel_reason = Some(*reason);
            }
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
            | (Self::UnitTestSet(_), Event::UnitTestSetDeleted(()))
            | (Self::WebhookDestination(_), Event::WebhookDestinationDeleted(())) => {
                self.life_mut().delete(change);
                return true;
            }
            _ => return false,
        }
        self.life_mut().update(change);
        true
    }
}
