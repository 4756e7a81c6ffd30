"""Reads a whole list, page by page. Needs `pip install httpx`."""

import json
import sys

import httpx

credentials = json.load(open(sys.argv[1]))
headers = {
    "x-api-key": credentials["api_key"],
    "x-api-key-id": credentials["api_key_id"],
    "x-user-id": credentials["user_id"],
}


def pages(client, path, **query):
    """Every page of a list."""
    token = 0
    while token is not None:
        page = client.get(path, params=query | {"continuation_token": token}).raise_for_status().json()
        yield page
        token = page["continuation_token"]


with httpx.Client(base_url=f"{credentials['base_url']}/v1/{credentials['organization_id']}") as client:
    token = client.post("/user/signin_with_api_key", headers=headers).raise_for_status().json()["id_token"]
    client.headers["Authorization"] = f"Bearer {token}"

    for page in pages(client, "/metric/", limit=1, sort_by=["+updated_at"]):
        for metric in page["metrics"]:
            print(metric["name"], metric["metric_value_type"])
