"""Make records durable for many threads at once: those that come while one flush runs share the next one."""

from __future__ import annotations

import threading
from collections.abc import Callable

from reconciler.state.backend import Backend, Version
from reconciler.state.errors import StateError, StateWriteRefused
from reconciler.state.records import Record


class _Batch:
    __slots__ = ("error", "led", "over", "records")

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.led = False
        self.over = threading.Event()
        self.error: BaseException | None = None


class GroupCommit:
    """Numbers records and appends them to a backend in that order.

    After the first write that fails, nothing is written any more: `refused` has the reason, `unsaved` what was not
    written although it happened.
    """

    def __init__(self, backend: Backend, version: Version, seq: int) -> None:
        self.version = version
        self.refused: BaseException | None = None
        self.unsaved: list[Record] = []
        self._backend = backend
        self._seq = seq
        self._open = _Batch()
        self._mutex = threading.Lock()
        self._writing = threading.Lock()

    def add(self, make: Callable[[int], Record], *, wait: bool = True, happened: bool = True) -> Record:
        """Write one record; with `wait` it is durable on return, else with the next that waits.

        `make` builds the record for a number, under the mutex; if it raises, no number is used up. `happened` says that
        the record is worth keeping in `unsaved` if it cannot be written (not so for an intent whose call is then not
        made). Raises `StateWriteRefused` if it was to wait and could not be written, or if nothing is written any more.
        """
        with self._mutex:
            if self.refused is not None and not happened:
                raise self._refusal(self.refused)
            record = make(self._seq + 1)
            self._seq += 1
            if self.refused is not None:
                self.unsaved.append(record)
                raise self._refusal(self.refused)
            batch = self._open
            batch.records.append(record)
            lead = wait and not batch.led
            batch.led = batch.led or wait
        if lead:
            self._write(batch)
        elif wait:
            batch.over.wait()
        if wait and batch.error is not None:
            if not happened:
                self._not_made(record)
            raise self._refusal(batch.error)
        return record

    def flush(self) -> None:
        """Write what waits for company. Raises `StateWriteRefused`."""
        with self._mutex:
            batch = self._open
            lead = bool(batch.records) and not batch.led
            batch.led = batch.led or lead
        if lead:
            self._write(batch)
        elif batch.led:
            batch.over.wait()
        with self._writing:  # a batch that was closed before may still be on its way
            pass
        if self.refused is not None:
            raise self._refusal(self.refused)

    def compacted(self, version: Version) -> None:
        """Go on behind a new snapshot; the caller sees to it that nobody adds records meanwhile."""
        self.version = version
        self._seq = 0

    def refuse(self, error: BaseException) -> None:
        """Write nothing more, for a reason found elsewhere."""
        with self._mutex:
            self.refused = self.refused or error
            self._give_up_open()

    def _write(self, batch: _Batch) -> None:
        try:
            with self._writing:  # others join the batch until the flush before it is over
                with self._mutex:
                    self._open = _Batch()
                    error = self.refused
                if error is None:
                    self.version = self._backend.append(batch.records, self.version)
                else:
                    self._fail(batch, error)
        except BaseException as error:
            self._fail(batch, error)
            if not isinstance(error, (StateError, OSError)):
                raise  # a signal, a bug: not ours to judge, but nobody may wait for this batch for ever
        finally:
            batch.over.set()

    def _fail(self, batch: _Batch, error: BaseException) -> None:
        with self._mutex:
            self.refused = self.refused or error
            self.unsaved += batch.records
            batch.error = error
            if self._open is batch:
                self._open = _Batch()
            self._give_up_open()

    def _give_up_open(self) -> None:
        """Keep what waits for company that will not come any more (mutex held)."""
        if not self._open.led:
            self.unsaved += self._open.records
            self._open = _Batch()

    def _not_made(self, record: Record) -> None:
        with self._mutex:
            self.unsaved = [other for other in self.unsaved if other is not record]

    @staticmethod
    def _refusal(error: BaseException) -> StateWriteRefused:
        refusal = StateWriteRefused(f"the state cannot be written any more, so nothing further is started: {error}")
        refusal.__cause__ = error
        return refusal
