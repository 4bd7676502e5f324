"""What was asked of the platforms: one JSON line per attempt, and sums for the report."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import IO, Any

import orjson

__all__ = ["Counters", "RequestLog"]


@dataclass(slots=True)
class Counters:
    """Sums of one account. ``waited`` is in seconds: throttle and back-off together, over all threads."""

    calls: int = 0
    retries: int = 0
    throttled: int = 0
    waited: float = 0.0
    sent_bytes: int = 0
    received_bytes: int = 0


class RequestLog:
    """Counts always; writes lines only when given a text handle (``--log-json``). Never bodies, never headers.

    A line has ``time`` (UTC), ``account``, ``method``, ``url`` (redacted), ``status`` (null without an answer),
    ``error``, ``attempt`` (from 1), ``waited_ms`` (before it), ``elapsed_ms``, ``sent``, ``received`` (bytes),
    ``request_id``.
    """

    def __init__(self, handle: IO[str] | None = None) -> None:
        self._handle = handle
        self._lock = threading.Lock()
        self._counters: dict[str, Counters] = {}

    def counters(self, account: str) -> Counters:
        """Give a copy of an account's sums as they are now."""
        with self._lock:
            return replace(self._counters.get(account, Counters()))

    def close(self) -> None:
        """Close the file that lines go to; counting goes on."""
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None

    def totals(self) -> dict[str, Counters]:
        """Give copies of all sums by account, in the order of first use."""
        with self._lock:
            return {account: replace(sums) for account, sums in self._counters.items()}

    def record(
        self,
        account: str,
        method: str,
        url: Callable[[], str],
        *,
        status: int | None,
        error: str | None = None,
        attempt: int = 1,
        waited: float = 0.0,
        elapsed: float = 0.0,
        sent: int = 0,
        received: int = 0,
        request_id: str | None = None,
    ) -> None:
        """Count one attempt and write its line. ``url`` is called only if there is one to write; times in seconds."""
        line = None
        if self._handle is not None:
            fields: dict[str, Any] = {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "account": account,
                "method": method,
                "url": url(),
                "status": status,
                "error": error,
                "attempt": attempt,
                "waited_ms": round(waited * 1000, 1),
                "elapsed_ms": round(elapsed * 1000, 1),
                "sent": sent,
                "received": received,
                "request_id": request_id,
            }
            line = orjson.dumps(fields).decode() + "\n"
        with self._lock:
            sums = self._counters.get(account)
            if sums is None:
                sums = self._counters[account] = Counters()
            sums.calls += 1
            sums.retries += attempt > 1
            sums.throttled += status == 429
            sums.waited += waited
            sums.sent_bytes += sent
            sums.received_bytes += received
            if line is not None and self._handle is not None:
                self._handle.write(line)
                self._handle.flush()
