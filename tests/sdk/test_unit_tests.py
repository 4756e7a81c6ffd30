"""Unit tests and sets of them."""

import pytest
from amigo_sdk.errors import BadRequestError, ConflictError, NotFoundError
from world import UNKNOWN, criterion, metric_version, unique


def read_test(api, unit_test: str):
    (found,) = api.call("get-simulation-unit-tests", query={"id": unit_test}).simulation_unit_tests
    return found


def read_set(api, set_id: str):
    (found,) = api.call("get-simulation-unit-test-sets", query={"id": set_id}).simulation_unit_test_sets
    return found


def test_criteria_of_each_type_come_back(world, api):
    bounds = {"type": "numerical", "lower_bound": 0, "upper_bound": 10}
    number = world.metric(metric_version(metric_value=bounds, rehearse={"judge": "interactions"}))
    word = world.metric({"description": "d", "metric_value": {"type": "categorical", "categories": ["a", "b"]}})
    criteria = [
        criterion("truth", world.once("metric", world.metric), False),
        {"name": "few", "metric_id": number, "criterion": {"type": "numerical", "verb": "<=", "threshold": 3.5}},
        {"name": "word", "metric_id": word, "criterion": {"type": "categorical", "expected_values": ["a"]}},
    ]
    unit_test = read_test(api, world.unit_test(success_criterions=criteria, tags={"any key!": "any value?", "no": None}))
    assert [item.model_dump(mode="json") for item in unit_test.success_criterions] == criteria
    assert {tag.key: tag.value for tag in unit_test.tags} == {"any key!": "any value?", "no": None}
    assert unit_test.service_version_set_name == "release"


def test_a_unit_test_is_changed(world, api):
    unit_test = world.unit_test(tags={"a": "b"})
    persona = world.persona()
    body = {"description": "Changed.", "max_interactions": 100, "persona_id": persona}
    api.call("update-simulation-unit-test", simulation_unit_test_id=unit_test, body=body)
    changed = read_test(api, unit_test)
    assert (changed.description, changed.max_interactions, changed.persona_id) == ("Changed.", 100, persona)
    api.call("update-simulation-unit-test", simulation_unit_test_id=unit_test, body={"description": None, "tags": None})
    assert read_test(api, unit_test).description == "Changed.", "null means unchanged"
    assert [tag.key for tag in read_test(api, unit_test).tags] == ["a"]


def test_a_set_is_changed(world, api):
    first, second = world.unit_test(), world.unit_test()
    set_id = world.set_of([(first, 1), (first, 2)], description="Twice the same.")
    assert [(run.unit_test_id, run.run_count) for run in read_set(api, set_id).unit_test_runs] == [(first, 1), (first, 2)]
    name = unique("Renamed")
    runs = [{"unit_test_id": second, "run_count": 3}]
    body = {"name": name, "unit_test_runs": runs, "description": {}}
    api.call("update-simulation-unit-test-set", simulation_unit_test_set_id=set_id, body=body)
    changed = read_set(api, set_id)
    assert (changed.name, changed.description, changed.last_triggered_run_id) == (name, "Twice the same.", None)
    assert [run.unit_test_id for run in changed.unit_test_runs] == [second]
    api.call("update-simulation-unit-test-set", simulation_unit_test_set_id=set_id, body={"description": None})
    assert read_set(api, set_id).description is None


@pytest.mark.parametrize(
    "wrong",
    ["service_id", "service_version_set_name", "persona_id", "scenario_id", "success_criterions"],
)
def test_what_a_unit_test_names_must_exist(world, api, wrong):
    values = {
        "service_version_set_name": "nowhere",
        "success_criterions": [criterion("x", UNKNOWN, True)],
    }
    changes = {wrong: values.get(wrong, UNKNOWN)}
    with pytest.raises(NotFoundError) as caught:
        api.call("create-simulation-unit-test", body=world.unit_test_body(**changes))
    assert caught.value.error_code == "not_found"
    unit_test = world.once("unit test", world.unit_test)
    with pytest.raises(NotFoundError):
        api.call("update-simulation-unit-test", simulation_unit_test_id=unit_test, body=changes)


def test_deleted_parts_cannot_be_used(world, api):
    persona = world.persona()
    api.call("delete-simulation-persona", simulation_persona_id=persona)
    with pytest.raises(NotFoundError):
        world.unit_test(persona_id=persona)


def test_a_criterion_fits_its_metric(world, api):
    metric = world.once("metric", world.metric)
    wrong = [{"name": "x", "metric_id": metric, "criterion": {"type": "numerical", "verb": "==", "threshold": 1}}]
    with pytest.raises(BadRequestError) as caught:
        world.unit_test(success_criterions=wrong)
    assert caught.value.error_code == "criterion_type_mismatch"
    unit_test = world.once("unit test", world.unit_test)
    with pytest.raises(BadRequestError):
        body = {"success_criterions": wrong}
        api.call("update-simulation-unit-test", simulation_unit_test_id=unit_test, body=body)


def test_names_are_taken_until_deletion(world, api):
    name = unique("Unit test")
    unit_test = world.unit_test(name=name)
    with pytest.raises(ConflictError) as caught:
        world.unit_test(name=name)
    assert caught.value.error_code == "name_taken"
    set_name = unique("Set")
    first = world.set_of([(unit_test, 1)], name=set_name)
    with pytest.raises(ConflictError):
        world.set_of([(unit_test, 1)], name=set_name)
    other = world.set_of([(unit_test, 1)])
    with pytest.raises(ConflictError):
        api.call("update-simulation-unit-test-set", simulation_unit_test_set_id=other, body={"name": set_name})
    api.call("delete-simulation-unit-test-set", simulation_unit_test_set_id=first)
    world.set_of([(unit_test, 1)], name=set_name)


def test_a_unit_test_in_a_set_stays(world, api):
    unit_test = world.unit_test()
    set_id = world.set_of([(unit_test, 1)])
    with pytest.raises(BadRequestError) as caught:
        api.call("delete-simulation-unit-test", simulation_unit_test_id=unit_test)
    assert caught.value.error_code == "in_use"
    api.call("delete-simulation-unit-test-set", simulation_unit_test_set_id=set_id)
    api.call("delete-simulation-unit-test", simulation_unit_test_id=unit_test)
    assert read_test(api, unit_test).is_deleted
    with pytest.raises(NotFoundError):
        api.call("delete-simulation-unit-test", simulation_unit_test_id=unit_test)
    with pytest.raises(NotFoundError):
        world.set_of([(unit_test, 1)])


def test_what_does_not_exist(world, api):
    for operation, ids in {
        "update-simulation-unit-test": {"simulation_unit_test_id": UNKNOWN},
        "update-simulation-unit-test-set": {"simulation_unit_test_set_id": UNKNOWN},
    }.items():
        with pytest.raises(NotFoundError):
            api.call(operation, body={}, **ids)
    for operation, ids in {
        "delete-simulation-unit-test": {"simulation_unit_test_id": UNKNOWN},
        "delete-simulation-unit-test-set": {"simulation_unit_test_set_id": UNKNOWN},
    }.items():
        with pytest.raises(NotFoundError):
            api.call(operation, **ids)
    with pytest.raises(NotFoundError):
        world.set_of([(UNKNOWN, 1)])
    set_id = world.set_of([(world.once("unit test", world.unit_test), 1)])
    with pytest.raises(NotFoundError):
        body = {"unit_test_runs": [{"unit_test_id": UNKNOWN, "run_count": 1}]}
        api.call("update-simulation-unit-test-set", simulation_unit_test_set_id=set_id, body=body)
