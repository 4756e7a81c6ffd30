//! Events that make an object.

use super::{Content, id, misfit};
use crate::{
    AccessRole, Agent, ApiKey, ApiKeyId, Change, ContextGraph, EvaluationId, Event, Kind, Life,
    ManualEvaluation, MeasuredValue, Metric, Misfit, Object, ObjectRef, Oid, Organization, Persona, Run,
    Scenario, Service, TemporaryGrant, UnitTest, UnitTestSet, User, WebhookDestination, conversation_id,
    manual_evaluation_id,
};

/// The object that an event makes. `version` takes in its first version, if it comes with one.
pub(super) fn create(
    event: &Event,
    at: &ObjectRef,
    change: &Change,
    version: &mut impl FnMut(u32, Oid, Content),
) -> Result<Object, Misfit> {
    let life = || Life::begun(change.clone());
    match event {
        Event::OrganizationCreated(profile) if at.kind == Kind::Organization => {
            Ok(Object::Organization(Organization {
                id: id(at, event)?,
                profile: profile.clone(),
                life: life(),
            }))
        }
        Event::UserCreated(body) if at.kind == Kind::User => Ok(Object::User(User {
            id: id(at, event)?,
            name: body.name.clone(),
            role: body.role.clone(),
            life: life(),
        })),
        Event::ApiKeyCreated(body) if at.kind == Kind::ApiKey => {
            if id::<ApiKeyId>(at, event)? != body.id {
                return Err(misfit(at, event, "it names another key"));
            }
            Ok(Object::ApiKey(ApiKey {
                id: body.id,
                user_id: body.user_id.clone(),
                role: body.role.clone(),
                name: body.name.clone(),
                secret_hash: body.secret_hash,
                expires_at: body.expires_at,
                life: life(),
            }))
        }
        Event::PersonaCreated(body) if at.kind == Kind::Persona => {
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
        Event::ScenarioCreated(body) if at.kind == Kind::Scenario => {
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
        Event::MetricCreated(body) if at.kind == Kind::Metric => {
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
        Event::AgentCreated(name) if at.kind == Kind::Agent => Ok(Object::Agent(Agent {
            id: id(at, event)?,
            name: name.clone(),
            latest_version: 0,
            latest: None,
            life: life(),
        })),
        Event::ContextGraphCreated(name) if at.kind == Kind::ContextGraph => {
            Ok(Object::ContextGraph(ContextGraph {
                id: id(at, event)?,
                name: name.clone(),
                latest_version: 0,
                latest: None,
                life: life(),
            }))
        }
        Event::ServiceCreated(body) if at.kind == Kind::Service => Ok(Object::Service(Service {
            id: id(at, event)?,
            profile: body.profile.clone(),
            version_sets: body.version_sets.clone(),
            life: life(),
        })),
        Event::UnitTestCreated(body) if at.kind == Kind::UnitTest => Ok(Object::UnitTest(UnitTest {
            id: id(at, event)?,
            name: body.name.clone(),
            definition: body.definition.clone(),
            life: life(),
        })),
        Event::UnitTestSetCreated(definition) if at.kind == Kind::UnitTestSet => {
            Ok(Object::UnitTestSet(UnitTestSet {
                id: id(at, event)?,
                definition: definition.clone(),
                life: life(),
            }))
        }
        Event::RunStarted(body) if at.kind == Kind::Run => Ok(Object::Run(Run {
            id: id(at, event)?,
            set_id: body.set_id,
            set_name: body.set_name.clone(),
            plan: body.plan.clone(),
            manifest: body.manifest,
            cancelled: None,
            cancel_reason: None,
            completed: None,
            life: life(),
        })),
        Event::RoleCreated(definition) if at.kind == Kind::Role => Ok(Object::Role(AccessRole {
            id: id(at, event)?,
            definition: definition.clone(),
            life: life(),
        })),
        Event::TemporaryGrantCreated(body) if at.kind == Kind::TemporaryGrant => {
            Ok(Object::TemporaryGrant(TemporaryGrant {
                id: id(at, event)?,
                user_id: body.user_id.clone(),
                grant: body.grant.clone(),
                expires_at: body.expires_at,
                justification: body.justification.clone(),
                tags: body.tags.clone(),
                life: life(),
            }))
        }
        Event::WebhookDestinationCreated(body) if at.kind == Kind::WebhookDestination => {
            Ok(Object::WebhookDestination(WebhookDestination {
                id: id(at, event)?,
                url: body.url.clone(),
                accepted_types: body.accepted_types.clone(),
                retry_attempts: body.retry_attempts,
                secret: body.secret.clone(),
                previous: None,
                life: life(),
            }))
        }
        Event::EvaluationRecorded(measured) if at.kind == Kind::Evaluation => {
            let evaluation = evaluation_of(id(at, event)?, measured, life());
            if evaluation.id != manual_evaluation_id(evaluation.conversation_id, evaluation.metric_id) {
                return Err(misfit(at, event, "it names another evaluation"));
            }
            Ok(Object::Evaluation(evaluation))
        }
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
        | Event::RunStarted(_)
        | Event::RoleCreated(_)
        | Event::TemporaryGrantCreated(_)
        | Event::WebhookDestinationCreated(_)
        | Event::EvaluationRecorded(_) => Err(misfit(at, event, "the object is of another kind")),
        Event::OrganizationUpdated(_)
        | Event::UserDeleted(())
        | Event::UserRoleAssigned(_)
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
        | Event::RunCancelled(_)
        | Event::RunCompleted(_)
        | Event::RoleUpdated(_)
        | Event::WebhookDestinationUpdated(_)
        | Event::WebhookSecretRotated(_)
        | Event::WebhookDestinationDeleted(()) => Err(misfit(at, event, "the object does not exist")),
    }
}

/// The evaluation that a measured value makes, whether it is the first one or replaces another.
pub(super) fn evaluation_of(id: EvaluationId, measured: &MeasuredValue, life: Life) -> ManualEvaluation {
    ManualEvaluation {
        id,
        run: measured.run,
        n: measured.n,
        conversation_id: conversation_id(measured.run, measured.n),
        metric_id: measured.metric_id,
        metric_version: measured.metric_version,
        value: measured.value.clone(),
        justification: measured.justification.clone(),
        references: measured.references.clone(),
        evaluate_to: measured.evaluate_to,
        life,
    }
}
