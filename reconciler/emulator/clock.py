"""The emulator's clock: every time it hands out is later than the one before: no two writes look simultaneous."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """Strictly increasing wall-clock time in whole milliseconds."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = 0

    def now_ms(self) -> int:
        """Return milliseconds since 1970, at least one more than the last answer."""
        now = time.time_ns() // 1_000_000
        self._last = now if now > self._last else self._last + 1
        return self._last

    def iso(self) -> str:
        """Return the time as `2018-10-03T15:51:16.051Z`, later than any answer before."""
        return iso_ms(self.now_ms())


def iso_ms(milliseconds: int) -> str:
    """Spell milliseconds since 1970 as ISO 8601 in UTC with three decimals and a `Z`."""
    seconds, rest = divmod(milliseconds, 1000)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{rest:03d}Z"
