"""A server that plays a script, over real sockets, and a clock that moves by itself."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import orjson

from reconciler.http import Auth, Budget, Client, Clock, HostPolicy, NoAuth, Rate, RequestLog, RetryPolicy


@dataclass
class Seen:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class Cut:
    """Send this and close; ``reset`` closes the rude way."""

    data: bytes = b""
    reset: bool = False


@dataclass
class Silence:
    """Answer nothing until told to."""

    until: threading.Event


Answer = bytes | Cut | Silence
Step = Answer | Callable[[Seen], Answer]


def answer(
    status: int = 200,
    body: Any = None,
    *headers: tuple[str, str],
    kind: str = "application/json",
    raw: bytes | None = None,
) -> bytes:
    data = raw if raw is not None else b"" if body is None else orjson.dumps(body)
    lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(data)}"]
    if data:
        lines.append(f"Content-Type: {kind}")
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + data


class Wire:
    """Plays the steps in the order in which requests come; the last one again and again."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.seen: list[Seen] = []
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        self._open: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Close all connections, as a server does after a while of silence."""
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # it went by itself

    def secure(self, context: ssl.SSLContext) -> None:
        """Speak TLS on every connection from here on."""
        self._context = context

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            number += 1
            with self._lock:
                self._open.append(connection)
            threading.Thread(target=self._talk, args=(connection, number), daemon=True).start()

    def _talk(self, connection: socket.socket, number: int) -> None:
        if self._context is not None:
            try:
                connection = self._context.wrap_socket(connection, server_side=True)
            except OSError:  # the client did not like our certificate
                connection.close()
                return
        with connection, connection.makefile("rb") as stream:
            while True:
                try:
                    first = stream.readline()
                    if not first:
                        return
                    headers = {}
                    while (line := stream.readline().strip()) != b"":
                        name, _, value = line.decode("latin-1").partition(":")
                        headers[name.lower()] = value.strip()
                    body = stream.read(int(headers.get("content-length", "0")))
                except OSError:
                    return
                method, target, _ = first.decode("latin-1").split(" ", 2)
                seen = Seen(method, target, headers, body, number)
                with self._lock:
                    self.seen.append(seen)
                    step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
                reply = step(seen) if callable(step) else step
                try:
                    if not self._reply(connection, reply):
                        return
                except OSError:  # the client went away
                    return

    @staticmethod
    def _reply(connection: socket.socket, reply: Answer) -> bool:
        """Tell whether the connection goes on."""
        if isinstance(reply, bytes):
            connection.sendall(reply)
            return True
        if isinstance(reply, Silence):
            reply.until.wait(10)
            return False
        connection.sendall(reply.data)
        if reply.reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            connection.shutdown(socket.SHUT_RDWR)
        return False


class FakeClock(Clock):
    """Time passes only by waiting. ``waits`` has each wait in seconds."""

    def __init__(self, wall: float = 1_768_435_200.0) -> None:
        self._lock = threading.Lock()
        self._now = 1000.0
        self._wall = wall
        self.waits: list[float] = []

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return self._wall + self._now - 1000.0

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        with self._lock:
            if stop.is_set():
                return True
            self.waits.append(seconds)
            self._now += seconds
            return False


def upper(low: float, high: float) -> float:
    """Jitter without chance: always the longest."""
    del low
    return high


def connect(wire: "Wire | str", auth: Auth | Callable[[], Auth] | None = None, **options: Any) -> Client:
    """Make a client of a wire: waits take no time, and jitter no chance, unless said otherwise."""
    options.setdefault("clock", FakeClock())
    options.setdefault("rate", Rate(reads=None, writers=None))
    options.setdefault("hosts", HostPolicy(("example.com",), environ={}))
    options.setdefault("retry", RetryPolicy(jitter=upper))
    options.setdefault("log", RequestLog())
    options.setdefault("budget", Budget(clock=options["clock"]))
    url = wire if isinstance(wire, str) else wire.url
    return Client(url, auth or NoAuth(), account="convert", **options)


def statuses(values: Iterable[int]) -> list[bytes]:
    return [
        answer(status, {"message": f"no {status}"}) if status >= 400 else answer(status, {"ok": 1}) for status in values
    ]
