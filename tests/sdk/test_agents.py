"""Agents and context graphs, through the SDK's own resource classes where it has them."""

import pytest
from amigo_sdk.errors import BadRequestError, ConflictError, NotFoundError
from amigo_sdk.generated.model import (
    GetAgentsParametersQuery,
    GetAgentVersionsParametersQuery,
    GetServiceHierarchicalStateMachinesParametersQuery,
    OrganizationCreateAgentRequest,
    OrganizationCreateAgentVersionRequest,
)
from world import CONNECTION, UNKNOWN, graph_version, unique

IDENTITY = {
    "name": "Counter",
    "role": "counts",
    "developed_by": "us",
    "default_spoken_language": "eng",
    "relationship_to_developer": {
        "ownership": "own",
        "type": "tool",
        "conversation_visibility": "all",
        "thought_visibility": "none",
    },
}


def test_an_agent_version_comes_back_as_it_was_sent(client, api):
    agent = client.agents.create_agent(OrganizationCreateAgentRequest(agent_name=unique("Agent"))).id
    request = OrganizationCreateAgentVersionRequest(
        initials="CT",
        identity=IDENTITY,
        background="Counts.",
        behaviors=["Is exact."],
        communication_patterns=["Numbers."],
    )
    assert client.agents.create_agent_version(agent, request).version == 1
    (version,) = api.call("get-agent-versions", agent_id=agent).agent_versions
    assert (version.initials, version.background, version.behaviors) == ("CT", "Counts.", ["Is exact."])
    assert version.identity.relationship_to_developer.ownership == "own"
    assert version.voice_config is None
    with_null = api.request("create-agent-version", agent_id=agent, body={"voice_config": None, "initials": None})
    assert with_null.json()["version"] == 2, "null means as absent"


def test_how_an_agent_is_reached_stands_under_rehearse(world, api):
    agent = world.agent()
    versions = api.request("get-agent-versions", agent_id=agent).json()["agent_versions"]
    assert [version["version"] for version in versions] == [2, 1]
    connections = [version["rehearse"]["connection"] for version in versions]
    assert connections[0]["stdio"]["command"] == CONNECTION["stdio"]["command"]
    assert connections[1] is None


def test_agents_are_listed_by_page_and_deletion(client, world, api):
    agents = [world.agent() for _ in range(2)]
    both = client.agents.get_agents(GetAgentsParametersQuery(id=agents, limit=1))
    assert (len(both.agents), both.has_more) == (1, True)
    rest = GetAgentsParametersQuery(id=agents, limit=1, continuation_token=both.continuation_token)
    rest = client.agents.get_agents(rest)
    assert {both.agents[0].id, rest.agents[0].id} == set(agents)
    assert (rest.has_more, rest.continuation_token) == (False, None)

    client.agents.delete_agent(agents[0])
    listed = api.call("get-agents", query={"id": agents, "deprecated": True}).agents
    assert [agent.id for agent in listed] == [agents[0]]
    listed = api.call("get-agents", query={"id": agents, "deprecated": False}).agents
    assert [agent.id for agent in listed] == [agents[1]]
    assert len(api.call("get-agents", query={"id": agents}).agents) == 2


def test_versions_can_be_chosen(client, world, api):
    agent = world.agent()
    query = GetAgentVersionsParametersQuery(version="latest")
    assert [v.version for v in client.agents.get_agent_versions(agent, query).agent_versions] == [2]
    ascending = api.call("get-agent-versions", agent_id=agent, query={"sort_by": "+version"})
    assert [version.version for version in ascending.agent_versions] == [1, 2]


def test_errors_of_agents(client, world, api):
    name = unique("Agent")
    client.agents.create_agent(OrganizationCreateAgentRequest(agent_name=name))
    with pytest.raises(ConflictError) as caught:
        api.call("create-agent", body={"agent_name": f"  {name} "})
    assert caught.value.error_code == "name_taken"
    agent = world.agent()
    with pytest.raises(ConflictError) as caught:
        api.call("create-agent-version", agent_id=agent, query={"version": 9}, body={})
    assert caught.value.error_code == "version_conflict"
    world.service(agent)
    with pytest.raises(BadRequestError) as caught:
        api.call("delete-agent", agent_id=agent)
    assert caught.value.error_code == "in_use"
    with pytest.raises(NotFoundError):
        api.call("delete-agent", agent_id=UNKNOWN)
    gone = world.agent()
    api.call("delete-agent", agent_id=gone)
    with pytest.raises(ConflictError):
        api.call("delete-agent", agent_id=gone)


def test_a_first_version_says_something(api):
    agent = api.call("create-agent", body={"agent_name": unique("Agent")}).id
    with pytest.raises(BadRequestError):
        api.call("create-agent-version", agent_id=agent, body={})


def test_a_context_graph_comes_back_as_it_was_sent(client, world, api):
    graph = world.graph()
    (version,) = client.context_graphs.get_context_graph_versions(graph).state_machine_versions
    assert version.service_hierarchical_state_machine_id == graph
    sent = graph_version().model_dump(mode="json")
    api.call("get-service-hierarchical-state-machine-versions", service_hierarchical_state_machine_id=graph)
    assert {key: value for key, value in version.model_dump(mode="json").items() if key in sent} == sent


def test_a_dry_run_changes_nothing(world, api):
    graph = world.graph()
    body = graph_version().model_dump(mode="json", exclude_none=True)
    operation = "create-service-hierarchical-state-machine-version"
    ids = {"service_hierarchical_state_machine_id": graph}
    assert api.call(operation, query={"dry_run": True}, body=body, **ids) is None
    assert api.call(operation, query={"version": 2, "dry_run": False}, body=body, **ids).version == 2


def test_errors_of_context_graphs(client, world, api):
    graph = world.graph()
    name = client.context_graphs.get_context_graphs(
        GetServiceHierarchicalStateMachinesParametersQuery(id=[graph])
    ).service_hierarchical_state_machines[0].name
    with pytest.raises(ConflictError):
        api.call("create-service-hierarchical-state-machine", body={"state_machine_name": name})
    body = graph_version().model_dump(mode="json")
    operation = "create-service-hierarchical-state-machine-version"
    with pytest.raises(ConflictError):
        api.call(operation, service_hierarchical_state_machine_id=graph, query={"version": 9}, body=body)
    with pytest.raises(NotFoundError):
        api.call(operation, service_hierarchical_state_machine_id=UNKNOWN, body=body)
    used = world.once("graph", world.graph)
    world.service()
    with pytest.raises(BadRequestError):
        api.call("delete-service-hierarchical-state-machine", state_machine_id=used)
    api.call("delete-service-hierarchical-state-machine", state_machine_id=graph)
    with pytest.raises(ConflictError):
        api.call("delete-service-hierarchical-state-machine", state_machine_id=graph)
    with pytest.raises(NotFoundError):
        api.call("delete-service-hierarchical-state-machine", state_machine_id=UNKNOWN)
    listed = api.call("get-service-hierarchical-state-machines", query={"id": graph, "deprecated": True})
    assert [item.id for item in listed.service_hierarchical_state_machines] == [graph]
