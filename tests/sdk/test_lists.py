"""Pages, orders, filters and search, in the ways that the SDK's clients ask for them."""

import pytest
from amigo_sdk.errors import ValidationError
from amigo_sdk.generated.model import GetSimulationPersonasParametersQuery
from world import persona_version, unique


@pytest.fixture(scope="module")
def shelf(world):
    """Five personas with a mark that nothing else has, oldest first."""
    labels = [{"n": "1", "mark": "m"}, {"n": "2", "mark": "m"}, {"mark": "m"}, {"mark": None}, {"n": None, "mark": "m"}]
    return [
        world.persona(name=unique("Shelf persona"), role="reader" if number else "librarian", tags=tags)
        for number, tags in enumerate(labels)
    ]


def ids(api, **query):
    return [item.id for item in api.call("get-simulation-personas", query=query).simulation_personas]


def test_the_newest_change_comes_first(api, shelf):
    assert ids(api, id=shelf) == shelf[::-1]
    api.call("update-simulation-persona", simulation_persona_id=shelf[0], body={"tags": None})
    assert ids(api, id=shelf)[-1] == shelf[0], "nothing was changed"


def test_an_order_is_asked_for_in_three_spellings(world, api, shelf):
    assert ids(api, id=shelf, sort_by="-updated_at") == shelf[::-1]
    # The SDK encodes `+` as %2B; a client that does not sends what reads as a blank.
    assert ids(api, id=shelf, sort_by="+updated_at") == shelf
    assert ids(api, id=shelf, sort_by=" updated_at") == shelf
    query = "&".join(f"id={persona}" for persona in shelf) + "&sort_by=+updated_at"
    path = f"/v1/{world.organization}/simulation/persona/?{query}"
    response = api.request("get-simulation-personas", path=path)
    assert str(response.request.url).endswith("+updated_at")
    assert [item["id"] for item in response.json()["simulation_personas"]] == shelf


def test_pages_follow_each_other(api, shelf):
    seen, token, n_pages = [], 0, 0
    while token is not None:
        query = {"id": shelf, "limit": 2, "continuation_token": token}
        page = api.call("get-simulation-personas", query=query)
        seen += [item.id for item in page.simulation_personas]
        assert page.has_more == (page.continuation_token is not None)
        assert (page.filter_values is not None) == (n_pages == 0), "only the first page has them"
        token, n_pages = page.continuation_token, n_pages + 1
    assert (seen, n_pages) == (shelf[::-1], 3)
    beyond = api.call("get-simulation-personas", query={"id": shelf, "continuation_token": 1000})
    assert (beyond.simulation_personas, beyond.has_more, beyond.continuation_token) == ([], False, None)
    nothing = api.call("get-simulation-personas", query={"id": shelf, "limit": 0})
    assert nothing.simulation_personas == []


def test_labels_are_looked_for_in_three_forms(api, shelf):
    first, second, bare, null, nothing = shelf
    assert ids(api, id=shelf, tag="n:1") == [first]
    assert set(ids(api, id=shelf, tag="n:*")) == {first, second, nothing}
    assert ids(api, id=shelf, tag="n:") == [nothing]
    assert ids(api, id=shelf, tag="mark:") == [null]
    assert ids(api, id=shelf, tag=["mark:m", "n:2"]) == [second], "several labels must all match"


def test_several_values_of_another_filter_may_match(world, api, shelf):
    assert len(ids(api, id=shelf, role=["reader", "librarian"])) == 5
    assert ids(api, id=shelf, role="librarian") == [shelf[0]]
    me = f"{world.organization},{world.client.config.user_id}"
    assert len(ids(api, id=shelf, creator=[me, f"{world.organization},nobody"])) == 5
    assert ids(api, id=shelf, creator=f"{world.organization},nobody") == []
    assert ids(api, id=shelf, is_deleted=True) == []


def test_what_can_be_filtered_by_is_told(world, api, shelf):
    values = api.call("get-simulation-personas", query={"id": shelf, "limit": 1}).filter_values
    assert set(values.tags) == {"n", "mark"}
    assert set(values.roles) == {"reader", "librarian"}
    assert [creator.user_id for creator in values.creators] == [world.client.config.user_id]


def test_the_sdks_own_query_is_understood(client, world, shelf):
    query = GetSimulationPersonasParametersQuery(id=shelf[:2], sort_by=["+updated_at"])
    params = query.model_dump(mode="json", exclude_none=True)
    assert params["continuation_token"] == 0, "the SDK always sends it"
    response = client._http.request("GET", f"/v1/{world.organization}/simulation/persona/", params=params)
    assert [item["id"] for item in response.json()["simulation_personas"]] == shelf[:2]


def test_words_find(world, api):
    persona = world.persona(name=unique("Zanzibar Ölmühle"))
    api.call("create-simulation-persona-version", simulation_persona_id=persona, body=background("grinds quokka flour"))
    gone = world.persona(name=unique("Zanzibar gone"))
    api.call("delete-simulation-persona", simulation_persona_id=gone)

    def found(**query):
        return [item.id for item in api.call("search-simulation-personas", query=query).simulation_personas]

    assert found(query="zanzibar") == [persona], "without case, without deleted ones"
    assert found(query="ölmühle zanzibar") == [persona]
    assert found(query="quokka") == [persona], "in the latest background too"
    assert found(query="zanzibar absent") == [], "every word must occur"
    assert found(query="zanzibar", role="pilot") == []
    scenario = world.scenario(name=unique("Xylophone"), tags={"s": "1"})
    found = api.call("search-simulation-scenarios", query={"query": "xylophone", "tag": "s:1"}).simulation_scenarios
    assert [item.id for item in found] == [scenario]


def test_raw_documents_of_search_are_keyed_differently(world, api):
    unit_test = world.unit_test(description="Tests a bassoon.")
    set_id = world.set_of([(unit_test, 1)], description="Holds a bassoon.")
    metric = world.metric(name=unique("Bassoon"))
    tests = api.request("search-simulation-unit-tests", query={"query": "bassoon"}).json()["simulation_unit_tests"]
    sets = api.request("search-simulation-unit-test-sets", query={"query": "bassoon"}).json()["simulation_unit_test_sets"]
    metrics = api.request("search-metrics", query={"query": "bassoon"}).json()["metrics"]
    assert [item["_id"] for item in (*tests, *sets, *metrics)] == [unit_test, set_id, metric]
    assert all("id" not in item for item in (*tests, *sets, *metrics))
    for operation in ("search-simulation-unit-tests", "search-simulation-unit-test-sets", "search-metrics"):
        api.call(operation, query={"query": "bassoon"})
    found = api.call("search-simulation-unit-test-sets", query={"query": "bassoon", "unit_test_id": unit_test})
    assert [item.field_id for item in found.simulation_unit_test_sets] == [set_id]


def test_unit_tests_sets_and_metrics_are_filtered(world, api):
    persona, scenario = world.persona(), world.scenario()
    metric = world.once("metric", world.metric)
    unit_test = world.unit_test(persona_id=persona, scenario_id=scenario, tags={"t": "1"})
    set_id = world.set_of([(unit_test, 1)], tags={"s": None})
    service = world.once("service", world.service)
    for query in (
        {"persona_id": persona},
        {"scenario_id": scenario},
        {"persona_id": persona, "metric_id": metric, "service_id": service},
        {"persona_id": persona, "tag": "t:1"},
    ):
        found = api.call("get-simulation-unit-tests", query=query).simulation_unit_tests
        assert [item.id for item in found] == [unit_test], query
    values = api.call("get-simulation-unit-tests", query={"id": unit_test}).filter_values
    assert (values.persona_ids, values.scenario_ids, values.service_ids) == ([persona], [scenario], [service])
    sets = api.call("get-simulation-unit-test-sets", query={"unit_test_id": unit_test, "tag": "s:"})
    assert [item.id for item in sets.simulation_unit_test_sets] == [set_id]
    assert sets.filter_values.unit_test_ids == [unit_test]
    word = world.metric({"description": "d", "metric_value": {"type": "categorical", "categories": ["a", "b"]}})
    both = {"id": [metric, word]}
    found = api.call("get-metrics", query=both | {"type": ["categorical", "numerical"]})
    assert [item.id for item in found.metrics] == [word]
    assert set(api.call("get-metrics", query=both).filter_values.types) == {"boolean", "categorical"}


def test_versions_are_chosen_and_paged(world, api):
    persona = world.persona()
    for number in range(2, 5):
        api.call("create-simulation-persona-version", simulation_persona_id=persona, body=background(f"v{number}"))

    def versions(**query):
        found = api.call("get-simulation-persona-versions", simulation_persona_id=persona, query=query)
        return [version.version for version in found.simulation_persona_versions]

    assert versions() == [4, 3, 2, 1]
    assert versions(version="latest") == [4]
    assert versions(version="2") == [2]
    assert versions(version="2-3") == [3, 2]
    assert versions(version="3-latest") == [4, 3]
    assert versions(version="9") == []
    assert versions(sort_by="+version", limit=2) == [1, 2]
    assert versions(sort_by="+version", limit=2, continuation_token=2) == [3, 4]


def test_wrong_queries_name_each_parameter(api, world):
    path = f"/v1/{world.organization}/simulation/persona/"
    for query, pointer in (
        ({"limit": 51}, "/limit"),
        ({"limit": -1}, "/limit"),
        ({"continuation_token": -1}, "/continuation_token"),
        ({"id": "XYZ"}, "/id"),
        ({"sort_by": "+name"}, "/sort_by"),
        ({"tag": "no colon"}, "/tag"),
        ({"creator": "me"}, "/creator"),
        ({"is_deleted": "perhaps"}, "/is_deleted"),
    ):
        with pytest.raises(ValidationError) as caught:
            api.request("get-simulation-personas", query=query, path=path)
        (error,) = caught.value.field_errors
        assert error["pointer"].startswith(pointer), query


def background(text: str) -> dict:
    """A version of a persona with this background."""
    return persona_version(background=text)
