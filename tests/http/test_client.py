"""Requests over real sockets: what is sent, what is signed, what comes back."""

import gzip
import hashlib
import hmac
import io
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.http import (
    Auth,
    BadAnswer,
    BasicAuth,
    Conflict,
    Forbidden,
    ForeignHost,
    HeaderAuth,
    HttpError,
    Invalid,
    NotFound,
    RequestLog,
    ServerError,
    Throttled,
    Unauthorized,
    UnclearOutcome,
    WriteRefused,
    segment,
)
from tests.http.wire import Cut, FakeClock, Seen, Wire, answer, connect


class Signing(Auth):
    """Signs as Convert does, and remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple[str, str, bytes]] = []

    def sign(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        self.given.append((method, url, body))
        text = b"\n".join((url.encode(), body))
        return {"Authorization": "HMAC " + hmac.new(b"key", text, hashlib.sha256).hexdigest()}


def test_the_answer_is_read_and_unpacked() -> None:
    packed = gzip.compress(b'{"data":[1]}')
    reply = answer(200, None, ("Content-Encoding", "gzip"), ("X-Request-Id", "r-1"), raw=packed)
    with Wire(reply) as wire:
        response = connect(wire).request("GET", "/goals", query=[("page", "1")])
    assert response.json() == {"data": [1]}
    assert (response.status, response.request_id) == (200, "r-1")
    assert response.url == f"{wire.url}/goals?page=1"
    seen = wire.seen[0]
    assert (seen.method, seen.target, seen.headers["host"]) == ("GET", "/goals?page=1", f"127.0.0.1:{wire.port}")
    assert seen.headers["accept"] == "application/json"
    assert "content-type" not in seen.headers


def test_no_content_is_none() -> None:
    with Wire(b"HTTP/1.1 204 No Content\r\n\r\n", answer(200)) as wire:
        client = connect(wire)
        assert client.request("GET", "/flows").json() is None
        assert client.request("GET", "/flows").json() is None
        assert [seen.connection for seen in wire.seen] == [1, 1]


def test_json_is_sent_compact_and_unescaped_also_on_delete() -> None:
    with Wire(answer(200, {})) as wire:
        connect(wire).request("DELETE", "/keys/", json={"key": "ü/x", "n": 50.0})
    assert wire.seen[0].body == '{"key":"ü/x","n":50.0}'.encode()
    assert wire.seen[0].headers["content-type"] == "application/json"
    assert wire.seen[0].target == "/keys/"


texts = st.text(st.characters(codec="utf-8"), max_size=8)


def test_what_is_signed_is_what_is_sent() -> None:
    auth = Signing()
    with Wire(answer(200, {})) as wire:
        client = connect(f"{wire.url}/api/v2", auth)

        @settings(deadline=None)
        @given(texts.filter(lambda text: text not in {"", ".", ".."}), st.lists(st.tuples(texts, texts), max_size=3))
        def check(name: str, query: list[tuple[str, str]]) -> None:
            wire.seen.clear()
            auth.given.clear()
            client.request("POST", f"/goals/{segment(name)}", query=query, json={"name": name}, reads=True)
            (method, url, body), seen = auth.given[0], wire.seen[0]
            assert url == f"http://{seen.headers['host']}{seen.target}"
            assert (method, body) == (seen.method, seen.body)
            assert seen.target.startswith("/api/v2/goals/")
            assert orjson.loads(body) == {"name": name}

        check()


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ([("include[]", "variations"), ("include[]", "a.b")], "/x?include[]=variations&include[]=a.b"),
        ([("q", "50% & more?#=+")], "/x?q=50%25%20%26%20more%3F%23%3D%2B"),
        ([("q", "%41")], "/x?q=%2541"),
        ([("filter[name]", "ü")], "/x?filter[name]=%C3%BC"),
    ],
)
def test_a_query_is_quoted_once(query: list[tuple[str, str]], target: str) -> None:
    with Wire(answer()) as wire:
        connect(wire).request("GET", "/x", query=query)
    assert wire.seen[0].target == target


@pytest.mark.parametrize("path", ["/a?b", "/a#b", "/a/../b", "/%2e%2E/b", "/a\r\nX: y", "/a\\b"])
def test_paths_that_would_go_elsewhere_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="not a path"):
        connect("http://127.0.0.1:1").request("GET", path)


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_ids_that_would_go_elsewhere_are_refused(value: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a path"):
        segment(value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Invalid),
        (401, Unauthorized),
        (402, Forbidden),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (415, HttpError),
        (422, Invalid),
        (429, Throttled),
        (500, ServerError),
        (503, ServerError),
    ],
)
def test_statuses_are_errors(status: int, kind: type[HttpError]) -> None:
    reply = answer(
        status, {"errors": [{"code": "bad", "message": "no good", "field": "name"}]}, ("X-Request-Id", "r-9")
    )
    with Wire(reply) as wire, pytest.raises(kind) as caught:
        connect(wire).request("GET", "/goals/1")
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.method, error.request_id) == (status, "GET", "r-9")
    assert (
        str(error)
        == f"GET {wire.url}/goals/1: {status} {HTTPStatus(status).phrase}: bad: no good (name) (request id r-9)"
    )
    assert error.body["errors"][0]["field"] == "name"
    assert not error.maybe_applied


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ({"message": ["a", "b"], "fields": ["name"]}, "a; b (name)"),
        ({"error": "x", "error_description": "why"}, "why"),
        ({"error": {"code": 3, "message": "inner"}}, "inner"),
        ({"message": "bad", "errors": {"flow.name": ["is taken"]}}, "bad: flow.name: is taken"),
        ({"sources": {"0": {"entity": {"id": ["Unknown source"]}}}}, "sources.0.entity.id: Unknown source"),
        ({"message": "two\nlines"}, "two lines"),
        ({}, ""),
    ],
)
def test_the_human_part_of_an_error(body: Any, line: str) -> None:
    with Wire(answer(422, body)) as wire, pytest.raises(Invalid) as caught:
        connect(wire).request("POST", "/x", json={})
    assert caught.value.message == f"422 {HTTPStatus(422).phrase}" + (f": {line}" if line else "")


def test_a_page_of_a_proxy_is_a_bad_answer_only_when_read() -> None:
    with Wire(answer(200, kind="text/html", raw=b"<html>")) as wire:
        response = connect(wire).request("GET", "/x")
    with pytest.raises(BadAnswer, match="not JSON"):
        response.json()


class Tokens(Auth):
    """A token that runs out, and its refresh through the client itself."""

    def __init__(self) -> None:
        self.token = "old"
        self.refreshes = 0
        self.call: Any = None

    def sign(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def refresh(self) -> bool:
        self.refreshes += 1
        self.token = self.call("POST", "/auth/validate", json={"r": 1}, reads=True).json()["token"]
        return True

    def expired(self, status: int, body: bytes) -> bool:
        return status in {400, 401}


def _token_server(seen: Seen) -> bytes:
    if seen.target == "/auth/validate":
        return answer(200, {"token": "new"})
    good = seen.headers["authorization"] == "Bearer new"
    return answer(200, {"ok": True}) if good else answer(400, {"error": "expired"})


def test_one_refresh_serves_all_threads() -> None:
    auth = Tokens()
    with Wire(_token_server) as wire, ThreadPoolExecutor(8) as pool:
        client = connect(wire, auth)
        auth.call = client.request
        answers = list(pool.map(lambda number: client.request("POST", f"/things/{number}", json={}).json(), range(16)))
    assert answers == [{"ok": True}] * 16
    assert auth.refreshes == 1


def test_a_refused_refresh_is_the_error() -> None:
    auth = Tokens()
    with Wire(answer(401, {"message": "Unauthorized"})) as wire:
        client = connect(wire, auth)
        auth.call = client.request
        with pytest.raises(Unauthorized):
            client.request("GET", "/x")
    assert [seen.target for seen in wire.seen] == ["/x", "/auth/validate"]


class Expiring(Auth):
    """A signature with an expiry time, as Convert has it."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock

    def sign(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        return {"Expires": str(int(self.clock.wall() + self.clock_offset + 60))}


@pytest.mark.parametrize("ahead", [500, -500])
def test_a_wrong_clock_is_found_by_the_date_header_and_the_call_signed_again(ahead: int) -> None:
    clock = FakeClock()

    def server(seen: Seen) -> bytes:
        theirs = clock.wall() + ahead
        good = theirs < int(seen.headers["expires"]) <= theirs + 300
        return answer(200 if good else 401, {"ok": good}, ("Date", formatdate(theirs, usegmt=True)))

    with Wire(server) as wire:
        client = connect(wire, Expiring(clock), clock=clock)
        assert client.clock_skew is None
        assert client.request("POST", "/goals/add", json={}).json() == {"ok": True}
        assert len(wire.seen) == 2
        assert client.request("POST", "/goals/add", json={}).json() == {"ok": True}
        assert len(wire.seen) == 3
    assert client.clock_skew == pytest.approx(ahead, abs=1)


def test_credentials_are_made_at_the_first_request_and_not_for_strangers() -> None:
    made = []

    def make() -> Auth:
        made.append(1)
        return BasicAuth("X", "1234567890")

    with pytest.raises(ForeignHost):
        connect("https://evil.example", make)
    with Wire(answer()) as wire:
        client = connect(wire, make)
        assert not made
        client.request("GET", "/flows")
        client.request("GET", "/flows")
    assert made == [1]
    assert wire.seen[0].headers["authorization"] == "Basic WDoxMjM0NTY3ODkw"


@pytest.mark.parametrize("key", ["abc\n", "äöü", "a\r\nX-Evil: 1"])
def test_a_key_that_no_header_can_carry_is_said_and_not_shown(key: str) -> None:
    with Wire(answer()) as wire, pytest.raises(Unauthorized, match="line break") as caught:
        connect(wire, HeaderAuth({"Authorization": key})).request("GET", "/x")
    assert key.strip() not in str(caught.value)
    assert not wire.seen


def test_redirects_of_reads_stay_on_the_host() -> None:
    auth = Signing()
    with Wire(answer(307, None, ("Location", "/b?x=1")), answer(200, {"ok": 1})) as wire:
        client = connect(wire, auth)
        assert client.request("POST", "/a", json=[1], reads=True).json() == {"ok": 1}
    assert [(seen.method, seen.target, seen.body) for seen in wire.seen] == [
        ("POST", "/a", b"[1]"),
        ("POST", "/b?x=1", b"[1]"),
    ]
    assert auth.given[1][1] == f"{wire.url}/b?x=1"


def test_see_other_is_read_by_get() -> None:
    with Wire(answer(303, None, ("Location", "/b")), answer(200, {"ok": 1})) as wire:
        connect(wire).request("POST", "/a", json=[1], reads=True)
    assert (wire.seen[1].method, wire.seen[1].body) == ("GET", b"")


def test_redirects_elsewhere_and_of_writes_are_refused() -> None:
    with Wire(answer(200)) as other:
        for location in (
            f"{other.url}/",
            "https://evil.example/",
            f"http://u:p@127.0.0.1:{other.port}/",
            "//evil.example",
        ):
            with Wire(answer(302, None, ("Location", location))) as wire, pytest.raises(ForeignHost):
                connect(wire).request("GET", "/a")
        assert not other.seen
    with Wire(answer(302, None, ("Location", "/b"))) as wire, pytest.raises(ForeignHost, match="write") as caught:
        connect(wire).request("PUT", "/a", json={})
    assert caught.value.status == 302
    assert len(wire.seen) == 1


def test_redirects_in_a_circle_end() -> None:
    with Wire(answer(302, None, ("Location", "/a"))) as wire, pytest.raises(ForeignHost, match="too many"):
        connect(wire).request("GET", "/a")
    assert len(wire.seen) == 6


def test_a_reading_client_sends_no_write() -> None:
    with Wire(answer(200, [])) as wire:
        client = connect(wire, read_only=True)
        client.request("POST", "/goals", json={"page": 1}, reads=True)
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            with pytest.raises(WriteRefused):
                client.request(method, "/goals/add", json={})
        with pytest.raises(WriteRefused):
            client.request("GET", "/goals/touch", reads=False)
    assert len(wire.seen) == 1


def test_the_guard_sees_every_sending() -> None:
    asked: list[tuple[str, str]] = []
    with Wire(answer(503), answer(200, [])) as wire:
        connect(wire, guard=lambda method, path: asked.append((method, path))).request("GET", "/goals")
    assert asked == [("GET", "/goals")] * 2


def test_the_log_has_a_line_per_attempt_and_no_secret() -> None:
    text = io.StringIO()
    log = RequestLog(text)
    auth = HeaderAuth({"Authorization": "Bearer s3cr3t-token"})
    with Wire(answer(429, None, ("Retry-After", "2")), Cut(), answer(200, {"a": 1}, ("X-Request-Id", "r-2"))) as wire:
        client = connect(wire, auth, log=log)
        client.request("GET", "/x/s3cr3t-token", query=[("api_key", "hidden-value"), ("page", "2")])
    lines = [orjson.loads(line) for line in text.getvalue().splitlines()]
    assert [line["status"] for line in lines] == [429, None, 200]
    assert [line["attempt"] for line in lines] == [1, 2, 3]
    assert lines[0]["url"] == f"{wire.url}/x/<redacted>?api_key=<redacted>&page=2"
    assert lines[1]["waited_ms"] >= 2000
    assert lines[2]["request_id"] == "r-2"
    assert "s3cr3t" not in text.getvalue()
    assert "hidden" not in text.getvalue()
    sums = log.counters("convert")
    assert (sums.calls, sums.retries, sums.throttled, sums.received_bytes) == (3, 2, 1, 7)
    assert sums.waited >= 2
    assert log.totals() == {"convert": sums}


secrets = st.text("abcdefghijklmnopqrstuvwxyzABC0123456789!$%&/()=?+*#-_.:;äß€ \"'\\", min_size=8, max_size=30).map(
    lambda text: f"q{text.strip()}Z"
)


def test_no_error_holds_a_secret() -> None:
    with Wire(answer()) as wire:

        @settings(deadline=None)
        @given(secrets, st.sampled_from([400, 401, 404, 422, 500, 502, 200]))
        def check(secret: str, status: int) -> None:
            body = {"message": f"no {secret}!", "token": "echo-of-another", "list": [secret, {secret: 1}], "n": 5}
            raw = orjson.dumps(body)
            wire.steps = [answer(status, raw=raw[:-3] if status == 200 else raw)]
            client = connect(wire)
            client.redactor.add(secret)
            with pytest.raises(HttpError) as caught:
                client.request("POST", f"/x/{segment(secret)}", query=[("q", secret)], json={"s": secret})
            error = caught.value
            shown = f"{error} {error!r} {error.args} {error.url} {error.body}"
            assert secret not in shown
            assert repr(secret)[1:-1] not in shown
            assert segment(secret) not in shown
            assert "echo-of-another" not in shown
            assert error.__context__ is None
            assert error.__cause__ is None

        check()


def test_many_threads_share_a_client() -> None:
    with Wire(lambda seen: answer(200, {"target": seen.target})) as wire, ThreadPoolExecutor(16) as pool:
        client = connect(wire)
        start = threading.Barrier(16)

        def work(number: int) -> list[Any]:
            start.wait(10)
            return [client.request("GET", f"/{number}/{step}").json()["target"] for step in range(20)]

        results = list(pool.map(work, range(16)))
    assert results == [[f"/{number}/{step}" for step in range(20)] for number in range(16)]
    assert client.log.counters("convert").calls == 320
    assert len({seen.connection for seen in wire.seen}) <= 16


def test_a_write_whose_answer_is_cut_json_is_unclear() -> None:
    with Wire(answer(201, raw=b'{"id": 1')) as wire, pytest.raises(UnclearOutcome) as caught:
        connect(wire).request("POST", "/goals/add", json={})
    assert caught.value.maybe_applied
    assert len(wire.seen) == 1
