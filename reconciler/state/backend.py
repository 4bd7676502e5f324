"""What a place that keeps ledgers must be able to do.

Every write names the version that its writer read and is refused (`VersionConflict`) if the ledger has moved since. A
store with conditional writes (an object with an ETag or a generation, a row with a version column) can do all of it:
a snapshot is one object, a batch of records one more, named by serial and first record so that two writers collide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from reconciler.state.ledger import State
from reconciler.state.locks import Lock, LockInfo
from reconciler.state.pending import PendingIntent
from reconciler.state.records import Record


@dataclass(slots=True, frozen=True)
class Version:
    """Where a ledger stands: the snapshot's serial and the end of its journal (bytes for a file, else a count).

    `spill` is what lies behind that end and is to be cut off by the next write; `tag` identifies the very snapshot.
    """

    serial: int = 0
    offset: int = 0
    spill: int = 0
    tag: str = ""


@dataclass(slots=True)
class Reading:
    """A ledger as read: snapshot with journal replayed; None where there is none yet.

    `seq` is the number of the last record, `pending` the intents without outcome, `notes` what the user should be told.
    """

    state: State | None
    version: Version
    seq: int = 0
    pending: list[PendingIntent] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Backend(Protocol):
    """One ledger. Methods may be called from any thread, writes from one at a time."""

    @property
    def name(self) -> str:
        """The place, for messages."""

    def load(self) -> Reading:
        """Read everything. Raises `StateDamaged`."""

    def read(self) -> tuple[State | None, Version]:
        """Read the ledger alone. Raises `StateDamaged`."""

    def append(self, records: Sequence[Record], version: Version) -> Version:
        """Add encoded records, all or none, durable on return. Raises `VersionConflict`, `OSError`."""

    def compact(self, state: State, version: Version) -> Version:
        """Write a snapshot that contains its journal, with the next serial, which `state` then has.

        Raises `VersionConflict`, `OSError`; then nothing has changed.
        """

    def lock(self, info: LockInfo, timeout: float = 0.0) -> Lock:
        """Take the lock, waiting up to `timeout` seconds. Raises `Locked`."""

    def unlock(self, lock: Lock) -> None:
        """Give the lock back. Raises `LockLost` if it was broken."""

    def lock_info(self) -> LockInfo | None:
        """Tell who holds the lock."""

    def force_unlock(self, lock_id: str | None) -> LockInfo | None:
        """Break the lock with this id, or any with None. Raises `LockLost` if there is no such lock."""

    def close(self) -> None:
        """Let go of open files and connections."""
