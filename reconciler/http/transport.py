"""The wire: an httpx transport with a free-list of keep-alive connections instead of a pool.

httpx's own pool looks at every connection for every request under one lock; with 50 threads that is 1.6 ms of CPU per
request (600 requests/s), against 0.36 ms (2,200/s) here; `benchmarks/http_throughput.py` measures it. Proxies go
through httpx's transport: only it speaks to them.
"""

import select
import socket
import ssl
import threading
import time
import urllib.request
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection

import httpx

from reconciler.http.errors import Unreachable
from reconciler.http.hosts import is_loopback

__all__ = ["MAX_IDLE", "Timeouts", "make_transport"]

MAX_IDLE = "reconciler.max_idle"
"""Request extension: how many seconds a connection may have been idle to be used for this request."""

_LONGEST_IDLE = 15.0
_CHUNK = 1 << 18
_SMALL = 1 << 16  # bodies up to this size are read in one call
_CONTEXT_LOCK = threading.Lock()
_CONTEXT: list[ssl.SSLContext] = []


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to open a connection, between two pieces of an answer, between two pieces sent, for a whole answer."""

    connect: float = 10.0
    read: float = 60.0
    write: float = 30.0
    total: float = 600.0


def make_transport(base: httpx.URL, timeouts: Timeouts) -> httpx.BaseTransport:
    """Choose how to reach a host: directly, or through the proxy that the environment names for it (never loopback)."""
    proxy = _proxy_for(base)
    if proxy is None:
        return DirectTransport(timeouts)
    # connections above the keep-alive limit would be closed after each request, so both limits are the same
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    try:
        return httpx.HTTPTransport(verify=ssl_context(), proxy=proxy, limits=limits)
    except (ImportError, ValueError):
        problem = (
            "the proxy that the environment names cannot be used (http:// and https:// can; SOCKS needs httpx[socks])"
        )
    raise Unreachable(problem)  # not within the handler: the lower error shows the proxy's address with its password


def ssl_context() -> ssl.SSLContext:
    """Give the TLS context of this process: certifi's roots, or SSL_CERT_FILE and SSL_CERT_DIR. Loading takes 20 ms."""
    with _CONTEXT_LOCK:
        if not _CONTEXT:
            context = httpx.create_ssl_context()
            context.set_alpn_protocols(["http/1.1"])
            _CONTEXT.append(context)
        return _CONTEXT[0]


def _proxy_for(url: httpx.URL) -> str | None:
    if is_loopback(url.host):
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(url.host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


class DirectTransport(httpx.BaseTransport):
    """HTTP/1.1 over ``http.client``. Raises httpx's own exceptions: it can stand where httpx's transport stands.

    Answers come read to the end. Threads share it without a lock: taking from and giving to a deque is atomic.
    """

    def __init__(self, timeouts: Timeouts | None = None) -> None:
        self._timeouts = timeouts or Timeouts()
        self._idle: dict[tuple[str, str, int | None], deque[tuple[float, HTTPConnection]]] = {}

    def close(self) -> None:
        """Close the idle connections."""
        for idle in self._idle.values():
            while idle:
                with suppress(IndexError):
                    idle.pop()[1].close()

    def __del__(self) -> None:
        self.close()  # whoever drops a client without closing it leaves no open sockets

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and read its answer to the end."""
        url = request.url
        limits = request.extensions.get("timeout", {})
        read = limits.get("read", self._timeouts.read)
        key = (url.scheme, url.host, url.port)
        idle = self._idle.setdefault(key, deque())
        body = request.read()
        connection = self._take(idle, request.extensions.get(MAX_IDLE, _LONGEST_IDLE))
        if connection is None:
            connection = self._open(request, limits.get("connect", self._timeouts.connect))
        try:
            self._send(connection, request, body, limits.get("write", self._timeouts.write))
            answer, content = self._receive(connection, request, read)
            response = httpx.Response(
                answer.status,
                headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.getheaders()],
                content=content,
                request=request,
                extensions={"http_version": b"HTTP/1.1"},
            )
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            idle.append((time.monotonic(), connection))
        return response

    @staticmethod
    def _take(idle: deque[tuple[float, HTTPConnection]], max_idle: float) -> HTTPConnection | None:
        while True:
            try:
                since, connection = idle.pop()
            except IndexError:
                return None
            # Something to read on an idle connection is its end: the server closed it.
            if time.monotonic() - since <= max_idle and not _readable(connection.sock):
                return connection
            connection.close()

    def _open(self, request: httpx.Request, timeout: float) -> HTTPConnection:
        url = request.url
        host = url.raw_host.decode("ascii")
        if url.scheme == "https":
            connection: HTTPConnection = HTTPSConnection(host, url.port, timeout=timeout, context=ssl_context())
        else:
            connection = HTTPConnection(host, url.port, timeout=timeout)
        try:
            connection.connect()
        except TimeoutError as error:
            connection.close()
            raise httpx.ConnectTimeout(f"no connection within {timeout:g} s", request=request) from error
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that DNS cannot hold
            connection.close()
            raise httpx.ConnectError(str(error), request=request) from error
        return connection

    @staticmethod
    def _send(connection: HTTPConnection, request: httpx.Request, body: bytes, timeout: float) -> None:
        connection.sock.settimeout(timeout)
        try:
            connection.putrequest(
                request.method, request.url.raw_path.decode("ascii"), skip_host=True, skip_accept_encoding=True
            )
            for name, value in request.headers.raw:
                connection.putheader(name, value)
            connection.endheaders(body or None)
        except TimeoutError as error:
            raise httpx.WriteTimeout(f"could not send for {timeout:g} s", request=request) from error
        except OSError as error:
            raise httpx.WriteError(str(error), request=request) from error
        except (HTTPException, ValueError) as error:  # a control character in a header: nothing was sent
            raise httpx.LocalProtocolError("the request is not valid HTTP", request=request) from error

    def _receive(
        self, connection: HTTPConnection, request: httpx.Request, timeout: float
    ) -> tuple[HTTPResponse, bytes]:
        connection.sock.settimeout(timeout)
        try:
            answer = connection.getresponse()
            length = answer.length
            if length is not None and length <= _SMALL:
                content = answer.read()
            else:
                content = self._read_on(answer, request, self._timeouts.total)
        except TimeoutError as error:
            raise httpx.ReadTimeout(f"no answer for {timeout:g} s", request=request) from error
        except HTTPException as error:
            raise httpx.RemoteProtocolError(f"broken answer ({type(error).__name__})", request=request) from error
        except (OSError, ValueError) as error:
            raise httpx.ReadError(str(error), request=request) from error
        # Without a length an answer ends with its connection. `http.client` takes a cut in the middle of the headers as
        # their end, and the rest as an empty answer, which for a list would mean "there is nothing".
        unframed = length is None and not answer.chunked
        if answer.status < 200 or (unframed and not content):
            raise httpx.RemoteProtocolError("the answer ended in its headers", request=request)
        return answer, content

    @staticmethod
    def _read_on(answer: HTTPResponse, request: httpx.Request, total: float) -> bytes:
        end = time.monotonic() + total
        pieces = []
        while piece := answer.read1(_CHUNK):
            pieces.append(piece)
            if time.monotonic() > end:
                raise httpx.ReadTimeout(f"the answer was not complete after {total:g} s", request=request)
        if answer.length:
            raise httpx.RemoteProtocolError(f"the answer was cut {answer.length} bytes before its end", request=request)
        answer.close()  # read1() does not notice that it is done, and the connection would not take another request
        return b"".join(pieces)


def _readable(sock: socket.socket | None) -> bool:
    if sock is None:
        return True
    try:
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return True
    except AttributeError:  # no poll() on Windows
        return bool(select.select([sock], [], [], 0)[0])
