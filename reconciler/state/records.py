"""What stands in the journal: one record a line, numbered, each with a checksum of its own.

The ledger is the last snapshot with the records of its journal replayed over it.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from reconciler.state import codec
from reconciler.state.errors import StateDamaged
from reconciler.state.ledger import Entry, RunRecord, State
from reconciler.state.load import Wrong, load_accounts, load_entries, load_run

Event = Literal["intent", "done", "failed", "unknown", "state"]
"""`intent`: a call is about to go out · `done`, `failed`: its outcome · `unknown`: no clear answer came, so the intent
stays open · `state`: an edit of the ledger alone (adopt, move, forget, accounts, runs)."""

_EVENTS = frozenset(get_args(Event))
_TAIL = re.compile(rb',"crc":"([0-9a-f]{8})"}\Z')
_TAIL_LENGTH = len(b',"crc":"00000000"}')
JOURNAL_VERSION = 1


@dataclass(slots=True)
class Record:
    """One event. `put` and `remove` change entries (removed first), `data` is for whoever resolves an open intent."""

    seq: int
    run: str
    step: str | None
    event: Event
    at: str
    put: dict[str, Entry] = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: list[RunRecord] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    line: bytes = field(default=b"", compare=False, repr=False)

    def encode(self) -> Record:
        """Fill `line`, the bytes that a backend stores, and return self. Raises `TypeError` for what is not JSON."""
        body: dict[str, Any] = {"seq": self.seq, "run": self.run, "step": self.step, "event": self.event, "at": self.at}
        for name in ("put", "remove", "accounts", "runs", "data"):
            if value := getattr(self, name):
                body[name] = value
        self.line = seal(body)
        return self


def now() -> str:
    """Tell the time as the ledger spells it: UTC, milliseconds, `Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seal(body: dict[str, Any]) -> bytes:
    """Write an object as one line with its checksum at the end."""
    text = codec.dumps(body)
    return b'%s,"crc":"%08x"}\n' % (text[:-1], zlib.crc32(text))


def replay(state: State, records: Iterable[Record]) -> None:
    """Apply records to a ledger in their order."""
    for record in records:
        for address in record.remove:
            state.resources.pop(address, None)
        state.resources.update(record.put)
        state.accounts.update(record.accounts)
        for run in record.runs:
            state.add_run(run)


def header(state_lineage: str, serial: int) -> bytes:
    """Write the first line of a journal, which ties it to one snapshot."""
    return seal({"journal": JOURNAL_VERSION, "lineage": state_lineage, "serial": serial})


@dataclass(slots=True)
class Journal:
    """A journal as read: its records, where the good part ends (bytes), and what was said about the rest.

    `stale`: it belongs to an older snapshot than the one at hand, which already contains it.
    """

    records: list[Record]
    end: int
    note: str | None = None
    stale: bool = False


def parse_journal(data: bytes, file: str, state: State) -> Journal:
    """Read a journal against its snapshot. A cut last line is dropped and noted.

    Raises `StateDamaged` with the line for anything else that is wrong: the writes after it cannot be trusted either.
    """
    advice = (
        f"Nothing was changed. Put `{file}` back from a copy; or, to give up what it holds, delete it and make the "
        "ledger agree with the platforms by `reconciler state rebuild`"
    )
    lines, cut = _lines(data)
    if not lines:
        return Journal([], 0, _cut_note(file, 1, cut) if cut else None)
    head = unseal(lines[0], file, 1, advice)
    if head.get("journal") != JOURNAL_VERSION or type(head.get("serial")) is not int:
        raise StateDamaged(file, 1, 0, "the first line is not the header of a journal of this version", advice)
    if head.get("lineage") != state.lineage:
        raise StateDamaged(
            file,
            1,
            0,
            f"this journal is of another ledger (lineage {head.get('lineage')}, not {state.lineage})",
            advice,
        )
    if head["serial"] > state.serial:
        raise StateDamaged(
            file,
            1,
            0,
            f"this journal continues snapshot {head['serial']}, but the snapshot beside it is the older {state.serial}",
            advice,
        )
    if head["serial"] < state.serial:
        return Journal([], 0, None, stale=True)
    records = [_record(line, number, file, advice) for number, line in enumerate(lines[1:], 2)]
    note = _cut_note(file, len(lines) + 1, cut) if cut else None
    return Journal(records, len(data) - cut, note)


def parse_record(line: bytes, file: str, number: int, advice: str) -> Record:
    """Read one record, checksum included. Raises `StateDamaged`."""
    body = unseal(line, file, number, advice)
    try:
        return _build(body)
    except Wrong as wrong:
        raise StateDamaged(file, number, 0, wrong.problem, advice) from None


def _record(line: bytes, number: int, file: str, advice: str) -> Record:
    record = parse_record(line, file, number, advice)
    if record.seq != number - 1:
        raise StateDamaged(file, number, 0, f"record {number - 1} was expected here, found {record.seq}", advice)
    return record


def _build(body: dict[str, Any]) -> Record:
    seq, run, step, event, at = (body.pop(name, None) for name in ("seq", "run", "step", "event", "at"))
    if type(seq) is not int or type(run) is not str or type(at) is not str or not (step is None or type(step) is str):
        raise Wrong((), "a record needs `seq`, `run`, `step` and `at`")
    if event not in _EVENTS:
        raise Wrong((), f"unknown event {event!r}")
    put, remove, accounts, runs, data = (body.pop(name, None) for name in ("put", "remove", "accounts", "runs", "data"))
    if body:
        raise Wrong((), f"unknown key `{next(iter(body))}`")
    record = Record(seq, run, step, event, at)
    for value, kind in ((put, dict), (remove, list), (accounts, dict), (runs, list), (data, dict)):
        if value is not None and type(value) is not kind:
            raise Wrong((), "a record holds something of the wrong type")
    if put:
        record.put = load_entries(put)
    if remove:
        if set(map(type, remove)) != {str}:
            raise Wrong((), "`remove` must hold addresses")
        record.remove = remove
    if accounts:
        record.accounts = load_accounts(accounts)
    if runs:
        record.runs = [load_run(item) for item in runs]
    if data:
        record.data = data
    return record


def _lines(data: bytes) -> tuple[list[bytes], int]:
    """Split into whole lines; the second value is the length of a cut end.

    An end that has its checksum was not cut, whatever else is wrong with it: that is damage, for the caller to find.
    """
    lines = data.split(b"\n")
    cut = len(lines.pop())
    if not cut and lines and _TAIL.search(lines[-1]) is None and not _is_json(lines[-1]):
        cut = len(lines.pop()) + 1
    return lines, cut


def _is_json(line: bytes) -> bool:
    try:
        codec.loads(line)
    except json.JSONDecodeError:
        return False
    return True


def unseal(line: bytes, file: str, number: int, advice: str) -> dict[str, Any]:
    """Read one line that `seal` wrote. Raises `StateDamaged` naming file and line."""
    tail = _TAIL.search(line)
    if tail is None:
        raise StateDamaged(file, number, 0, "this line is not a record with a checksum", advice)
    text = line[:-_TAIL_LENGTH] + b"}"
    if zlib.crc32(text) != int(tail[1], 16):
        raise StateDamaged(file, number, 0, "the checksum of this line is wrong", advice)
    try:
        body = codec.loads(text)
    except json.JSONDecodeError as error:
        raise StateDamaged(file, number, error.colno, f"this line is not JSON ({error.msg})", advice) from None
    if type(body) is not dict:
        raise StateDamaged(file, number, 0, "this line is not an object", advice)
    return body


def _cut_note(file: str, number: int, cut: int) -> str:
    return (
        f"{file}:{number}: the last line was cut off by a crash ({cut} bytes) and was dropped; "
        "nothing had been promised on it"
    )
