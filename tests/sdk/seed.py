"""Puts something of everything into the organization, for a client that makes requests from a document, and prints what that client
needs: a token, and the ids of what exists."""

import json
import sys

from amigo_sdk.auth import sign_in_with_api_key
from conftest import settings
from amigo_sdk.sdk_client import AmigoClient
from wire import OPERATIONS
from world import World

with AmigoClient(**settings()) as client:
    world = World(client)
    unit_test = world.unit_test()
    set_id = world.set_of([(unit_test, 2)])
    run = world.finish(world.run(set_id))
    results = world.api.call("get-metric-evaluation-results", query={"simulation_unit_test_set_run_id": run})
    ids = {
        "agent": [world.once("agent", None)],
        "context_graph": [world.once("graph", None)],
        "service": [world.once("service", None)],
        "persona": [world.once("persona", None)],
        "scenario": [world.once("scenario", None)],
        "metric": [world.once("metric", None), world.once("singing", None)],
        "unit_test": [unit_test],
        "unit_test_set": [set_id],
        "run": [run],
    }
    if "get-conversations" in OPERATIONS:
        conversations = world.api.call("get-conversations", query={"service_id": ids["service"]}).conversations
        ids["conversation"] = [conversation.id for conversation in conversations]
    token = sign_in_with_api_key(client.config).id_token
    json.dump({"organization": world.organization, "base_url": client.config.base_url, "token": token, "ids": ids}, sys.stdout)
