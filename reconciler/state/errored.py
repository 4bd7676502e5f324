"""What a run could not save: a file that can be replayed on the ledger later, and refuses where the ledger moved on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.state import codec
from reconciler.state.errors import ForeignState, StateDamaged, SurgeryRefused
from reconciler.state.files import replace_atomically
from reconciler.state.ledger import Entry, State
from reconciler.state.records import Record, parse_record, seal, unseal

_ADVICE = "Only an `errored-….jsonl` as a run left it can be pushed"
_TEXTS = ("run", "project", "lineage")


@dataclass(slots=True)
class Errored:
    """The records that run `run` could not write. `before`: digest of each touched entry, null if it was new."""

    run: str
    project: str
    environment: str | None
    lineage: str
    serial: int
    before: dict[str, str | None]
    records: list[Record] = field(default_factory=list)

    def conflicts(self, state: State) -> list[str]:
        """List the addresses that somebody else has changed since, so that a replay would undo their work."""
        return sorted(
            address
            for address, digest in self.before.items()
            if fingerprint(state.resources.get(address)) not in {digest, self._after(address)}
        )

    def check(self, state: State, *, force: bool) -> None:
        """Refuse to replay on another ledger (`ForeignState`), or, without `force`, over newer work."""
        if state.lineage != self.lineage:
            raise ForeignState(
                f"run {self.run} wrote to another ledger ({self.lineage}) than this one ({state.lineage})"
            )
        if not force and (clashes := self.conflicts(state)):
            raise SurgeryRefused(
                f"these have changed in the ledger since run {self.run}: {', '.join(clashes)}. Look at them with "
                "`reconciler state show`; with --force the run's own record of them wins"
            )

    def _after(self, address: str) -> str | None:
        entry: Entry | None = None
        for record in self.records:
            if address in record.remove:
                entry = None
            entry = record.put.get(address, entry)
        return fingerprint(entry)


def fingerprint(entry: Entry | None) -> str | None:
    """Digest an entry, to tell later whether it is still the same."""
    return None if entry is None else hashlib.sha256(codec.dumps(entry)).hexdigest()


def write_errored(folder: Path, lost: Errored) -> Path:
    """Write `errored-RUN.jsonl` for the owner's eyes only. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    head: dict[str, Any] = {
        "errored": 1,
        "run": lost.run,
        "project": lost.project,
        "environment": lost.environment,
        "lineage": lost.lineage,
        "serial": lost.serial,
        "before": lost.before,
        "count": len(lost.records),
    }
    path = folder / f"errored-{lost.run}.jsonl"
    replace_atomically(path, seal(head) + b"".join(record.line for record in lost.records))
    return path


def is_errored(data: bytes) -> bool:
    """Tell an errored file from a snapshot."""
    return b'"errored":' in data.split(b"\n", 1)[0]


def read_errored(data: bytes, file: str) -> Errored:
    """Read what `write_errored` wrote. Raises `StateDamaged`."""
    lines = data.splitlines()
    if not lines:
        raise StateDamaged(file, 1, 0, "the file is empty", _ADVICE)
    head = unseal(lines[0], file, 1, _ADVICE)
    count, version = head.pop("count", None), head.pop("errored", None)
    if version != 1 or set(head) != {*_TEXTS, "environment", "serial", "before"}:
        raise StateDamaged(file, 1, 0, "this is not the header of an errored run", _ADVICE)
    if count != len(lines) - 1:
        raise StateDamaged(
            file, len(lines), 0, f"{count} records were written here, {len(lines) - 1} are left", _ADVICE
        )
    lost = Errored(**head)
    lost.records = [parse_record(line, file, number, _ADVICE) for number, line in enumerate(lines[1:], 2)]
    return lost
