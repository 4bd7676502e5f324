"""The wire itself: connections that are kept, cut, stale, or of a proxy."""

import ssl
import subprocess
import sys
import threading

import httpx
import pytest

from reconciler.http import Timeouts, Unreachable
from reconciler.http import transport as wires
from reconciler.http.transport import MAX_IDLE, DirectTransport, make_transport
from tests.http.wire import Cut, Seen, Wire, answer, connect


def get(transport: DirectTransport, url: str, **extensions: object) -> httpx.Response:
    return transport.handle_request(httpx.Request("GET", url, extensions=extensions))


def test_a_connection_is_used_again() -> None:
    with Wire(answer(200, [1])) as wire, DirectTransport() as transport:
        for _ in range(3):
            assert get(transport, wire.url).content == b"[1]"
    assert [seen.connection for seen in wire.seen] == [1, 1, 1]


def test_a_connection_that_the_server_closed_is_not_used_for_a_write() -> None:
    with Wire(answer(200, {})) as wire:
        client = connect(wire)
        client.request("GET", "/x")
        wire.hang_up()
        for _ in range(3):
            client.request("POST", "/x", json={})
    assert [seen.connection for seen in wire.seen] == [1, 2, 2, 2]


def test_a_connection_that_was_idle_for_long_is_not_used() -> None:
    with Wire(answer(200, {})) as wire, DirectTransport() as transport:
        get(transport, wire.url)
        get(transport, wire.url, **{MAX_IDLE: 60.0})
        get(transport, wire.url, **{MAX_IDLE: -1.0})
    assert [seen.connection for seen in wire.seen] == [1, 1, 2]


def test_a_connection_that_the_server_will_close_is_not_kept() -> None:
    with Wire(answer(200, [1], ("Connection", "close"))) as wire, DirectTransport() as transport:
        get(transport, wire.url)
        get(transport, wire.url)
    assert [seen.connection for seen in wire.seen] == [1, 2]


def _chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + end


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 3_000_000])
def test_answers_of_any_size(size: int) -> None:
    data = b"x" * size
    with Wire(answer(200, raw=data), _chunked(data, b"y"), answer(200, [1])) as wire, DirectTransport() as transport:
        assert get(transport, wire.url).content == data
        if size:
            assert get(transport, wire.url).content == data + b"y"
            assert get(transport, wire.url).content == b"[1]"
    assert {seen.connection for seen in wire.seen} == {1}


def test_an_answer_that_ends_with_its_connection() -> None:
    with Wire(Cut(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[1, 2]")) as wire, DirectTransport() as transport:
        assert get(transport, wire.url).content == b"[1, 2]"


@pytest.mark.parametrize(
    "cut",
    [
        b"",
        b"HTTP",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: appl",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n",
        answer(200, raw=b"x" * 100)[:-1],
        answer(200, raw=b"x" * 200_000)[:-1],
        _chunked(b"abc", end=b""),
        _chunked(b"abc", end=b"5\r\nab"),
        _chunked(b"abc" * 50_000, end=b"zz"),
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
    ],
)
def test_an_answer_that_is_cut_is_never_taken_for_a_short_one(cut: bytes) -> None:
    broken = pytest.raises((httpx.RemoteProtocolError, httpx.ReadError))
    with Wire(Cut(cut)) as wire, DirectTransport() as transport, broken:
        get(transport, wire.url)


def test_broken_compression_is_a_broken_answer() -> None:
    reply = answer(200, None, ("Content-Encoding", "gzip"), raw=b"not gzip")
    with Wire(reply) as wire, pytest.raises(Exception, match="cut or broken"):
        connect(wire).request("GET", "/x")
    assert len(wire.seen) == 6


def test_headers_beyond_ascii_are_kept() -> None:
    with Wire(answer(200, [1], ("X-Name", "fü"))) as wire:
        assert connect(wire).request("GET", "/x").headers["x-name"] == "fü"


def test_a_long_answer_that_does_not_end() -> None:
    stop = threading.Event()

    def endless(_: Seen) -> bytes:
        stop.wait(0.02)
        return b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + b"x" * 400_000

    late = pytest.raises(httpx.ReadTimeout, match="not complete")
    with Wire(endless) as wire, DirectTransport(Timeouts(total=0.0)) as transport, late:
        get(transport, wire.url)


def test_a_certificate_that_nobody_signed(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("tls")
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", str(folder / "key"), "-out", str(folder / "cert")),
        ],
        capture_output=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert", folder / "key")
    with Wire(answer(200, {"ok": 1})) as wire:
        wire.secure(context)
        url = f"https://localhost:{wire.port}"
        with pytest.raises(Unreachable, match=r"cannot be reached.*certificate"):
            connect(url).request("POST", "/x", json={})
        assert not wire.seen
        trusting = ssl.create_default_context(cafile=str(folder / "cert"))
        client = connect(url)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(wires, "_CONTEXT", [trusting])
            assert client.request("GET", "/x").json() == {"ok": 1}
            assert client.request("GET", "/x").json() == {"ok": 1}
        client.close()
    assert len({seen.connection for seen in wire.seen}) == 1


def test_the_context_is_made_once_and_verifies() -> None:
    context = wires.ssl_context()
    assert context is wires.ssl_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_a_proxy_is_used_for_others_and_never_for_loopback(clean: pytest.MonkeyPatch) -> None:
    with Wire(answer(200, {"by": "proxy"})) as proxy, Wire(answer(200, {"by": "itself"})) as wire:
        clean.setenv("http_proxy", proxy.url)
        assert connect(wire).request("GET", "/x").json() == {"by": "itself"}
        from reconciler.http import HostPolicy

        hosts = HostPolicy((), environ={"RECONCILER_ALLOWED_HOSTS": "api.example.com"})
        with connect("http://api.example.com", hosts=hosts) as client:
            assert client.request("GET", "/x", query=[("a", "b c")]).json() == {"by": "proxy"}
        assert proxy.seen[0].target == "http://api.example.com/x?a=b%20c"
        clean.setenv("no_proxy", "api.example.com")
        assert isinstance(make_transport(httpx.URL("http://api.example.com"), Timeouts()), DirectTransport)


def test_a_proxy_that_cannot_be_used_is_said_without_its_password(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("https_proxy", "gopher://user:p4ssw0rd@proxy.example:1")
    with pytest.raises(Unreachable, match="proxy") as caught:
        make_transport(httpx.URL("https://api.example.com"), Timeouts())
    assert "p4ssw0rd" not in str(caught.value)
    assert caught.value.__context__ is None


def test_the_cheap_names_do_not_bring_in_httpx() -> None:
    code = (
        "import sys\n"
        "from reconciler.http import HostPolicy, HttpError, Page, Rate, Redactor, RequestLog, Auth, Budget\n"
        "HostPolicy(('a',)); assert 'httpx' not in sys.modules\n"
        "import reconciler.http as http\n"
        "assert all(getattr(http, name) for name in http.__all__)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
