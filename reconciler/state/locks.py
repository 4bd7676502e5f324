"""The lock of a local ledger: one file that says who works on it, since when, and on what.

Every look and every change happens under the kernel's lock on the folder, held for moments only, so of many processes
exactly one wins and nobody sees half a file. The lock file itself outlives a killed process; it is taken over when its
process is provably gone from this very machine, and never otherwise.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.state import codec
from reconciler.state.errors import Locked, LockLost, StateDamaged, StateError
from reconciler.state.files import flocked, replace_atomically, sync_folder
from reconciler.state.process import start_of, this_machine, user_at_host

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


@codec.written
@dataclass(slots=True, frozen=True)
class LockInfo:
    """Who holds a lock. `since` is UTC in ISO 8601, `started` the start of the process as its system spells it."""

    id: str
    who: str
    host: str
    pid: int
    started: str
    since: str
    operation: str = ""
    run: str = ""
    machine: str = ""
    boot: str = ""
    namespace: str = ""

    @classmethod
    def mine(cls, operation: str = "", run: str = "") -> LockInfo:
        """Describe this process."""
        here = this_machine()
        return cls(
            id=str(uuid.uuid4()),
            who=user_at_host(),
            host=here.host,
            pid=os.getpid(),
            started=start_of(os.getpid()) or "",
            since=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            operation=operation,
            run=run,
            machine=here.machine,
            boot=here.boot,
            namespace=here.namespace,
        )

    def is_gone(self) -> bool:
        """Tell whether the holder provably ended: it ran on this machine, and here is no such process any more."""
        here = this_machine()
        if (self.host, self.machine) != (here.host, here.machine):
            return False
        if self.boot != here.boot:
            return bool(self.machine) and self.namespace == here.namespace  # this machine was started anew since
        if self.namespace != here.namespace:
            return False
        started = start_of(self.pid)
        return started is None or (bool(self.started) and started != self.started)


@dataclass(slots=True)
class Lock:
    """A lock that is held; `took_over` is the dead holder it was taken from, to be said."""

    info: LockInfo
    took_over: LockInfo | None = None
    token: object = field(default=None, repr=False)


class LockFile:
    """The lock file at `path`. `pause` and `clock` (seconds) are there for tests."""

    def __init__(
        self,
        path: Path,
        *,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self._pause = pause
        self._clock = clock

    def acquire(self, info: LockInfo, timeout: float = 0.0) -> Lock:
        """Take the lock, waiting up to `timeout` seconds for its holder.

        Raises `Locked` with the holder, and `StateError` where no file can be made: then no state could be kept either.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return self._wait(info, timeout)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StateError(
                f"{self.path.parent}: the state cannot be written here: {reason}. Nothing was written to any platform; "
                "give this user the right to write to the folder, or name another one by `state:`"
            ) from error

    def _wait(self, info: LockInfo, timeout: float) -> Lock:
        end = self._clock() + timeout
        pause = _FIRST_PAUSE
        while True:
            try:
                return self._try(info)
            except Locked:
                left = end - self._clock()
                if left <= 0:
                    raise
                self._pause(min(pause, left))
                pause = min(pause * 1.5, _LONGEST_PAUSE)

    def holder(self) -> LockInfo | None:
        """Tell who holds the lock, alive or not; None if nobody does. Raises `StateDamaged` for an unreadable file."""
        if not self.path.exists():
            return None
        with self._alone():
            return self._read()

    def release(self, lock: Lock) -> None:
        """Give the lock back. Raises `LockLost` if it was broken, and then leaves whatever lock is there."""
        with self._alone():
            present = self._read()
            if present is None or present.id != lock.info.id:
                by = f"; {present.who} holds one since {present.since}" if present else ""
                raise LockLost(f"the lock of this run was broken while it worked{by}")
            self._remove()

    def force(self, lock_id: str | None) -> LockInfo | None:
        """Break the lock with this id, or with None whichever is there, even an unreadable one; return its holder.

        Raises `LockLost` if there is none or it has another id.
        """
        if not self.path.exists():
            raise LockLost("nobody holds the lock")
        with self._alone():
            try:
                present = self._read()
                if present is None:
                    raise LockLost("nobody holds the lock")
            except StateDamaged:
                if lock_id is not None:
                    raise
                present = None
            if present is not None and lock_id is not None and present.id != lock_id:
                raise LockLost(
                    f"the lock has the id {present.id} ({present.who}, since {present.since}), not {lock_id}"
                )
            self._remove()
            return present

    def is_intact(self, lock: Lock) -> bool:
        """Tell cheaply, without reading it, whether the lock file is still the one that `acquire` wrote."""
        return lock.token is None or lock.token == self._token()

    def _try(self, info: LockInfo) -> Lock:
        with self._alone():
            present = self._read()
            if present is not None and not present.is_gone():
                raise Locked(present)
            replace_atomically(self.path, codec.dumps_pretty(info))
            return Lock(info, took_over=present, token=self._token())

    def _token(self) -> object:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return "gone"
        return (found.st_ino, found.st_mtime_ns)

    def _remove(self) -> None:
        self.path.unlink()
        sync_folder(self.path.parent)

    def _read(self) -> LockInfo | None:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            raw: Any = codec.loads(data)
            info = LockInfo(**raw)
        except (json.JSONDecodeError, TypeError):
            raise self._damaged("this is not a lock") from None
        if type(info.pid) is not int or not all(type(raw[name]) is str for name in raw if name != "pid"):
            raise self._damaged("this lock holds something of the wrong type")
        return info

    def _damaged(self, problem: str) -> StateDamaged:
        advice = "When no run is going on: `reconciler unlock --force`"
        return StateDamaged(str(self.path), 1, 0, problem, advice)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        descriptor = os.open(self.path.parent, os.O_RDONLY)
        try:
            with flocked(descriptor, exclusive=True):
                yield
        finally:
            os.close(descriptor)
