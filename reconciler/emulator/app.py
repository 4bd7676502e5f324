"""The emulator as one ASGI app: each platform at `/<platform>`, the control API at `/_control`."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Router

from reconciler.emulator.control import Control
from reconciler.emulator.faults import Faults
from reconciler.emulator.gate import Gate, Line
from reconciler.emulator.log import RequestLog
from reconciler.emulator.platform import Platform
from reconciler.emulator.wire import answer

PLATFORMS: Mapping[str, str] = {
    "convert": "reconciler.emulator.convert:ConvertPlatform",
    "leadconduit": "reconciler.emulator.leadconduit:LeadConduitPlatform",
}
"""Where the class of each platform is found; it is made without arguments."""


def make_platform(name: str) -> Platform:
    """Return a new, empty platform; raises KeyError for a name that is none."""
    module, _, attribute = PLATFORMS[name].partition(":")
    platform: Platform = getattr(importlib.import_module(module), attribute)()
    return platform


def create_app(
    platforms: Sequence[str | Platform] | None = None, data: Mapping[str, Mapping[str, Any]] | None = None
) -> Starlette:
    """Return an emulator of its own.

    `platforms`: names out of `PLATFORMS` or ready objects, all by default. `data`: what `GET /_control/dump` returned.
    `app.state` has `platforms` (by name), `faults`, `log` and `line`. Raises ValueError for data of another form.
    """
    made = [make_platform(one) if isinstance(one, str) else one for one in (platforms or PLATFORMS)]
    by_name = {platform.name: platform for platform in made}
    faults, log = Faults(), RequestLog()
    control = Control(by_name, faults, log)
    routes: list[BaseRoute] = [
        Mount(f"/{name}", app=Router(platform.routes(), redirect_slashes=False)) for name, platform in by_name.items()
    ]
    routes.append(Mount("/_control", app=Router(control.routes(), redirect_slashes=False)))
    if data:
        control.load_data(data)
    line = Line()
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Gate, platforms=by_name, faults=faults, log=log, line=line)],
        exception_handlers={HTTPException: _http_error},
    )
    app.state.platforms, app.state.faults, app.state.log, app.state.line = by_name, faults, log, line
    return app


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return answer({"error": error.detail}, error.status_code, error.headers)
