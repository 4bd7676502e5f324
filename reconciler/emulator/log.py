"""The log of requests that tests read: what was asked, what was answered."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

from reconciler.emulator.clock import iso_ms

LIMIT = 200_000
"""Requests kept; older ones are dropped, their counts stay."""


@dataclass(slots=True)
class Logged:
    """One request and its answer."""

    method: str
    path: str
    template: str
    query: str
    status: int
    platform: str
    at_ms: int
    fault: str | None

    def shown(self) -> dict[str, Any]:
        """Return the record as JSON."""
        record: dict[str, Any] = {
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "platform": self.platform,
            "at": iso_ms(self.at_ms),
            "query": self.query,
            "template": self.template,
        }
        if self.fault:
            record["fault"] = self.fault
        return record


class RequestLog:
    """Requests in the order in which they were answered, and how many there were of each sort."""

    def __init__(self) -> None:
        self._records: deque[Logged] = deque(maxlen=LIMIT)
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, record: Logged) -> None:
        """Append one request."""
        self._records.append(record)
        self._counts[record.method, record.template] += 1

    def clear(self) -> None:
        """Forget all requests."""
        self._records.clear()
        self._counts.clear()

    def shown(self) -> list[dict[str, Any]]:
        """Return the requests, oldest first."""
        return [record.shown() for record in self._records]

    def counts(self) -> list[dict[str, Any]]:
        """Return the number of requests by method and path template, the most frequent first."""
        return [{"method": m, "path": path, "count": count} for (m, path), count in self._counts.most_common()]
