"""The core: control API, faults, stale lists, disguises, over real HTTP."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from reconciler.emulator.app import PLATFORMS, create_app
from reconciler.emulator.faults import Faults
from reconciler.emulator.server import EmulatorServer
from tests.emulator.conftest import ToyPlatform


def put(client: httpx.Client, thing_id: str, **values: Any) -> httpx.Response:
    return client.put(f"/toy/things/{thing_id}", json=values)


def faults(client: httpx.Client, **document: Any) -> None:
    assert client.post("/_control/faults", json=document).status_code == 200


def ids(client: httpx.Client) -> list[str]:
    return [thing["id"] for thing in client.get("/toy/things").json()]


def test_dump_loads_again(toy: httpx.Client) -> None:
    put(toy, "a", size=1)
    dump = toy.get("/_control/dump").json()
    assert dump == {"toy": {"things": [{"size": 1, "id": "a", "_account": "toy"}]}}
    toy.post("/_control/reset")
    assert ids(toy) == []
    assert toy.post("/_control/load", json=dump).status_code == 200
    assert toy.get("/_control/dump").json() == dump
    assert toy.get("/toy/things/a").json() == {"size": 1, "id": "a"}, "the account is not shown over HTTP"


def test_data_at_start() -> None:
    app = create_app([ToyPlatform()], {"toy": {"things": [{"id": "a"}]}})
    assert app.state.platforms["toy"].dump() == {"things": [{"id": "a", "_account": "toy"}]}
    with pytest.raises(ValueError, match="no platform 'nope'"):
        create_app([ToyPlatform()], {"nope": {}})


def test_edit_at_the_ui(toy: httpx.Client) -> None:
    put(toy, "a", size=1)
    edit = {"platform": "toy", "kind": "things", "id": "a"}
    assert toy.post("/_control/edit", json={**edit, "set": {"size": 2}, "user": "kim@example.com"}).status_code == 200
    assert toy.get("/toy/things/a").json() == {"size": 2, "id": "a", "by": "kim@example.com"}
    assert toy.post("/_control/edit", json={**edit, "delete": True}).status_code == 200
    assert toy.get("/toy/things/a").status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"platform": "toy", "kind": "things", "id": "zz", "set": {}}, 404),
        ({"platform": "nope", "kind": "things", "id": "a", "set": {}}, 404),
        ({"platform": "toy", "kind": "things", "id": "a"}, 422),
        ({"platform": "toy", "kind": "things", "set": {}}, 422),
        ({"platform": "toy", "kind": "things", "id": "a", "sett": {}}, 422),
        ([], 422),
    ],
)
def test_edit_refuses(toy: httpx.Client, body: Any, status: int) -> None:
    assert toy.post("/_control/edit", json=body).status_code == status


def test_requests_are_logged_and_counted(toy: httpx.Client) -> None:
    put(toy, "a")
    put(toy, "b")
    toy.get("/toy/things?page=2")
    toy.get("/toy/nowhere")
    log = toy.get("/_control/requests").json()
    assert [(one["method"], one["path"], one["status"]) for one in log] == [
        ("PUT", "/toy/things/a", 201),
        ("PUT", "/toy/things/b", 201),
        ("GET", "/toy/things", 200),
        ("GET", "/toy/nowhere", 404),
    ]
    assert log[2]["query"] == "page=2"
    assert log[0]["platform"] == "toy"
    counts = toy.get("/_control/requests?counts=1").json()
    assert {"method": "PUT", "path": "/toy/things/{id}", "count": 2} in counts
    toy.delete("/_control/requests")
    assert toy.get("/_control/requests").json() == []


def test_faults_replace_each_other(toy: httpx.Client) -> None:
    faults(toy, rate_429=1.0)
    assert toy.get("/toy/things").status_code == 429
    faults(toy, latency_ms=1)
    assert toy.get("/toy/things").status_code == 200
    assert toy.get("/_control/faults").json() == {"latency_ms": 1}
    faults(toy)
    assert toy.get("/_control/faults").json() == {}


@pytest.mark.parametrize(
    "document",
    [
        {"rate_429": -1},
        {"rate_429": "often"},
        {"rate_5xx": 1.5},
        {"fail": [{"paht": "/x"}]},
        {"fail": [{"when": "later"}]},
        {"disguise": ["nonsense"]},
        {"stale_list": "yes"},
        {"unheard_of": 1},
        [],
    ],
)
def test_bad_faults_are_refused_and_change_nothing(toy: httpx.Client, document: Any) -> None:
    faults(toy, latency_ms=1)
    assert toy.post("/_control/faults", json=document).status_code == 422
    assert toy.get("/_control/faults").json() == {"latency_ms": 1}


def test_reset_of_parts(toy: httpx.Client) -> None:
    put(toy, "a")
    faults(toy, rate_429=1.0)
    toy.post("/_control/reset", json={"faults": True})
    assert ids(toy) == ["a"]
    assert toy.post("/_control/reset", json={"nope": True}).status_code == 422
    toy.post("/_control/reset")
    assert ids(toy) == []
    assert len(toy.get("/_control/requests").json()) == 1


def test_refusals_have_no_effect(toy: httpx.Client) -> None:
    faults(toy, rate_5xx={"times": 1}, rate_429=0)
    assert put(toy, "a").status_code in {500, 502, 503, 504}
    assert ids(toy) == []
    assert put(toy, "a").status_code == 201
    assert toy.get("/_control/requests").json()[0]["fault"] == "rate_5xx"


def test_429_says_when_to_come_back(toy: httpx.Client) -> None:
    faults(toy, rate_429={"times": 1})
    assert toy.get("/toy/things").headers["retry-after"] == "1"
    faults(toy, rate_429={"times": 1}, retry_after=None)
    assert "retry-after" not in toy.get("/toy/things").headers


def test_rates_are_probabilities_of_a_seeded_generator(toy: httpx.Client) -> None:
    def run(seed: int) -> list[int]:
        faults(toy, rate_429=0.5, seed=seed)
        return [toy.get("/toy/things").status_code for _ in range(40)]

    first = run(1)
    assert {200, 429} == set(first)
    assert run(1) == first
    assert run(2) != first


def test_throttle(toy: httpx.Client) -> None:
    faults(toy, throttle={"per_second": 0.1, "burst": 3})
    answers = [toy.get("/toy/things") for _ in range(5)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 20


@pytest.mark.parametrize("path", ["/things/*", "/toy/things/*", r"^/things/\w+$"])
def test_scripted_failure_before_the_effect(toy: httpx.Client, path: str) -> None:
    faults(toy, fail=[{"method": "PUT", "path": path, "status": 418, "times": 2, "body": {"why": "tea"}}])
    assert toy.get("/toy/things/a").status_code == 404
    first = put(toy, "a")
    assert (first.status_code, first.json()) == (418, {"why": "tea"})
    assert toy.get("/_control/faults").json()["fail"][0]["times"] == 1
    assert put(toy, "a").status_code == 418
    assert put(toy, "a").status_code == 201


def test_scripted_failure_after_the_effect(toy: httpx.Client) -> None:
    faults(toy, fail=[{"method": "PUT", "path": "/things/a", "status": 500, "when": "after"}])
    assert put(toy, "a").status_code == 500
    assert ids(toy) == ["a"]


def test_lost_response_is_done(toy: httpx.Client) -> None:
    faults(toy, lose_response={"times": 1})
    assert ids(toy) == [], "reads are answered"
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        put(toy, "a")
    faults(toy)
    assert ids(toy) == ["a"]
    lost = [one for one in toy.get("/_control/requests").json() if one.get("fault")]
    assert [(one["fault"], one["status"]) for one in lost] == [("lose_response", 201)]


def test_truncated_answer_is_an_error_of_transport(toy: httpx.Client) -> None:
    put(toy, "a", size=1)
    faults(toy, truncate=1)
    with pytest.raises(httpx.RemoteProtocolError, match=r"incomplete|without sending complete"):
        toy.get("/toy/things")
    assert ids(toy) == ["a"], "it was only the next one"


def test_latency_is_concurrent(toy_server: EmulatorServer, toy: httpx.Client) -> None:
    faults(toy, latency_ms=300)
    start = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: httpx.get(toy_server.url + "/toy/things").status_code, range(8)))
    took = time.monotonic() - start
    assert codes == [200] * 8
    assert 0.3 <= took < 1.5


def test_stale_list_by_answers(toy: httpx.Client) -> None:
    put(toy, "a", size=1)
    faults(toy, stale_list={"answers": 2})
    put(toy, "b")
    put(toy, "a", size=2)
    assert toy.get("/toy/things/b").status_code == 200, "only lists lag"
    assert [toy.get("/toy/things").json() for _ in range(2)] == [[{"size": 1, "id": "a"}]] * 2
    assert ids(toy) == ["a", "b"]


def test_stale_list_by_time(toy: httpx.Client) -> None:
    faults(toy, stale_list=60_000)
    put(toy, "a")
    assert ids(toy) == []
    faults(toy)
    assert ids(toy) == ["a"]


def test_disguises_touch_what_is_open(toy: httpx.Client) -> None:
    sent = {"tags": ["b", "a", "c"], "url": "http://x", "size": 7, "at": "2020-01-01T00:00:00.000Z", "name": "Keep"}
    put(toy, "a", **sent)
    every = ["shuffle_sets", "change_case", "numbers_as_text", "unknown_attributes", "timestamps"]
    faults(toy, disguise=every)
    seen = toy.get("/toy/things/a").json()
    assert sorted(seen["tags"]) == ["a", "b", "c"]
    assert seen["url"] == "HTTP://X"
    assert seen["size"] == "7"
    assert seen["at"] == "2020-01-01T00:00:00.000000+00:00"
    assert seen["name"] == "Keep"
    assert seen.keys() - sent.keys() == {"id", "x_served_by", "x_last_seen_at"}
    assert toy.get("/toy/things").json()[0]["size"] == "7"
    faults(toy, disguise=["sort_lists"])
    assert toy.get("/toy/things/a").json() == {**sent, "id": "a", "tags": ["a", "b", "c"]}


def test_a_bug_in_a_platform_is_a_500_and_logged(toy: httpx.Client) -> None:
    assert toy.get("/toy/boom").status_code == 500
    faults(toy, latency_ms=1)
    assert toy.get("/toy/boom").status_code == 500
    assert [one["status"] for one in toy.get("/_control/requests").json()] == [500, 500]


def test_unknown_paths(toy: httpx.Client) -> None:
    assert toy.get("/nowhere").status_code == 404
    assert toy.delete("/toy/things").status_code == 405
    assert toy.get("/toy/things").headers["date"], "clients tell clock skew by it"


def test_two_emulators_share_nothing() -> None:
    with EmulatorServer([ToyPlatform()]) as one, EmulatorServer([ToyPlatform()]) as two:
        httpx.put(one.url + "/toy/things/a", json={})
        assert httpx.get(one.url + "/toy/things").json() == [{"id": "a"}]
        assert httpx.get(two.url + "/toy/things").json() == []
        start = time.monotonic()
    assert time.monotonic() - start < 1.0


def test_stop_drops_a_slow_request() -> None:
    with EmulatorServer([ToyPlatform()]) as server, ThreadPoolExecutor(1) as pool:
        httpx.post(server.url + "/_control/faults", json={"latency_ms": 60_000})
        pending = pool.submit(httpx.get, server.url + "/toy/things", timeout=60)
        while not server._server.server_state.tasks:
            pass
        server.stop()
        with pytest.raises(httpx.HTTPError):
            pending.result(10)


def test_counted_chance_of_rates() -> None:
    made = Faults()
    made.replace({"rate_429": 3, "lose_response": 1, "truncate": True})
    assert made.shown() == {"rate_429": {"times": 3}, "lose_response": {"times": 1}, "truncate": 1.0}


def test_every_platform_is_named_by_its_path() -> None:
    for name in PLATFORMS:
        assert name.isidentifier()
