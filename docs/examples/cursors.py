"""Reads a whole list while others change it. Needs `pip install httpx`."""

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

    query = {"limit": 1, "order": "oldest"}
    while True:
        page = client.get("/rehearse/metrics", params=query).raise_for_status().json()
        for metric in page["items"]:
            print(metric["name"])
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
