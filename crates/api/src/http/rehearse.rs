//! The operations that only Rehearse has. They stand below `rehearse/`.

use super::operation::operations;

operations! {
    /// The operations of our own.
    REHEARSE;
    "get-persona": Get "rehearse/personas/{persona_id}" = 200, Query "persona" "get",
        {"persona_id" => "id"}, [], 600, [];
    "get-scenario": Get "rehearse/scenarios/{scenario_id}" = 200, Query "scenario" "get",
        {"scenario_id" => "id"}, [], 600, [];
    "get-metric": Get "rehearse/metrics/{metric_id}" = 200, Query "metric" "get",
        {"metric_id" => "id"}, [], 600, [];
    "get-agent": Get "rehearse/agents/{agent_id}" = 200, Query "agent" "get",
        {"agent_id" => "id"}, [], 600, [];
    "get-context-graph": Get "rehearse/context_graphs/{context_graph_id}" = 200, Query "context_graph" "get",
        {"context_graph_id" => "id"}, [], 600, [];
    "get-service": Get "rehearse/services/{service_id}" = 200, Query "service" "get",
        {"service_id" => "id"}, [], 600, [];
    "get-unit-test": Get "rehearse/unit_tests/{unit_test_id}" = 200, Query "unit_test" "get",
        {"unit_test_id" => "id"}, [], 600, [];
    "get-unit-test-set": Get "rehearse/unit_test_sets/{unit_test_set_id}" = 200, Query "unit_test_set" "get",
        {"unit_test_set_id" => "id"}, [], 600, [];
    "get-run": Get "rehearse/runs/{run_id}" = 200, Query "run" "get",
        {"run_id" => "id"}, [], 600, [];
    "wait-for-run": Get "rehearse/runs/{run_id}/wait" = 200, Query "run" "wait",
        {"run_id" => "id"}, [], 600, [];
    "get-run-conversations": Get "rehearse/runs/{run_id}/conversations" = 200, Query "run" "results",
        {"run_id" => "id"}, [], 600, [];
    "get-run-transcript": Get "rehearse/runs/{run_id}/transcript" = 200, Query "run" "transcript",
        {"run_id" => "id"}, [], 600, [400];
    "get-run-artifact-chunk": Get "rehearse/runs/{run_id}/artifact_chunk" = 200, Query "run" "artifact",
        {"run_id" => "id"}, [], 600, [400];
    "apply-suite": Post "rehearse/suite/apply" = 200, Command "suite" "apply",
        {}, [], 60, [400, 409];
    "diff-suite": Post "rehearse/suite/diff" = 200, Query "suite" "diff",
        {}, [], 60, [400, 409];
    "export-suite": Get "rehearse/suite/export" = 200, Query "suite" "export",
        {}, [], 60, [];
    "get-events": Get "rehearse/events" = 200, Query "event" "list",
        {}, [], 600, [];
    "get-history": Get "rehearse/history/{kind}/{id}" = 200, Query "event" "history",
        {"kind" => "kind", "id" => "id"}, [], 600, [];
    "get-dead-letters": Get "rehearse/dead_letters" = 200, Query "deadletter" "list",
        {}, [], 600, [];
    "get-status": Get "rehearse/status" = 200, Query "server" "status",
        {}, [], 600, [];
    "get-organization": Get "rehearse/organization" = 200, Query "organization" "get",
        {}, [], 600, [];
    "update-organization": Put "rehearse/organization" = 204, Command "organization" "update",
        {}, [], 60, [];
    "create-user": Post "rehearse/users" = 201, Command "user" "create",
        {}, [], 60, [409];
    "get-users": Get "rehearse/users" = 200, Query "user" "list",
        {}, [], 600, [];
    "get-user": Get "rehearse/users/{user_id}" = 200, Query "user" "get",
        {"user_id" => "id"}, [], 600, [];
    "delete-user": Delete "rehearse/users/{user_id}" = 204, Command "user" "delete",
        {"user_id" => "id"}, [], 60, [];
}
