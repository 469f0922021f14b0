"""Reads one call a line, makes it with ZITADEL's own client, and prints what the client gave, one line each.

Argument: the address of the host.
"""

import functools
import json
import re
import sys
import warnings
from datetime import datetime, timezone

# One of the client's dependencies warns about another.
with warnings.catch_warnings(record=True):
    from zitadel_client import ApiError, Zitadel, models
    from zitadel_client.auth.no_auth_authenticator import NoAuthAuthenticator

HOST = sys.argv[1]


# A client reads its certificates when it is made, which takes longer than a call.
@functools.cache
def client_of(token):
    if token is None:
        return Zitadel(NoAuthAuthenticator(HOST))
    return Zitadel.with_access_token(HOST, token)


def plain(value):
    """What the client's types hold, as JSON; dates are dates with a zone by then, and what is absent is None."""
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [plain(member) for member in value]
    if isinstance(value, datetime):
        assert value.tzinfo is not None, value
        return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value


def call(step):
    method = step["method"]
    request = getattr(models, f"UserService{method}Request").from_dict(step["request"])
    # SetPhone is set_phone, GetUserByID is get_user_by_id.
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", method).lower()
    headers = {"Accept-Language": step["language"]} if step.get("language") else None
    try:
        answer = getattr(client_of(step.get("token")).users, name)(request, _headers=headers)
        assert type(answer) is getattr(models, f"UserService{method}Response"), type(answer)
        return {"answer": plain(answer.to_dict())}
    except ApiError as error:
        typed = models.UserServiceConnectError.from_dict(error.response_body)
        details = [{"type": detail.type, "value": detail.value} for detail in typed.details or []]
        return {"error": {"status": error.code, "code": typed.code, "message": typed.message, "details": details}}


for line in sys.stdin:
    print(json.dumps(call(json.loads(line))), flush=True)
