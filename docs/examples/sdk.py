"""Runs the set `first` with Amigo's official SDK and prints what came out. Needs `pip install amigo-sdk`."""

import json
import sys
import time

from amigo_sdk.generated.model import (
    SimulationGetSimulationUnitTestSetRunsResponse,
    SimulationSearchSimulationUnitTestSetResponse,
)
from amigo_sdk.sdk_client import AmigoClient

credentials = json.load(open(sys.argv[1]))
names = ("api_key", "api_key_id", "user_id", "organization_id", "base_url")

with AmigoClient(**{name: credentials[name] for name in names}) as client:
    simulation = f"/v1/{client.config.organization_id}/simulation"

    # The SDK has classes, but no methods, for simulations: requests go through its own HTTP client.
    found = client._http.request("GET", f"{simulation}/unit_test_set/search/", params={"query": "first"})
    found = SimulationSearchSimulationUnitTestSetResponse.model_validate_json(found.text)
    (set_id,) = [item.field_id for item in found.simulation_unit_test_sets if item.name == "first"]

    body = {"simulation_unit_test_set_id": set_id}
    started = client._http.request("POST", f"{simulation}/unit_test_set_run/", json=body).json()
    run_id = started["simulation_unit_test_set_run_id"]

    while True:
        listed = client._http.request("GET", f"{simulation}/unit_test_set_run/", params={"id": run_id})
        (run,) = SimulationGetSimulationUnitTestSetRunsResponse.model_validate_json(
            listed.text
        ).simulation_unit_test_set_runs
        if run.is_completed:
            break
        time.sleep(0.2)

    for test in run.unit_test_run_results:
        for metric in test.metric_evaluation_results:
            passed = [pair.root[1] for pair in metric.results]  # a pair is (id of the result, passed)
            print(f"{metric.metric_id}: {sum(passed)} of {len(passed)} passed")
    print("failed" if run.failed_metrics or run.errored else "passed")
