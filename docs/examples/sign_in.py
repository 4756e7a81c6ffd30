"""Signs in and lists personas. Only the standard library is needed."""

import json
import sys
import urllib.request

credentials = json.load(open(sys.argv[1]))
v1 = f"{credentials['base_url']}/v1/{credentials['organization_id']}"


def request(method, path, headers):
    with urllib.request.urlopen(urllib.request.Request(v1 + path, method=method, headers=headers)) as response:
        return json.load(response)


signed_in = request(
    "POST",
    "/user/signin_with_api_key",
    {
        "x-api-key": credentials["api_key"],
        "x-api-key-id": credentials["api_key_id"],
        "x-user-id": credentials["user_id"],
    },
)
print("good until", signed_in["expires_at"])

personas = request("GET", "/simulation/persona/", {"Authorization": f"Bearer {signed_in['id_token']}"})
for persona in personas["simulation_personas"]:
    print(persona["id"], persona["name"])
