"""A ledger that is damaged, somebody else's, locked, or is edited in ways that make no sense."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.state import LocalBackend, LockInfo, open_session, surgery
from tests.bad_input.checking import refused
from tests.harness import CONFIG, Bench

GOALS = """\
convert.goals.a: {key: a, name: A, type: revenue, settings: {triggering_type: manual}}
convert.goals.b: {key: b, name: B, type: revenue, settings: {triggering_type: manual}}
convert.tags.t: {name: T}
"""
READING: tuple[tuple[str, ...], ...] = (
    ("drift", "--json"),
    ("output", "--json"),
    ("show", "--json"),
    ("apply", "--auto-approve", "--json"),
    ("destroy", "--auto-approve", "--json"),
    ("state", "list"),
    ("state", "pull"),
    ("state", "rm", "convert.goals.a"),
)


@pytest.fixture
def applied(shop: Bench) -> Bench:
    """Return a project of which something is live and in state."""
    shop.write(GOALS)
    shop.apply()
    return shop


def ledger(shop: Bench) -> Path:
    return shop.root / ".reconciler" / "state.emulator.json"


def edited(change: Callable[[dict[str, Any]], Any]) -> Callable[[bytes], bytes]:
    def edit(data: bytes) -> bytes:
        state = json.loads(data)
        change(state)
        return json.dumps(state, indent=1).encode()

    return edit


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut short": lambda data: data[: len(data) // 2],
    "binary": lambda _: b"\x00\xff" * 100,
    "latin-1": lambda data: data.replace(b'"A"', b'"\xc4"'),
    "no object": lambda _: b"[]",
    "conflict": lambda data: b"<<<<<<< HEAD\n" + data + b"\n=======\n" + data + b"\n>>>>>>> theirs\n",
    "newer": edited(lambda state: state.update(version=99)),
    "unknown key": edited(lambda state: state.update(extra=1)),
    "missing key": edited(lambda state: state.pop("lineage")),
    "resources are a list": edited(lambda state: state.update(resources=[])),
    "id is a number": edited(lambda state: state["resources"]["convert.goals.a"].update(id=7)),
    "secret is no fingerprint": edited(lambda state: state["resources"]["convert.goals.a"].update(secrets={"x": "y"})),
    "no key": edited(lambda state: state.update(hmac_key="")),
    "another project": edited(lambda state: state.update(project="other")),
    "another environment": edited(lambda state: state.update(environment="staging")),
    "another account": edited(lambda state: state["accounts"]["convert"].update(id="77")),
}
READABLE = {"another account"}
"""A plan tells these; the ledger itself may be looked at and repaired."""


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged(applied: Bench, name: str) -> None:
    path = ledger(applied)
    path.write_bytes(DAMAGES[name](path.read_bytes()))
    refused(applied, f"state/damaged {name}", "plan")
    for argv in READING:
        if name in READABLE and argv[0] in {"state", "show"}:
            continue
        ran = applied.run(*argv, expect=1)
        assert ran.out == "" or argv[0] == "destroy" or name in READABLE
    assert "Traceback" not in applied.run("unlock").err


def test_ledger_is_a_folder(shop: Bench) -> None:
    shop.write(GOALS)
    ledger(shop).mkdir(parents=True)
    for argv in (("plan",), ("apply", "--auto-approve"), ("state", "list")):
        refused(shop, f"state/folder {argv[0]}", *argv)


@pytest.mark.parametrize("where", ["first", "middle"])
def test_journal_damaged_before_its_last_line(applied: Bench, where: str) -> None:
    journal = _crashed(applied)
    applied.run("plan", expect=0)
    lines = journal.read_bytes().splitlines(keepends=True)
    broken = 0 if where == "first" else len(lines) // 2
    lines[broken] = lines[broken][: len(lines[broken]) // 2] + b"\n"
    journal.write_bytes(b"".join(lines))
    refused(applied, f"state/journal {where}", "plan")
    applied.run("apply", "--auto-approve", expect=1)


def _crashed(shop: Bench) -> Path:
    """Leave a journal as a run that was killed does, with four edits in it; return its path."""
    backend = LocalBackend(ledger(shop))
    with open_session(backend, run="crashed", operation="apply") as session:
        for number in range(4):
            source, target = ("a", "z") if number % 2 == 0 else ("z", "a")
            assert session.note(surgery.mv(session.state, f"convert.goals.{source}", f"convert.goals.{target}"))
        left = backend.journal.read_bytes()
    assert backend.journal.read_bytes() == left, "the journal is not kept: this must be written anew"
    return backend.journal


SURGERY: dict[str, tuple[str, ...]] = {
    "mv to an address that is taken": ("state", "mv", "convert.goals.a", "convert.goals.b"),
    "mv of nothing": ("state", "mv", "convert.goals.nothing", "convert.goals.c"),
    "mv misspelt": ("state", "mv", "convert.goal.a", "convert.goals.c"),
    "mv to another kind": ("state", "mv", "convert.goals.a", "convert.tags.a"),
    "mv to another account": ("state", "mv", "convert.goals.a", "convert-app.goals.a"),
    "mv to what is no address": ("state", "mv", "convert.goals.a", "elsewhere"),
    "mv to itself": ("state", "mv", "convert.goals.a", "convert.goals.a"),
    "mv to odd characters": ("state", "mv", "convert.goals.a", "convert.goals.a b"),
    "mv to an odd index": ("state", "mv", "convert.goals.a", "convert.goals.a['d'e']"),
    "mv without target": ("state", "mv", "convert.goals.a"),
    "rm of nothing": ("state", "rm", "convert.goals.nothing"),
    "rm of no address": ("state", "rm", "nonsense"),
    "rm of an empty text": ("state", "rm", ""),
    "rm of a dot": ("state", "rm", "."),
    "mv of an empty text": ("state", "mv", "", "convert.goals.c"),
    "show of nothing": ("state", "show", "convert.goals.nothing"),
    "show of a misspelt one": ("state", "show", "convert.gaols.a"),
    "push of nothing": ("state", "push", "nope.json"),
    "push of a resource file": ("state", "push", "resources/main.yaml"),
    "push of an empty file": ("state", "push", "empty.json"),
    "push of another project": ("state", "push", "other.json"),
    "push of another lineage": ("state", "push", "lineage.json"),
    "push of older work": ("state", "push", "older.json"),
    "unknown subcommand": ("state", "remove", "convert.goals.a"),
    "rebuild over a ledger": ("state", "rebuild"),
    "unlock with an odd id": ("unlock", "nonsense"),
    "unlock of nobody": ("unlock", "--force"),
}


@pytest.mark.parametrize("name", SURGERY)
def test_surgery(applied: Bench, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    state = applied.state()
    monkeypatch.chdir(applied.root)
    (applied.root / "empty.json").write_text("")
    for file, change in {"other": {"project": "other"}, "lineage": {"lineage": "x"}, "older": {"serial": 0}}.items():
        (applied.root / f"{file}.json").write_text(json.dumps(state | change))
    argv = SURGERY[name]
    refused(applied, f"state/surgery {name}", *argv)
    assert applied.state() == state


def test_locked_by_another_terminal(applied: Bench) -> None:
    backend = LocalBackend(ledger(applied))
    lock = backend.lock(LockInfo.mine("apply", "another-run"), 0.0)
    try:
        for argv in (
            ("apply", "--auto-approve", "--json"),
            ("apply", "--auto-approve", "--lock-timeout", "0s"),
            ("destroy", "--auto-approve"),
            ("state", "rm", "convert.goals.a"),
        ):
            refused(applied, f"state/locked {' '.join(argv)}", *argv)
        applied.settled()
        applied.run("state", "list", expect=0)
    finally:
        backend.unlock(lock)
        backend.close()
    applied.apply()


def test_lock_file_that_is_damaged(applied: Bench) -> None:
    path = ledger(applied)
    path.with_name(f"{path.name}.lock").write_bytes(b"\xff nonsense")
    refused(applied, "state/lock damaged", "apply", "--auto-approve")
    refused(applied, "state/lock damaged unlock", "unlock")
    applied.run("unlock", "--force", expect=0)
    applied.apply()


def test_ledger_of_another_environment(shop: Bench) -> None:
    shop.write(GOALS)
    shop.write(CONFIG + "environments: {a: {}, b: {}}\n", "reconciler.yaml")
    shop.apply(0, "--env", "a")
    folder = shop.root / ".reconciler"
    (folder / "state.a.emulator.json").rename(folder / "state.b.emulator.json")
    refused(shop, "state/other environment", "plan", "--env", "b")


def test_caches_that_are_damaged_are_no_matter(applied: Bench) -> None:
    for path in (applied.root / ".reconciler" / "cache").rglob("*"):
        if path.is_file():
            path.write_bytes(b"\xff nonsense")
    applied.settled()
    cache = applied.root / ".reconciler" / "cache"
    for path in sorted(cache.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    cache.rmdir()
    cache.write_text("not even a folder")
    applied.settled()
