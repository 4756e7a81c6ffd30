"""Personas, scenarios and metrics: versions, labels, deletion, and the errors on the way."""

import pytest
from amigo_sdk.errors import AmigoError, BadRequestError, ConflictError, NotFoundError
from world import UNKNOWN, metric_version, persona_version, scenario_version, unique


def personas(api, **query):
    return api.call("get-simulation-personas", query=query).simulation_personas


def test_a_persona_and_its_versions(world, api):
    name = unique("Persona")
    persona = world.persona(name=f"  {name} ", tags={"team": "support", "draft": None})
    (read,) = personas(api, id=persona)
    assert (read.name, read.role, read.tags) == (name, "customer", {"team": "support", "draft": None})
    assert read.creator.user_id == world.client.config.user_id

    body = persona_version(background="Older now.", timezone=None)
    second = api.call("create-simulation-persona-version", simulation_persona_id=persona, query={"version": 2}, body=body)
    assert second.version == 2
    versions = api.call("get-simulation-persona-versions", simulation_persona_id=persona)
    assert [version.version for version in versions.simulation_persona_versions] == [2, 1]
    newest, oldest = versions.simulation_persona_versions
    assert (newest.background, newest.timezone) == ("Older now.", None)
    assert oldest.timezone == "Europe/Berlin"
    assert newest.nonsensitive_user_variables == {"plan": "basic"}


def test_a_scenario_and_its_versions(world, api):
    scenario = world.scenario(tags={"area": "parcels"})
    body = scenario_version(initial_message_type="skip", conversation_starts_at="2026-01-01T09:00:00+01:00")
    second = api.call("create-simulation-scenario-version", simulation_scenario_id=scenario, body=body)
    assert second.version == 2
    listed = api.call("get-simulation-scenario-versions", simulation_scenario_id=scenario)
    newest, oldest = listed.simulation_scenario_versions
    assert newest.initial_message_type.value == "skip"
    assert newest.conversation_starts_at.isoformat() == "2026-01-01T08:00:00+00:00"
    assert (oldest.version, oldest.conversation_starts_at) == (1, None)


def test_a_metric_and_its_versions(world, api):
    bounds = {"type": "numerical", "lower_bound": 1, "upper_bound": 10}
    metric = world.metric(metric_version(metric_value=bounds, rehearse={"judge": "interactions"}))
    wider = metric_version(metric_value=bounds | {"upper_bound": 100.5}, rehearse={"judge": "interactions"})
    assert api.call("create-metric-version", metric_id=metric, query={"version": 2}, body=wider).version == 2
    newest, oldest = api.call("get-metric-versions", metric_id=metric).metric_versions
    assert (newest.metric_value.root.upper_bound, oldest.metric_value.root.upper_bound) == (100.5, 10)
    (read,) = api.call("get-metrics", query={"id": metric}).metrics
    assert (read.metric_value_type.value, read.applied_to_services, read.additional_notes) == ("numerical", [], None)

    categories = {"type": "categorical", "categories": ["resolved", "escalated"]}
    metric = world.metric({"description": "How it ended.", "metric_value": categories})
    (version,) = api.call("get-metric-versions", metric_id=metric).metric_versions
    assert version.metric_value.root.categories == ["resolved", "escalated"]


def test_labels_are_replaced_and_null_leaves_them(world, api):
    persona, scenario, metric = world.persona(), world.scenario(), world.metric()
    for body in ({"tags": {"team": "sales"}}, {"tags": None}, {}):
        api.call("update-simulation-persona", simulation_persona_id=persona, body=body)
        api.call("update-simulation-scenario", simulation_scenario_id=scenario, body=body)
        api.call("update-metric", metric_id=metric, body=body)
    assert personas(api, id=persona)[0].tags == {"team": "sales"}
    (read,) = api.call("get-simulation-scenarios", query={"id": scenario}).simulation_scenarios
    assert read.tags == {"team": "sales"}
    (read,) = api.call("get-metrics", query={"id": metric}).metrics
    assert [(tag.key, tag.value) for tag in read.tags] == [("team", "sales")]
    api.call("update-simulation-persona", simulation_persona_id=persona, body={"tags": {}})
    assert personas(api, id=persona)[0].tags == {}


def test_notes_of_a_metric(world, api):
    service = world.once("service", world.service)
    metric = world.metric(additional_notes="Ask Ann.", applied_to_services=[service])

    def notes():
        return api.call("get-metrics", query={"id": metric}).metrics[0].additional_notes

    api.call("update-metric", metric_id=metric, body={"additional_notes": {}})
    assert notes() == "Ask Ann.", "{} leaves them"
    api.call("update-metric", metric_id=metric, body={"additional_notes": None})
    assert notes() is None, "null removes them"
    assert api.request("update-metric", metric_id=metric, body={}).json() is None
    (read,) = api.call("get-metrics", query={"applied_to_service": service, "id": metric}).metrics
    assert read.applied_to_services == [service]


@pytest.mark.parametrize(
    ("kind", "id_name", "make", "body"),
    [
        ("simulation-persona", "simulation_persona_id", "persona", persona_version()),
        ("simulation-scenario", "simulation_scenario_id", "scenario", scenario_version()),
        ("metric", "metric_id", "metric", metric_version()),
    ],
)
class TestErrors:
    """What goes wrong in the same way with all three."""

    def test_a_version_that_is_not_the_next(self, world, api, kind, id_name, make, body):
        ids = {id_name: getattr(world, make)()}
        status, code = (409, "version_conflict") if kind == "metric" else (400, "not_next_version")
        with pytest.raises(ConflictError if status == 409 else BadRequestError) as caught:
            api.call(f"create-{kind}-version", query={"version": 5}, body=body, **ids)
        assert (caught.value.status_code, caught.value.error_code) == (status, code)

    def test_what_does_not_exist(self, api, kind, id_name, make, body):
        ids = {id_name: UNKNOWN}
        for operation, options in {
            f"create-{kind}-version": {"body": body},
            f"get-{kind}-versions": {},
            f"update-{kind}": {"body": {}},
            f"delete-{kind}": {},
        }.items():
            with pytest.raises(NotFoundError) as caught:
                api.call(operation, **options, **ids)
            assert caught.value.error_code == "not_found"
            assert UNKNOWN in str(caught.value), operation

    def test_a_deleted_one_is_gone_and_frees_its_name(self, world, api, kind, id_name, make, body):
        name = unique("Once")
        ids = {id_name: getattr(world, make)(name=name)}
        with pytest.raises(ConflictError) as caught:
            getattr(world, make)(name=name)
        assert caught.value.error_code == "name_taken"
        deleted = api.request(f"delete-{kind}", **ids)
        assert deleted.status_code == (200 if kind == "metric" else 204)
        for operation, options in {f"update-{kind}": {"body": {}}, f"delete-{kind}": {}}.items():
            with pytest.raises(NotFoundError):
                api.call(operation, **options, **ids)
        getattr(world, make)(name=name)

    def test_one_that_a_unit_test_uses_stays(self, world, api, kind, id_name, make, body):
        world.unit_test()
        with pytest.raises(BadRequestError) as caught:
            api.call(f"delete-{kind}", **{id_name: world.once(make, lambda: None)})
        assert caught.value.error_code == "in_use"


def test_a_metrics_type_never_changes(world, api):
    with pytest.raises(BadRequestError) as caught:
        body = {"description": "x", "metric_value": {"type": "categorical", "categories": ["a"]}}
        api.call("create-metric-version", metric_id=world.metric(), body=body)
    assert caught.value.error_code == "value_type_frozen"


def test_deleted_ones_are_listed_as_the_contract_says(world, api):
    persona, metric = world.persona(), world.metric()
    api.call("delete-simulation-persona", simulation_persona_id=persona)
    api.call("delete-metric", metric_id=metric)
    assert [read.is_deleted for read in personas(api, id=persona)] == [True], "no filter shows both"
    assert personas(api, id=persona, is_deleted=False) == []
    assert len(personas(api, id=persona, is_deleted=True)) == 1
    assert api.call("get-metrics", query={"id": metric}).metrics == [], "metrics show live ones only"
    assert len(api.call("get-metrics", query={"id": metric, "is_deleted": True}).metrics) == 1
    assert len(api.call("get-metric-versions", metric_id=metric).metric_versions) == 1, "versions stay readable"


def test_an_error_is_readable(api):
    with pytest.raises(AmigoError) as caught:
        api.call("delete-metric", metric_id=UNKNOWN)
    error = caught.value
    assert str(error) == f"{error.args[0]} (HTTP 404) [not_found]"
    assert error.response_body["type"] == "urn:rehearse:error:not_found"
    assert error.response_body["request_id"]
