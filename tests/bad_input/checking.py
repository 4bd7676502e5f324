"""Run a command that must fail, see that it wrote nothing anywhere, and compare its message with a snapshot."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.test_no_writes import reads
from tests.harness import Bench, Ran

SNAPSHOTS = Path(__file__).parent / "snapshots"
UPDATE = "UPDATE_SNAPSHOTS"
"""Set to write snapshots anew, to be looked at before they are committed."""

VOLATILE = (
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?"), "<time>"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"process \d+"), "process <pid>"),
    (re.compile(r"\S+@\S+ \(process"), "<who> (process"),
)


def refused(bench: Bench, name: str, *argv: str, code: int = 1) -> Ran:
    """Run a command that must end with `code` and write nothing, and compare what it says with the snapshot `name`."""
    before, objects = files(bench.root), stored(bench)
    bench.requests()
    ran = bench.run(*argv)
    assert ran.code == code, f"{' '.join(argv)}: {ran}"
    assert "Traceback" not in ran.out + ran.err
    assert writes(bench) == []
    assert stored(bench) == objects
    assert files(bench.root) == before, "the folder is not as it was"
    shown = Ran(ran.code, machine_output(ran, argv), ran.err)
    check_snapshot(name, f"$ reconciler {' '.join(argv)}\n{shown}", bench)
    return ran


def writes(bench: Bench) -> list[str]:
    """Return the requests since last asked that are not known to read only."""
    return [f"{row['method']} {row['path']}" for row in bench.requests() if not reads(row["method"], row["path"])]


def stored(bench: Bench) -> Any:
    """Return what the platforms hold, but for Convert's accounts and projects: the emulator makes them when they are asked for."""
    found = bench.control("GET", "dump")
    made = {"accounts", "projects"}
    return {platform: {kind: rows[kind] for kind in rows if kind not in made} for platform, rows in found.items()}


def files(root: Path) -> dict[str, bytes | None]:
    """Return what lies in a project, but for caches: name → content (None where it cannot be read).

    A ledger in which nothing was ever written does not count: a run that takes the lock makes one.
    """
    found: dict[str, bytes | None] = {}
    for path in sorted(root.rglob("*")):
        if "cache" not in path.parts and path.is_file() and not _empty_ledger(path):
            try:
                found[str(path.relative_to(root))] = path.read_bytes()
            except PermissionError:
                found[str(path.relative_to(root))] = None
    return found


def _empty_ledger(path: Path) -> bool:
    if path.name.endswith(".journal"):
        return path.stat().st_size == 0
    text = (
        path.read_text(encoding="utf-8", errors="replace")
        if path.parent.name == ".reconciler" and path.suffix == ".json"
        else ""
    )
    return '"resources": {}' in text and '"runs": []' in text


def machine_output(ran: Ran, argv: tuple[str, ...]) -> str:
    """See that JSON on standard output is that, says that something is wrong, and has nothing beside it."""
    if "--json" not in argv or not ran.out:
        return ran.out
    document = json.loads(ran.out)
    assert document["errored"] is True
    assert document["applyable"] is False
    return "(a JSON document)"


def normalised(text: str, bench: Bench) -> str:
    """Take out what differs from run to run."""
    for value, word in ((str(bench.root), "<project>"), (str(bench.root.parent), "<above>"), (bench.url, "<emulator>")):
        text = text.replace(value, word)
    for pattern, word in VOLATILE:
        text = pattern.sub(word, text)
    return text.rstrip() + "\n"


def check_snapshot(name: str, text: str, bench: Bench) -> None:
    """Compare with a file; with `UPDATE_SNAPSHOTS=1` it is written anew."""
    path, text = SNAPSHOTS / f"{name}.txt", normalised(text, bench)
    if os.environ.get(UPDATE):
        with _rights_back():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@contextmanager
def without_rights(user: int) -> Iterator[None]:
    """Have no more rights to files than their modes give, even when run by root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(before)


@contextmanager
def _rights_back() -> Iterator[None]:
    now = os.geteuid()
    os.seteuid(os.getuid())
    try:
        yield
    finally:
        os.seteuid(now)
