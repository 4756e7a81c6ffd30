"""Services and version sets, through the SDK's own resource class."""

import pytest
from amigo_sdk.errors import BadRequestError, ConflictError, NotFoundError
from amigo_sdk.generated.model import (
    GetServicesParametersQuery,
    ServiceUpdateServiceRequest,
    ServiceUpsertServiceVersionSetRequest,
    VersionSetInput,
)
from world import UNKNOWN, unique

LATEST = {
    "agent_version_number": None,
    "service_hierarchical_state_machine_version_number": None,
    "llm_model_preferences": {},
}
PREFERENCES = {"EngageUser": {"llm_name": "openai_gpt-5.2-2025-12-11", "params": {"temperature": 0}}}


def read(api, service: str):
    (found,) = api.call("get-services", query={"id": service}).services
    return found


def test_a_service_has_edge_and_release(world, api):
    service = read(api, world.service())
    assert set(service.version_sets) == {"edge", "release"}
    assert service.version_sets["edge"].model_dump() == service.version_sets["release"].model_dump() == LATEST
    assert (service.is_active, service.keyterms, service.tags) == (True, ["gift card"], [])


def test_a_version_set_is_put_and_removed(client, world, api):
    service = world.service()
    version_set = VersionSetInput(
        agent_version_number=1, service_hierarchical_state_machine_version_number=1, llm_model_preferences=PREFERENCES
    )
    client.services.upsert_version_set(service, "candidate-1", ServiceUpsertServiceVersionSetRequest(version_set=version_set))
    put = read(api, service).version_sets["candidate-1"]
    assert put.agent_version_number == 1
    assert put.llm_model_preferences["EngageUser"].params == {"temperature": 0}

    # The SDK drops nulls, so this arrives as {"version_set": {"llm_model_preferences": {}}}.
    latest = ServiceUpsertServiceVersionSetRequest(version_set=VersionSetInput(**LATEST))
    client.services.upsert_version_set(service, "candidate-1", latest)
    assert read(api, service).version_sets["candidate-1"].model_dump() == LATEST

    client.services.delete_version_set(service, "candidate-1")
    assert set(read(api, service).version_sets) == {"edge", "release"}
    with pytest.raises(NotFoundError):
        api.call("delete-service-version-set", service_id=service, version_set_name="candidate-1")


def test_a_promotion_is_a_put_on_release(world, api):
    service = world.service()
    body = {"version_set": LATEST | {"agent_version_number": 2}}
    api.call("upsert-service-version-set", service_id=service, version_set_name="release", body=body)
    assert read(api, service).version_sets["release"].agent_version_number == 2


def test_protected_version_sets(world, api):
    service = world.service()
    for name in ("edge", "release"):
        with pytest.raises(BadRequestError) as caught:
            api.call("delete-service-version-set", service_id=service, version_set_name=name)
        assert caught.value.error_code == "protected_version_set"
    with pytest.raises(BadRequestError) as caught:
        api.call("upsert-service-version-set", service_id=service, version_set_name="edge", body={"version_set": LATEST})
    assert caught.value.error_code == "protected_version_set"
    body = {"version_set": LATEST | {"agent_version_number": 9}}
    with pytest.raises(BadRequestError) as caught:
        api.call("upsert-service-version-set", service_id=service, version_set_name="x", body=body)
    assert caught.value.error_code == "no_version"
    with pytest.raises(NotFoundError):
        api.call("upsert-service-version-set", service_id=UNKNOWN, version_set_name="x", body={"version_set": LATEST})


def test_a_version_set_that_a_unit_test_names_stays(world, api):
    service = world.service()
    path = {"service_id": service, "version_set_name": "candidate"}
    api.call("upsert-service-version-set", body={"version_set": LATEST}, **path)
    world.unit_test(service_id=service, service_version_set_name="candidate")
    with pytest.raises(BadRequestError) as caught:
        api.call("delete-service-version-set", **path)
    assert caught.value.error_code == "in_use"


def test_a_service_is_changed(client, world, api):
    service = world.service()
    name = unique("Renamed")
    client.services.update_service(service, ServiceUpdateServiceRequest(name=name, keyterms=["loyalty card"]))
    api.call("update-service", service_id=service, body={"tags": {"team": "support", "draft": None}})
    changed = read(api, service)
    assert (changed.name, changed.description, changed.keyterms) == (name, "Counts.", ["loyalty card"])
    assert {tag.key: tag.value for tag in changed.tags} == {"team": "support", "draft": None}
    nothing = api.request("update-service", service_id=service, body={"name": None, "tags": None})
    assert (nothing.status_code, nothing.json()) == (200, None)
    assert read(api, service).name == name


def test_an_inactive_service_frees_its_name(client, world, api):
    name = unique("Service")
    service = world.service(name=name)
    with pytest.raises(ConflictError):
        world.service(name=name)
    client.services.update_service(service, ServiceUpdateServiceRequest(is_active=False))
    world.service(name=name)
    with pytest.raises(ConflictError):
        api.call("update-service", service_id=service, body={"is_active": True})
    listed = client.services.get_services(GetServicesParametersQuery(id=[service], is_active=False))
    assert [item.id for item in listed.services] == [service]


def test_a_service_under_test_stays_active(world, api):
    service = world.service()
    world.unit_test(service_id=service)
    with pytest.raises(BadRequestError) as caught:
        api.call("update-service", service_id=service, body={"is_active": False})
    assert caught.value.error_code == "in_use"


def test_errors_of_services(client, world, api):
    body = {
        "name": unique("Service"),
        "description": "d",
        "agent_id": world.once("agent", world.agent),
        "service_hierarchical_state_machine_id": world.once("graph", world.graph),
        "is_active": True,
        "release_version_set": None,
        "keyterms": [],
        "tags": {},
    }
    without_version = api.call("create-agent", body={"agent_name": unique("Agent")}).id
    with pytest.raises(BadRequestError) as caught:
        api.call("create-service", body=body | {"agent_id": without_version})
    assert caught.value.error_code == "no_version"
    with pytest.raises(NotFoundError):
        api.call("create-service", body=body | {"agent_id": UNKNOWN})
    taken = unique("Service")
    world.service(name=taken)
    with pytest.raises(ConflictError):
        api.call("create-service", body=body | {"name": taken})
    with pytest.raises(NotFoundError):
        api.call("update-service", service_id=UNKNOWN, body={"name": "x"})


def test_services_are_listed(world, api):
    name = unique("A service")
    tagged = world.service(name=name)
    other = world.service(name=unique("Z service"))
    api.call("update-service", service_id=tagged, body={"tags": {"shop": "north", "empty": None}})
    for tags in ("shop:north", "shop:*", "empty:", ["shop:north", "empty:*"]):
        found = api.call("get-services", query={"id": [tagged, other], "tags": tags}).services
        assert [service.id for service in found] == [tagged], tags
    first = api.call("get-services", query={"id": [tagged, other], "sort_by": "+name"})
    assert [service.id for service in first.services] == [tagged, other]
    assert "shop" in first.filter_values.tags
    last = api.call("get-services", query={"id": [tagged, other], "sort_by": ["-is_active", "-name"]})
    assert [service.id for service in last.services] == [other, tagged]
