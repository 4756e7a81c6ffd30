//! The operations that Amigo's Classic API has as well: addresses, statuses and rate limits are its own.

use super::operation::operations;

operations! {
    /// The operations shared with Amigo's Classic API.
    CLASSIC;
    "create-agent": Post "organization/agent" = 201, Command "agent" "create",
        {}, [], 10, [409];
    "get-agents": Get "organization/agent" = 200, Query "agent" "list",
        {}, [], 20, [];
    "create-agent-version": Post "organization/agent/{agent_id}/" = 201, Command "agent" "create_version",
        {"agent_id" => "id"}, ["version"], 10, [400, 409];
    "delete-agent": Delete "organization/agent/{agent_id}/" = 200, Command "agent" "delete",
        {"agent_id" => "id"}, [], 10, [400, 409];
    "create-service-hierarchical-state-machine": Post "organization/service_hierarchical_state_machine" = 201, Command "context_graph" "create",
        {}, [], 10, [409];
    "get-service-hierarchical-state-machines": Get "organization/service_hierarchical_state_machine" = 200, Query "context_graph" "list",
        {}, [], 20, [];
    "create-service-hierarchical-state-machine-version": Post "organization/service_hierarchical_state_machine/{service_hierarchical_state_machine_id}/" = 201, Command "context_graph" "create_version",
        {"service_hierarchical_state_machine_id" => "id"}, ["version", "dry_run"], 10, [400, 409];
    "delete-service-hierarchical-state-machine": Delete "organization/service_hierarchical_state_machine/{state_machine_id}/" = 200, Command "context_graph" "delete",
        {"state_machine_id" => "id"}, [], 10, [400, 409];
    "create-api-key": Post "organization/api_key/" = 201, Command "api_key" "create",
        {}, [], 5, [400, 409];
    "get-api-keys": Get "organization/api_key/" = 200, Query "api_key" "list",
        {}, [], 10, [];
    "delete-api-key": Delete "organization/api_key/{api_key_id}/" = 200, Command "api_key" "delete",
        {"api_key_id" => "id"}, [], 10, [];
    "get-agent-versions": Get "organization/agent/{agent_id}/version" = 200, Query "agent" "versions",
        {"agent_id" => "id"}, [], 20, [];
    "get-service-hierarchical-state-machine-versions": Get "organization/service_hierarchical_state_machine/{service_hierarchical_state_machine_id}/version" = 200, Query "context_graph" "versions",
        {"service_hierarchical_state_machine_id" => "id"}, [], 20, [];
    "get-services": Get "service/" = 200, Query "service" "list",
        {}, [], 50, [];
    "create-service": Post "service/" = 201, Command "service" "create",
        {}, [], 20, [400, 409];
    "upsert-service-version-set": Put "service/{service_id}/version_sets/{version_set_name}/" = 204, Command "service" "put_version_set",
        {"service_id" => "id", "version_set_name" => "name"}, [], 30, [400];
    "delete-service-version-set": Delete "service/{service_id}/version_sets/{version_set_name}/" = 204, Command "service" "delete_version_set",
        {"service_id" => "id", "version_set_name" => "name"}, [], 30, [400];
    "update-service": Post "service/{service_id}/" = 200, Command "service" "update",
        {"service_id" => "id"}, [], 20, [400, 409];
    "create-metric-version": Post "metric/{metric_id}/version/" = 201, Command "metric" "create_version",
        {"metric_id" => "id"}, ["version"], 60, [400, 409];
    "get-metric-versions": Get "metric/{metric_id}/version" = 200, Query "metric" "versions",
        {"metric_id" => "id"}, [], 60, [];
    "create-metric": Post "metric/" = 201, Command "metric" "create",
        {}, [], 100, [409];
    "get-metrics": Get "metric/" = 200, Query "metric" "list",
        {}, [], 20, [];
    "update-metric": Post "metric/{metric_id}/" = 200, Command "metric" "update",
        {"metric_id" => "id"}, [], 20, [];
    "delete-metric": Delete "metric/{metric_id}/" = 200, Command "metric" "delete",
        {"metric_id" => "id"}, [], 100, [400];
    "search-metrics": Get "metric/search/" = 200, Query "metric" "search",
        {}, [], 20, [];
    "evaluate-metrics": Post "metric/evaluate" = 200, Command "metric" "evaluate",
        {}, [], 50, [400];
    "get-metric-evaluation-results": Get "metric/metric_evaluation_result" = 200, Query "metric_result" "list",
        {}, [], 10, [];
    "get-conversations": Get "conversation/" = 200, Query "conversation" "list",
        {}, [], 15, [];
    "get-conversation-messages": Get "conversation/{conversation_id}/messages/" = 200, Query "conversation" "messages",
        {"conversation_id" => "conversation_id"}, [], 20, [];
    "create-simulation-persona": Post "simulation/persona/" = 201, Command "persona" "create",
        {}, [], 100, [409];
    "get-simulation-personas": Get "simulation/persona/" = 200, Query "persona" "list",
        {}, [], 50, [];
    "create-simulation-persona-version": Post "simulation/persona/{simulation_persona_id}/version/" = 201, Command "persona" "create_version",
        {"simulation_persona_id" => "id"}, ["version"], 100, [400];
    "get-simulation-persona-versions": Get "simulation/persona/{simulation_persona_id}/version/" = 200, Query "persona" "versions",
        {"simulation_persona_id" => "id"}, [], 50, [];
    "update-simulation-persona": Post "simulation/persona/{simulation_persona_id}/" = 204, Command "persona" "update",
        {"simulation_persona_id" => "id"}, [], 100, [];
    "delete-simulation-persona": Delete "simulation/persona/{simulation_persona_id}/" = 204, Command "persona" "delete",
        {"simulation_persona_id" => "id"}, [], 100, [400];
    "get-simulation-scenario-versions": Get "simulation/scenario/{simulation_scenario_id}/version/" = 200, Query "scenario" "versions",
        {"simulation_scenario_id" => "id"}, [], 500, [];
    "create-simulation-scenario-version": Post "simulation/scenario/{simulation_scenario_id}/version/" = 201, Command "scenario" "create_version",
        {"simulation_scenario_id" => "id"}, ["version"], 500, [400];
    "create-simulation-scenario": Post "simulation/scenario/" = 201, Command "scenario" "create",
        {}, [], 500, [409];
    "get-simulation-scenarios": Get "simulation/scenario/" = 200, Query "scenario" "list",
        {}, [], 200, [];
    "update-simulation-scenario": Post "simulation/scenario/{simulation_scenario_id}/" = 204, Command "scenario" "update",
        {"simulation_scenario_id" => "id"}, [], 500, [];
    "delete-simulation-scenario": Delete "simulation/scenario/{simulation_scenario_id}/" = 204, Command "scenario" "delete",
        {"simulation_scenario_id" => "id"}, [], 500, [400];
    "search-simulation-personas": Get "simulation/persona/search" = 200, Query "persona" "search",
        {}, [], 50, [];
    "search-simulation-scenarios": Get "simulation/scenario/search" = 200, Query "scenario" "search",
        {}, [], 50, [];
    "create-simulation-unit-test": Post "simulation/unit_test/" = 201, Command "unit_test" "create",
        {}, [], 500, [400, 409];
    "get-simulation-unit-tests": Get "simulation/unit_test/" = 200, Query "unit_test" "list",
        {}, [], 200, [];
    "update-simulation-unit-test": Post "simulation/unit_test/{simulation_unit_test_id}/" = 204, Command "unit_test" "update",
        {"simulation_unit_test_id" => "id"}, [], 500, [400];
    "delete-simulation-unit-test": Delete "simulation/unit_test/{simulation_unit_test_id}/" = 204, Command "unit_test" "delete",
        {"simulation_unit_test_id" => "id"}, [], 500, [400];
    "search-simulation-unit-tests": Get "simulation/unit_test/search/" = 200, Query "unit_test" "search",
        {}, [], 50, [];
    "get-simulation-unit-test-sets": Get "simulation/unit_test_set/" = 200, Query "unit_test_set" "list",
        {}, [], 50, [];
    "create-simulation-unit-test-set": Post "simulation/unit_test_set/" = 201, Command "unit_test_set" "create",
        {}, [], 50, [409];
    "search-simulation-unit-test-sets": Get "simulation/unit_test_set/search/" = 200, Query "unit_test_set" "search",
        {}, [], 50, [];
    "update-simulation-unit-test-set": Post "simulation/unit_test_set/{simulation_unit_test_set_id}" = 204, Command "unit_test_set" "update",
        {"simulation_unit_test_set_id" => "id"}, [], 50, [409];
    "delete-simulation-unit-test-set": Delete "simulation/unit_test_set/{simulation_unit_test_set_id}" = 204, Command "unit_test_set" "delete",
        {"simulation_unit_test_set_id" => "id"}, [], 50, [];
    "get-simulation-unit-test-set-runs": Get "simulation/unit_test_set_run/" = 200, Query "run" "list",
        {}, [], 50, [];
    "create-simulation-unit-test-set-run": Post "simulation/unit_test_set_run/" = 201, Command "run" "start",
        {}, [], 20, [409];
    "cancel-simulation-unit-test-set-run": Delete "simulation/unit_test_set_run/{simulation_unit_test_set_run_id}/" = 204, Command "run" "cancel",
        {"simulation_unit_test_set_run_id" => "id"}, [], 10, [409];
    "get-simulation-unit-test-set-run-artifacts": Get "simulation/unit_test_set_run/{simulation_unit_test_set_run_id}/artifacts/" = 200, Query "run" "artifact_url",
        {"simulation_unit_test_set_run_id" => "id"}, [], 100, [400];
    "create-role": Post "role/" = 201, Command "role" "create",
        {}, [], 20, [409];
    "get_roles_v1__organization__role__get": Get "role/" = 200, Query "role" "list",
        {}, [], 20, [];
    "modify-role": Post "role/{role_name}" = 200, Command "role" "update",
        {"role_name" => "name"}, [], 10, [400];
    "assign-role": Post "role/{role_name}/assign" = 200, Command "role" "assign",
        {"role_name" => "name"}, [], 1000, [];
    "create-temporary-permission-grant": Post "role/temporary_permission_grant/" = 201, Command "temporary_grant" "create",
        {}, [], 100, [];
    "get-temporary-permission-grants": Get "role/temporary_permission_grants/" = 200, Query "temporary_grant" "list",
        {}, [], 100, [];
    "create-webhook-destination": Post "webhook_destination/" = 201, Command "webhook_destination" "create",
        {}, [], 20, [400, 409];
    "get_webhook_destinations": Get "webhook_destination/" = 200, Query "webhook_destination" "list",
        {}, [], 20, [];
    "update-webhook-destination": Post "webhook_destination/{webhook_destination_id}" = 204, Command "webhook_destination" "update",
        {"webhook_destination_id" => "id"}, [], 20, [409];
    "delete-webhook-destination": Delete "webhook_destination/{webhook_destination_id}" = 204, Command "webhook_destination" "delete",
        {"webhook_destination_id" => "id"}, [], 20, [409];
    "rotate-webhook-destination-secret": Post "webhook_destination/{webhook_destination_id}/rotate-secret" = 200, Command "webhook_destination" "rotate_secret",
        {"webhook_destination_id" => "id"}, [], 20, [400, 409];
    "get-webhook-deliveries": Get "webhook_destination/{webhook_destination_id}/delivery" = 200, Query "webhook_delivery" "list",
        {"webhook_destination_id" => "webhook_destination_id"}, [], 5, [];
}
