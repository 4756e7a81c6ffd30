"""What Schemathesis cannot know of the meaning of requests.

It sends again what it has read before, and so learns of its own user and of its own API key. What it signs in with must outlive the
run, so wherever a request would delete one of the two, or give the user another role, it names one that does not exist instead.

An idempotency key names one change. Here every request means another, so each well-formed key is made one of its own.
"""

import itertools
import os
import re

import schemathesis

OWN = {os.environ["REHEARSE_TEST_OWN_KEY"], os.environ["REHEARSE_TEST_OWN_USER"]}
UNKNOWN = "0123456789abcdef01234567"
KEY = "Idempotency-Key"
NUMBERS = itertools.count(1)
HARMFUL = {"delete-api-key", "delete-user", "assign-role"}


@schemathesis.hook
def before_call(context, case, kwargs):
    key = (case.headers or {}).get(KEY)
    if isinstance(key, str) and re.fullmatch("[!-~]{1,255}", key):
        case.headers[KEY] = f"{next(NUMBERS)}-{key}"[:255]
    if case.operation.definition.raw.get("operationId") not in HARMFUL:
        return
    for parameters in (case.path_parameters, case.body):
        if isinstance(parameters, dict):
            for name, value in parameters.items():
                if isinstance(value, str) and value in OWN:
                    parameters[name] = UNKNOWN
