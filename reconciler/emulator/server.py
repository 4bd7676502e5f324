"""The emulator behind a real socket on 127.0.0.1: in a thread for tests and demos, or blocking for the command line."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.types import Scope

from reconciler.emulator.app import create_app
from reconciler.emulator.platform import Platform

HOST = "127.0.0.1"
START_SECONDS = 30.0


class _ThreadServer(uvicorn.Server):
    """A server that says when it is up, and goes down at once when told to by another thread."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()
        self._down: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        """Wait for the end; the Date header is renewed every second."""
        self._down = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        await self.on_tick(0)
        self.up.set()
        while not self.should_exit:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._down.wait()
            await self.on_tick(0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close everything without waiting for clients that keep their connections."""
        for server in self.servers:
            server.close()
        for one in sockets or ():
            one.close()
        for connection in list(self.server_state.connections):
            transport = connection.transport
            if transport is not None:
                transport.abort()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)

    def tell_to_stop(self) -> None:
        """End the server from another thread."""
        self.should_exit = True
        if self._loop is not None and self._down is not None:
            self._loop.call_soon_threadsafe(self._down.set)


def _configured(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=HOST,
        log_level="critical",
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_keep_alive=75,
        backlog=1024,
    )


def _let_it_hang_up(app: Starlette, server: uvicorn.Server) -> None:
    """Let the gate drop connections of this server."""

    def hang_up(scope: Scope) -> None:
        client = tuple(scope["client"])
        for connection in list(server.server_state.connections):
            if getattr(connection, "client", None) == client and connection.transport is not None:
                connection.transport.abort()

    app.state.line.hang_up = hang_up


class EmulatorServer:
    """An emulator in a thread of this process, over real HTTP. Use it as a context manager."""

    def __init__(
        self,
        platforms: Sequence[str | Platform] | None = None,
        data: Mapping[str, Mapping[str, Any]] | None = None,
        port: int = 0,
    ) -> None:
        """Make an emulator, not yet started; `port` 0 takes a free one. Arguments as `create_app`."""
        self.app = create_app(platforms, data)
        self._socket = socket.create_server((HOST, port), backlog=1024)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{HOST}:{self.port}"
        self._server = _ThreadServer(_configured(self.app))
        _let_it_hang_up(self.app, self._server)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="emulator", daemon=True
        )

    def start(self) -> Self:
        """Start to serve; returns when requests are answered. Raises RuntimeError when that does not happen."""
        self._thread.start()
        if not self._server.up.wait(START_SECONDS):
            raise RuntimeError(f"the emulator did not start within {START_SECONDS:g} s")
        return self

    def stop(self) -> None:
        """Stop at once; open connections are dropped."""
        if self._thread.is_alive():
            self._server.tell_to_stop()
            self._thread.join(START_SECONDS)
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def serve(port: int, data: Path | None = None) -> None:
    """Serve all platforms until interrupted, after printing the URL and how to sign in.

    `data` is a file with what `GET /_control/dump` returned. Raises OSError when the port is taken or the file cannot
    be read, ValueError when the file has another form.
    """
    app = create_app(data=orjson.loads(data.read_bytes()) if data else None)
    listener = socket.create_server((HOST, port), backlog=1024)
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    lines = [f"emulator at {url}"]
    for name, platform in app.state.platforms.items():
        lines.append(f"  {name}: {url}/{name}")
        lines += [f"    {line}" for line in platform.credentials()]
    lines.append(f"  use it: export RECONCILER_EMULATOR={url}")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    server = uvicorn.Server(_configured(app))
    _let_it_hang_up(app, server)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
