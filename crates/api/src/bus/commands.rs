//! The commands of the bus, each with its types and an example.

use super::{Call, Endpoint, Family, call::endpoints};
use crate::{
    VersionCreated, agent, api_key, context_graph, metric, metric_result, organization, persona, recording,
    role, run, scenario, service, suite, temporary_grant, unit_test, unit_test_set, user,
    webhook_destination,
};

endpoints! {
    Command, /// Every command.
    COMMANDS;
    PersonaCreate(persona::Create) -> persona::Created = "persona" "create", ["Simulation:CreateSimulationPersona", "Simulation:ModifySimulationPersona"], "Makes a persona with version 1.",
        r#"{"name":"Maria","role":"customer","tags":{"team":"support"},"initial_version":{"background":"Maria, 34, orders groceries online.","preferred_language":"eng","timezone":"Europe/Berlin","user_models":["Prefers short answers"],"nonsensitive_user_variables":{"plan":"basic"},"sensitive_user_variables":{}}}"#,
        r#"{"simulation_persona_id":"6618791275130b73714e8d2a"}"#;
    PersonaUpdate(persona::Update) -> () = "persona" "update", ["Simulation:ModifySimulationPersona"], "Replaces a persona's labels.",
        r#"{"id":"6618791275130b73714e8d2a","tags":{"team":"sales"}}"#,
        "null";
    PersonaCreateVersion(persona::CreateVersion) -> VersionCreated = "persona" "create_version", ["Simulation:ModifySimulationPersona"], "Adds a version to a persona.",
        r#"{"id":"6618791275130b73714e8d2a","version":2,"background":"Maria, 34, orders groceries online.","preferred_language":"eng","timezone":"Europe/Berlin","user_models":["Prefers short answers"],"nonsensitive_user_variables":{"plan":"basic"},"sensitive_user_variables":{}}"#,
        r#"{"version":2}"#;
    PersonaDelete(persona::Delete) -> () = "persona" "delete", ["Simulation:DeleteSimulationPersona"], "Deletes a persona that no unit test uses.",
        r#"{"id":"6618791275130b73714e8d2a"}"#,
        "null";
    ScenarioCreate(scenario::Create) -> scenario::Created = "scenario" "create", ["Simulation:CreateSimulationScenario", "Simulation:ModifySimulationScenario"], "Makes a scenario with version 1.",
        r#"{"name":"Refund","tags":{},"initial_version":{"objective":"Get a refund.","instructions":"Insist politely.","initial_message_type":"user-message","conversation_starts_at":null,"rehearse":{"script":[{"say":"My name is {{ persona.name }}. I want a refund."},{"when":{"matches":"(?i)refund"},"end":"achieved"}]}}}"#,
        r#"{"simulation_scenario_id":"6618791275130b73714e8d3b"}"#;
    ScenarioUpdate(scenario::Update) -> () = "scenario" "update", ["Simulation:ModifySimulationScenario"], "Replaces a scenario's labels.",
        r#"{"id":"6618791275130b73714e8d3b","tags":{"team":"sales"}}"#,
        "null";
    ScenarioCreateVersion(scenario::CreateVersion) -> VersionCreated = "scenario" "create_version", ["Simulation:ModifySimulationScenario"], "Adds a version to a scenario.",
        r#"{"id":"6618791275130b73714e8d3b","version":2,"objective":"Get a refund.","instructions":"Insist politely.","initial_message_type":"user-message","conversation_starts_at":null,"rehearse":{"script":[{"say":"My name is {{ persona.name }}. I want a refund."},{"when":{"matches":"(?i)refund"},"end":"achieved"}]}}"#,
        r#"{"version":2}"#;
    ScenarioDelete(scenario::Delete) -> () = "scenario" "delete", ["Simulation:DeleteSimulationScenario"], "Deletes a scenario that no unit test uses.",
        r#"{"id":"6618791275130b73714e8d3b"}"#,
        "null";
    MetricCreate(metric::Create) -> metric::Created = "metric" "create", ["Metric:CreateMetric"], "Makes a metric with version 1.",
        r#"{"name":"Refunded","applied_to_services":[],"additional_notes":null,"tags":{"team":"support"},"initial_version_metric_value":{"description":"The agent gave a refund.","metric_value":{"type":"boolean"},"rehearse":{"judge":{"toolCalled":{"name":"refund"}}}}}"#,
        r#"{"id":"6618791275130b73714e8d4c"}"#;
    MetricUpdate(metric::Update) -> () = "metric" "update", ["Metric:ModifyMetric"], "Changes a metric's services, notes or labels.",
        r#"{"id":"6618791275130b73714e8d4c","additional_notes":"Ask Ann."}"#,
        "null";
    MetricCreateVersion(metric::CreateVersion) -> VersionCreated = "metric" "create_version", ["Metric:ModifyMetric"], "Adds a version of the same value type to a metric.",
        r#"{"id":"6618791275130b73714e8d4c","version":2,"description":"The agent gave a refund.","metric_value":{"type":"boolean"},"rehearse":{"judge":{"toolCalled":{"name":"refund"}}}}"#,
        r#"{"version":2}"#;
    MetricDelete(metric::Delete) -> () = "metric" "delete", ["Metric:DeleteMetric"], "Deletes a metric that no unit test uses.",
        r#"{"id":"6618791275130b73714e8d4c"}"#,
        "null";
    MetricEvaluate(metric_result::Evaluate) -> metric_result::Evaluated = "metric" "evaluate", ["Metric:GetMetric", "Metric:EvaluateMetric", "Metric:GetMetricEvaluationResult"], "Measures a finished conversation by the latest versions of metrics; of what was measured so before, the newest value is kept.",
        r#"{"metric_ids":["6618791275130b73714e8d4c"],"conversation_id":"6618791275130b73714e8de1","evaluate_to_interaction_id":null}"#,
        r#"{"metrics":[{"metric_id":"6618791275130b73714e8d4c","value":true,"references":["6618791275130b73714e8dd1"],"justification":"`refund` was called once."}]}"#;
    AgentCreate(agent::Create) -> agent::Created = "agent" "create", ["Organization:CreateAgent"], "Makes an agent without a version.",
        r#"{"agent_name":"Shopkeeper"}"#,
        r#"{"id":"6618791275130b73714e8da1"}"#;
    AgentCreateVersion(agent::CreateVersion) -> agent::VersionCreated = "agent" "create_version", ["Organization:CreateAgentVersion"], "Adds a version to an agent; what stands beside `rehearse` is kept as its document, and what is left out stays as it is.",
        r#"{"id":"6618791275130b73714e8da1","version":1,"rehearse":{"connection":{"openaiChat":{"baseUrl":"http://127.0.0.1:8080/v1","model":"small","apiKey":"{{ secret.API_KEY }}"}}},"background":"Sells groceries."}"#,
        r#"{"version":1,"created_at":"2026-01-01T00:00:00.000Z"}"#;
    AgentDelete(agent::Delete) -> () = "agent" "delete", ["Organization:DeleteAgent"], "Deletes an agent that no active service uses.",
        r#"{"id":"6618791275130b73714e8da1"}"#,
        "null";
    ContextGraphCreate(context_graph::Create) -> context_graph::Created = "context_graph" "create", ["Organization:CreateServiceHierarchicalStateMachine"], "Makes a context graph without a version.",
        r#"{"state_machine_name":"Flow"}"#,
        r#"{"id":"6618791275130b73714e8da2"}"#;
    ContextGraphCreateVersion(context_graph::CreateVersion) -> context_graph::VersionCreated = "context_graph" "create_version", ["Organization:CreateServiceHierarchicalStateMachineVersion"], "Adds a version to a context graph; what stands beside `id` and `version` is its document.",
        r#"{"id":"6618791275130b73714e8da2","version":1,"description":"Sells and refunds.","states":[],"new_user_initial_state":"greet","returning_user_initial_state":"greet","terminal_state":"part","references":{},"global_intra_state_navigation_guidelines":[],"global_action_guidelines":[],"global_boundary_constraints":[]}"#,
        r#"{"version":1,"created_at":"2026-01-01T00:00:00.000Z"}"#;
    ContextGraphDelete(context_graph::Delete) -> () = "context_graph" "delete", ["Organization:DeleteServiceHierarchicalStateMachine"], "Deletes a context graph that no active service uses.",
        r#"{"id":"6618791275130b73714e8da2"}"#,
        "null";
    ServiceCreate(service::Create) -> service::Created = "service" "create", ["Service:CreateService", "Service:CreateVersionSet"], "Makes a service with the version sets `edge` and `release`.",
        r#"{"service_hierarchical_state_machine_id":"6618791275130b73714e8da2","agent_id":"6618791275130b73714e8da1","name":"Shop","description":"Sells groceries.","is_active":true,"release_version_set":null,"keyterms":["gift card"],"tags":{}}"#,
        r#"{"id":"6618791275130b73714e8d1c"}"#;
    ServiceUpdate(service::Update) -> () = "service" "update", ["Service:UpdateService"], "Changes a service.",
        r#"{"id":"6618791275130b73714e8d1c","is_active":false}"#,
        "null";
    ServicePutVersionSet(service::PutVersionSet) -> () = "service" "put_version_set", ["Service:CreateVersionSet|Service:UpdateVersionSet"], "Makes or replaces a version set other than `edge`.",
        r#"{"id":"6618791275130b73714e8d1c","name":"candidate","version_set":{"agent_version_number":1,"service_hierarchical_state_machine_version_number":null,"llm_model_preferences":{"EngageUser":{"llm_name":"openai_gpt-5.2-2025-12-11","params":{"temperature":0}}}}}"#,
        "null";
    ServiceDeleteVersionSet(service::DeleteVersionSet) -> () = "service" "delete_version_set", ["Service:DeleteVersionSet"], "Removes a version set that is neither `edge` nor `release` and that no unit test names.",
        r#"{"id":"6618791275130b73714e8d1c","name":"candidate"}"#,
        "null";
    UnitTestCreate(unit_test::Create) -> unit_test::Created = "unit_test" "create", ["Simulation:CreateSimulationUnitTest"], "Makes a unit test.",
        r#"{"name":"Maria gets a refund","description":"The agent refunds without a fuss.","service_id":"6618791275130b73714e8d1c","service_version_set_name":"release","persona_id":"6618791275130b73714e8d2a","scenario_id":"6618791275130b73714e8d3b","max_interactions":8,"success_criterions":[{"name":"refunded","metric_id":"6618791275130b73714e8d4c","criterion":{"type":"boolean","expected_value":true}}],"tags":{"any key":"any value"}}"#,
        r#"{"simulation_unit_test_id":"6618791275130b73714e8d5d"}"#;
    UnitTestUpdate(unit_test::Update) -> () = "unit_test" "update", ["Simulation:ModifySimulationUnitTest"], "Changes a unit test.",
        r#"{"id":"6618791275130b73714e8d5d","max_interactions":12}"#,
        "null";
    UnitTestDelete(unit_test::Delete) -> () = "unit_test" "delete", ["Simulation:DeleteSimulationUnitTest"], "Deletes a unit test that no set holds.",
        r#"{"id":"6618791275130b73714e8d5d"}"#,
        "null";
    UnitTestSetCreate(unit_test_set::Create) -> unit_test_set::Created = "unit_test_set" "create", ["Simulation:CreateSimulationUnitTestSet"], "Makes a unit test set.",
        r#"{"name":"Nightly","description":null,"unit_test_runs":[{"unit_test_id":"6618791275130b73714e8d5d","run_count":2}],"tags":{"stage":null}}"#,
        r#"{"simulation_unit_test_set_id":"6618791275130b73714e8d7f"}"#;
    UnitTestSetUpdate(unit_test_set::Update) -> () = "unit_test_set" "update", ["Simulation:ModifySimulationUnitTestSet"], "Changes a unit test set.",
        r#"{"id":"6618791275130b73714e8d7f","unit_test_runs":[{"unit_test_id":"6618791275130b73714e8d5d","run_count":5}]}"#,
        "null";
    UnitTestSetDelete(unit_test_set::Delete) -> () = "unit_test_set" "delete", ["Simulation:DeleteSimulationUnitTestSet"], "Deletes a unit test set. Its runs stay.",
        r#"{"id":"6618791275130b73714e8d7f"}"#,
        "null";
    RunStart(run::Start) -> run::Started = "run" "start", ["Simulation:CreateSimulationUnitTestSetRun"], "Starts a run of a unit test set.",
        r#"{"simulation_unit_test_set_id":"6618791275130b73714e8d7f","rehearse":{"seed":7,"max_concurrency":4,"budget":{"max_duration_ms":600000}}}"#,
        r#"{"simulation_unit_test_set_run_id":"6618791275130b73714e8d90"}"#;
    RunCancel(run::Cancel) -> () = "run" "cancel", ["Simulation:CancelSimulationUnitTestSetRun"], "Asks a run to stop.",
        r#"{"id":"6618791275130b73714e8d90"}"#,
        "null";
    RunRerun(run::Rerun) -> run::Started = "run" "rerun", ["Simulation:CreateSimulationUnitTestSetRun", "Simulation:GetSimulationUnitTestSetRun"], "Runs again what went wrong in a run: the same tests at their latest versions, each as often as it went wrong.",
        r#"{"id":"6618791275130b73714e8d90","which":["failed","errored"],"rehearse":{"seed":7}}"#,
        r#"{"simulation_unit_test_set_run_id":"6618791275130b73714e8d91"}"#;
    RecordingCreate(recording::Create) -> recording::Created = "recording" "create", ["Simulation:CreateSimulationUnitTestSetRun"], "Stores a conversation that was held elsewhere, so that a run can judge it. Storing the same one again changes nothing.",
        r#"{"turns":[{"role":"user","text":"Where is my parcel?"},{"role":"agent","text":"It comes today.","tool_calls":[{"name":"find_parcel","arguments":{"user":"maria"},"result":{"due":"today"}}]}],"values":{"reward":1.0},"end":{"reason":"user_achieved","detail":null,"farewell":"Thanks!"}}"#,
        r#"{"recording":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}"#;
    SuiteApply(suite::Apply) -> suite::Changes = "suite" "apply", ["Rehearse:ApplySuite"], "Makes the organization hold what a suite says, all of it or nothing.",
        r#"{"documents":[{"apiVersion":"rehearse/v1","kind":"Persona","metadata":{"name":"Maria"},"spec":{"role":"customer","background":"Maria, 34, orders groceries online."}}]}"#,
        r#"{"changes":[{"kind":"Persona","name":"Maria","id":"6618791275130b73714e8d2a","difference":"created","fields":[]}]}"#;
    OrganizationUpdate(organization::Update) -> () = "organization" "update", ["Organization:ModifyOrganization"], "Replaces the organization's title and defaults.",
        r#"{"title":"Acme","preferred_language":"eng","timezone":null}"#,
        "null";
    UserCreate(user::Create) -> user::Created = "user" "create", ["User:CreateUser"], "Makes a user.",
        r#"{"id":"u1","name":"Ann","role":"DefaultAdministratorRole"}"#,
        r#"{"id":"u1"}"#;
    UserDelete(user::Delete) -> () = "user" "delete", ["User:DeleteUser"], "Deletes a user: its keys open nothing any more.",
        r#"{"id":"u1"}"#,
        "null";
    ApiKeyCreate(api_key::Create) -> api_key::Created = "api_key" "create", ["Organization:CreateAPIKey"], "Makes an API key. Its secret is in the reply and nowhere else.",
        r#"{"name":"CI","duration":"P30D","role_name":"DefaultAdministratorRole"}"#,
        r#"{"api_key_id":"6618791275130b73714e8db1","api_key":"<secret>","expires_at":"2026-01-31T00:00:00.000Z"}"#;
    ApiKeyDelete(api_key::Delete) -> api_key::Deleted = "api_key" "delete", ["Organization:DeleteAPIKey"], "Revokes an API key.",
        r#"{"id":"6618791275130b73714e8db1"}"#,
        r#"{"deleted_key_id":"6618791275130b73714e8db1"}"#;
    RoleCreate(role::Create) -> role::Created = "role" "create", ["Role:CreateRole"], "Makes a role. Nobody can make one that may do what they may not.",
        r#"{"role_name":"Reviewer","description":"Reads what others made.","permission_grants":[{"permission_name":"Simulation:GetSimulationPersona","conditions":{"role":{"type":"In","values":["customer","patient"]},"name":{"type":"NotEquals","value":"Secret"}}},{"permission_name":"Metric:GetMetric","conditions":{"creator":{"type":"Equals","value":"{self_user_id}"}}}],"frontend_view":"client"}"#,
        r#"{"role_id":"6618791275130b73714e8dc1"}"#;
    RoleUpdate(role::Update) -> role::Created = "role" "update", ["Role:ModifyRole"], "Changes a role, at once for everyone who has it.",
        r#"{"name":"Reviewer","description":"Reads everything.","permission_grants":[{"permission_name":"Simulation:GetSimulationPersona","conditions":{}}],"frontend_view":"admin"}"#,
        r#"{"role_id":"6618791275130b73714e8dc1"}"#;
    RoleAssign(role::Assign) -> role::Created = "role" "assign", ["Role:AssignRole"], "Gives a user another role. Nobody can assign a role that may do what they may not.",
        r#"{"name":"Reviewer","user_id":"u1"}"#,
        r#"{"role_id":"6618791275130b73714e8dc1"}"#;
    TemporaryGrantCreate(temporary_grant::Create) -> temporary_grant::Created = "temporary_grant" "create", ["Role:CreateTemporaryPermissionGrant"], "Lets a user do something for a while, beside what its role says. Nobody can grant what their own role does not.",
        r#"{"user_id":"u1","duration":"PT8H","permission_grant":{"permission_name":"Simulation:GetSimulationPersona","conditions":{"role":{"type":"Equals","value":"customer"}}},"tags":{"ticket":"T1"},"justification":"Ann is on holiday."}"#,
        r#"{"temporary_permission_grant_id":"6618791275130b73714e8dc2","expires_at":"2026-01-01T08:00:00.000Z"}"#;
    WebhookDestinationCreate(webhook_destination::Create) -> webhook_destination::Created = "webhook_destination" "create", ["Webhook:CreateWebhookDestination"], "Makes a webhook destination. Its secret is in the reply and nowhere else.",
        r#"{"url":"https://example.com/hooks","accepted_types":["api-key-expiration-soon"],"retry_attempts":3}"#,
        r#"{"webhook_destination_id":"6618791275130b73714e8dc3","secret":"<secret>"}"#;
    WebhookDestinationUpdate(webhook_destination::Update) -> () = "webhook_destination" "update", ["Webhook:UpdateWebhookDestination"], "Changes what a webhook destination is told, or how often.",
        r#"{"id":"6618791275130b73714e8dc3","accepted_types":["conversation-post-processing-complete","api-key-expiration-soon"],"retry_attempts":5}"#,
        "null";
    WebhookDestinationRotateSecret(webhook_destination::RotateSecret) -> webhook_destination::Rotated = "webhook_destination" "rotate_secret", ["Webhook:UpdateWebhookDestination"], "Gives a webhook destination a new secret, at most once per hour. The old one signs too for half an hour.",
        r#"{"id":"6618791275130b73714e8dc3"}"#,
        r#"{"secret":"<secret>","dual_signing_stops_at":"2026-01-01T00:30:00.000Z"}"#;
    WebhookDestinationDelete(webhook_destination::Delete) -> () = "webhook_destination" "delete", ["Webhook:DeleteWebhookDestination"], "Deletes a webhook destination.",
        r#"{"id":"6618791275130b73714e8dc3"}"#,
        "null";
}
