"""Is called when a run completes, and checks who calls. Needs `pip install amigo-sdk`."""

import http.server
import json
import queue
import sys
import threading

import httpx
from amigo_sdk.webhooks import verify_signature

credentials = json.load(open(sys.argv[1]))
headers = {
    "x-api-key": credentials["api_key"],
    "x-api-key-id": credentials["api_key_id"],
    "x-user-id": credentials["user_id"],
}
calls = queue.Queue()


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        calls.put((body, self.headers))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=receiver.serve_forever, daemon=True).start()

with httpx.Client(base_url=f"{credentials['base_url']}/v1/{credentials['organization_id']}") as client:
    token = client.post("/user/signin_with_api_key", headers=headers).raise_for_status().json()["id_token"]
    client.headers["Authorization"] = f"Bearer {token}"

    destination = {
        "url": f"http://127.0.0.1:{receiver.server_port}/rehearse",
        "accepted_types": ["rehearse-run-completed"],
    }
    destination = client.post("/webhook_destination/", json=destination).raise_for_status().json()

    first = client.get("/rehearse/unit_test_sets/~", params={"name": "first"}).raise_for_status().json()
    body = {"simulation_unit_test_set_id": first["id"]}
    client.post("/simulation/unit_test_set_run/", json=body).raise_for_status()

    body, called_with = calls.get(timeout=60)
    # Raises if the call is not from the server.
    verify_signature(
        body,
        called_with["x-amigo-request-timestamp"],
        called_with["x-amigo-request-signature"],
        destination["secret"],
    )
    event = json.loads(body)
    print(event["type"], event["verdict"])

    client.delete(f"/webhook_destination/{destination['webhook_destination_id']}").raise_for_status()
