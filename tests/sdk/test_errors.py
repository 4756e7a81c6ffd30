"""What every operation answers to a caller that it cannot serve, and how the SDK tells it."""

import httpx
import pytest
from amigo_sdk.auth import sign_in_with_api_key
from amigo_sdk.config import AmigoConfig
from amigo_sdk.errors import (
    AuthenticationError,
    NotFoundError,
    ValidationError,
    raise_for_status,
)
from wire import OPERATIONS, note
from world import UNKNOWN, unique

SIGNED_IN = [operation for operation in OPERATIONS.values() if operation.id != "sign-in-with-api-key"]
each_operation = pytest.mark.parametrize("operation", SIGNED_IN, ids=lambda operation: operation.id)


@pytest.fixture(scope="module")
def raw(credentials):
    """A client that does not sign in by itself."""
    token = sign_in_with_api_key(AmigoConfig(**credentials)).id_token
    with httpx.Client(base_url=credentials["base_url"], headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


def ids_of(operation, id_=UNKNOWN) -> dict[str, str]:
    return {name: id_ for name in operation.placeholders}


def send(raw, operation, path, **options) -> httpx.Response:
    response = raw.request(operation.method, path, **options)
    note(operation.method, path, response.status_code)
    return response


def refused(raw, operation, path, error, code, **options):
    """Sends a request; the SDK makes this exception of the answer."""
    response = send(raw, operation, path, **options)
    assert response.headers["content-type"] == "application/problem+json"
    with pytest.raises(error) as caught:
        raise_for_status(response)
    assert type(caught.value) is error
    assert caught.value.error_code == code
    assert caught.value.args[0] == response.json()["detail"]
    assert response.json()["request_id"] == response.headers["x-request-id"]
    return caught.value


@each_operation
def test_without_a_token(raw, credentials, operation):
    path = operation.fill(credentials["organization_id"], ids_of(operation))
    for header in ("", "Bearer x", "Bearer a.b.c", "Basic eDp5", "Token x"):
        refused(raw, operation, path, AuthenticationError, "unauthenticated", headers={"Authorization": header})


@each_operation
def test_in_an_organization_that_is_not_the_callers(raw, operation):
    path = operation.fill("other", ids_of(operation))
    refused(raw, operation, path, NotFoundError, "not_found")


@each_operation
def test_with_a_parameter_that_does_not_exist(raw, credentials, operation):
    path = operation.fill(credentials["organization_id"], ids_of(operation))
    error = refused(raw, operation, path, ValidationError, "validation_failed", params={"nonsense": "1"})
    assert any(field["pointer"] == "/nonsense" for field in error.field_errors), error.field_errors


@each_operation
def test_with_ids_that_cannot_be(raw, credentials, operation):
    if not operation.placeholders or operation.placeholders == ["role_name"]:
        return
    path = operation.fill(credentials["organization_id"], ids_of(operation, "XYZ"))
    error = refused(raw, operation, path, ValidationError, "validation_failed", json={} if operation.method == "POST" else None)
    assert error.field_errors


@each_operation
def test_in_both_spellings(raw, credentials, operation):
    """With and without a slash at the end, the answer is the same, and never a redirect."""
    answers = []
    for path in operation.spellings(credentials["organization_id"], ids_of(operation)):
        response = send(raw, operation, path, json={} if operation.method in ("POST", "PUT") else None)
        assert not 300 <= response.status_code < 400
        assert response.status_code != 405
        body = response.json()
        if isinstance(body, dict):
            body.pop("request_id", None)
        answers.append((response.status_code, body))
    assert answers[0] == answers[1]


@each_operation
def test_with_a_body_that_is_not_json(raw, credentials, operation):
    if operation.method == "GET":
        return
    path = operation.fill(credentials["organization_id"], ids_of(operation))
    for content, content_type in ((b"{", "application/json"), (b"\xff", "application/json"), (b"a=b", "text/plain")):
        response = send(raw, operation, path, content=content, headers={"Content-Type": content_type})
        assert response.status_code == 422, (content, response.text)
        with pytest.raises(ValidationError):
            raise_for_status(response)


def test_every_wrong_field_is_told_at_once(world, api):
    body = world.unit_test_body(
        name="", max_interactions=101, persona_id="x", success_criterions=[], tags={"a": 1}, nonsense=True
    )
    with pytest.raises(ValidationError) as caught:
        api.call("create-simulation-unit-test", body=body)
    pointers = {error["pointer"] for error in caught.value.field_errors}
    assert pointers == {"/name", "/max_interactions", "/persona_id", "/success_criterions", "/tags/a", "/nonsense"}


def test_missing_fields_are_told(api):
    """Labels may be missing: there are none then."""
    with pytest.raises(ValidationError) as caught:
        api.call("create-simulation-persona", body={})
    pointers = {error["pointer"] for error in caught.value.field_errors}
    assert pointers == {"/name", "/role", "/initial_version"}


def test_an_unknown_path_and_a_wrong_method(raw, credentials):
    organization = credentials["organization_id"]
    unknown = raw.get(f"/v1/{organization}/simulation/nonsense/")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_endpoint")
    wrong = raw.put(f"/v1/{organization}/simulation/persona/")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    allowed = {method.strip() for method in wrong.headers["allow"].split(",")}
    assert {"GET", "POST"} <= allowed


def test_every_answer_is_safe_to_show(raw, credentials):
    for path in ("service/", "nonsense", "simulation/persona/?limit=-1"):
        headers = raw.get(f"/v1/{credentials['organization_id']}/{path}").headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert headers["x-request-id"]
    named = raw.get(f"/v1/{credentials['organization_id']}/service/", headers={"X-Request-Id": "my-request_1"})
    assert named.headers["x-request-id"] == "my-request_1"


def test_an_idempotency_key_is_kept(raw, credentials):
    path = f"/v1/{credentials['organization_id']}/organization/agent"
    key = {"Idempotency-Key": unique("key").replace(" ", "-")}
    body = {"agent_name": unique("Agent")}
    first = raw.post(path, json=body, headers=key)
    again = raw.post(path, json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json(), "nothing was made a second time"
    other = raw.post(path, json=body | {"agent_name": unique("Agent")}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
