"""What the tests share: the running server, a signed-in client, and objects to try things on."""

import json
import os
import pathlib

import pytest
from amigo_sdk.sdk_client import AmigoClient
from wire import watched
from world import World

CREDENTIALS = json.loads(pathlib.Path(os.environ["REHEARSE_TEST_CREDENTIALS"]).read_text())


def settings(**changes: str) -> dict[str, str]:
    """The SDK's settings, from the file that `rehearse up` writes."""
    names = ("api_key", "api_key_id", "user_id", "organization_id", "base_url")
    return {name: CREDENTIALS[name] for name in names} | changes


@pytest.fixture(scope="session")
def credentials() -> dict[str, str]:
    return settings()


@pytest.fixture(scope="session")
def client(credentials):
    with AmigoClient(**credentials) as client:
        yield watched(client)


@pytest.fixture(scope="session")
def world(client) -> World:
    return World(client)


@pytest.fixture(scope="session")
def api(world):
    return world.api


@pytest.fixture(scope="session")
def finished_run(world) -> str:
    """A finished run: one criterion of its test holds, the other does not."""
    return world.finish(world.run(world.set_of([(world.unit_test(), 2)])))
