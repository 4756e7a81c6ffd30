//! The particulars of events.

use std::collections::BTreeMap;

use model::{
    AgentContent, CancelReason, Event, FirstVersion, Json, MetricNotes, NextVersion, OrganizationProfile,
    PersonaContent, ServiceProfile, UnitTestDefinition, UnitTestSetDefinition, VersionSet, VersionSetName,
    conversation_id,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    metric, persona,
    run::{ArtifactView, CastView, TallyView, TestSpec, VerdictWord},
    scenario,
    shape::{self, ConnectionShape, PermissionGrantShape, SuccessCriterionShape, VersionSetShape},
    unit_test_set::EntryInstance,
    webhook_destination,
};

/// The particulars of an event; null if there are none. Hashes of secrets, and what secrets follow from, are left out.
///
/// # Errors
/// None in practice: every part has text keys. The error is kept rather than hidden.
pub fn event_data(event: &Event) -> Result<Value, serde_json::Error> {
    match event {
        Event::OrganizationCreated(profile) | Event::OrganizationUpdated(profile) => {
            Ok(organization(profile))
        }
        Event::UserCreated(body) => Ok(json!({"name": body.name, "role": body.role})),
        Event::ApiKeyCreated(body) => Ok(
            json!({"user_id": body.user_id, "role": body.role, "name": body.name, "expires_at": body.expires_at}),
        ),
        Event::UserDeleted(())
        | Event::ApiKeyDeleted(())
        | Event::PersonaDeleted(())
        | Event::ScenarioDeleted(())
        | Event::MetricDeleted(())
        | Event::AgentDeleted(())
        | Event::ContextGraphDeleted(())
        | Event::UnitTestDeleted(())
        | Event::UnitTestSetDeleted(())
        | Event::WebhookDestinationDeleted(()) => Ok(Value::Null),
        Event::UserRoleAssigned(role) => Ok(json!({"role": role})),
        Event::RunCancelled(reason) => Ok(match reason {
            CancelReason::Asked => json!({"reason": "asked"}),
            CancelReason::Budget(limit) => json!({"reason": "budget", "limit": limit.as_str()}),
        }),
        Event::RoleCreated(definition) | Event::RoleUpdated(definition) => Ok(json!({
            "name": definition.name,
            "description": definition.description,
            "frontend_view": definition.frontend_view.as_str(),
            "permission_grants": definition.grants.iter().cloned().map(PermissionGrantShape).collect::<Vec<_>>(),
        })),
        Event::TemporaryGrantCreated(body) => Ok(json!({
            "user_id": body.user_id,
            "expires_at": body.expires_at,
            "permission_grant": PermissionGrantShape(body.grant.clone()),
            "justification": body.justification,
            "tags": body.tags,
        })),
        Event::WebhookDestinationCreated(body) => Ok(json!({
            "url": body.url,
            "accepted_types": webhook_destination::words(&body.accepted_types),
            "retry_attempts": body.retry_attempts,
            "secret_generated_at": body.secret.generated_at,
        })),
        Event::WebhookDestinationUpdated(body) => Ok(json!({
            "accepted_types": webhook_destination::words(&body.accepted_types),
            "retry_attempts": body.retry_attempts,
        })),
        Event::WebhookSecretRotated(body) => Ok(json!({
            "secret_generated_at": body.secret.generated_at,
            "dual_signing_stops_at": body.previous.until,
        })),
        Event::EvaluationRecorded(measured) => Ok(json!({
            "conversation_id": conversation_id(measured.run, measured.n),
            "metric_id": measured.metric_id,
            "metric_version": measured.metric_version,
            "result": shape::result(measured.value.as_ref()),
            "justification": measured.justification,
            "references": measured.references,
            "evaluate_to_interaction_id": measured.evaluate_to,
        })),
        Event::PersonaCreated(body) => Ok(json!({
            "name": body.name,
            "role": body.role,
            "tags": body.tags,
            "version": first(&body.first, persona_content)?,
        })),
        Event::PersonaUpdated(tags) | Event::ScenarioUpdated(tags) => Ok(json!({"tags": tags})),
        Event::PersonaVersionCreated(body) => next(body, persona_content),
        Event::ScenarioCreated(body) => Ok(json!({
            "name": body.name,
            "tags": body.tags,
            "version": first(&body.first, |content| serde_json::to_value(scenario::Latest::from(content)))?,
        })),
        Event::ScenarioVersionCreated(body) => next(body, |content| {
            serde_json::to_value(scenario::Latest::from(content))
        }),
        Event::MetricCreated(body) => Ok(json!({
            "name": body.name,
            "notes": metric_notes(&body.notes),
            "version": first(&body.first, |content| serde_json::to_value(metric::Latest::from(content)))?,
        })),
        Event::MetricUpdated(notes) => Ok(metric_notes(notes)),
        Event::MetricVersionCreated(body) => next(body, |content| {
            serde_json::to_value(metric::Latest::from(content))
        }),
        Event::AgentCreated(name) | Event::ContextGraphCreated(name) => Ok(json!({"name": name})),
        Event::AgentVersionCreated(body) => next(body, agent_content),
        Event::ContextGraphVersionCreated(body) => {
            next(body, |content| Ok(json!({"document": content.document.value()})))
        }
        Event::ServiceCreated(body) => Ok(
            json!({"profile": service_profile(&body.profile), "version_sets": version_sets(&body.version_sets)}),
        ),
        Event::ServiceUpdated(profile) => Ok(service_profile(profile)),
        Event::VersionSetPut(put) => {
            Ok(json!({"name": put.name, "version_set": VersionSetShape(put.version_set.clone())}))
        }
        Event::VersionSetDeleted(name) => Ok(json!({"name": name})),
        Event::UnitTestCreated(body) => {
            Ok(json!({"name": body.name, "definition": unit_test_definition(&body.definition)}))
        }
        Event::UnitTestUpdated(definition) => Ok(unit_test_definition(definition)),
        Event::UnitTestSetCreated(definition) | Event::UnitTestSetUpdated(definition) => {
            Ok(set_definition(definition))
        }
        Event::RunStarted(body) => Ok(json!({
            "set_id": body.set_id,
            "set_name": body.set_name,
            "tests": body.plan.tests.iter().map(TestSpec::of).collect::<Vec<_>>(),
            "seed": body.plan.options.seed,
            "max_concurrency": body.plan.options.max_concurrency,
            "budget": {
                "max_duration_ms": body.plan.options.budget.max_duration_ms,
                "max_conversations": body.plan.options.budget.max_conversations,
                "max_tokens": body.plan.options.budget.max_tokens,
                "max_cost_micros": body.plan.options.budget.max_cost_micros,
            },
            "rerun_of": body.plan.options.rerun_of,
            "cast": CastView::of(&body.plan.options.cast),
            "manifest": body.manifest,
        })),
        Event::RunCompleted(body) => Ok(json!({
            "tally": TallyView::from(&body.tally),
            "verdict": VerdictWord::from(body.verdict),
            "artifact": ArtifactView::from(body.artifact),
        })),
    }
}

fn first<C>(
    version: &FirstVersion<C>,
    content: impl FnOnce(&C) -> Result<Value, serde_json::Error>,
) -> Result<Value, serde_json::Error> {
    numbered(1, version.version_id, content(&version.content)?)
}

fn next<C>(
    version: &NextVersion<C>,
    content: impl FnOnce(&C) -> Result<Value, serde_json::Error>,
) -> Result<Value, serde_json::Error> {
    numbered(version.version, version.version_id, content(&version.content)?)
}

fn numbered(version: u32, version_id: impl Serialize, content: Value) -> Result<Value, serde_json::Error> {
    Ok(json!({"version": version, "version_id": serde_json::to_value(version_id)?, "content": content}))
}

fn persona_content(content: &PersonaContent) -> Result<Value, serde_json::Error> {
    serde_json::to_value(persona::Latest::from(content))
}

fn agent_content(content: &AgentContent) -> Result<Value, serde_json::Error> {
    let connection = content.connection.clone().map(ConnectionShape);
    Ok(json!({
        "connection": serde_json::to_value(connection)?,
        "document": content.document.as_ref().map(Json::value),
    }))
}

fn organization(profile: &OrganizationProfile) -> Value {
    json!({
        "title": profile.title,
        "preferred_language": profile.preferred_language,
        "timezone": profile.timezone,
    })
}

fn metric_notes(notes: &MetricNotes) -> Value {
    json!({
        "applied_to_services": notes.applied_to_services,
        "additional_notes": notes.additional_notes,
        "tags": notes.tags,
    })
}

fn service_profile(profile: &ServiceProfile) -> Value {
    json!({
        "name": profile.name,
        "description": profile.description,
        "is_active": profile.is_active,
        "agent_id": profile.agent_id,
        "service_hierarchical_state_machine_id": profile.context_graph_id,
        "tags": profile.tags,
        "keyterms": profile.keyterms,
    })
}

fn version_sets(sets: &BTreeMap<VersionSetName, VersionSet>) -> BTreeMap<String, VersionSetShape> {
    sets.iter()
        .map(|(name, set)| (name.to_string(), VersionSetShape(set.clone())))
        .collect()
}

fn unit_test_definition(definition: &UnitTestDefinition) -> Value {
    let criteria: Vec<SuccessCriterionShape> = definition
        .success_criteria
        .iter()
        .cloned()
        .map(SuccessCriterionShape)
        .collect();
    json!({
        "description": definition.description,
        "service_id": definition.service_id,
        "service_version_set_name": definition.version_set,
        "persona_id": definition.persona_id,
        "scenario_id": definition.scenario_id,
        "max_interactions": definition.max_interactions,
        "success_criterions": criteria,
        "tags": definition.tags,
    })
}

fn set_definition(definition: &UnitTestSetDefinition) -> Value {
    let entries: Vec<EntryInstance> = definition.entries.iter().map(EntryInstance::from).collect();
    json!({
        "name": definition.name,
        "description": definition.description,
        "unit_test_runs": entries,
        "tags": definition.tags,
    })
}
