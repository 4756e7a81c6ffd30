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
    "list-personas": Get "rehearse/personas" = 200, Query "persona" "page",
        {}, [], 600, [];
    "list-scenarios": Get "rehearse/scenarios" = 200, Query "scenario" "page",
        {}, [], 600, [];
    "list-metrics": Get "rehearse/metrics" = 200, Query "metric" "page",
        {}, [], 600, [];
    "list-agents": Get "rehearse/agents" = 200, Query "agent" "page",
        {}, [], 600, [];
    "list-context-graphs": Get "rehearse/context_graphs" = 200, Query "context_graph" "page",
        {}, [], 600, [];
    "list-services": Get "rehearse/services" = 200, Query "service" "page",
        {}, [], 600, [];
    "list-unit-tests": Get "rehearse/unit_tests" = 200, Query "unit_test" "page",
        {}, [], 600, [];
    "list-unit-test-sets": Get "rehearse/unit_test_sets" = 200, Query "unit_test_set" "page",
        {}, [], 600, [];
    "list-runs": Get "rehearse/runs" = 200, Query "run" "page",
        {}, [], 600, [];
    "list-users": Get "rehearse/users" = 200, Query "user" "page",
        {}, [], 600, [];
    "start-run": Post "rehearse/runs" = 201, Command "run" "start",
        {}, [], 60, [400, 409];
    "cancel-run": Post "rehearse/runs/{run_id}/cancel" = 204, Command "run" "cancel",
        {"run_id" => "id"}, [], 60, [409];
    "rerun-run": Post "rehearse/runs/{run_id}/rerun" = 201, Command "run" "rerun",
        {"run_id" => "id"}, [], 60, [400, 409];
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
    "create-recording": Post "rehearse/recordings" = 201, Command "recording" "create",
        {}, [], 600, [];
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
    "get-users": Get "rehearse/user_list" = 200, Query "user" "list",
        {}, [], 600, [];
    "create-user": Post "rehearse/users" = 201, Command "user" "create",
        {}, [], 60, [409];
    "get-user": Get "rehearse/users/{user_id}" = 200, Query "user" "get",
        {"user_id" => "id"}, [], 600, [];
    "delete-user": Delete "rehearse/users/{user_id}" = 204, Command "user" "delete",
        {"user_id" => "id"}, [], 60, [];
}
