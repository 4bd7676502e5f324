"""Lists that lag behind writes, as those of eventually consistent servers do."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Before:
    rows: Sequence[Any]
    until: float
    answers: int


class StaleLists:
    """For a while after a write, what a list showed before it."""

    __slots__ = ("_answers", "_before", "_seconds")

    def __init__(self, seconds: float = 0.0, answers: int = 0) -> None:
        self._seconds = seconds
        self._answers = answers
        self._before: dict[Hashable, deque[_Before]] = {}

    @classmethod
    def of(cls, value: Any) -> StaleLists:
        """Read from JSON: milliseconds, or `{"answers": n}`; raises ValueError for anything else."""
        if isinstance(value, dict) and len(value) == 1:
            ((name, number),) = value.items()
            if name in {"answers", "times"}:
                return cls(answers=int(number))
            if name == "ms":
                return cls(seconds=float(number) / 1000)
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return cls(seconds=value / 1000)
        raise ValueError(f"stale_list: expected milliseconds or {{'answers': n}}, got {value!r}")

    def __bool__(self) -> bool:
        return self._seconds > 0 or self._answers > 0

    def note_write(self, key: Hashable, rows: Callable[[], Sequence[Any]]) -> None:
        """Remember what the list `key` shows now, right before a write to it. `rows` must hand out a copy."""
        if self:
            before = _Before(rows(), time.monotonic() + self._seconds, self._answers)
            self._before.setdefault(key, deque()).append(before)

    def rows(self, key: Hashable, current: Sequence[T]) -> Sequence[T]:
        """Return what a list answer shows: the current rows, or those from before a recent write."""
        queue = self._before.get(key)
        if not queue:
            return current
        if self._answers:
            oldest = queue[0]
            oldest.answers -= 1
            if oldest.answers <= 0:
                queue.clear()
            return oldest.rows
        now = time.monotonic()
        while queue and queue[0].until <= now:
            queue.popleft()
        return queue[0].rows if queue else current
