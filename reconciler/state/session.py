"""The one writer of a ledger during a run: holds the lock, the ledger in memory, and the journal.

Order of a step: `intent` (durable before the call goes out), the call, then `done`, `failed` or `unknown`. Methods may
be called from any thread; the ledger in memory is changed under a mutex, in the order of the journal.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from reconciler.state.backend import Backend, Reading
from reconciler.state.commit import GroupCommit
from reconciler.state.errored import Errored, fingerprint, write_errored
from reconciler.state.errors import LockLost, StateError, StateWriteRefused, VersionConflict
from reconciler.state.ledger import Entry, RunRecord, State
from reconciler.state.locks import Lock, LockInfo
from reconciler.state.pending import PendingIntent, note_event
from reconciler.state.records import Event, Record, now, replay


@dataclass(slots=True, frozen=True)
class Change:
    """An edit of the ledger: entries to remove, then entries to put."""

    put: Mapping[str, Entry] = field(default_factory=dict)
    remove: Sequence[str] = ()
    accounts: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    note: str = ""


class Session:
    """A run's hold on its ledger. Made by `open_session`; use as a context manager, which gives the lock back.

    `notes` is what the user should be told (a lock taken over, a cut line dropped, a snapshot that could not be made).
    """

    def __init__(self, backend: Backend, lock: Lock, run: str, state: State, reading: Reading) -> None:
        self.backend = backend
        self.lock = lock
        self.run = run
        self.state = state
        self.notes = list(reading.notes)
        self._pending = {(intent.run, intent.step): intent for intent in reading.pending}
        self._before: dict[int, dict[str, Entry | None]] = {}
        self._base_serial = reading.version.serial
        self._commit = GroupCommit(backend, reading.version, reading.seq)
        self._dirty = reading.seq > 0
        self._mutex = threading.RLock()
        self._closed = False

    @property
    def refused(self) -> BaseException | None:
        """Why nothing can be written any more; None as long as all is well."""
        return self._commit.refused

    @property
    def unsaved(self) -> list[Record]:
        """What happened and could not be written, in order."""
        return sorted(self._commit.unsaved, key=lambda record: record.seq)

    def pending(self) -> list[PendingIntent]:
        """List intents whose outcome is not known: of killed runs, and of this one up to now."""
        with self._mutex:
            return list(self._pending.values())

    def tracked(self, account: str, kind: str) -> dict[str, str]:
        """Return which address holds which id of a kind, as of now: other threads may be writing meanwhile."""
        with self._mutex:
            return {
                entry.id: address
                for address, entry in self.state.resources.items()
                if entry.account == account and entry.kind == kind
            }

    def intent(self, step: str, *, wait: bool = True, **data: Any) -> None:
        """Say that a call is about to go out; durable on return, unless `wait` is false (calls that may be repeated).

        `data` is what is needed to find out later whether it arrived. Raises `StateWriteRefused`: do not make the call.
        """
        before = self._pending.get((self.run, step))
        try:
            self._add("intent", step, data=data, wait=wait, happened=False)
        except StateWriteRefused:
            with self._mutex:
                self._pending.pop((self.run, step), None)
                if before is not None:
                    self._pending[self.run, step] = before
            raise

    def done(
        self,
        step: str,
        *,
        put: Mapping[str, Entry] | None = None,
        remove: Sequence[str] = (),
        wait: bool = True,
        **data: Any,
    ) -> bool:
        """Record that a call succeeded and what the ledger says now. Tell whether that is durable.

        Never raises for a refused write: the call has happened, and what could not be written is kept for `abandon`.
        """
        return self._outcome("done", step, Change(put or {}, remove), data, wait=wait)

    def failed(self, step: str, error: str, **data: Any) -> bool:
        """Record that a call had no effect. Tell whether that is durable."""
        return self._outcome("failed", step, Change(), {"error": error, **data})

    def unknown(self, step: str, **data: Any) -> bool:
        """Record that no clear answer came: the intent stays open. Tell whether that is durable."""
        return self._outcome("unknown", step, Change(), data)

    def resolve(
        self,
        intent: PendingIntent,
        *,
        happened: bool,
        put: Mapping[str, Entry] | None = None,
        remove: Sequence[str] = (),
        **data: Any,
    ) -> bool:
        """Close an open intent, also of an earlier run, once it is known whether its call had an effect."""
        event: Event = "done" if happened else "failed"
        data = {**data, "resolved_by": self.run}
        return self._outcome(event, intent.step, Change(put or {}, remove), data, run=intent.run)

    def note(self, change: Change, *, step: str | None = None, wait: bool = True) -> bool:
        """Record an edit of the ledger alone: adopt, move, forget, release, identities. Tell whether it is durable."""
        data = {"note": change.note} if change.note else {}
        return self._outcome("state", step, change, data, wait=wait)

    def recover(self, lost: Errored) -> bool:
        """Write what an earlier run could not, after `lost.check`. Tell whether all of it is durable."""
        for record in lost.records:
            change = Change(record.put, record.remove, record.accounts)
            data = {**record.data, "recovered_by": self.run}
            self._outcome(
                record.event, record.step, change, data, runs=record.runs, run=record.run, at=record.at, wait=False
            )
        try:
            self._commit.flush()
        except StateWriteRefused:
            return False
        return True

    def finish(self, run: RunRecord | None = None) -> None:
        """Record the run and write a snapshot; call it when no step is going on any more.

        Without a snapshot nothing is lost, so one that the disk refuses is only a note; with open intents none is made,
        since the journal is where they live. Raises `StateWriteRefused` if the journal itself lacks something.
        """
        if run is not None:
            self._add("state", None, runs=[run])
        self._commit.flush()
        if self._pending or not self._dirty:
            return
        try:
            self._commit.compacted(self.backend.compact(self.state, self._commit.version))
        except VersionConflict as error:
            self._commit.refuse(error)
            raise StateWriteRefused(str(error)) from error
        except OSError as error:
            self.notes.append(f"no new snapshot could be written ({error}); the journal has everything")
            return
        self._base_serial = self._commit.version.serial
        self._dirty = False

    def abandon(self, folder: Path) -> Path | None:
        """Leave what could not be saved in `errored-RUN.jsonl`, for `state push`; None if all is saved.

        Raises `OSError` if even that cannot be written.
        """
        records = self.unsaved
        if not records:
            return None
        before: dict[str, str | None] = {}
        for record in records:
            for address, entry in self._before.get(record.seq, {}).items():
                before.setdefault(address, fingerprint(entry))
        lost = Errored(
            run=self.run,
            project=self.state.project,
            environment=self.state.environment,
            lineage=self.state.lineage,
            serial=self._base_serial,
            before=before,
            records=records,
        )
        return write_errored(folder, lost)

    def close(self) -> None:
        """Write what waits, close files, give the lock back. A lock that was broken meanwhile becomes a note."""
        if self._closed:
            return
        self._closed = True
        try:
            if self.refused is None:
                self._commit.flush()
        except StateWriteRefused as error:
            self.notes.append(str(error))
        finally:
            self.backend.close()
            try:
                self.backend.unlock(self.lock)
            except LockLost as error:
                self.notes.append(str(error))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _outcome(
        self,
        event: Event,
        step: str | None,
        change: Change,
        data: dict[str, Any],
        *,
        runs: list[RunRecord] | None = None,
        wait: bool = True,
        run: str | None = None,
        at: str | None = None,
    ) -> bool:
        try:
            self._add(event, step, change=change, data=data, runs=runs, wait=wait, run=run, at=at)
        except StateWriteRefused:
            return False
        return wait

    def _add(
        self,
        event: Event,
        step: str | None,
        *,
        change: Change | None = None,
        data: dict[str, Any] | None = None,
        runs: list[RunRecord] | None = None,
        wait: bool = True,
        happened: bool = True,
        run: str | None = None,
        at: str | None = None,
    ) -> None:
        edit = change or Change()

        def make(seq: int) -> Record:
            if self._closed:
                raise StateError("this session is closed")
            record = Record(
                seq,
                run or self.run,
                step,
                event,
                at or now(),
                put=dict(edit.put),
                remove=[address for address in edit.remove if address not in edit.put],
                accounts=dict(edit.accounts),
                runs=runs or [],
                data=data or {},
            ).encode()
            with self._mutex:
                self._remember(record)
            return record

        self._commit.add(make, wait=wait, happened=happened)

    def _remember(self, record: Record) -> None:
        touched = [*record.remove, *record.put]
        if touched:
            self._before[record.seq] = {address: self.state.resources.get(address) for address in touched}
        replay(self.state, [record])
        note_event(self._pending, record)
        self._dirty = True


def open_session(
    backend: Backend,
    *,
    run: str,
    operation: str = "",
    lock_timeout: float = 0.0,
    new: State | None = None,
) -> Session:
    """Lock a ledger and read it, for writing. Where there is none, `new` becomes its first snapshot.

    Raises `Locked`, `StateDamaged`, `StateError` if there is no ledger and no `new`, `OSError`.
    """
    lock = backend.lock(LockInfo.mine(operation, run), lock_timeout)
    try:
        session = _read_for_writing(backend, lock, run, new)
    except BaseException:
        backend.close()
        backend.unlock(lock)
        raise
    if lock.took_over is not None:
        gone = lock.took_over
        session.notes.insert(
            0, f"took over the lock of {gone.who} (process {gone.pid}, since {gone.since}), which is gone"
        )
    return session


def _read_for_writing(backend: Backend, lock: Lock, run: str, new: State | None) -> Session:
    reading = backend.load()
    if reading.state is None:
        if new is None:
            raise StateError(f"{backend.name}: there is no state here yet")
        reading.version = backend.compact(new, reading.version)
        reading.state = new
    return Session(backend, lock, run, reading.state, reading)
