"""Shows what a suite would change, then changes it, all or nothing. Needs `pip install httpx`."""

import json
import sys

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

    suite = {
        "documents": [
            {
                "apiVersion": "rehearse/v1",
                "kind": "Persona",
                "metadata": {"name": "Otto"},
                "spec": {"role": "customer", "background": "Otto, 71, writes long messages."},
            }
        ]
    }
    for path in ("/rehearse/suite/diff", "/rehearse/suite/apply", "/rehearse/suite/diff"):
        for change in client.post(path, json=suite).raise_for_status().json()["changes"]:
            print(change["kind"], change["name"], change["difference"])
