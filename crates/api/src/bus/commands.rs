//! The commands of the bus, each with its types and an example.

use super::{Call, Endpoint, Family, call::endpoints};
use crate::{
    VersionCreated, agent, api_key, context_graph, metric, organization, persona, run, scenario, service,
    suite, unit_test, unit_test_set, user,
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
    AgentCreate(agent::Create) -> agent::Created = "agent" "create", ["Organization:CreateAgent"], "Makes an agent without a version.",
        r#"{"agent_name":"Shopkeeper"}"#,
        r#"{"id":"6618791275130b73714e8da1"}"#;
    AgentCreateVersion(agent::CreateVersion) -> VersionCreated = "agent" "create_version", ["Organization:CreateAgentVersion"], "Adds a version to an agent; what stands beside `rehearse` is kept as its document.",
        r#"{"id":"6618791275130b73714e8da1","version":1,"rehearse":{"connection":{"openaiChat":{"baseUrl":"http://127.0.0.1:8080/v1","model":"small","apiKey":"{{ secret.API_KEY }}"}}},"background":"Sells groceries."}"#,
        r#"{"version":1,"created_at":"2026-01-01T00:00:00.000Z"}"#;
    AgentDelete(agent::Delete) -> () = "agent" "delete", ["Organization:DeleteAgent"], "Deletes an agent that no active service uses.",
        r#"{"id":"6618791275130b73714e8da1"}"#,
        "null";
    ContextGraphCreate(context_graph::Create) -> context_graph::Created = "context_graph" "create", ["Organization:CreateServiceHierarchicalStateMachine"], "Makes a context graph without a version.",
        r#"{"state_machine_name":"Flow"}"#,
        r#"{"id":"6618791275130b73714e8da2"}"#;
    ContextGraphCreateVersion(context_graph::CreateVersion) -> VersionCreated = "context_graph" "create_version", ["Organization:CreateServiceHierarchicalStateMachineVersion"], "Adds a version to a context graph; what stands beside `id` and `version` is its document.",
        r#"{"id":"6618791275130b73714e8da2","version":1,"description":"Sells and refunds.","states":[]}"#,
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
        r#"{"id":"6618791275130b73714e8d1c","name":"candidate","version_set":{"agent_version_number":1,"service_hierarchical_state_machine_version_number":null,"llm_model_preferences":{"EngageUser":{"llm_name":"gpt","params":{"temperature":0}}}}}"#,
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
        r#"{"simulation_unit_test_set_id":"6618791275130b73714e8d7f","rehearse":{"seed":7,"max_concurrency":4}}"#,
        r#"{"simulation_unit_test_set_run_id":"6618791275130b73714e8d90"}"#;
    RunCancel(run::Cancel) -> () = "run" "cancel", ["Simulation:CancelSimulationUnitTestSetRun"], "Asks a run to stop.",
        r#"{"id":"6618791275130b73714e8d90"}"#,
        "null";
    SuiteApply(suite::Apply) -> suite::Changes = "suite" "apply", ["Rehearse:ApplySuite"], "Makes the organization hold what a suite says, all of it or nothing.",
        r#"{"documents":[{"apiVersion":"rehearse/v1","kind":"Persona","metadata":{"name":"Maria"},"spec":{"role":"customer","background":"Maria, 34, orders groceries online."}}]}"#,
        r#"{"changes":[{"kind":"Persona","name":"Maria","id":"6618791275130b73714e8d2a","difference":"created","fields":[]}]}"#;
    OrganizationUpdate(organization::Update) -> () = "organization" "update", ["Organization:ModifyOrganization"], "Replaces the organization's title and defaults.",
        r#"{"title":"Acme","preferred_language":"eng","timezone":null}"#,
        "null";
    UserCreate(user::Create) -> user::Created = "user" "create", ["User:CreateUser"], "Makes a user.",
        r#"{"id":"u1","name":"Ann","role":"admin"}"#,
        r#"{"id":"u1"}"#;
    UserDelete(user::Delete) -> () = "user" "delete", ["User:DeleteUser"], "Deletes a user: its keys open nothing any more.",
        r#"{"id":"u1"}"#,
        "null";
    ApiKeyCreate(api_key::Create) -> api_key::Created = "api_key" "create", ["Organization:CreateAPIKey"], "Makes an API key. Its secret is in the reply and nowhere else.",
        r#"{"name":"CI","duration":"P30D","rehearse":{"user_id":"u1"}}"#,
        r#"{"api_key_id":"6618791275130b73714e8db1","api_key":"<secret>","expires_at":"2026-01-31T00:00:00.000Z"}"#;
    ApiKeyDelete(api_key::Delete) -> api_key::Deleted = "api_key" "delete", ["Organization:DeleteAPIKey"], "Revokes an API key.",
        r#"{"id":"6618791275130b73714e8db1"}"#,
        r#"{"deleted_key_id":"6618791275130b73714e8db1"}"#;
}
