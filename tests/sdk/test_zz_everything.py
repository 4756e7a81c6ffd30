"""Comes last: by now every shared operation has succeeded, and failed in every way that Amigo documents."""

from test_access import FILTERED
from wire import OPERATIONS, SEEN

ELSEWHERE = {
    429: "test_rate_limits.py meets it, on a server with limits",
    503: "the server answers with it while its log cannot be reached, which a test of the server itself arranges",
}

_HALF_DONE = "a related operation in progress: here none is ever half done"

NEVER = {
    ("create-api-key", 409): _HALF_DONE,
    ("create-webhook-destination", 409): _HALF_DONE,
    ("update-webhook-destination", 409): _HALF_DONE,
    ("delete-webhook-destination", 409): _HALF_DONE,
    ("rotate-webhook-destination-secret", 409): _HALF_DONE,
    ("create-service-hierarchical-state-machine-version", 400): "a reference that leads nowhere: the document is kept as it is",
} | {(operation_id, 403): "the list leaves out what the caller may not see" for operation_id in FILTERED}
"""What Amigo documents and Rehearse has no reason for."""

TOO_LATE = {"rotate-webhook-destination-secret": "a secret can be replaced an hour after it was made"}
"""What cannot succeed within a test; tests of the domain turn the clock."""


UNDOCUMENTED = {("get-conversations", 404): "an organization that is not the caller's is not found, whatever is asked of it"}
"""What Rehearse answers and Amigo does not document."""


def test_every_operation_has_succeeded():
    missing = [operation.id for operation in OPERATIONS.values() if (operation.id, operation.success) not in SEEN and operation.id not in TOO_LATE]
    assert not missing, "\n".join(map(str, missing))


def test_every_documented_error_was_met():
    documented = {(operation.id, status) for operation in OPERATIONS.values() for status in operation.errors if status not in ELSEWHERE}
    missing = sorted(documented - SEEN - NEVER.keys())
    assert not missing, "\n".join(map(str, missing))
    assert NEVER.keys() <= documented, "some are not documented"
    assert not NEVER.keys() & SEEN, "some can be met after all"


def test_nothing_undocumented_was_met():
    """A client that knows the document is prepared for every answer."""
    documented = {(operation.id, status) for operation in OPERATIONS.values() for status in operation.errors | {operation.success}}
    found = sorted(SEEN - documented - UNDOCUMENTED.keys())
    assert not found, "\n".join(map(str, found))
