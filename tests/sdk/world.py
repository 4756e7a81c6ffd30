"""Makes the objects that tests need. Each has a name of its own, so that tests do not meet in one."""

import itertools
import os
import time
import typing

from amigo_sdk.generated.model import (
    ActionStateInput,
    OrganizationCreateAgentRequest,
    OrganizationCreateAgentVersionRequest,
    OrganizationCreateServiceHierarchicalStateMachineRequest,
    OrganizationCreateServiceHierarchicalStateMachineVersionRequest,
    ServiceCreateServiceRequest,
)
from wire import Api

UNKNOWN = "0123456789abcdef01234567"
"""A well-formed id of nothing."""

_numbers = itertools.count(1)

CONNECTION = {"stdio": {"command": ["python3", os.environ["REHEARSE_TEST_AGENT"]]}}
"""The agent under test: it repeats what it is told and counts."""

SLOW_CONNECTION = {"stdio": {"command": ["python3", os.environ["REHEARSE_TEST_AGENT"]], "env": {"PAUSE_SECONDS": "20"}}}
"""The same agent, so slow that a run with it is still going on when a test looks."""


def unique(what: str) -> str:
    """A name that nothing else has."""
    return f"{what} {next(_numbers)}"


def persona_version(**changes: typing.Any) -> dict:
    """What a version of a persona says."""
    return {
        "background": "Someone who shops.",
        "preferred_language": "eng",
        "timezone": "Europe/Berlin",
        "user_models": ["Prefers short answers"],
        "nonsensitive_user_variables": {"plan": "basic"},
        "sensitive_user_variables": {},
    } | changes


def scenario_version(**changes: typing.Any) -> dict:
    """What a version of a scenario says: two lines, then the user has what it wanted."""
    return {
        "objective": "Be counted.",
        "instructions": "Say two words.",
        "initial_message_type": "user-message",
        "conversation_starts_at": None,
        "rehearse": {"script": [{"say": "one"}, {"say": "two"}, {"end": "achieved"}]},
    } | changes


def metric_version(text: str = "message 2", **changes: typing.Any) -> dict:
    """What a version of a metric says: whether the agent's last message contains `text`."""
    return {
        "description": f"The agent says {text}.",
        "metric_value": {"type": "boolean"},
        "rehearse": {"judge": {"contains": {"text": text, "in": "lastAgent"}}},
    } | changes


class World:
    """Makes objects as one user."""

    def __init__(self, client):
        self.client = client
        self.api = Api(client)
        self.organization = client.config.organization_id
        self._shared: dict[str, typing.Any] = {}

    def once(self, what: str, make: typing.Callable[[], typing.Any]) -> typing.Any:
        """An object that several tests look at and none changes."""
        if what not in self._shared:
            self._shared[what] = make()
        return self._shared[what]

    def agent(self, connection: dict | None = CONNECTION) -> str:
        """An agent with two versions: one as the SDK makes it, one that says how the agent is reached."""
        agent_id = self.client.agents.create_agent(OrganizationCreateAgentRequest(agent_name=unique("Agent"))).id
        version = OrganizationCreateAgentVersionRequest(initials="CT", background="Counts messages.", behaviors=["Counts."])
        assert self.client.agents.create_agent_version(agent_id, version, version=1).version == 1
        if connection:
            body = {"background": "Counts messages.", "rehearse": {"connection": connection}}
            self.api.call("create-agent-version", agent_id=agent_id, body=body)
        return agent_id

    def graph(self) -> str:
        """A context graph with one version of one state."""
        graphs = self.client.context_graphs
        request = OrganizationCreateServiceHierarchicalStateMachineRequest(state_machine_name=unique("Graph"))
        graph_id = graphs.create_context_graph(request).id
        assert graphs.create_context_graph_version(graph_id, graph_version()).version == 1
        return graph_id

    def service(self, agent_id: str | None = None, **changes: typing.Any) -> str:
        """A service for this agent; without one, for an agent that counts."""
        request = ServiceCreateServiceRequest(
            name=changes.pop("name", None) or unique("Service"),
            description="Counts.",
            agent_id=agent_id or self.once("agent", self.agent),
            service_hierarchical_state_machine_id=self.once("graph", self.graph),
            is_active=True,
            release_version_set=None,
            keyterms=["gift card"],
            tags={},
            **changes,
        )
        return self.client.services.create_service(request).id

    def persona(self, **changes: typing.Any) -> str:
        """A persona."""
        body = {"name": unique("Persona"), "role": "customer", "tags": {}, "initial_version": persona_version()}
        return self.api.call("create-simulation-persona", body=body | changes).simulation_persona_id

    def scenario(self, **changes: typing.Any) -> str:
        """A scenario."""
        body = {"name": unique("Scenario"), "tags": {}, "initial_version": scenario_version()}
        return self.api.call("create-simulation-scenario", body=body | changes).simulation_scenario_id

    def metric(self, version: dict | None = None, **changes: typing.Any) -> str:
        """A metric that asks whether the agent has counted to two."""
        body = {
            "name": unique("Metric"),
            "applied_to_services": [],
            "additional_notes": None,
            "tags": {},
            "initial_version_metric_value": version or metric_version(),
        }
        return self.api.call("create-metric", body=body | changes).id

    def unit_test_body(self, **changes: typing.Any) -> dict:
        """The body of a request for a unit test."""
        body = {
            "name": unique("Unit test"),
            "description": "The agent counts.",
            "service_id": self.once("service", self.service),
            "service_version_set_name": "release",
            "persona_id": self.once("persona", self.persona),
            "scenario_id": self.once("scenario", self.scenario),
            "max_interactions": 5,
            "success_criterions": [
                criterion("counts", self.once("metric", self.metric), True),
                criterion("sings", self.once("singing", lambda: self.metric(metric_version("la la"))), True),
            ],
            "tags": {},
        }
        return body | changes

    def unit_test(self, **changes: typing.Any) -> str:
        """A unit test: its first criterion holds, its second does not."""
        body = self.unit_test_body(**changes)
        return self.api.call("create-simulation-unit-test", body=body).simulation_unit_test_id

    def set_of(self, tests: list[tuple[str, int]], **changes: typing.Any) -> str:
        """A set of these unit tests, each so many times."""
        runs = [{"unit_test_id": unit_test, "run_count": count} for unit_test, count in tests]
        body = {"name": unique("Set"), "description": None, "unit_test_runs": runs, "tags": {}}
        return self.api.call("create-simulation-unit-test-set", body=body | changes).simulation_unit_test_set_id

    def slow_set(self) -> str:
        """A set whose runs go on until they are cancelled."""
        slow = self.once("slow service", lambda: self.service(self.agent(SLOW_CONNECTION)))
        return self.set_of([(self.unit_test(service_id=slow), 1)])

    def run(self, set_id: str) -> str:
        """Starts a run."""
        body = {"simulation_unit_test_set_id": set_id}
        started = self.api.call("create-simulation-unit-test-set-run", body=body)
        return started.simulation_unit_test_set_run_id

    def read_run(self, run_id: str) -> typing.Any:
        """The run, as its list shows it."""
        (run,) = self.api.call("get-simulation-unit-test-set-runs", query={"id": run_id}).simulation_unit_test_set_runs
        return run

    def finish(self, run_id: str, timeout: float = 60) -> str:
        """Polls a run, as a client of Amigo does, until it is over and has its artifact."""
        deadline = time.monotonic() + timeout
        while not ((run := self.read_run(run_id)).is_completed and run.artifacts_generated):
            assert time.monotonic() < deadline, f"the run {run_id} did not end in time: {run}"
            time.sleep(0.1)
        return run_id

    def cancel(self, run_id: str) -> None:
        """Asks a run to stop."""
        self.api.call("cancel-simulation-unit-test-set-run", simulation_unit_test_set_run_id=run_id)


def criterion(name: str, metric_id: str, expected: bool) -> dict:
    """A criterion on a boolean metric."""
    return {"name": name, "metric_id": metric_id, "criterion": {"type": "boolean", "expected_value": expected}}


def graph_version() -> OrganizationCreateServiceHierarchicalStateMachineVersionRequest:
    """What a version of a context graph says."""
    state = ActionStateInput(
        type="action",
        name="count",
        objective="Count.",
        actions=["Count what is said."],
        intra_state_navigation_guidelines=[],
        action_guidelines=["Be exact."],
        boundary_constraints=[],
        exit_conditions=[{"description": "All is counted.", "next_state": "count"}],
        action_tool_call_specs=[],
        exit_condition_tool_call_specs=[],
        skip_active_memory_retrieval=True,
    )
    return OrganizationCreateServiceHierarchicalStateMachineVersionRequest(
        description="Counts.",
        states=[state],
        new_user_initial_state="count",
        returning_user_initial_state="count",
        terminal_state="count",
        references={},
        global_intra_state_navigation_guidelines=[],
        global_action_guidelines=["Count."],
        global_boundary_constraints=[],
    )
