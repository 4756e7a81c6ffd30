"""Webhook destinations: made, changed and deleted."""

import pytest
from amigo_sdk.errors import BadRequestError, NotFoundError, ValidationError
from world import UNKNOWN, unique

TYPES = ["conversation-post-processing-complete", "api-key-expiration-soon"]


@pytest.fixture
def destination(api):
    body = {"url": f"https://hooks.example/{unique('hook').replace(' ', '-')}", "accepted_types": TYPES}
    made = api.call("create-webhook-destination", body=body)
    yield made
    if api.call("get_webhook_destinations", query={"id": made.webhook_destination_id}).webhook_destinations:
        api.call("delete-webhook-destination", webhook_destination_id=made.webhook_destination_id)


def read(api, id_: str):
    (found,) = api.call("get_webhook_destinations", query={"id": id_}).webhook_destinations
    return found


def test_a_destination_is_made_and_changed(api, destination):
    id_ = destination.webhook_destination_id
    made = read(api, id_)
    assert (made.retry_attempts, set(made.accepted_types)) == (3, set(TYPES))
    assert destination.secret not in api.request("get_webhook_destinations").text, "a secret is shown once"
    api.call("update-webhook-destination", webhook_destination_id=id_, body={"retry_attempts": 5})
    assert (read(api, id_).retry_attempts, set(read(api, id_).accepted_types)) == (5, set(TYPES))
    body = {"accepted_types": TYPES[:1], "retry_attempts": None}
    api.call("update-webhook-destination", webhook_destination_id=id_, body=body)
    assert (read(api, id_).retry_attempts, read(api, id_).accepted_types) == (5, TYPES[:1])
    deliveries = api.call("get-webhook-deliveries", webhook_destination_id=id_)
    assert (deliveries.webhook_deliveries, deliveries.has_more) == ([], False)


def test_a_secret_is_rotated_once_an_hour(api, destination):
    with pytest.raises(BadRequestError) as caught:
        api.call("rotate-webhook-destination-secret", webhook_destination_id=destination.webhook_destination_id)
    assert caught.value.error_code == "too_soon"


def test_wrong_destinations(api):
    for body, pointer in (
        ({"url": "ftp://x.example", "accepted_types": TYPES}, "/url"),
        ({"url": "https://x.example", "accepted_types": ["other"]}, "/accepted_types/0"),
        ({"url": "https://x.example", "accepted_types": TYPES, "retry_attempts": 6}, "/retry_attempts"),
        ({"url": "https://x.example", "accepted_types": TYPES, "retry_attempts": 0}, "/retry_attempts"),
    ):
        with pytest.raises(ValidationError) as caught:
            api.call("create-webhook-destination", body=body)
        assert [error["pointer"] for error in caught.value.field_errors] == [pointer]
    for operation, options in {
        "update-webhook-destination": {"body": {}},
        "delete-webhook-destination": {},
        "rotate-webhook-destination-secret": {},
        "get-webhook-deliveries": {},
    }.items():
        with pytest.raises(NotFoundError):
            api.call(operation, webhook_destination_id=UNKNOWN, **options)


def test_an_organization_has_only_so_many_destinations(api):
    made = []
    try:
        with pytest.raises(BadRequestError) as caught:
            for number in range(11):
                body = {"url": f"https://hooks.example/{number}", "accepted_types": TYPES}
                made.append(api.call("create-webhook-destination", body=body).webhook_destination_id)
        assert caught.value.error_code == "limit_reached"
        assert len(made) == 10
    finally:
        for id_ in made:
            api.call("delete-webhook-destination", webhook_destination_id=id_)
