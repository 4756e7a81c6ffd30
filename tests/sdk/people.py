"""Further users, each with a role and an API key of its own."""

import itertools

from amigo_sdk.sdk_client import AmigoClient
from wire import Api, watched

_numbers = itertools.count(1)


def grant(permission: str, **conditions: object) -> dict:
    """A grant of a permission where each of these attributes has this value."""
    equals = {name: {"type": "Equals", "value": value} for name, value in conditions.items()}
    return {"permission_name": permission, "conditions": equals}


class Person:
    """A user who is signed in with a key of its own."""

    def __init__(self, administrator: Api, grants: list[dict]):
        self.administrator = administrator
        number = next(_numbers)
        self.role = f"Role {number}"
        self.user_id = f"person-{number}"
        body = {
            "role_name": self.role,
            "description": "For a test.",
            "permission_grants": grants,
            "frontend_view": "client",
        }
        self.role_id = administrator.call("create-role", body=body).role_id
        settings = administrator.client.config
        user = {"id": self.user_id, "name": f"Person {number}", "role": self.role}
        administrator.client._http.request("POST", f"/v1/{settings.organization_id}/rehearse/users", json=user)
        body = {"name": f"Key {number}", "duration": "P1D", "rehearse": {"user_id": self.user_id}}
        self.key = administrator.call("create-api-key", body=body)
        client = AmigoClient(
            api_key=self.key.api_key,
            api_key_id=self.key.api_key_id,
            user_id=self.user_id,
            organization_id=settings.organization_id,
            base_url=settings.base_url,
        )
        self.client = watched(client)
        self.api = Api(client)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client._http.close()
        # There are only so many keys in an organization.
        self.administrator.call("delete-api-key", api_key_id=self.key.api_key_id)

    def grants(self, grants: list[dict]) -> None:
        """Gives the role other grants."""
        self.administrator.call("modify-role", role_name=self.role, body={"permission_grants": grants})
