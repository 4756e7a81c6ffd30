//! Commits: a head that says who and what, then the events.

use serde::{Deserialize, Serialize};

use super::{
    DecodeError, EncodeError,
    past::{
        ApiKeyCreatedV1, MetricContentV1, MetricCreatedV1, RunStartedV1, RunStartedV2, ScenarioContentV1,
        ScenarioCreatedV1, next,
    },
    record::{self, RawRecord, body, write},
    registry::{self, COMMIT_HEAD},
};
use crate::{CancelReason, Commit, CommitMeta, Event, NextVersion, ObjectRef, OrgId};

/// Version 1 of the head.
#[derive(Serialize, Deserialize)]
struct Head {
    org: OrgId,
    object: ObjectRef,
    meta: CommitMeta,
    n_events: u32,
}

/// The stored form of a commit.
pub fn encode_commit(commit: &Commit) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = record::begin();
    let head = Head {
        org: commit.org.clone(),
        object: commit.object.clone(),
        meta: commit.meta.clone(),
        n_events: u32::try_from(commit.events.len()).map_err(|_too_many| EncodeError {
            what: "commit",
            source: postcard::Error::SerializeBufferFull,
        })?,
    };
    write(&mut bytes, COMMIT_HEAD, &head)?;
    for event in &commit.events {
        write_event(&mut bytes, event)?;
    }
    Ok(bytes)
}

/// Reads a stored commit.
pub fn decode_commit(bytes: &[u8]) -> Result<Commit, DecodeError> {
    let damaged = |reason: &str| DecodeError::Damaged {
        what: "commit",
        reason: reason.to_owned(),
    };
    let mut rest = record::open(bytes)?;
    let record = record::take(&mut rest)?;
    if record.entry.id != COMMIT_HEAD.id {
        return Err(DecodeError::Unexpected {
            expected: COMMIT_HEAD.name,
            found: record.entry.name,
        });
    }
    let head: Head = body(COMMIT_HEAD.name, record.body)?;
    let mut events = Vec::new();
    while !rest.is_empty() {
        events.push(read_event(&record::take(&mut rest)?)?);
    }
    if u32::try_from(events.len()) != Ok(head.n_events) || events.is_empty() {
        return Err(damaged("it does not hold as many events as its head says"));
    }
    Ok(Commit {
        org: head.org,
        object: head.object,
        meta: head.meta,
        events,
    })
}

fn write_event(bytes: &mut Vec<u8>, event: &Event) -> Result<(), EncodeError> {
    let entry = registry::by_name(event.name()).ok_or_else(|| EncodeError {
        what: event.name(),
        source: postcard::Error::WontImplement,
    })?;
    match event {
        Event::OrganizationCreated(body) => write(bytes, entry, body),
        Event::OrganizationUpdated(body) => write(bytes, entry, body),
        Event::UserCreated(body) => write(bytes, entry, body),
        Event::UserDeleted(body) => write(bytes, entry, body),
        Event::ApiKeyCreated(body) => write(bytes, entry, body),
        Event::ApiKeyDeleted(body) => write(bytes, entry, body),
        Event::PersonaCreated(body) => write(bytes, entry, body),
        Event::PersonaUpdated(body) => write(bytes, entry, body),
        Event::PersonaVersionCreated(body) => write(bytes, entry, body),
        Event::PersonaDeleted(body) => write(bytes, entry, body),
        Event::ScenarioCreated(body) => write(bytes, entry, body),
        Event::ScenarioUpdated(body) => write(bytes, entry, body),
        Event::ScenarioVersionCreated(body) => write(bytes, entry, body),
        Event::ScenarioDeleted(body) => write(bytes, entry, body),
        Event::MetricCreated(body) => write(bytes, entry, body),
        Event::MetricUpdated(body) => write(bytes, entry, body),
        Event::MetricVersionCreated(body) => write(bytes, entry, body),
        Event::MetricDeleted(body) => write(bytes, entry, body),
        Event::AgentCreated(body) => write(bytes, entry, body),
        Event::AgentVersionCreated(body) => write(bytes, entry, body),
        Event::AgentDeleted(body) => write(bytes, entry, body),
        Event::ContextGraphCreated(body) => write(bytes, entry, body),
        Event::ContextGraphVersionCreated(body) => write(bytes, entry, body),
        Event::ContextGraphDeleted(body) => write(bytes, entry, body),
        Event::ServiceCreated(body) => write(bytes, entry, body),
        Event::ServiceUpdated(body) => write(bytes, entry, body),
        Event::VersionSetPut(body) => write(bytes, entry, body),
        Event::VersionSetDeleted(body) => write(bytes, entry, body),
        Event::UnitTestCreated(body) => write(bytes, entry, body),
        Event::UnitTestUpdated(body) => write(bytes, entry, body),
        Event::UnitTestDeleted(body) => write(bytes, entry, body),
        Event::UnitTestSetCreated(body) => write(bytes, entry, body),
        Event::UnitTestSetUpdated(body) => write(bytes, entry, body),
        Event::UnitTestSetDeleted(body) => write(bytes, entry, body),
        Event::RunStarted(body) => write(bytes, entry, body),
        Event::RunCancelled(body) => write(bytes, entry, body),
        Event::RunCompleted(body) => write(bytes, entry, body),
        Event::UserRoleAssigned(body) => write(bytes, entry, body),
        Event::RoleCreated(body) => write(bytes, entry, body),
        Event::RoleUpdated(body) => write(bytes, entry, body),
        Event::TemporaryGrantCreated(body) => write(bytes, entry, body),
        Event::WebhookDestinationCreated(body) => write(bytes, entry, body),
        Event::WebhookDestinationUpdated(body) => write(bytes, entry, body),
        Event::WebhookSecretRotated(body) => write(bytes, entry, body),
        Event::WebhookDestinationDeleted(body) => write(bytes, entry, body),
        Event::EvaluationRecorded(body) => write(bytes, entry, body),
    }
}

fn read_event(record: &RawRecord<'_>) -> Result<Event, DecodeError> {
    let (entry, bytes) = (record.entry, record.body);
    Ok(match (entry.name, record.version) {
        ("organization.created", 1) => Event::OrganizationCreated(body(entry.name, bytes)?),
        ("organization.updated", 1) => Event::OrganizationUpdated(body(entry.name, bytes)?),
        ("user.created", 1) => Event::UserCreated(body(entry.name, bytes)?),
        ("user.deleted", 1) => Event::UserDeleted(body(entry.name, bytes)?),
        ("api_key.created", 1) => Event::ApiKeyCreated(body::<ApiKeyCreatedV1>(entry.name, bytes)?.into()),
        ("api_key.created", 2) => Event::ApiKeyCreated(body(entry.name, bytes)?),
        ("api_key.deleted", 1) => Event::ApiKeyDeleted(body(entry.name, bytes)?),
        ("persona.created", 1) => Event::PersonaCreated(body(entry.name, bytes)?),
        ("persona.updated", 1) => Event::PersonaUpdated(body(entry.name, bytes)?),
        ("persona.version_created", 1) => Event::PersonaVersionCreated(body(entry.name, bytes)?),
        ("persona.deleted", 1) => Event::PersonaDeleted(body(entry.name, bytes)?),
        ("scenario.created", 1) => {
            Event::ScenarioCreated(body::<ScenarioCreatedV1>(entry.name, bytes)?.into())
        }
        ("scenario.created", 2) => Event::ScenarioCreated(body(entry.name, bytes)?),
        ("scenario.updated", 1) => Event::ScenarioUpdated(body(entry.name, bytes)?),
        ("scenario.version_created", 1) => {
            Event::ScenarioVersionCreated(next(body::<NextVersion<ScenarioContentV1>>(entry.name, bytes)?))
        }
        ("scenario.version_created", 2) => Event::ScenarioVersionCreated(body(entry.name, bytes)?),
        ("scenario.deleted", 1) => Event::ScenarioDeleted(body(entry.name, bytes)?),
        ("metric.created", 1) => Event::MetricCreated(body::<MetricCreatedV1>(entry.name, bytes)?.into()),
        ("metric.created", 2) => Event::MetricCreated(body(entry.name, bytes)?),
        ("metric.updated", 1) => Event::MetricUpdated(body(entry.name, bytes)?),
        ("metric.version_created", 1) => {
            Event::MetricVersionCreated(next(body::<NextVersion<MetricContentV1>>(entry.name, bytes)?))
        }
        ("metric.version_created", 2) => Event::MetricVersionCreated(body(entry.name, bytes)?),
        ("metric.deleted", 1) => Event::MetricDeleted(body(entry.name, bytes)?),
        ("agent.created", 1) => Event::AgentCreated(body(entry.name, bytes)?),
        // Version 1 knew fewer protocols, and nothing else has changed.
        ("agent.version_created", 1 | 2) => Event::AgentVersionCreated(body(entry.name, bytes)?),
        ("agent.deleted", 1) => Event::AgentDeleted(body(entry.name, bytes)?),
        ("context_graph.created", 1) => Event::ContextGraphCreated(body(entry.name, bytes)?),
        ("context_graph.version_created", 1) => Event::ContextGraphVersionCreated(body(entry.name, bytes)?),
        ("context_graph.deleted", 1) => Event::ContextGraphDeleted(body(entry.name, bytes)?),
        ("service.created", 1) => Event::ServiceCreated(body(entry.name, bytes)?),
        ("service.updated", 1) => Event::ServiceUpdated(body(entry.name, bytes)?),
        ("service.version_set_put", 1) => Event::VersionSetPut(body(entry.name, bytes)?),
        ("service.version_set_deleted", 1) => Event::VersionSetDeleted(body(entry.name, bytes)?),
        ("unit_test.created", 1) => Event::UnitTestCreated(body(entry.name, bytes)?),
        ("unit_test.updated", 1) => Event::UnitTestUpdated(body(entry.name, bytes)?),
        ("unit_test.deleted", 1) => Event::UnitTestDeleted(body(entry.name, bytes)?),
        ("unit_test_set.created", 1) => Event::UnitTestSetCreated(body(entry.name, bytes)?),
        ("unit_test_set.updated", 1) => Event::UnitTestSetUpdated(body(entry.name, bytes)?),
        ("unit_test_set.deleted", 1) => Event::UnitTestSetDeleted(body(entry.name, bytes)?),
        ("run.started", 1) => {
            Event::RunStarted(RunStartedV2::from(body::<RunStartedV1>(entry.name, bytes)?).into())
        }
        ("run.started", 2) => Event::RunStarted(body::<RunStartedV2>(entry.name, bytes)?.into()),
        ("run.started", 3) => Event::RunStarted(body(entry.name, bytes)?),
        // Only people cancelled runs then.
        ("run.cancelled", 1) => {
            let () = body(entry.name, bytes)?;
            Event::RunCancelled(CancelReason::Asked)
        }
        // Version 2 knew no costs, and nothing else has changed.
        ("run.cancelled", 2 | 3) => Event::RunCancelled(body(entry.name, bytes)?),
        ("run.completed", 1) => Event::RunCompleted(body(entry.name, bytes)?),
        ("user.role_assigned", 1) => Event::UserRoleAssigned(body(entry.name, bytes)?),
        ("role.created", 1) => Event::RoleCreated(body(entry.name, bytes)?),
        ("role.updated", 1) => Event::RoleUpdated(body(entry.name, bytes)?),
        ("temporary_grant.created", 1) => Event::TemporaryGrantCreated(body(entry.name, bytes)?),
        ("webhook_destination.created", 1) => Event::WebhookDestinationCreated(body(entry.name, bytes)?),
        ("webhook_destination.updated", 1) => Event::WebhookDestinationUpdated(body(entry.name, bytes)?),
        ("webhook_destination.secret_rotated", 1) => Event::WebhookSecretRotated(body(entry.name, bytes)?),
        ("webhook_destination.deleted", 1) => Event::WebhookDestinationDeleted(body(entry.name, bytes)?),
        ("evaluation.recorded", 1) => Event::EvaluationRecorded(body(entry.name, bytes)?),
        (found, _version) => {
            return Err(DecodeError::Unexpected {
                expected: "an event",
                found,
            });
        }
    })
}
