"""A webhook as a receiver meets it: verified with the SDK's own function, and listed afterwards.

Runs only where the server may send to this machine, so it is named on the command line instead of being collected.
"""

import http.server
import json
import queue
import threading
import time

import pytest
from amigo_sdk.webhooks import WebhookVerificationError, parse_webhook_event, verify_signature

WAIT_SECONDS = 60


class Receiver(http.server.ThreadingHTTPServer):
    """Takes webhooks; says 503 to the first one."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.received: queue.Queue[tuple[dict[str, str], str]] = queue.Queue()
        self.statuses = iter([503])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hooks?of=runs"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        assert self.path == "/hooks?of=runs"
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.received.put((headers, body))
        self.send_response(next(self.server.statuses, 204))
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        yield receiver
        receiver.shutdown()
        thread.join()


def listed(api, id_: str, **query):
    return api.call("get-webhook-deliveries", webhook_destination_id=id_, query=query).webhook_deliveries


def test_a_completed_run_is_told_and_listed(api, world, receiver):
    body = {"url": receiver.url, "accepted_types": ["rehearse-run-completed"], "retry_attempts": 2}
    destination = api.call("create-webhook-destination", body=body)
    run = world.finish(world.run(world.set_of([(world.unit_test(), 2)])))

    (refused, told), (headers, again) = (receiver.received.get(timeout=WAIT_SECONDS) for _ in range(2))
    assert told == again
    assert refused["x-amigo-idempotent-key"] == headers["x-amigo-idempotent-key"]
    assert headers["content-type"] == "application/json"
    timestamp, signature = headers["x-amigo-request-timestamp"], headers["x-amigo-request-signature"]
    assert int(timestamp) - int(refused["x-amigo-request-timestamp"]) >= 5000
    assert abs(time.time() * 1000 - int(timestamp)) < 300_000
    verify_signature(told, timestamp, signature, destination.secret)
    with pytest.raises(WebhookVerificationError, match="Signature"):
        verify_signature(told + " ", timestamp, signature, destination.secret)
    with pytest.raises(WebhookVerificationError, match="Unknown webhook event type"):
        parse_webhook_event(told, signature, timestamp, destination.secret)
    assert "x-amigo-request-signature-previous" not in headers

    content = json.loads(told)
    assert content["type"] == "rehearse-run-completed"
    assert content["org_id"] == world.organization
    assert content["simulation_unit_test_set_run_id"] == run
    assert content["verdict"] == "failed"
    assert content["tally"]["planned"] == content["tally"]["failed"] == 2

    deadline = time.monotonic() + WAIT_SECONDS
    id_ = destination.webhook_destination_id
    while not (deliveries := listed(api, id_)):
        assert time.monotonic() < deadline, "it is recorded soon after it was taken"
        time.sleep(0.1)
    (delivery,) = deliveries
    assert delivery.id == headers["x-amigo-idempotent-key"]
    assert (delivery.type, delivery.status.value) == ("rehearse-run-completed", "success")
    assert delivery.webhook_content == content
    assert [attempt.status_code for attempt in delivery.delivery_attempts] == [503, 204]
    assert not delivery.dual_signed
    assert receiver.received.empty()
    assert listed(api, id_, status="failed") == []
    assert listed(api, id_, type="other") == []
    assert listed(api, id_, limit=0) == []
    assert [one.id for one in listed(api, id_, status="success", sort_by=["-created_at"])] == [delivery.id]
    api.call("delete-webhook-destination", webhook_destination_id=id_)
