"""The operations that Rehearse shares with Amigo's Classic API, called through the official SDK.

What an operation looks like is read from Amigo's own OpenAPI document, and every response is parsed with the SDK's own classes: this
module knows no shape of its own. A response that has more than the classes know, except under the key `rehearse`, fails.
"""

import json
import os
import pathlib
import re
import typing
from dataclasses import dataclass

import httpx
import pydantic
from amigo_sdk.generated import model

_RESPONSE = "src__app__endpoints__"


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    id: str
    method: str
    path: str
    """With placeholders, as it stands in the document."""
    success: int
    errors: frozenset[int]
    response: object
    """What the SDK parses a response into; none where the document describes none."""

    @property
    def placeholders(self) -> list[str]:
        """The names in the path, without the organization."""
        names = [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
        return [name for name in names if name != "organization"]

    def fill(self, organization: str, values: dict[str, str]) -> str:
        """The path for these values."""
        return self.path.format(organization=organization, **values)

    def spellings(self, organization: str, values: dict[str, str]) -> tuple[str, str]:
        """The path as it is documented, and with or without the slash at its end."""
        path = self.fill(organization, values)
        return path, path.removesuffix("/") if path.endswith("/") else path + "/"


def _class_of(schema: dict) -> object:
    """The SDK's class for a response's schema."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1].removeprefix(_RESPONSE)
        return getattr(model, "".join(word[:1].upper() + word[1:] for word in name.split("_")))
    if "anyOf" in schema:
        return typing.Union[tuple(type(None) if s == {"type": "null"} else _class_of(s) for s in schema["anyOf"])]
    return None


def _operations() -> dict[str, Operation]:
    document = json.loads(pathlib.Path(os.environ["REHEARSE_TEST_CONTRACT"]).read_text())
    shared = set(os.environ["REHEARSE_TEST_OPERATIONS"].split(","))
    found = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation["operationId"] not in shared:
                continue
            statuses = {int(status): response for status, response in operation["responses"].items()}
            (success,) = (status for status in statuses if status < 300)
            content = statuses[success].get("content", {}).get("application/json", {})
            found[operation["operationId"]] = Operation(
                id=operation["operationId"],
                method=method.upper(),
                path=path,
                success=success,
                errors=frozenset(status for status in statuses if status >= 400),
                response=_class_of(content.get("schema", {})),
            )
    missing = shared - found.keys()
    assert not missing, f"Amigo's document has no {missing}"
    return found


OPERATIONS = _operations()

SEEN: set[tuple[str, int]] = set()
"""Which statuses which operations have answered in this session."""


def _pattern(path: str) -> re.Pattern:
    """Matches both spellings of a path."""
    parts = path.strip("/").split("/")
    return re.compile("".join("/[^/]+" if part.startswith("{") else f"/{re.escape(part)}" for part in parts) + "/?")


# Where two match, the one with fewer placeholders is meant.
_PATTERNS = [
    (operation.method, _pattern(operation.path), operation.id)
    for operation in sorted(OPERATIONS.values(), key=lambda operation: operation.path.count("{"))
]


def note(method: str, path: str, status: int) -> None:
    """Remembers how an operation answered."""
    for wanted, pattern, id_ in _PATTERNS:
        if wanted == method and pattern.fullmatch(path):
            SEEN.add((id_, status))
            return


def _note_response(response: httpx.Response) -> None:
    note(response.request.method, response.request.url.path, response.status_code)


def watched(client):
    """The SDK's client, which is left as it is; only what it receives is noted."""
    client._http._client.event_hooks["response"].append(_note_response)
    return client


def strays(raw: object, parsed: object, at: str = "") -> list[str]:
    """The keys of `raw` that the class of `parsed` does not know, as JSON pointers. `rehearse` is ours and no stray."""
    if isinstance(parsed, pydantic.RootModel):
        return strays(raw, parsed.root, at)
    if isinstance(parsed, pydantic.BaseModel):
        fields = {field.alias or name: name for name, field in type(parsed).model_fields.items()}
        found = []
        for key, value in raw.items():
            if key in fields:
                found += strays(value, getattr(parsed, fields[key]), f"{at}/{key}")
            elif key != "rehearse":
                found.append(f"{at}/{key}")
        return found
    if isinstance(parsed, dict):
        return [stray for key, value in raw.items() for stray in strays(value, parsed.get(key), f"{at}/{key}")]
    if isinstance(parsed, (list, tuple)):
        pairs = enumerate(zip(raw, parsed, strict=True))
        return [stray for index, (value, item) in pairs for stray in strays(value, item, f"{at}/{index}")]
    return []


def parse(operation: Operation, response: httpx.Response) -> typing.Any:
    """The response in the SDK's own classes. It has the documented status, and nothing that the classes do not know."""
    assert response.status_code == operation.success, f"{operation.id}: {response.status_code} {response.text}"
    if response.status_code == 204:
        assert response.content == b"", operation.id
        return None
    assert response.headers["content-type"] == "application/json", operation.id
    if operation.response is None:
        return response.json()
    parsed = pydantic.TypeAdapter(operation.response).validate_json(response.text)
    found = strays(response.json(), parsed)
    assert not found, f"{operation.id} answers with {found}"
    return parsed


class Api:
    """The shared operations by their names, through the SDK's own HTTP client: its sign-in, its retries, its errors."""

    def __init__(self, client):
        self.client = client
        self.organization = client.config.organization_id

    def request(self, operation_id: str, *, query=None, body=None, path=None, **values: str) -> httpx.Response:
        """Sends a request. `path` overrules the documented spelling. An error is raised as the SDK raises it."""
        operation = OPERATIONS[operation_id]
        path = path or operation.fill(self.organization, values)
        options = {} if body is None else {"json": body}
        return self.client._http.request(operation.method, path, params=query, **options)

    def call(self, operation_id: str, *, query=None, body=None, **values: str) -> typing.Any:
        """Sends a request and parses its response."""
        response = self.request(operation_id, query=query, body=body, **values)
        return parse(OPERATIONS[operation_id], response)


class AsyncApi:
    """The same through the SDK's asynchronous client."""

    def __init__(self, client):
        self.client = client
        self.organization = client.config.organization_id

    async def call(self, operation_id: str, *, query=None, body=None, **values: str) -> typing.Any:
        """Sends a request and parses its response."""
        operation = OPERATIONS[operation_id]
        options = {} if body is None else {"json": body}
        path = operation.fill(self.organization, values)
        response = await self.client._http.request(operation.method, path, params=query, **options)
        return parse(operation, response)
