"""A command at a terminal: it asks, and somebody answers after having done something else meanwhile."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

from tests.harness import Bench

LIMIT = 60.0
"""Seconds after which a command that says nothing fails the test."""


class Terminal:
    """One command whose input and messages are a terminal; its result goes to a pipe."""

    def __init__(self, bench: Bench, *argv: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reconciler", *argv, "--chdir", str(bench.root)],
            env={**os.environ, **bench.env()},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.seen = ""

    def until(self, text: str) -> None:
        """Read until the command has said this."""
        end = time.monotonic() + LIMIT
        while text not in self.seen:
            assert time.monotonic() < end, f"waited for {text!r}, saw: {self.seen}"
            assert self._read(0.2) or self.process.poll() is None, f"it ended before {text!r}: {self.seen}"

    def say(self, line: str) -> None:
        """Type a line."""
        os.write(self._master, f"{line}\n".encode())

    def wait(self) -> int:
        """Wait for the end and return the exit code."""
        end = time.monotonic() + LIMIT
        while self.process.poll() is None:
            assert time.monotonic() < end, f"it does not end: {self.seen}"
            self._read(0.05)
        while self._read(0.0):
            pass
        return self.process.returncode

    def _read(self, seconds: float) -> bool:
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        try:
            got = os.read(self._master, 65536)
        except OSError:  # the other end is closed
            return False
        self.seen += got.decode(errors="replace")
        return bool(got)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=LIMIT)
        os.close(self._master)
