"""Signing in, as the SDK does it before its first request."""

import datetime

import httpx
import pytest
from amigo_sdk.auth import sign_in_with_api_key
from amigo_sdk.config import AmigoConfig
from amigo_sdk.errors import AuthenticationError
from amigo_sdk.sdk_client import AmigoClient
from wire import OPERATIONS, note, parse

SIGN_IN = OPERATIONS["sign-in-with-api-key"]


def post(credentials, headers) -> httpx.Response:
    url = credentials["base_url"] + SIGN_IN.fill(credentials["organization_id"], {})
    response = httpx.post(url, headers=headers)
    note("POST", response.request.url.path, response.status_code)
    return response


def headers_of(credentials) -> dict[str, str]:
    return {
        "x-api-key": credentials["api_key"],
        "x-api-key-id": credentials["api_key_id"],
        "x-user-id": credentials["user_id"],
    }


def test_a_token_outlives_the_sdks_margin(credentials):
    signed_in = sign_in_with_api_key(AmigoConfig(**credentials))
    left = signed_in.expires_at - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(minutes=6) < left <= datetime.timedelta(hours=24)
    assert signed_in.id_token.count(".") == 2


def test_the_answer_has_nothing_else(credentials):
    parse(SIGN_IN, post(credentials, headers_of(credentials)))


@pytest.mark.parametrize("changed", ["api_key", "api_key_id", "user_id", "organization_id"])
def test_whoever_cannot_prove_who_they_are_gets_an_authentication_error(credentials, changed):
    wrong = credentials[changed][:-1] + ("0" if credentials[changed][-1] != "0" else "1")
    with AmigoClient(**credentials | {changed: wrong}) as client, pytest.raises(AuthenticationError):
        client.services.get_services()


def test_what_is_wrong_is_not_told(credentials):
    """Nobody learns which keys, users and organizations exist."""
    told = []
    right = headers_of(credentials)
    for name in right:
        response = post(credentials, right | {name: "0123456789abcdef01234567"})
        assert response.status_code == 401
        body = response.json()
        body.pop("request_id")
        told.append(body)
    assert all(body == told[0] for body in told)
    assert told[0]["code"] == "unauthenticated"


def test_every_missing_header_is_listed(credentials):
    response = post(credentials, {})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    pointers = {error["pointer"] for error in response.json()["errors"]}
    assert pointers == {"/x-api-key", "/x-api-key-id", "/x-user-id"}


def test_an_organization_that_cannot_be_is_not_found(credentials):
    response = post(credentials | {"organization_id": "no%20organization*"}, headers_of(credentials))
    assert response.status_code == 404


def test_a_token_that_was_refused_is_replaced_once(credentials):
    with AmigoClient(**credentials) as client:
        client.services.get_services()
        client._http._token.id_token = "not.a.token"
        assert client.services.get_services().services is not None


def test_basic_authentication_carries_the_token_too(credentials):
    token = sign_in_with_api_key(AmigoConfig(**credentials)).id_token
    organization, user = credentials["organization_id"], credentials["user_id"]
    url = f"{credentials['base_url']}/v1/{organization}/service/"
    assert httpx.get(url, auth=(f"{organization}_{user}", token)).status_code == 200
    assert httpx.get(url, auth=(f"{organization}_nobody", token)).status_code == 401
    refused = httpx.get(url)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")


def test_the_token_says_for_which_organization_it_is(credentials):
    token = sign_in_with_api_key(AmigoConfig(**credentials)).id_token
    bearer = {"Authorization": f"Bearer {token}"}
    own = f"{credentials['base_url']}/v1/{credentials['organization_id']}/service/"
    assert httpx.get(own, headers=bearer | {"X-ORG-ID": credentials["organization_id"]}).status_code == 200
    assert httpx.get(own, headers=bearer | {"X-ORG-ID": "other"}).status_code == 401
    assert httpx.get(f"{credentials['base_url']}/v1/other/service/", headers=bearer).status_code == 404
