"""The SDK's asynchronous client."""

import asyncio

import pytest
from amigo_sdk.errors import ConflictError, NotFoundError, ValidationError
from amigo_sdk.generated.model import GetServicesParametersQuery, OrganizationCreateAgentRequest
from amigo_sdk.sdk_client import AsyncAmigoClient
from wire import AsyncApi
from world import UNKNOWN, persona_version, unique


def test_a_run_from_start_to_artifact(world, credentials):
    set_id = world.set_of([(world.unit_test(), 1)])
    service = world.service()

    async def drive() -> None:
        async with AsyncAmigoClient(**credentials) as client:
            api = AsyncApi(client)
            # All at once, behind one sign-in.
            pages = await asyncio.gather(*(client.services.get_services(GetServicesParametersQuery(id=[service])) for _ in range(20)))
            assert all([item.id for item in page.services] == [service] for page in pages)
            agent = await client.agents.create_agent(OrganizationCreateAgentRequest(agent_name=unique("Agent")))
            await client.agents.delete_agent(agent.id)

            body = {"simulation_unit_test_set_id": set_id}
            started = await api.call("create-simulation-unit-test-set-run", body=body)
            run_id = started.simulation_unit_test_set_run_id
            async with asyncio.timeout(60):
                while True:
                    listed = await api.call("get-simulation-unit-test-set-runs", query={"id": run_id})
                    (run,) = listed.simulation_unit_test_set_runs
                    if run.artifacts_generated:
                        break
                    await asyncio.sleep(0.1)
            assert run.failed_metrics
            await api.call("get-simulation-unit-test-set-run-artifacts", simulation_unit_test_set_run_id=run_id)

    asyncio.run(drive())


def test_errors_are_typed_there_too(world, credentials):
    name = unique("Persona")
    world.persona(name=name)
    taken = {"name": name, "role": "r", "tags": {}, "initial_version": persona_version()}

    async def drive() -> None:
        async with AsyncAmigoClient(**credentials) as client:
            api = AsyncApi(client)
            with pytest.raises(NotFoundError):
                await api.call("delete-metric", metric_id=UNKNOWN)
            with pytest.raises(ConflictError) as caught:
                await api.call("create-simulation-persona", body=taken)
            assert caught.value.error_code == "name_taken"
            with pytest.raises(ValidationError) as caught:
                await api.call("create-simulation-persona", body=taken | {"name": ""})
            assert caught.value.field_errors[0]["pointer"] == "/name"

    asyncio.run(drive())


def test_of_many_writers_of_one_name_one_wins(credentials):
    body = {"name": unique("Race"), "role": "r", "tags": {}, "initial_version": persona_version()}

    async def drive() -> list[object]:
        async with AsyncAmigoClient(**credentials) as client:
            api = AsyncApi(client)
            writers = (api.call("create-simulation-persona", body=body) for _ in range(16))
            return await asyncio.gather(*writers, return_exceptions=True)

    outcomes = asyncio.run(drive())
    lost = [outcome for outcome in outcomes if isinstance(outcome, ConflictError)]
    assert len(lost) == 15, outcomes
