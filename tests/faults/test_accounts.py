"""Accounts that cannot be used: no server, wrong or weak credentials, a stranger's host, no time. One clear message, no write."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.harness import Bench

FIELD = "leadconduit.fields.roof_brsol: {name: Roof, type: number}\n"
GOAL = "convert.goals.one: {name: One, type: revenue, settings: {triggering_type: manual}}\n"
CONFIG = """\
version: 1
name: tests
accounts:
  convert:
    {base_url: "CONVERT", account_id: 10001, project_id: 10002, key_id: "${env.KEY_ID}", secret: "${secret.convert}"}
  leadconduit: {base_url: "LEADCONDUIT", api_key: "${secret.leadconduit}"}
"""
COMMANDS = (("plan",), ("apply", "--auto-approve"), ("whoami",), ("validate", "--online"), ("drift",))
GOOD = {
    "KEY_ID": "emulator-convert",
    "RECONCILER_SECRET_CONVERT": "emulator-secret-convert",
    "RECONCILER_SECRET_LEADCONDUIT": "emulator-leadconduit",
}


@pytest.fixture
def by_url(shop: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Return a project that reaches the emulator by `base_url`, with credentials of its own, as a real account does."""
    monkeypatch.setattr(Bench, "env", lambda self: {"NO_COLOR": "1", **self.environ})
    shop.environ = dict(GOOD)
    _point(shop, shop.url)
    shop.write(FIELD + GOAL)
    return shop


def _point(shop: Bench, url: str, leadconduit: str | None = None) -> None:
    text = CONFIG.replace("LEADCONDUIT", f"{leadconduit or url}/leadconduit").replace("CONVERT", f"{url}/convert")
    shop.write(text, "reconciler.yaml")


def _nothing_written(shop: Bench) -> None:
    assert [row for row in shop.requests() if row["method"] in {"PUT", "DELETE"} or row["path"].endswith("/add")] == []
    state = shop.root / ".reconciler" / "state.json"
    assert not state.exists() or '"resources":{}' in state.read_text().replace(" ", "")


@pytest.mark.usefixtures("_impatient")
def test_the_credentials_of_these_tests_are_good(by_url: Bench) -> None:
    by_url.apply()
    by_url.settled()


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
@pytest.mark.usefixtures("_impatient")
def test_a_host_that_does_not_answer(by_url: Bench, argv: tuple[str, ...]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    _point(by_url, by_url.url, f"http://127.0.0.1:{port}")
    ran = by_url.run(*argv)
    assert ran.code == 1, str(ran)
    assert f"127.0.0.1:{port}" in ran.out + ran.err
    assert "Traceback" not in ran.err
    _nothing_written(by_url)


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("name", ["RECONCILER_SECRET_CONVERT", "RECONCILER_SECRET_LEADCONDUIT"])
def test_wrong_credentials(by_url: Bench, argv: tuple[str, ...], name: str) -> None:
    by_url.environ[name] = "wrong-0123456789"
    ran = by_url.run(*argv)
    assert ran.code == 1, str(ran)
    said = ran.out + ran.err
    assert "401" in said
    assert "wrong-0123456789" not in said
    _nothing_written(by_url)


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
def test_no_credentials_at_all(by_url: Bench, argv: tuple[str, ...]) -> None:
    del by_url.environ["RECONCILER_SECRET_LEADCONDUIT"]
    ran = by_url.run(*argv)
    assert ran.code == 1, str(ran)
    assert "RECONCILER_SECRET_LEADCONDUIT" in ran.out + ran.err, "it says what to set"
    _nothing_written(by_url)


def test_credentials_that_may_only_read_plan_and_fail_to_apply(by_url: Bench) -> None:
    by_url.environ["RECONCILER_SECRET_LEADCONDUIT"] = "readonly-emulator-leadconduit"
    by_url.environ["KEY_ID"] = "readonly-emulator-convert"
    by_url.environ["RECONCILER_SECRET_CONVERT"] = "emulator-secret-convert"
    by_url.run("plan", expect=0)
    ran = by_url.run("apply", "--auto-approve")
    assert ran.code == 1, str(ran)
    assert "403" in ran.out
    assert by_url.dump("convert", "goals") == [] or all(
        goal["name"] != "One" for goal in by_url.dump("convert", "goals")
    )
    by_url.environ.update(GOOD)
    by_url.apply()
    by_url.settled()


@contextmanager
def listening() -> Iterator[tuple[socket.socket, int]]:
    """Give a port at which somebody would notice if anything was sent there."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(0.05)
        yield server, server.getsockname()[1]


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example",
        "https://app.leadconduit.com.evil.example",
        "https://app.leadconduit.com@evil.example",
        "https://evilleadconduit.com",
        "http://app.leadconduit.com",
        "http://127.0.0.1.evil.example",
    ],
)
def test_a_strange_host_gets_nothing_and_no_secret_is_even_looked_up(
    by_url: Bench, argv: tuple[str, ...], url: str
) -> None:
    told = by_url.root / "told"
    config = CONFIG.replace("LEADCONDUIT", url).replace("CONVERT", f"{by_url.url}/convert")
    config += f"secrets:\n  leadconduit: {{command: [touch, {told}]}}\n"
    by_url.write(config, "reconciler.yaml")
    by_url.environ["RECONCILER_ALLOW_COMMANDS"] = "1"
    by_url.write(FIELD)
    ran = by_url.run(*argv)
    assert ran.code == 1, str(ran)
    said = ran.out + ran.err
    assert any(word in said for word in ("RECONCILER_ALLOWED_HOSTS", "https", "user or password")), said
    assert not told.exists(), "the secret was looked up for a stranger"
    _nothing_written(by_url)


def test_a_secret_in_an_address_is_not_told(by_url: Bench) -> None:
    config = CONFIG.replace("LEADCONDUIT", "https://${secret.leadconduit}.evil.example")
    by_url.write(config.replace("CONVERT", f"{by_url.url}/convert"), "reconciler.yaml")
    by_url.write(FIELD)
    ran = by_url.run("plan")
    assert ran.code == 1, str(ran)
    assert GOOD["RECONCILER_SECRET_LEADCONDUIT"] not in (ran.out + ran.err).replace("tests", "")


@pytest.mark.parametrize("argv", [("plan",), ("apply", "--auto-approve")], ids=" ".join)
def test_the_time_limit_ends_a_run_that_reads(by_url: Bench, argv: tuple[str, ...]) -> None:
    by_url.faults(rate_429=1.0, retry_after=30)
    ran = by_url.run(*argv, "--timeout", "1s")
    assert ran.code == 1, str(ran)
    assert "time" in ran.err
    _nothing_written(by_url)


def test_the_time_limit_ends_a_run_that_writes_and_the_next_one_finishes(by_url: Bench) -> None:
    names = "".join(f"  f_{n}_brsol: {{name: F{n}, type: string}}\n" for n in range(40))
    by_url.write("leadconduit.fields:\n" + names)
    by_url.faults(latency_ms=60)
    ran = by_url.run("apply", "--auto-approve", "--timeout", "1s", "--parallelism", "1")
    assert ran.code in {1, 3}, str(ran)
    by_url.faults()
    by_url.apply()
    by_url.settled()
    ids = [field["id"] for field in by_url.dump("leadconduit", "fields") if field["id"].startswith("f_")]
    assert len(ids) == len(set(ids)) == 40


def test_another_account_behind_the_same_name_is_refused(by_url: Bench) -> None:
    by_url.apply()
    by_url.environ["RECONCILER_SECRET_LEADCONDUIT"] = "emulator-leadconduit-other"
    by_url.requests()
    for argv in (("plan",), ("apply", "--auto-approve"), ("drift",)):
        ran = by_url.run(*argv)
        assert ran.code == 1, str(ran)
        assert "leadconduit" in ran.err
        assert "Traceback" not in ran.err
    assert _writes(by_url) == []


def _writes(shop: Bench) -> list[Any]:
    return [row for row in shop.requests() if row["method"] in {"PUT", "DELETE"} or row["path"].endswith("/add")]
