"""One authenticated request: who calls, what they accept, what they sent; and answers that refuse."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.emulator.disguise import Loose
from reconciler.emulator.faults import WRITING, active
from reconciler.emulator.leadconduit.catalog_entities import own_user
from reconciler.emulator.leadconduit.checks import Check
from reconciler.emulator.leadconduit.store import Store, time_ms
from reconciler.emulator.platform import Stored
from reconciler.emulator.tenants import Caller, caller_of
from reconciler.emulator.wire import answer, body_of

_VENDOR = re.compile(
    r"application/(json|vnd\.(com\.leadconduit\.|com/leadconduit\.)"
    r"(cap|changelog|credential|entity|event|field|flow|module|package|router)\+json)"
)
_NO_ACCEPT = {"error": "misconfigured csrf: check Accept header is set properly"}


class RefusedError(Exception):
    """Ends a request with a status other than success."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


@dataclass(slots=True)
class Call:
    """A request that may be answered."""

    request: Request
    store: Store
    tenant: str
    user: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The id in the path, as the platform means it: hexadecimal ids have no case."""
        given: str = self.request.path_params["id"]
        return given.lower() if re.fullmatch(r"[0-9a-fA-F]{24}", given) else given

    def query(self, name: str) -> str | None:
        """Return one query parameter."""
        return self.request.query_params.get(name)

    async def document(self, loose: Loose | None = None) -> dict[str, Any]:
        """Return the object in the body; refuses other content types (415) and what is no object (422)."""
        media_type = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not _VENDOR.fullmatch(media_type):
            raise RefusedError(415, {"error": "unsupported media type"})
        try:
            value = await body_of(self.request)
        except ValueError:
            raise RefusedError(422, {"error": "body is not valid JSON"}) from None
        if not isinstance(value, dict):
            raise RefusedError(422, {"error": "body must be an object"})
        disguise = active().disguise
        undressed: dict[str, Any] = disguise.undress(value, loose or Loose()) if disguise else value
        return undressed

    def check(self, check: Check, value: Any) -> None:
        """Refuse what a check finds fault with (422, messages in the shape of the document)."""
        if tree := check(value, self.store.known(self.tenant)):
            raise RefusedError(422, tree if isinstance(tree, dict) else {"error": tree[0]})

    def check_version(self, stored: Stored, sent: Mapping[str, Any]) -> None:
        """Refuse a change to an older version than the stored one (409); without `updated_at` any change may pass."""
        given = sent.get("updated_at")
        if given is None or "updated_at" not in stored:
            return
        try:
            older = time_ms(given) < time_ms(stored["updated_at"])
        except (TypeError, ValueError):
            raise RefusedError(422, {"updated_at": ["is not a valid time"]}) from None
        if older:
            raise RefusedError(409, {"error": "update rejected: a newer version exists"})

    def check_id(self, sent: Mapping[str, Any]) -> None:
        """Refuse a body that names another object than the path."""
        given = sent.get("id")
        if given is not None and (not isinstance(given, str) or given.lower() != self.id.lower()):
            raise RefusedError(422, {"id": ["does not match the path"]})

    def find(self, kind: str) -> Stored:
        """Return the object that the path names; refuses with 404 when there is none."""
        stored = self.store.tables[kind].get(self.tenant, self.id)
        if stored is None:
            raise RefusedError(404, {"error": "not found"})
        return stored

    def find_changeable(self, kind: str) -> Stored:
        """Return the object that the path names; refuses presets with 403."""
        stored = self.find(kind)
        if stored.get("standard") is True or self.store.tables[kind].preset(self.id) is not None:
            raise RefusedError(403, {"error": "standard resources may not be modified"})
        return stored


Handler: TypeAlias = Callable[[Call], Awaitable[Response]]


def caller(request: Request) -> Caller | None:
    """Return who signed a request with Basic authentication; the user name is ignored, the password is the key."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    _, colon, key = decoded.partition(":")
    return caller_of(key) if colon else None


def _check_accept(request: Request) -> None:
    ranges = [part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")]
    if any(_VENDOR.fullmatch(one) for one in ranges):
        return
    if all(one in {"", "*/*", "application/*"} for one in ranges):
        raise RefusedError(403, _NO_ACCEPT)
    raise RefusedError(406, {"error": "not acceptable"})


def _user_of(caller_: Caller, key_user: dict[str, dict[str, Any]]) -> Mapping[str, Any]:
    """Return the user of a key, as the change history shows them: with the key in clear."""
    user = key_user.get(caller_.tenant)
    if user is None:
        full = own_user(caller_.tenant, f"emulator-{caller_.tenant}")
        user = {name: full[name] for name in ("id", "first_name", "last_name", "email", "api_key")}
        key_user[caller_.tenant] = user
    return user


_key_users: dict[str, dict[str, Any]] = {}


def route(store: Store, path: str, method: str, handler: Handler, *, public: bool = False) -> Route:
    """Return a route whose handler is called for requests that may be answered.

    `public` handlers also answer without a key; they get an empty tenant then.
    """

    async def answered(request: Request) -> Response:
        _check_accept(request)
        signed = caller(request)
        if signed is None:
            if public:
                return await handler(Call(request, store, "", {}))
            given = "authorization" in request.headers
            raise RefusedError(401, {"error": "authentication failed" if given else "not authorized"})
        if signed.read_only and method in WRITING:
            raise RefusedError(403, {"error": "not authorized"})
        store.open(signed.tenant)
        return await handler(Call(request, store, signed.tenant, _user_of(signed, _key_users)))

    async def endpoint(request: Request) -> Response:
        try:
            return await answered(request)
        except RefusedError as refused:
            return answer(refused.body, refused.status)

    return Route(path, endpoint, methods=[method])
