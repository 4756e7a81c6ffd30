"""What the SDK does differently from what the contract says, and what hostile callers try."""

import pytest
from amigo_sdk.errors import ValidationError
from amigo_sdk.generated.model import (
    MetricUpdateMetricRequest,
    SimulationCreateSimulationPersonaVersionRequest,
    SimulationCreateSimulationScenarioVersionRequest,
    SimulationCreateSimulationUnitTestSetRequest,
    SimulationUpdateSimulationUnitTestSetRequest,
)
from world import persona_version, scenario_version, unique


def test_fields_that_must_be_null_may_be_missing(world, api):
    """A caller that dumps with `exclude_none=True`, as the SDK does, drops them."""
    scenario = scenario_version()
    del scenario["conversation_starts_at"]
    world.scenario(initial_version=scenario)
    metric = {
        "name": unique("Metric"),
        "applied_to_services": [],
        "tags": {},
        "initial_version_metric_value": {"description": "d", "metric_value": {"type": "boolean"}},
    }
    api.call("create-metric", body=metric)
    runs = [{"unit_test_id": world.once("unit test", world.unit_test), "run_count": 1}]
    api.call("create-simulation-unit-test-set", body={"name": unique("Set"), "unit_test_runs": runs, "tags": {}})
    service = {
        "name": unique("Service"),
        "description": "d",
        "agent_id": world.once("agent", world.agent),
        "service_hierarchical_state_machine_id": world.once("graph", world.graph),
        "is_active": True,
        "keyterms": [],
        "tags": {},
    }
    api.call("create-service", body=service)


def test_variables_and_models_of_a_persona_may_be_missing(world, api):
    persona = world.persona(initial_version={"background": "b"})
    (version,) = api.call("get-simulation-persona-versions", simulation_persona_id=persona).simulation_persona_versions
    assert (version.user_models, version.nonsensitive_user_variables, version.sensitive_user_variables) == ([], {}, {})
    assert (version.preferred_language, version.timezone) == (None, None)


def test_an_empty_object_means_not_set(world, api):
    """The SDK's request classes write `{}` for a field that was not set."""
    sent = SimulationCreateSimulationPersonaVersionRequest(
        background="b", user_models=[], nonsensitive_user_variables={}, sensitive_user_variables={}
    ).model_dump(mode="json")
    assert sent["preferred_language"] == sent["timezone"] == {}
    persona = world.persona()
    api.call("create-simulation-persona-version", simulation_persona_id=persona, body=sent)
    (newest, _) = api.call("get-simulation-persona-versions", simulation_persona_id=persona).simulation_persona_versions
    assert (newest.preferred_language, newest.timezone) == (None, None)

    metric = world.metric(additional_notes="Ask Ann.")
    sent = MetricUpdateMetricRequest(applied_to_services=None, tags=None).model_dump(mode="json")
    assert sent["additional_notes"] == {}
    api.call("update-metric", metric_id=metric, body=sent)
    assert api.call("get-metrics", query={"id": metric}).metrics[0].additional_notes == "Ask Ann."

    set_id = world.set_of([(world.once("unit test", world.unit_test), 1)], description="Kept.")
    sent = SimulationUpdateSimulationUnitTestSetRequest(name=None, unit_test_runs=None, tags=None).model_dump(mode="json")
    assert sent["description"] == {}
    api.call("update-simulation-unit-test-set", simulation_unit_test_set_id=set_id, body=sent)
    (read,) = api.call("get-simulation-unit-test-sets", query={"id": set_id}).simulation_unit_test_sets
    assert read.description == "Kept."


def test_the_sdks_request_classes_write_what_is_accepted(world, api):
    scenario = world.scenario()
    version = SimulationCreateSimulationScenarioVersionRequest(
        objective=" Be counted. ", instructions="Talk.", initial_message_type="external-event", conversation_starts_at=None
    )
    for dumped in (version.model_dump(mode="json"), version.model_dump(mode="json", exclude_none=True)):
        api.call("create-simulation-scenario-version", simulation_scenario_id=scenario, body=dumped)
    runs = [{"unit_test_id": world.once("unit test", world.unit_test), "run_count": 1}]
    request = SimulationCreateSimulationUnitTestSetRequest(name=unique("Set"), description=None, unit_test_runs=runs, tags={"x y!": None})
    api.call("create-simulation-unit-test-set", body=request.model_dump(mode="json"))


def test_unknown_fields_are_named(world, api):
    for nested in ({"nonsense": 1}, {"initial_version": persona_version(nonsense=1)}):
        body = {"name": unique("P"), "role": "r", "tags": {}, "initial_version": persona_version()} | nested
        with pytest.raises(ValidationError) as caught:
            api.call("create-simulation-persona", body=body)
        (error,) = caught.value.field_errors
        assert error["pointer"].endswith("/nonsense")


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE personas; --",
        "evt.*.>",
        "<script>alert(1)</script>",
        "{{ persona.name }} {% raw %}",
        "a\u202eb\u200bc",
        "ⅷ Ａｃｍｅ",
        "🧪" * 50,
        "../../etc/passwd",
        "%00%0d%0aX-Injected: 1",
    ],
)
def test_hostile_text_is_kept_as_it_is(world, api, text):
    name = unique("N")
    persona = world.persona(name=f"{name} {text}", initial_version=persona_version(background=text))
    (read,) = api.call("get-simulation-personas", query={"id": persona}).simulation_personas
    assert read.name == f"{name} {text}"
    (version,) = api.call("get-simulation-persona-versions", simulation_persona_id=persona).simulation_persona_versions
    assert version.background == text.strip()
    api.call("search-simulation-personas", query={"query": text})
    api.call("get-simulation-personas", query={"role": text})


@pytest.mark.parametrize("name", ["", "   ", "\t\n", 7, None, [], "a\u0000b", "a\nb", "x" * 1_000_000])
def test_names_that_are_none(world, name):
    """A name is one line."""
    with pytest.raises(ValidationError) as caught:
        world.persona(name=name)
    assert [error["pointer"] for error in caught.value.field_errors] == ["/name"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"tags": {"a:b": "c"}},
        {"tags": {str(number): None for number in range(21)}},
        {"initial_version": persona_version(timezone="Mars/Olympus")},
        {"initial_version": persona_version(preferred_language="xx")},
        {"initial_version": persona_version(nonsensitive_user_variables={"A": "x"})},
        {"initial_version": persona_version(user_models=[""])},
    ],
)
def test_bounds_of_a_persona(world, wrong):
    with pytest.raises(ValidationError) as caught:
        world.persona(**wrong)
    (error,) = caught.value.field_errors
    assert error["pointer"].startswith("/tags") or error["pointer"].startswith("/initial_version/")
