"""A ledger in a file: `state.json`, its journal, its lock and one backup, side by side, for the owner's eyes only.

Writers and readers meet at the kernel's lock on the journal file, held while bytes move, so a reader never sees a
snapshot with another snapshot's journal. A snapshot is complete before it gets its name; only then is the journal
emptied, and one that a crash left behind is recognised by the serial in its first line.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from reconciler.state.backend import Reading, Version
from reconciler.state.errors import StateDamaged, StateError, VersionConflict
from reconciler.state.files import (
    PRIVATE,
    flocked,
    read_all,
    sync,
    sync_folder,
    write_all,
    write_beside,
)
from reconciler.state.ledger import State
from reconciler.state.load import load_state
from reconciler.state.locks import Lock, LockFile, LockInfo
from reconciler.state.pending import pending_of
from reconciler.state.records import Record, header, parse_journal, replay


class LocalBackend:
    """The ledger whose snapshot is at `path`; folders on the way are made when something is first written."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(os.path.realpath(path))
        self.journal = self.path.with_name(self.path.name + ".journal")
        self.backup = self.path.with_name(self.path.name + ".backup")
        self._locks = LockFile(self.path.with_name(self.path.name + ".lock"))
        self._lock: Lock | None = None
        self._descriptor = -1
        self._lineage = ""

    @property
    def name(self) -> str:
        """The path, for messages."""
        return str(self.path)

    def read(self) -> tuple[State | None, Version]:
        """Read the ledger alone. Raises `StateDamaged`, and `StateError` for a file that cannot be read."""
        reading = self.load()
        return reading.state, reading.version

    def load(self) -> Reading:
        """Read snapshot and journal as they belong together.

        Raises `StateDamaged`, and `StateError` for a file that cannot be read.
        """
        try:
            snapshot, tag, journal = self._bytes()
        except OSError as error:
            raise StateError(f"{self.path}: the state cannot be read: {error.strerror or error}") from error
        if snapshot is None:
            if journal:
                advice = (
                    f"Put the backup (`{self.backup}`) in its place, or delete both and begin with "
                    "`reconciler state rebuild`"
                )
                raise StateDamaged(str(self.path), 0, 0, "the state file is gone, but its journal is there", advice)
            return Reading(None, Version())
        state = load_state(snapshot, str(self.path))
        self._lineage = state.lineage
        found = parse_journal(journal, str(self.journal), state)
        replay(state, found.records)
        return Reading(
            state,
            Version(state.serial, found.end, len(journal) - found.end, tag),
            seq=len(found.records),
            pending=pending_of(found.records),
            notes=[found.note] if found.note else [],
        )

    def append(self, records: Sequence[Record], version: Version) -> Version:
        """Add records behind `version.offset`; one write and one flush for all of them.

        If anything fails (disk full, a signal), the file is as before. Raises `VersionConflict`, `OSError`.
        """
        data = b"".join(record.line for record in records)
        if version.offset == 0:
            data = header(self._lineage, version.serial) + data
        with self._writing(version) as descriptor:
            if version.spill:
                os.ftruncate(descriptor, version.offset)
            try:
                write_all(descriptor, data)
                sync(descriptor)
            except BaseException:
                with suppress(OSError):
                    os.ftruncate(descriptor, version.offset)
                raise
        return Version(version.serial, version.offset + len(data), 0, version.tag)

    def compact(self, state: State, version: Version) -> Version:
        """Put a new snapshot in place, keep the one before as backup, empty the journal.

        Raises `VersionConflict`, `OSError`; then nothing has changed.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._writing(version) as descriptor:
            before = state.serial
            state.serial = max(before, version.serial) + 1
            try:
                fresh = write_beside(self.path, state.to_bytes())
                try:
                    self._keep_backup()
                    fresh.replace(self.path)
                except BaseException:
                    fresh.unlink(missing_ok=True)
                    raise
            except BaseException:
                state.serial = before
                raise
            sync_folder(self.path.parent)
            os.ftruncate(descriptor, 0)
            self._lineage = state.lineage
            return Version(state.serial, 0, 0, self._tag())

    def lock(self, info: LockInfo, timeout: float = 0.0) -> Lock:
        """Take the lock, waiting up to `timeout` seconds. Raises `Locked`."""
        self._lock = self._locks.acquire(info, timeout)
        return self._lock

    def unlock(self, lock: Lock) -> None:
        """Give the lock back. Raises `LockLost` if it was broken."""
        self._lock = None
        self._locks.release(lock)

    def lock_info(self) -> LockInfo | None:
        """Tell who holds the lock. Raises `StateDamaged` for an unreadable lock file."""
        return self._locks.holder()

    def force_unlock(self, lock_id: str | None) -> LockInfo | None:
        """Break the lock with this id, or any with None. Raises `LockLost` if there is no such lock."""
        return self._locks.force(lock_id)

    def close(self) -> None:
        """Close the journal; the next write opens it again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _bytes(self) -> tuple[bytes | None, str, bytes]:
        while True:
            try:
                descriptor = os.open(self.journal, os.O_RDONLY)
            except FileNotFoundError:
                snapshot, tag = self._snapshot()
                if self.journal.exists():
                    continue  # a first writer came in between
                return snapshot, tag, b""
            try:
                with flocked(descriptor, exclusive=False):
                    return *self._snapshot(), read_all(descriptor)
            finally:
                os.close(descriptor)

    def _snapshot(self) -> tuple[bytes | None, str]:
        try:
            descriptor = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return None, ""
        try:
            return read_all(descriptor), _tag_of(os.fstat(descriptor))
        finally:
            os.close(descriptor)

    @contextmanager
    def _writing(self, version: Version) -> Iterator[int]:
        if self._descriptor < 0:
            fresh = not self.journal.exists()
            self._descriptor = os.open(self.journal, os.O_RDWR | os.O_CREAT | os.O_APPEND, PRIVATE)
            if fresh:
                sync_folder(self.journal.parent)
        try:
            with flocked(self._descriptor, exclusive=True):
                self._check(version)
                yield self._descriptor
        except VersionConflict:
            self.close()  # the name may lead to another file by now
            raise

    def _check(self, version: Version) -> None:
        if self._lock is not None and not self._locks.is_intact(self._lock):
            raise VersionConflict(f"{self.path}: the lock of this run was broken by somebody else")
        have = os.fstat(self._descriptor)
        try:
            named = self.journal.stat()
        except FileNotFoundError:
            named = None
        if named is None or (named.st_ino, named.st_dev) != (have.st_ino, have.st_dev):
            raise VersionConflict(f"{self.journal}: the journal was replaced while this run worked")
        if have.st_size != version.offset + version.spill or self._tag() != version.tag:
            raise VersionConflict(f"{self.path}: somebody else has written to this state since it was read")

    def _tag(self) -> str:
        try:
            return _tag_of(self.path.stat())
        except FileNotFoundError:
            return ""

    def _keep_backup(self) -> None:
        if not self.path.exists():
            return
        spare = self.backup.with_name(f".{self.backup.name}.tmp")
        spare.unlink(missing_ok=True)
        try:
            os.link(self.path, spare)
        except OSError:  # a file system without hard links: copy
            spare.unlink(missing_ok=True)
            spare = write_beside(self.backup, self.path.read_bytes())
        spare.replace(self.backup)


def _tag_of(found: os.stat_result) -> str:
    return f"{found.st_ino}-{found.st_mtime_ns}-{found.st_size}"
