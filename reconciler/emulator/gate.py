"""The gate in front of all platforms: counts requests and lets go wrong what shall go wrong.

Faults that come before the effect (429, 5xx, scripted failures) answer without asking the platform. Those that come
after it (a lost or cut answer, `when: after`) let the platform finish and spoil what it says.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.emulator.faults import WRITING, Failure, Faults, activate
from reconciler.emulator.log import Logged, RequestLog


class Line:
    """The connections that requests came in by. Whoever owns the socket says how to drop one."""

    __slots__ = ("hang_up",)

    def __init__(self) -> None:
        self.hang_up: Callable[[Scope], None] = _no_connection


@dataclass(slots=True)
class _Answer:
    """What a platform answered, held back until it is clear what the client gets of it."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)

    async def collect(self, message: Message) -> None:
        """Take one message of the answer (an ASGI `send`)."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
        else:
            self.body += message.get("body", b"")

    async def pass_on(self, send: Send) -> None:
        """Send the answer as it is."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": bytes(self.body)})

    async def cut(self, send: Send) -> None:
        """Send the headers and half of the body; the server closes the connection when nothing follows."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": bytes(self.body[: len(self.body) // 2]), "more_body": True})


class Gate:
    """ASGI middleware between the server and the platforms."""

    def __init__(self, app: ASGIApp, platforms: Collection[str], faults: Faults, log: RequestLog, line: Line) -> None:
        self._app = app
        self._platforms = frozenset(platforms)
        self._faults = faults
        self._log = log
        self._line = line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        platform = path[1:].partition("/")[0]
        if platform not in self._platforms:
            await self._app(scope, receive, send)
            return
        activate(self._faults)
        if self._faults.quiet:
            await self._straight(scope, receive, send, platform, path)
        else:
            await self._troubled(scope, receive, send, platform, path)

    async def _straight(self, scope: Scope, receive: Receive, send: Send, platform: str, path: str) -> None:
        status = 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            self._note(scope, platform, path, status, None)

    async def _troubled(self, scope: Scope, receive: Receive, send: Send, platform: str, path: str) -> None:
        faults = self._faults
        method: str = scope["method"]
        below = path[len(platform) + 1 :] or "/"
        if delay := faults.delay():
            await asyncio.sleep(delay)
        refusal, why = self._refusal(method, below, path, platform)
        if refusal is not None:
            await _drain(receive)
            self._note(scope, platform, path, refusal.status, why)
            await refusal.pass_on(send)
            return
        reply = _Answer()
        try:
            await self._app(scope, receive, reply.collect)
        except BaseException:
            self._note(scope, platform, path, 500, None)
            raise
        if failure := faults.scripted(method, below, path, after=True):
            self._note(scope, platform, path, failure.status, "fail")
            await _failed(failure, faults).pass_on(send)
        elif method in WRITING and faults.lose_response.strikes(faults.random):
            self._note(scope, platform, path, reply.status, "lose_response")
            self._line.hang_up(scope)
        elif reply.body and faults.truncate.strikes(faults.random):
            self._note(scope, platform, path, reply.status, "truncate")
            await reply.cut(send)
        else:
            self._note(scope, platform, path, reply.status, None)
            await reply.pass_on(send)

    def _refusal(self, method: str, below: str, path: str, platform: str) -> tuple[_Answer | None, str]:
        faults = self._faults
        if wait := faults.throttled(platform):
            return _refused(429, faults, wait), "throttle"
        if failure := faults.scripted(method, below, path, after=False):
            return _failed(failure, faults), "fail"
        if faults.rate_429.strikes(faults.random):
            return _refused(429, faults, 1), "rate_429"
        if faults.rate_5xx.strikes(faults.random):
            return _refused(faults.random.choice((500, 502, 503, 504)), faults, 1), "rate_5xx"
        return None, ""

    def _note(self, scope: Scope, platform: str, path: str, status: int, fault: str | None) -> None:
        template = path
        if parameters := scope.get("path_params"):
            values = {str(value): f"{{{name}}}" for name, value in parameters.items()}
            template = "/".join([values.get(part, part) for part in path.split("/")])
        query = scope["query_string"].decode("latin-1")
        at = time.time_ns() // 1_000_000
        self._log.add(Logged(scope["method"], path, template, query, status, platform, at, fault))


def _refused(status: int, faults: Faults, wait: float) -> _Answer:
    """Make the answer of an overloaded server; 502 and 504 are those of the proxy before it, and no JSON."""
    if status in {502, 504}:
        page = f"<html><head><title>{status}</title></head><body>upstream unavailable</body></html>"
        return _Answer(status, _headers(b"text/html", len(page)), bytearray(page.encode()))
    text = {429: "too many requests", 503: "service unavailable"}.get(status, "internal error")
    return _json(status, {"error": text}, faults, wait)


def _failed(failure: Failure, faults: Faults) -> _Answer:
    body = failure.body if failure.body is not None else {"error": f"scripted failure {failure.status}"}
    return _json(failure.status, body, faults, 1)


def _json(status: int, value: Any, faults: Faults, wait: float) -> _Answer:
    body = orjson.dumps(value)
    headers = _headers(b"application/json", len(body))
    if status in {429, 503} and (hint := faults.wait_hint(wait)) is not None:
        headers.append((b"retry-after", hint.encode()))
    return _Answer(status, headers, bytearray(body))


def _headers(media_type: bytes, length: int) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", media_type), (b"content-length", str(length).encode())]


async def _drain(receive: Receive) -> None:
    while (await receive()).get("more_body"):
        pass


def _no_connection(_scope: Scope) -> None:
    raise ConnectionResetError("the emulator dropped the connection without an answer")
