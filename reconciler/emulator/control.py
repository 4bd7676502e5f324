"""The control API: what tests, and people trying things, do behind the platforms' backs."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.emulator.faults import Faults
from reconciler.emulator.log import RequestLog
from reconciler.emulator.platform import Platform
from reconciler.emulator.wire import answer, body_of

UI_USER = "someone@example.com"
"""Who edits at the UI when the request does not say."""

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


class Control:
    """Handlers of `/_control/…` over all platforms of one emulator."""

    def __init__(self, platforms: Mapping[str, Platform], faults: Faults, log: RequestLog) -> None:
        self._platforms = platforms
        self._faults = faults
        self._log = log

    def routes(self) -> list[Route]:
        """Return the routes, relative to `/_control`."""
        return [
            Route("/dump", _guarded(self.dump), methods=["GET"]),
            Route("/edit", _guarded(self.edit), methods=["POST"]),
            Route("/load", _guarded(self.load), methods=["POST"]),
            Route("/requests", _guarded(self.requests), methods=["GET"]),
            Route("/requests", _guarded(self.forget_requests), methods=["DELETE"]),
            Route("/faults", _guarded(self.show_faults), methods=["GET"]),
            Route("/faults", _guarded(self.set_faults), methods=["POST"]),
            Route("/reset", _guarded(self.reset), methods=["POST"]),
        ]

    def load_data(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        """Add what `dump` returned to the platforms; raises ValueError for what has not that form."""
        for name, kinds in data.items():
            if name not in self._platforms:
                raise ValueError(f"no platform {name!r} here, there are: {', '.join(self._platforms)}")
            if not isinstance(kinds, Mapping) or not all(isinstance(rows, list) for rows in kinds.values()):
                raise ValueError(f"{name}: expected {{kind: [objects]}}")
        collecting = gc.isenabled()
        gc.disable()  # millions of new objects and no garbage: looking for some doubles the time
        try:
            for name, kinds in data.items():
                self._platforms[name].load(kinds)
        finally:
            if collecting:
                gc.enable()

    async def dump(self, request: Request) -> Response:
        """GET dump: `{platform: {kind: [objects as stored]}}`; `?platform=` for one."""
        wanted = request.query_params.getlist("platform")
        return answer({name: one.dump() for name, one in self._platforms.items() if not wanted or name in wanted})

    async def edit(self, request: Request) -> Response:
        """POST edit: somebody at the UI changes (`set`) or deletes (`delete: true`) an object.

        `account` says whose object is meant where several accounts have one of that id.
        """
        body = await body_of(request)
        if not isinstance(body, dict):
            raise ValueError("expected {platform, kind, id, set, user}")  # noqa: TRY004 - becomes a 422
        if unknown := body.keys() - {"platform", "kind", "id", "set", "delete", "user", "account"}:
            raise ValueError(f"unknown attribute {min(unknown)!r}")
        for name in ("platform", "kind", "id"):
            if name not in body:
                raise ValueError(f"{name} is missing")
        platform = self._platforms.get(body["platform"])
        if platform is None:
            raise LookupError(f"no platform {body['platform']!r}")
        delete = body.get("delete") is True
        if not delete and not isinstance(body.get("set"), dict):
            raise ValueError("set: expected an object (or delete: true)")
        object_id = f"{body['account']}/{body['id']}" if "account" in body else str(body["id"])
        platform.edit(body["kind"], object_id, None if delete else body["set"], body.get("user") or UI_USER)
        return answer({"ok": True})

    async def load(self, request: Request) -> Response:
        """POST load: adds what `dump` returned."""
        data = await body_of(request)
        if not isinstance(data, dict):
            raise ValueError("expected {platform: {kind: [objects]}}")  # noqa: TRY004 - becomes a 422
        self.load_data(data)
        return answer({"ok": True})

    async def requests(self, request: Request) -> Response:
        """GET requests: the log, oldest first; `?counts=1`: numbers by method and path template."""
        if request.query_params.get("counts"):
            return answer(self._log.counts())
        return answer(self._log.shown())

    async def forget_requests(self, _request: Request) -> Response:
        """DELETE requests: an empty log."""
        self._log.clear()
        return answer({"ok": True})

    async def show_faults(self, _request: Request) -> Response:
        """GET faults: what is in force."""
        return answer(self._faults.shown())

    async def set_faults(self, request: Request) -> Response:
        """POST faults: replaces what is in force; `{}` clears."""
        raw = await request.body()
        self._faults.replace(await body_of(request) if raw else {})
        return answer(self._faults.shown())

    async def reset(self, request: Request) -> Response:
        """POST reset: forgets all data, the log and the faults; with `{data|requests|faults: true}` only those."""
        chosen = await body_of(request) if await request.body() else {}
        if not isinstance(chosen, dict) or chosen.keys() - {"data", "requests", "faults"}:
            raise ValueError("expected {}, or some of data, requests, faults: true")
        parts = {name for name, wanted in chosen.items() if wanted} or {"data", "requests", "faults"}
        if "data" in parts:
            for platform in self._platforms.values():
                platform.reset()
        if "requests" in parts:
            self._log.clear()
        if "faults" in parts:
            self._faults.clear()
        return answer({"ok": True})


def _guarded(handler: Handler) -> Handler:
    """Turn what a handler raises into 404 (no such thing) or 422 (not a request that we know)."""

    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except LookupError as error:
            return answer({"error": str(error.args[0]) if error.args else "not found"}, 404)
        except (ValueError, TypeError) as error:
            return answer({"error": str(error)}, 422)

    return guarded
