"""What users with less than everything see and may do."""

import httpx
import pytest
from amigo_sdk.errors import (
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
)
from amigo_sdk.sdk_client import AmigoClient
from people import Person, grant
from wire import OPERATIONS, Api
from world import UNKNOWN, persona_version, unique

ADMINISTRATOR = "DefaultAdministratorRole"
GET_PERSONA = "Simulation:GetSimulationPersona"
GET_RUN = "Simulation:GetSimulationUnitTestSetRun"
GET_SET = "Simulation:GetSimulationUnitTestSet"
GET_TEST = "Simulation:GetSimulationUnitTest"

FILTERED = {
    "get-agents": "agents",
    "get-service-hierarchical-state-machines": "service_hierarchical_state_machines",
    "get-services": "services",
    "get-metrics": "metrics",
    "get-metric-evaluation-results": "metric_evaluation_results",
    "get-simulation-personas": "simulation_personas",
    "get-simulation-scenarios": "simulation_scenarios",
    "get-simulation-unit-tests": "simulation_unit_tests",
    "get-simulation-unit-test-sets": "simulation_unit_test_sets",
    "get-simulation-unit-test-set-runs": "simulation_unit_test_set_runs",
    "get-conversations": "conversations",
    "get-api-keys": "api_keys",
    "get-temporary-permission-grants": "temporary_permission_grants",
    "get_roles_v1__organization__role__get": "roles",
    "get_webhook_destinations": "webhook_destinations",
    "search-metrics": "metrics",
    "search-simulation-personas": "simulation_personas",
    "search-simulation-scenarios": "simulation_scenarios",
    "search-simulation-unit-tests": "simulation_unit_tests",
    "search-simulation-unit-test-sets": "simulation_unit_test_sets",
}
"""Lists that leave out what the caller may not see, and the key of their rows."""


@pytest.fixture(scope="module")
def nobody(api):
    """A user who may do nothing."""
    with Person(api, []) as person:
        yield person


@pytest.mark.parametrize("operation_id", FILTERED)
def test_lists_are_empty_for_whoever_may_see_nothing(world, nobody, finished_run, operation_id):
    query = {"query": "a"} if operation_id.startswith("search") else None
    answer = nobody.api.call(operation_id, query=query)
    assert getattr(answer, FILTERED[operation_id]) == []


@pytest.mark.parametrize("operation_id", [id_ for id_ in OPERATIONS if id_ not in FILTERED and id_ != "sign-in-with-api-key"])
def test_everything_else_is_forbidden_to_them(nobody, operation_id):
    """The permission is asked for before anything else, so what they send does not matter."""
    operation = OPERATIONS[operation_id]
    ids = {name: UNKNOWN for name in operation.placeholders}
    body = {} if operation.method in ("POST", "PUT") else None
    with pytest.raises(ForbiddenError) as caught:
        nobody.api.call(operation_id, body=body, **ids)
    assert caught.value.error_code == "forbidden"


def test_forbidden_names_the_permission_and_no_object(world, nobody):
    persona = world.persona(name=unique("Secret"))
    for id_ in (persona, UNKNOWN):
        with pytest.raises(ForbiddenError) as caught:
            nobody.api.call("delete-simulation-persona", simulation_persona_id=id_)
        assert "Simulation:DeleteSimulationPersona" in str(caught.value)
        assert "Secret" not in str(caught.value)


def test_a_conditional_grant_filters_rows(world, api):
    pilots = [world.persona(name=unique("Pilot"), role="pilot") for _ in range(3)]
    cooks = [world.persona(name=unique("Pilot cook"), role="cook") for _ in range(2)]
    with Person(api, [grant(GET_PERSONA, role="pilot")]) as person:
        everything = {"id": pilots + cooks}
        page = person.api.call("get-simulation-personas", query=everything | {"limit": 2})
        assert [item.role for item in page.simulation_personas] == ["pilot", "pilot"]
        assert page.has_more
        # What can be filtered by does not depend on what the caller may see.
        assert set(page.filter_values.roles) == {"pilot", "cook"}
        rest = person.api.call("get-simulation-personas", query=everything | {"limit": 2, "continuation_token": page.continuation_token})
        assert (len(rest.simulation_personas), rest.has_more) == (1, False)
        found = person.api.call("search-simulation-personas", query={"query": "pilot", "role": ["pilot", "cook"]})
        assert {item.id for item in found.simulation_personas} == set(pilots)
        person.api.call("get-simulation-persona-versions", simulation_persona_id=pilots[0])
        with pytest.raises((ForbiddenError, NotFoundError)):
            person.api.call("get-simulation-persona-versions", simulation_persona_id=cooks[0])


def test_the_caller_can_stand_in_a_condition(world, api):
    others = world.persona()
    grants = [
        grant(GET_PERSONA, creator="{self_user_id}"),
        grant("Simulation:CreateSimulationPersona"),
        grant("Simulation:ModifySimulationPersona", creator="{self_user_id}"),
    ]
    with Person(api, grants) as person:
        body = {"name": unique("Own"), "role": "r", "tags": {}, "initial_version": persona_version()}
        own = person.api.call("create-simulation-persona", body=body).simulation_persona_id
        listed = person.api.call("get-simulation-personas", query={"id": [own, others]}).simulation_personas
        assert [item.id for item in listed] == [own]
        assert listed[0].creator.user_id == person.user_id
        person.api.call("update-simulation-persona", simulation_persona_id=own, body={"tags": {"a": "b"}})
        with pytest.raises(ForbiddenError):
            person.api.call("update-simulation-persona", simulation_persona_id=others, body={"tags": {"a": "b"}})


def test_creating_needs_both_permissions(api):
    body = {"name": unique("P"), "role": "r", "tags": {}, "initial_version": persona_version()}
    with Person(api, [grant("Simulation:CreateSimulationPersona")]) as person:
        with pytest.raises(ForbiddenError) as caught:
            person.api.call("create-simulation-persona", body=body)
        assert "Simulation:ModifySimulationPersona" in str(caught.value)
        person.grants([grant("Simulation:CreateSimulationPersona"), grant("Simulation:ModifySimulationPersona")])
        person.api.call("create-simulation-persona", body=body)


def test_a_run_shows_what_its_reader_may_see(world, api, finished_run):
    def read(person):
        listed = person.api.call("get-simulation-unit-test-set-runs", query={"id": finished_run})
        (run,) = listed.simulation_unit_test_set_runs
        return run

    with Person(api, [grant(GET_RUN)]) as person:
        run = read(person)
        assert (run.is_completed, run.failed_metrics) == (True, True)
        assert (run.unit_test_run_specs, run.unit_test_run_results) == ([], [])

        person.grants([grant(GET_RUN), grant(GET_SET)])
        (spec,), (result,) = (run := read(person)).unit_test_run_specs, run.unit_test_run_results
        assert (spec.scenario_version_info, spec.persona_version_info, spec.metrics_to_evaluate) == (None, None, [])
        assert result.metric_evaluation_results == []
        assert (spec.run_count, result.run_errors) == (2, [None, None])

        person.grants([grant(GET_RUN), grant(GET_SET), grant(GET_TEST)])
        assert read(person) == world.read_run(finished_run)


def test_an_artifact_needs_the_state_machine_too(api, finished_run):
    path = {"simulation_unit_test_set_run_id": finished_run}
    with Person(api, [grant(GET_RUN)]) as person:
        with pytest.raises(ForbiddenError) as caught:
            person.api.call("get-simulation-unit-test-set-run-artifacts", **path)
        assert "Organization:GetServiceHierarchicalStateMachine" in str(caught.value)
        person.grants([grant(GET_RUN), grant("Organization:GetServiceHierarchicalStateMachine")])
        person.api.call("get-simulation-unit-test-set-run-artifacts", **path)


def test_a_user_may_run_what_another_is_running(world, api):
    set_id = world.slow_set()
    own = world.run(set_id)
    with Person(api, [grant("Simulation:CreateSimulationUnitTestSetRun"), grant("Simulation:CancelSimulationUnitTestSetRun")]) as person:
        body = {"simulation_unit_test_set_id": set_id}
        others = person.api.call("create-simulation-unit-test-set-run", body=body).simulation_unit_test_set_run_id
        with pytest.raises(ConflictError):
            person.api.call("create-simulation-unit-test-set-run", body=body)
        person.api.call("cancel-simulation-unit-test-set-run", simulation_unit_test_set_run_id=others)
    world.cancel(own)


def test_roles(world, api):
    name = unique("Role")
    grants = [grant(GET_PERSONA, role="pilot")]
    body = {"role_name": name, "description": "d", "permission_grants": grants, "frontend_view": "admin"}
    role_id = api.call("create-role", body=body).role_id
    with pytest.raises(ConflictError):
        api.call("create-role", body=body)
    listed = api.call("get_roles_v1__organization__role__get", query={"name": name, "return_permission_grants": True})
    (role,) = listed.roles
    assert (role.id, role.description, role.frontend_view.value) == (role_id, "d", "admin")
    assert [item.model_dump(mode="json") for item in role.permission_grants] == grants
    assert api.call("modify-role", role_name=name, body={"description": "other"}).role_id == role_id
    (role,) = api.call("get_roles_v1__organization__role__get", query={"id": role_id}).roles
    assert role.description == "other"
    names = [role.name for role in api.call("get_roles_v1__organization__role__get").roles]
    assert ADMINISTRATOR in names
    with pytest.raises(NotFoundError):
        api.call("modify-role", role_name="no such role", body={"description": "x"})
    with pytest.raises(BadRequestError) as caught:
        api.call("modify-role", role_name=ADMINISTRATOR, body={"description": "x"})
    assert caught.value.error_code == "built_in_role"


def test_a_role_is_assigned(world, api):
    persona = world.persona()
    with Person(api, []) as person:
        query = {"id": persona}
        assert person.api.call("get-simulation-personas", query=query).simulation_personas == []
        role = unique("Reader")
        body = {"role_name": role, "description": "d", "permission_grants": [grant(GET_PERSONA)], "frontend_view": "client"}
        role_id = api.call("create-role", body=body).role_id
        assert api.call("assign-role", role_name=role, body={"user_id": person.user_id}).role_id == role_id
        assert len(person.api.call("get-simulation-personas", query=query).simulation_personas) == 1
        with pytest.raises(NotFoundError):
            api.call("assign-role", role_name=role, body={"user_id": "no-such-user"})
        with pytest.raises(NotFoundError):
            api.call("assign-role", role_name="no such role", body={"user_id": person.user_id})


def test_nobody_gives_what_they_do_not_have(api):
    own = [grant("Role:CreateRole"), grant("Role:ModifyRole"), grant("Role:AssignRole"), grant("Role:GetRole")]
    with Person(api, own) as person:
        body = {"role_name": unique("Role"), "description": "d", "permission_grants": [grant(GET_PERSONA)], "frontend_view": "client"}
        with pytest.raises(ForbiddenError):
            person.api.call("create-role", body=body)
        with pytest.raises(ForbiddenError):
            person.api.call("assign-role", role_name=ADMINISTRATOR, body={"user_id": person.user_id})


def test_a_temporary_grant(world, api):
    persona = world.persona(role="pilot")
    with Person(api, []) as person:
        body = {
            "user_id": person.user_id,
            "duration": "PT1H",
            "permission_grant": grant(GET_PERSONA, role="pilot"),
            "tags": {"ticket": "T1"},
            "justification": "Ann is on holiday.",
        }
        made = api.call("create-temporary-permission-grant", body=body)
        assert len(person.api.call("get-simulation-personas", query={"id": persona}).simulation_personas) == 1
        listed = api.call("get-temporary-permission-grants", query={"user_id": person.user_id, "is_expired": False})
        (read,) = listed.temporary_permission_grants
        assert (read.field_id, read.expires_at) == (made.temporary_permission_grant_id, made.expires_at)
        assert (read.tags, read.justification) == ({"ticket": "T1"}, "Ann is on holiday.")
        expired = api.call("get-temporary-permission-grants", query={"user_id": person.user_id, "is_expired": True})
        assert expired.temporary_permission_grants == []
    with pytest.raises(NotFoundError):
        api.call("create-temporary-permission-grant", body=body | {"user_id": "no-such-user"})


def test_a_revoked_key_opens_nothing(api):
    """Not even with a token that was given out before."""
    with Person(api, [grant(GET_PERSONA)]) as person:
        person.api.call("get-simulation-personas")
        url = str(person.client.config.base_url) + OPERATIONS["get-simulation-personas"].fill(person.api.organization, {})
        bearer = {"Authorization": f"Bearer {person.client._http._token.id_token}"}
        assert httpx.get(url, headers=bearer).status_code == 200
    assert httpx.get(url, headers=bearer).status_code == 401


def test_api_keys(api):
    made = api.call("create-api-key", body={"name": unique("Key"), "duration": "P30D"})
    keys = {key.key_id: key for key in api.call("get-api-keys").api_keys}
    key = keys[made.api_key_id]
    assert (key.field_id, key.expires_at) == (made.api_key_id, made.expires_at)
    assert made.api_key not in api.request("get-api-keys").text, "a secret is shown once"
    settings = api.client.config.model_dump() | {"api_key": made.api_key, "api_key_id": made.api_key_id}
    with AmigoClient(**settings) as client:
        Api(client).call("get-api-keys")
    assert api.call("delete-api-key", api_key_id=made.api_key_id).deleted_key_id == made.api_key_id
    with AmigoClient(**settings) as client, pytest.raises(AuthenticationError):
        client.services.get_services()
    with pytest.raises(NotFoundError):
        api.call("delete-api-key", api_key_id=UNKNOWN)


def test_an_organization_has_only_so_many_keys(api):
    made = []
    try:
        with pytest.raises(BadRequestError) as caught:
            for _ in range(21):
                made.append(api.call("create-api-key", body={"name": unique("Key"), "duration": "P1D"}).api_key_id)
        assert caught.value.error_code == "limit_reached"
    finally:
        for key in made:
            api.call("delete-api-key", api_key_id=key)
    assert len(made) >= 10
