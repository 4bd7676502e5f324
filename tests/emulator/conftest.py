"""A tiny platform to test the core with, and servers with real sockets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from reconciler.emulator.disguise import Loose
from reconciler.emulator.platform import Stored
from reconciler.emulator.server import EmulatorServer
from reconciler.emulator.table import Table
from reconciler.emulator.wire import answer, body_of, raw


class ToyPlatform:
    """Things with an id: PUT, GET, DELETE, list."""

    name = "toy"

    def __init__(self) -> None:
        self.things = Table("things", loose=Loose(sets=("tags",), case=("url",), numbers=("size",), times=("at",)))

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/things", self._list, methods=["GET"]),
            Route("/things/{id}", self._get, methods=["GET"]),
            Route("/things/{id}", self._put, methods=["PUT"]),
            Route("/boom", self._boom, methods=["GET"]),
        ]

    def credentials(self) -> Sequence[str]:
        return ["no key needed"]

    def dump(self) -> Mapping[str, Sequence[Stored]]:
        return {"things": list(self.things.everything())}

    def load(self, data: Mapping[str, Sequence[Stored]]) -> None:
        for stored in data.get("things", ()):
            self.things.seed(stored.get("_account", "toy"), stored)

    def edit(self, kind: str, object_id: str, values: Mapping[str, Any] | None, user: str) -> None:
        stored = self.things.get("toy", object_id)
        if kind != "things" or stored is None:
            raise LookupError(f"no {kind} {object_id}")
        if values is None:
            self.things.delete("toy", object_id)
        else:
            self.things.put("toy", {**stored, **values, "by": user})

    def reset(self) -> None:
        self.things.clear()

    async def _list(self, _request: Request) -> Response:
        return raw(self.things.list_body("toy"))

    async def _get(self, request: Request) -> Response:
        body = self.things.body("toy", request.path_params["id"])
        return answer({"error": "none"}, 404) if body is None else raw(body)

    async def _put(self, request: Request) -> Response:
        stored = self.things.put("toy", {**await body_of(request), "id": request.path_params["id"]})
        return answer(self.things.shown(stored), 201)

    async def _boom(self, _request: Request) -> Response:
        raise RuntimeError("a bug in a platform")


@pytest.fixture(scope="module")
def toy_server() -> Iterator[EmulatorServer]:
    with EmulatorServer([ToyPlatform()]) as server:
        yield server


@pytest.fixture
def toy(toy_server: EmulatorServer) -> Iterator[httpx.Client]:
    """A client of a toy emulator in the state right after start."""
    with httpx.Client(base_url=toy_server.url) as client:
        client.post("/_control/reset")
        yield client
        client.post("/_control/reset")


@pytest.fixture(scope="module")
def leadconduit_server() -> Iterator[EmulatorServer]:
    with EmulatorServer(["leadconduit"]) as server:
        yield server


@pytest.fixture
def leadconduit(leadconduit_server: EmulatorServer) -> Iterator[httpx.Client]:
    """A client that is signed in as the account `leadconduit` of an emulator right after start."""
    with httpx.Client(
        base_url=leadconduit_server.url + "/leadconduit",
        auth=("X", "emulator-leadconduit"),
        headers={"Accept": "application/json"},
    ) as client:
        client.post(leadconduit_server.url + "/_control/reset")
        yield client
