"""Ledgers that are damaged, of somebody else, or cannot be written: one clear message, and nothing that is not written down."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from reconciler.state import LocalBackend
from tests.harness import CONFIG, Bench

FIELDS = "leadconduit.fields.roof_brsol: {name: Roof, type: number}\n"
MORE = FIELDS + "leadconduit.fields.wall_brsol: {name: Wall, type: number}\n"
COMMANDS = (("plan",), ("apply", "--auto-approve"), ("drift",), ("state", "pull"))


@pytest.fixture
def settled(shop: Bench) -> Bench:
    """Return a project that was applied, with one more resource to create."""
    shop.write(FIELDS)
    shop.apply()
    shop.write(MORE)
    shop.requests()
    return shop


def state(shop: Bench) -> Path:
    return shop.root / ".reconciler" / "state.emulator.json"


def journal(shop: Bench) -> Path:
    return next(path for path in state(shop).parent.iterdir() if "journal" in path.name)


def writes(shop: Bench) -> list[Any]:
    return [
        row for row in shop.requests() if row["method"] in {"PUT", "DELETE", "POST"} and "/leadconduit" in row["path"]
    ]


def refused(shop: Bench, argv: tuple[str, ...], *words: str) -> None:
    before = {path.name: path.read_bytes() for path in state(shop).parent.iterdir() if path.is_file()}
    ran = shop.run(*argv)
    assert ran.code == 1, str(ran)
    for word in words:
        assert word in ran.err, str(ran)
    assert "Traceback" not in ran.err
    assert writes(shop) == []
    after = {path.name: path.read_bytes() for path in state(shop).parent.iterdir() if path.is_file()}
    assert after == before


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"version": 99}', "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> b\n"]
)
def test_a_damaged_state_is_never_taken_for_an_empty_one(settled: Bench, argv: tuple[str, ...], text: str) -> None:
    state(settled).write_text(text)
    refused(settled, argv, state(settled).name)


def _open_journal(shop: Bench) -> list[bytes]:
    """Leave a journal with some records in it, as a run that was killed does."""
    from reconciler.state import open_session

    backend = LocalBackend(state(shop))
    session = open_session(backend, run="killed")
    entry = session.state.resources["leadconduit.fields.roof_brsol"]
    for number in range(3):
        session.done(f"step-{number}", put={f"leadconduit.fields.extra_{number}": entry})
    session.close()
    lines = journal(shop).read_bytes().splitlines(keepends=True)
    assert len(lines) >= 3
    return lines


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
def test_a_journal_damaged_before_its_last_line_is_an_error(settled: Bench, argv: tuple[str, ...]) -> None:
    lines = _open_journal(settled)
    lines[-2] = lines[-2][: len(lines[-2]) // 2] + b"\n"
    journal(settled).write_bytes(b"".join(lines))
    refused(settled, argv, journal(settled).name)


def test_a_last_line_that_was_cut_is_dropped_and_told(settled: Bench) -> None:
    lines = _open_journal(settled)
    journal(settled).write_bytes(b"".join(lines)[:-7])
    tracked = settled.state()["resources"]
    assert "leadconduit.fields.extra_1" in tracked
    assert "leadconduit.fields.extra_2" not in tracked
    ran = settled.apply(0, "--exclude", "leadconduit.fields.extra_0", "--exclude", "leadconduit.fields.extra_1")
    assert re.search(r"line|cut|journal", ran.err), str(ran)


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
def test_the_state_of_another_project_is_refused(settled: Bench, argv: tuple[str, ...]) -> None:
    settled.write(CONFIG.replace("name: tests", "name: other"), "reconciler.yaml")
    refused(settled, argv, "tests", "other")


def test_the_state_of_another_environment_is_refused(settled: Bench) -> None:
    settled.write(CONFIG + "environments: {staging: {}, production: {}}\n", "reconciler.yaml")
    settled.apply(0, "--env", "staging")
    mine = next(path for path in state(settled).parent.iterdir() if "staging" in path.name and path.suffix == ".json")
    settled.requests()
    other = mine.with_name(mine.name.replace("staging", "production"))
    other.write_bytes(mine.read_bytes())
    refused(settled, ("plan", "--env", "production"), "staging", "production")
    refused(settled, ("apply", "--env", "production", "--auto-approve"), "staging", "production")


@pytest.mark.parametrize("argv", COMMANDS[:3], ids=" ".join)
def test_another_account_than_the_one_in_state_is_refused(settled: Bench, argv: tuple[str, ...]) -> None:
    document = json.loads(state(settled).read_text())
    document["accounts"]["leadconduit"]["id"] = "5ee4b0c6f2a5d8a7b6c1d2e3"
    _rewrite(settled, document)
    refused(settled, argv, "leadconduit", "5ee4b0c6f2a5d8a7b6c1d2e3")


def _rewrite(shop: Bench, document: dict[str, Any]) -> None:
    backend = LocalBackend(state(shop))
    from reconciler.state import State, open_session

    with open_session(backend, run="test") as session:
        assert isinstance(session.state, State)
        from reconciler.state.session import Change

        session.note(Change(accounts=document["accounts"]))
        session.finish()


def _full(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let the disk be full after some more appends to the journal."""
    append = LocalBackend.append
    left = after

    def full(self: LocalBackend, *args: Any, **more: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(28, "No space left on device")
        return append(self, *args, **more)

    monkeypatch.setattr(LocalBackend, "append", full)


@pytest.mark.parametrize("after", [0, 1, 2, 5, 9])
@pytest.mark.usefixtures("_impatient")
def test_a_full_disk_stops_new_calls_and_what_happened_can_be_pushed(
    shop: Bench, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    rows = "".join(
        f"  form_{n:02}: {{name: Form {n}, source: form, recipient: null, module_ids: []}}\n" for n in range(30)
    )
    shop.write(FIELDS)
    shop.apply()
    shop.write(
        FIELDS + "leadconduit.entities:\n" + rows.replace("module_ids: []", "module_ids: [leadconduit-default.inbound]")
    )
    shop.requests()
    with monkeypatch.context() as patch:
        _full(patch, after)
        ran = shop.run("apply", "--auto-approve", "--parallelism", "2")
    assert ran.code in {1, 3}, str(ran)
    assert "No space left on device" in ran.out + ran.err
    made = [one["name"] for one in shop.dump("leadconduit", "entities") if one["name"].startswith("Form ")]
    assert len(made) <= after + 2, "calls went on although nothing could be written down"
    assert (ran.code == 3) == bool(made)
    left = list(state(shop).parent.glob("errored-*.jsonl"))
    if left:
        assert str(left[0].name) in ran.err
        assert "state push" in ran.err
        shop.run("state", "push", str(left[0]), expect=0)
    tracked = [address for address in shop.state()["resources"] if ".entities." in address]
    assert len(tracked) == len(made), "an object that was made is not in state"
    shop.apply()
    shop.settled()
    names = [one["name"] for one in shop.dump("leadconduit", "entities") if one["name"].startswith("Form ")]
    assert sorted(names) == sorted(f"Form {n}" for n in range(30))


def test_a_folder_that_is_a_file_stops_before_the_first_call(shop: Bench) -> None:
    shop.write(FIELDS)
    state(shop).parent.write_text("not a folder")
    ran = shop.run("apply", "--auto-approve")
    assert ran.code == 1, str(ran)
    assert ".reconciler" in ran.err
    assert "Traceback" not in ran.err
    assert writes(shop) == []
