"""Makes a change that can be sent again without harm. Needs `pip install httpx`."""

import json
import sys
import uuid

import httpx

credentials = json.load(open(sys.argv[1]))
headers = {
    "x-api-key": credentials["api_key"],
    "x-api-key-id": credentials["api_key_id"],
    "x-user-id": credentials["user_id"],
}

with httpx.Client(base_url=f"{credentials['base_url']}/v1/{credentials['organization_id']}") as client:
    token = client.post("/user/signin_with_api_key", headers=headers).raise_for_status().json()["id_token"]
    client.headers["Authorization"] = f"Bearer {token}"

    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"name": f"Scenario {uuid.uuid4()}", "initial_version": {
        "objective": "Get a refund.", "instructions": "Insist politely.", "initial_message_type": "user-message",
    }}
    first = client.post("/simulation/scenario/", json=body, headers=key)
    again = client.post("/simulation/scenario/", json=body, headers=key)
    assert first.json() == again.json()
    print("made once:", first.json()["simulation_scenario_id"])

    other = client.post("/simulation/scenario/", json=body | {"name": "Another"}, headers=key)
    assert other.status_code == 422
    print(other.json()["code"])
