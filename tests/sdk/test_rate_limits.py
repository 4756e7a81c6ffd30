"""Rate limits, on a server where every operation may be asked for once a minute."""

import httpx
import pytest
from amigo_sdk.auth import sign_in_with_api_key
from amigo_sdk.config import AmigoConfig
from amigo_sdk.errors import RateLimitError, raise_for_status
from amigo_sdk.rate_limits import parse_rate_limit_headers
from wire import OPERATIONS
from world import UNKNOWN


@pytest.fixture(scope="module")
def token(credentials):
    return sign_in_with_api_key(AmigoConfig(**credentials)).id_token


@pytest.mark.parametrize("operation", [o for o in OPERATIONS.values() if o.id != "sign-in-with-api-key"], ids=lambda o: o.id)
def test_the_second_request_is_one_too_many(credentials, token, operation):
    path = operation.fill(credentials["organization_id"], {name: UNKNOWN for name in operation.placeholders})
    with httpx.Client(base_url=credentials["base_url"], headers={"Authorization": f"Bearer {token}"}) as raw:
        first = raw.request(operation.method, path)
        assert first.status_code != 429
        assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("1", "0")
        second = raw.request(operation.method, path)
    with pytest.raises(RateLimitError) as caught:
        raise_for_status(second)
    assert caught.value.error_code == "rate_limited"
    assert 1 <= int(second.headers["retry-after"]) <= 60
    told = parse_rate_limit_headers(second.headers)
    assert (told.limit, told.remaining) == (1, 0)
