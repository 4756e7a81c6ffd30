"""Meets errors, plain and through the SDK."""

import json
import sys

from amigo_sdk.errors import ConflictError, NotFoundError, ValidationError
from amigo_sdk.sdk_client import AmigoClient

credentials = json.load(open(sys.argv[1]))
names = ("api_key", "api_key_id", "user_id", "organization_id", "base_url")

with AmigoClient(**{name: credentials[name] for name in names}) as client:
    personas = f"/v1/{client.config.organization_id}/simulation/persona/"
    maria = {"name": "Maria of errors.py", "role": "customer", "initial_version": {"background": "Shops."}}
    client._http.request("POST", personas, json=maria)

    try:
        client._http.request("POST", personas, json=maria)
    except ConflictError as error:
        assert error.error_code == "name_taken"
        print(error)

    try:
        client._http.request("DELETE", f"{personas}0123456789abcdef01234567/")
    except NotFoundError as error:
        print(error)

    try:
        client._http.request("POST", personas, json={"name": "", "rolle": "customer"})
    except ValidationError as error:
        for field in error.field_errors:  # every wrong field at once
            print(field["pointer"], field["detail"])
