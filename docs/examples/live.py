"""Starts a run and watches it; loses the connection in the middle and goes on where it was. Needs `pip install httpx`."""

import json
import sys

import httpx

credentials = json.load(open(sys.argv[1]))
headers = {
    "x-api-key": credentials["api_key"],
    "x-api-key-id": credentials["api_key_id"],
    "x-user-id": credentials["user_id"],
}


def events(client, path, last_event_id=None):
    """The server-sent events of a stream, as (id, event, data)."""
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    with client.stream("GET", path, headers=headers, timeout=None) as response:
        response.raise_for_status()
        event = {}
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if name:  # else a comment, which keeps the connection alive
                event[name] = value
            elif not line:
                if "event" in event:  # else advice on when to connect again
                    yield event["id"], event["event"], json.loads(event["data"])
                event = {}


with httpx.Client(base_url=f"{credentials['base_url']}/v1/{credentials['organization_id']}") as client:
    token = client.post("/user/signin_with_api_key", headers=headers).raise_for_status().json()["id_token"]
    client.headers["Authorization"] = f"Bearer {token}"

    first = client.get("/rehearse/unit_test_sets/~", params={"name": "first"}).raise_for_status().json()
    body = {"simulation_unit_test_set_id": first["id"]}
    run_id = client.post("/simulation/unit_test_set_run/", json=body).raise_for_status().json()["simulation_unit_test_set_run_id"]

    path = f"/rehearse/runs/{run_id}/events"
    seen = []
    for event_id, event, _ in events(client, path):
        seen.append(event)
        if seen.count("conversation.finished") == 3:
            break  # the connection is lost here
    for _, event, _ in events(client, path, last_event_id=event_id):
        seen.append(event)

    assert seen.count("conversation.finished") == 10, seen
    print(seen[0], "...", seen[-1])
