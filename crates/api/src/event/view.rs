//! Objects of any kind, as `get` shows them.

use model::{Object, OrgId};
use serde_json::Value;

use crate::{
    agent, api_key, context_graph, metric, metric_result, organization, persona, role, run, scenario,
    service, temporary_grant, unit_test, unit_test_set, user, webhook_destination,
};

/// An object with its newest content, as far as its own state tells: a set without its newest run, a run without results, a key
/// without its user's role.
///
/// # Errors
/// None in practice: every part has text keys. The error is kept rather than hidden.
pub fn object_view(org: &OrgId, object: &Object) -> Result<Value, serde_json::Error> {
    match object {
        Object::Organization(state) => serde_json::to_value(organization::Instance::from(state)),
        Object::User(state) => serde_json::to_value(user::Instance::of(org, state)),
        Object::ApiKey(state) => serde_json::to_value(api_key::Instance::of(org, state, None)),
        Object::Persona(state) => serde_json::to_value(persona::Instance::with_latest(org, state)),
        Object::Scenario(state) => serde_json::to_value(scenario::Instance::with_latest(org, state)),
        Object::Metric(state) => serde_json::to_value(metric::Instance::with_latest(org, state)),
        Object::Agent(state) => serde_json::to_value(agent::Instance::with_latest(org, state)),
        Object::ContextGraph(state) => serde_json::to_value(context_graph::Instance::with_latest(org, state)),
        Object::Service(state) => serde_json::to_value(service::Instance::of(org, state)),
        Object::UnitTest(state) => serde_json::to_value(unit_test::Instance::of(org, state)),
        Object::UnitTestSet(state) => serde_json::to_value(unit_test_set::Instance::of(org, state, None)),
        Object::Run(state) => serde_json::to_value(run::Instance::of(
            org,
            state,
            &run::Progress::of_plan(&state.plan),
        )),
        Object::Role(state) => serde_json::to_value(role::Instance::of(state)),
        Object::TemporaryGrant(state) => serde_json::to_value(temporary_grant::Instance::of(org, state)),
        Object::WebhookDestination(state) => serde_json::to_value(webhook_destination::Instance::of(state)),
        Object::Evaluation(state) => serde_json::to_value(metric_result::Instance::of_manual(org, state)),
    }
}
