"""Who signs a request: HMAC signatures and bearer keys (Convert API v2, "API KEY Authentication").

The string that is signed is key id, expiry, full URL and raw body, one below the other; the signature is the lower-case
hexadecimal HMAC-SHA256 under the secret as UTF-8.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import time
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from reconciler.emulator.convert.problems import Refusal

_KEY_ID = re.compile(r"(readonly-)?emulator-([A-Za-z_][A-Za-z0-9_-]{0,99})")
_SCHEME = "Convert-HMAC-SHA256 Signature="
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Caller:
    """The key that signed a request."""

    key_id: str
    read_only: bool


def signature(key_id: str, secret: str, expires: str, url: str, body: bytes) -> str:
    """Return the signature of a request, as the header `Authorization` carries it after `Signature=`."""
    message = f"{key_id}\n{expires}\n{url}\n".encode() + body
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def full_url(request: Request) -> str:
    """Return the URL as it was asked for: host from the header, path and query in the very bytes that came."""
    scope = request.scope
    raw: Any = scope.get("raw_path") or scope["path"].encode()
    path = bytes(raw).split(b"?", 1)[0].decode("latin-1")
    query = bytes(scope.get("query_string", b"")).decode("latin-1")
    return f"{scope['scheme']}://{request.headers.get('host', '')}{path}" + (f"?{query}" if query else "")


def authenticate(request: Request, body: bytes) -> Caller:
    """Return who signed a request; raises a 401 for anybody unknown, a stale or a wrong signature."""
    given = request.headers.get("authorization", "")
    if given.startswith("Bearer "):
        key_id, _, secret = given.removeprefix("Bearer ").partition(":")
        caller, expected = _known(key_id)
        if not hmac.compare_digest(secret.encode(), expected.encode()):
            raise _unauthorized("wrong API key")
        return caller
    key_id = request.headers.get("convert-application-id", "")
    expires = request.headers.get("expires", "")
    if not given.startswith(_SCHEME) or not key_id or not expires:
        raise _unauthorized("the headers Convert-Application-ID, Expires and Authorization are required")
    caller, secret = _known(key_id)
    try:
        moment = float(expires)
    except ValueError:
        moment = math.nan
    now = time.time()
    if not now < moment <= now + _DAY:
        raise _unauthorized("the signature has expired or expires too late")
    right = signature(key_id, secret, expires, full_url(request), body)
    if not hmac.compare_digest(given.removeprefix(_SCHEME).encode(), right.encode()):
        raise _unauthorized("the signature does not match")
    return caller


def _known(key_id: str) -> tuple[Caller, str]:
    match = _KEY_ID.fullmatch(key_id)
    if match is None:
        raise _unauthorized("unknown API key")
    return Caller(key_id, match[1] is not None), f"emulator-secret-{match[2]}"


def _unauthorized(reason: str) -> Refusal:
    return Refusal(401, "Unauthorized", reason=reason)
