"""Changes an object only if nobody else has changed it meanwhile. Needs `pip install httpx`."""

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

    # By name: the id in the path is `~` then.
    read = client.get("/rehearse/personas/~", params={"name": "Maria"}).raise_for_status()
    maria, etag = read.json()["id"], read.headers["ETag"]

    same = client.get(f"/rehearse/personas/{maria}", headers={"If-None-Match": etag})
    assert same.status_code == 304

    change = {"tags": {"age_group": "adults", "seen": None}}
    changed = client.post(f"/simulation/persona/{maria}/", json=change, headers={"If-Match": etag})
    assert changed.status_code == 204

    stale = client.post(f"/simulation/persona/{maria}/", json={"tags": {}}, headers={"If-Match": etag})
    assert stale.status_code == 412
    print(stale.json()["code"], "-", stale.json()["detail"])
