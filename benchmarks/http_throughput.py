"""How fast the client is: requests per second and CPU per request, against a small server in another process.

    python benchmarks/http_throughput.py [--compare]

``--compare`` adds httpx as it comes: one shared ``httpx.Client``, and one for each thread. Goals, on two cores: at
least 1,900 requests/s with 50 threads against a server that takes 20 ms, and at most 0.25 ms of CPU of ours a request
(what is left after ``http.client`` alone) with one thread.
"""

import argparse
import asyncio
import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import httpx

from reconciler.http import Client, HeaderAuth, HostPolicy, Rate

BODY = b'{"data":[' + b",".join(b'{"id":%d,"name":"x"}' % number for number in range(5)) + b"]}"
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Thu, 15 Jan 2026 00:00:00 GMT\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)


class _Server(asyncio.Protocol):
    delay = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while self.buffer.endswith(b"\r\n\r\n"):  # only requests without a body come here
            self.buffer = b""
            if self.delay:
                asyncio.get_running_loop().call_later(self.delay, self.transport.write, ANSWER)
            else:
                self.transport.write(ANSWER)


async def _serve(delay: float) -> None:
    _Server.delay = delay
    server = await asyncio.get_running_loop().create_server(_Server, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def _server(delay: float) -> Iterator[int]:
    process = subprocess.Popen([sys.executable, __file__, "--serve", str(delay)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def _measure(name: str, call: Callable[[], object], threads: int, count: int) -> float:
    def many(number: int) -> None:
        for _ in range(number):
            call()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(many, [2] * threads))
        wall, cpu = time.perf_counter(), time.process_time()
        list(pool.map(many, [count // threads] * threads))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:34}{threads:4} threads {count / wall:7.0f}/s   {cpu / count * 1000:.3f} ms CPU/request", flush=True)
    return cpu / count


def _ours(port: int) -> Callable[[], object]:
    client = Client(
        f"http://127.0.0.1:{port}",
        HeaderAuth({"Authorization": "Bearer benchmark"}),
        rate=Rate(writers=None, reads=64),
        hosts=HostPolicy(()),
    )
    return partial(client.request, "GET", "/things", query=[("page", "1")])


def _plain(port: int) -> Callable[[], object]:
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def call() -> None:
        connection.request("GET", "/things?page=1", headers={"accept": "application/json"})
        connection.getresponse().read()

    return call


def _per_thread(url: str) -> Callable[[], object]:
    local = threading.local()

    def call() -> object:
        if not hasattr(local, "client"):
            local.client = httpx.Client()
        return local.client.get(url).json()

    return call


def main() -> None:
    """Run the benchmark, or (``--serve``) be its server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--serve", type=float)
    options = parser.parse_args()
    if options.serve is not None:
        asyncio.run(_serve(options.serve))
        return
    with _server(0.02) as port:
        _measure("ours, 20 ms", _ours(port), 50, 5000)
        _measure("ours, 20 ms", _ours(port), 8, 1200)
        if options.compare:
            url = f"http://127.0.0.1:{port}/things?page=1"
            limits = httpx.Limits(max_connections=50, max_keepalive_connections=50)
            shared = httpx.Client(limits=limits)
            _measure("one shared httpx.Client, 20 ms", lambda: shared.get(url).json(), 50, 3000)
            _measure("an httpx.Client a thread, 20 ms", _per_thread(url), 50, 3000)
    with _server(0.0) as port:
        floor = _measure("http.client alone, 0 ms", _plain(port), 1, 3000)
        ours = _measure("ours, 0 ms", _ours(port), 1, 3000)
        print(f"ours above http.client: {(ours - floor) * 1000:.3f} ms CPU a request")


if __name__ == "__main__":
    main()
