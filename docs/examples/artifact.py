"""Downloads the artifact of the newest finished run, in two pieces. Needs `pip install httpx`."""

import io
import json
import sys
import zipfile

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

    first = client.get("/rehearse/unit_test_sets/~", params={"name": "first"}).raise_for_status().json()
    body = {"simulation_unit_test_set_id": first["id"]}
    started = client.post("/simulation/unit_test_set_run/", json=body).raise_for_status().json()
    run_id = started["simulation_unit_test_set_run_id"]
    # One request waits as long as it may; the run is asked about again until its artifact is there.
    while not client.get(f"/rehearse/runs/{run_id}/wait", params={"wait_ms": 3000}).json()["artifacts_generated"]:
        pass

    link = client.get(f"/simulation/unit_test_set_run/{run_id}/artifacts/").raise_for_status().json()

# The link needs no token: whoever has it may download until it expires.
print("good until", link["url_expires_at"])
head = httpx.get(link["presigned_url"], headers={"Range": "bytes=0-999"})
assert head.status_code == 206
rest = httpx.get(link["presigned_url"], headers={"Range": "bytes=1000-", "If-Range": head.headers["ETag"]})

with zipfile.ZipFile(io.BytesIO(head.content + rest.content)) as archive:
    print(*archive.namelist())
