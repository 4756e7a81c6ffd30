"""Runs, their results and their artifacts."""

import datetime
import io
import json
import zipfile

import httpx
import pytest
from amigo_sdk.errors import BadRequestError, ConflictError, NotFoundError
from world import UNKNOWN, metric_version


def runs(api, **query):
    return api.call("get-simulation-unit-test-set-runs", query=query).simulation_unit_test_set_runs


def results(api, **query):
    return api.call("get-metric-evaluation-results", query=query).metric_evaluation_results


def test_a_run_tells_what_came_out(world, finished_run):
    run = world.read_run(finished_run)
    assert (run.is_completed, run.failed_metrics, run.errored, run.artifacts_generated) == (True, True, False, True)
    (spec,) = run.unit_test_run_specs
    assert spec.run_count == 2
    assert spec.agent_version_info == (world.once("agent", None), 2)
    assert spec.service_hierarchical_state_machine_version_info == (world.once("graph", None), 1)
    assert spec.persona_version_info.root == (world.once("persona", None), 1)
    assert spec.scenario_version_info.root == (world.once("scenario", None), 1)
    assert [metric.success_criterion_name for metric in spec.metrics_to_evaluate] == ["counts", "sings"]
    (result,) = run.unit_test_run_results
    assert result.run_errors == [None, None]
    counts, sings = result.metric_evaluation_results
    assert [pair.root[1] for pair in counts.results] == [True, True]
    assert [pair.root[1] for pair in sings.results] == [False, False]
    assert (counts.metric_id, counts.metric_version) == (world.once("metric", None), 1)


def test_every_value_can_be_read(world, api, finished_run):
    run = world.read_run(finished_run)
    listed = {result.id: result for result in results(api, simulation_unit_test_set_run_id=finished_run)}
    assert len(listed) == 4
    for metric in run.unit_test_run_results[0].metric_evaluation_results:
        for index, pair in enumerate(metric.results):
            result_id, passed = pair.root
            result = listed[result_id]
            assert (result.metric_id, result.result) == (metric.metric_id, passed)
            source = result.source.root
            assert (source.type, source.run_index) == ("simulation", index)
            assert source.simulation_unit_test_set_run_id == finished_run
            assert result.justification


def test_values_are_filtered(world, api, finished_run):
    counts, sings = world.once("metric", None), world.once("singing", None)
    of_run = {"simulation_unit_test_set_run_id": finished_run}
    for metric in (f"{counts}-1", f"{counts}-"):
        found = results(api, metric_id_and_version=metric, **of_run)
        assert {result.metric_id for result in found} == {counts}, metric
    assert len(results(api, metric_id=[counts, sings], **of_run)) == 4
    assert results(api, metric_id_and_version=f"{counts}-9", **of_run) == []
    assert len(results(api, source_type="simulation", **of_run)) == 4
    assert results(api, source_type="post-session", **of_run) == []
    newest = results(api, sort_by="-created_at", **of_run)
    oldest = results(api, sort_by="+created_at", **of_run)
    assert [result.id for result in newest] == [result.id for result in oldest][::-1]
    later = (newest[0].created_at + datetime.timedelta(seconds=1)).isoformat()
    assert results(api, timestamp_after=later, **of_run) == []
    assert len(results(api, timestamp_before=later, **of_run)) == 4
    page = api.call("get-metric-evaluation-results", query=of_run | {"limit": 3})
    assert (len(page.metric_evaluation_results), page.has_more) == (3, True)
    assert set(page.filter_values.metric_ids) == {counts, sings}
    rest = api.call("get-metric-evaluation-results", query=of_run | {"limit": 3, "continuation_token": page.continuation_token})
    assert (len(rest.metric_evaluation_results), rest.has_more, rest.filter_values) == (1, False, None)


def test_runs_are_filtered(world, api, finished_run):
    set_id = world.read_run(finished_run).simulation_unit_test_set_id
    me = f"{world.organization},{world.client.config.user_id}"
    for query in (
        {"simulation_unit_test_set_id": set_id},
        {"creator": me},
        {"is_completed": True, "failed_metrics": True, "errored": False},
        {"created_before": "2100-01-01T00:00:00Z", "created_after": "2020-01-01T00:00:00+02:00"},
    ):
        assert [run.id for run in runs(api, id=finished_run, **query)] == [finished_run], query
    for query in (
        {"creator": f"{world.organization},nobody"},
        {"is_completed": False},
        {"failed_metrics": False},
        {"errored": True},
        {"created_after": "2100-01-01T00:00:00Z"},
    ):
        assert runs(api, id=finished_run, **query) == [], query
    values = api.call("get-simulation-unit-test-set-runs", query={"id": finished_run}).filter_values
    assert values.simulation_unit_test_set_ids == [set_id]


def test_the_set_knows_its_last_run(world, api, finished_run):
    set_id = world.read_run(finished_run).simulation_unit_test_set_id
    (found,) = api.call("get-simulation-unit-test-sets", query={"id": set_id}).simulation_unit_test_sets
    assert found.last_triggered_run_id == finished_run


def test_the_artifact_is_behind_a_link(api, finished_run):
    artifact = api.call("get-simulation-unit-test-set-run-artifacts", simulation_unit_test_set_run_id=finished_run)
    left = artifact.url_expires_at - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(minutes=50) < left <= datetime.timedelta(hours=1)
    url = str(artifact.presigned_url)
    downloaded = httpx.get(url)  # Without a token: the link is the permission.
    assert downloaded.status_code == 200
    with zipfile.ZipFile(io.BytesIO(downloaded.content)) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        assert names == {"manifest.json", "run.json", "conversations.jsonl", "metrics.csv", "junit.xml", "report.html"}
        conversations = [json.loads(line) for line in archive.read("conversations.jsonl").splitlines()]
    assert len(conversations) == 2
    part = httpx.get(url, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"PK\x03\x04")
    assert part.headers["content-range"] == f"bytes 0-3/{len(downloaded.content)}"
    forged = url[:-1] + ("0" if url[-1] != "0" else "1")
    assert httpx.get(forged).status_code in (403, 404)


def test_pinned_versions_do_not_move(world, api):
    persona, scenario, metric = world.persona(), world.scenario(), world.metric()
    criteria = [{"name": "x", "metric_id": metric, "criterion": {"type": "boolean", "expected_value": True}}]
    unit_test = world.unit_test(persona_id=persona, scenario_id=scenario, success_criterions=criteria)
    set_id = world.set_of([(unit_test, 1)])
    first = world.finish(world.run(set_id))
    api.call("create-metric-version", metric_id=metric, body=metric_version("message 9"))
    second = world.finish(world.run(set_id))
    (of_first,) = world.read_run(first).unit_test_run_results
    (of_second,) = world.read_run(second).unit_test_run_results
    assert [of_first.metric_evaluation_results[0].metric_version, of_second.metric_evaluation_results[0].metric_version] == [1, 2]
    assert (world.read_run(first).failed_metrics, world.read_run(second).failed_metrics) == (False, True)


def test_a_run_is_cancelled(world, api):
    set_id = world.slow_set()
    run = world.run(set_id)
    with pytest.raises(ConflictError) as caught:
        world.run(set_id)
    assert caught.value.error_code == "run_unfinished"
    with pytest.raises(BadRequestError) as caught:
        api.call("get-simulation-unit-test-set-run-artifacts", simulation_unit_test_set_run_id=run)
    assert caught.value.error_code == "artifact_not_ready"
    world.cancel(run)
    cancelled = world.read_run(run)
    assert (cancelled.is_completed, cancelled.errored) == (True, True)
    with pytest.raises(ConflictError) as caught:
        world.cancel(run)
    assert caught.value.error_code == "run_not_in_progress"
    again = world.run(set_id)
    world.cancel(again)


def test_what_does_not_exist(world, api):
    with pytest.raises(NotFoundError):
        world.run(UNKNOWN)
    with pytest.raises(NotFoundError):
        world.cancel(UNKNOWN)
    with pytest.raises(NotFoundError):
        api.call("get-simulation-unit-test-set-run-artifacts", simulation_unit_test_set_run_id=UNKNOWN)
    set_id = world.set_of([(world.once("unit test", world.unit_test), 1)])
    api.call("delete-simulation-unit-test-set", simulation_unit_test_set_id=set_id)
    with pytest.raises(NotFoundError):
        world.run(set_id)
