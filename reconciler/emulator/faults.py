"""Faults on request: what goes wrong between a client and a server, in force until replaced.

`POST /_control/faults` takes one JSON object and replaces what was in force. All attributes are optional:

| Attribute | Value |
|---|---|
| `latency_ms` | milliseconds before each answer, or `[least, most]` |
| `rate_429`, `rate_5xx` | probability 0..1 of a refusal before any effect; `{"times": n}`: the next n requests |
| `lose_response` | the write is done, then the connection is dropped: probability, `{"times": n}`, or a whole n |
| `truncate` | the answer is cut in transfer: as `lose_response`, for every request |
| `stale_list` | for that many milliseconds after a write lists show what was before; `{"answers": n}`: n lists |
| `fail` | `[{method, path, status, times, body, when}]`: the next `times` (1) matching requests answer `status` (500) |
| `throttle` | `{"per_second": n, "burst": m}` per platform; beyond that 429 |
| `retry_after` | value of Retry-After with every 429 and 503 made here (seconds; `null`: no such header) |
| `seed` | of the random numbers |
| `disguise` | list of names, see `disguise` |

A whole number above 1 is a count everywhere; 1 is one for `lose_response` and `truncate`, and a certainty for rates.
`path` in `fail` is a glob over the path below `/<platform>` or over the whole path (`^…`: a regular expression); `when:
after` lets the write have its effect and then answers with the failure.
"""

from __future__ import annotations

import math
import random
import re
import time
from contextvars import ContextVar
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from reconciler.emulator.disguise import Disguise
from reconciler.emulator.stale import StaleLists

KEYS = frozenset(
    {
        "disguise",
        "fail",
        "latency_ms",
        "lose_response",
        "rate_429",
        "rate_5xx",
        "retry_after",
        "seed",
        "stale_list",
        "throttle",
        "truncate",
    }
)

WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(slots=True)
class Chance:
    """How often something happens: by probability, or the next few times."""

    probability: float = 0.0
    times: int = 0

    @classmethod
    def of(cls, value: Any, name: str, *, whole_is_count: bool = False) -> Chance:
        """Read a chance from JSON; raises ValueError for what is none."""
        if isinstance(value, dict) and value.keys() == {"times"} and isinstance(value["times"], int):
            return cls(times=value["times"])
        if isinstance(value, bool):
            return cls(probability=float(value))
        if isinstance(value, int) and (value > 1 or (whole_is_count and value == 1)):
            return cls(times=value)
        if isinstance(value, int | float) and 0 <= value <= 1:
            return cls(probability=float(value))
        raise ValueError(f"{name}: expected a probability 0..1 or {{'times': n}}, got {value!r}")

    def __bool__(self) -> bool:
        return self.probability > 0 or self.times > 0

    def strikes(self, rng: random.Random) -> bool:
        """Tell whether it happens this time, and count it."""
        if self.times > 0:
            self.times -= 1
            return True
        return self.probability > 0 and rng.random() < self.probability

    def shown(self) -> Any:
        """Return the chance as JSON."""
        return {"times": self.times} if self.times > 0 else self.probability


@dataclass(slots=True)
class Failure:
    """One scripted failure."""

    method: str
    path: str
    status: int
    times: int
    body: Any
    after: bool

    @classmethod
    def of(cls, value: Any) -> Failure:
        """Read a scripted failure from JSON; raises ValueError for what is none."""
        if not isinstance(value, dict):
            raise ValueError(f"fail: expected objects, got {value!r}")  # noqa: TRY004 - one error class for bad JSON
        if unknown := value.keys() - {"method", "path", "status", "times", "body", "when"}:
            raise ValueError(f"fail: unknown attribute {min(unknown)!r}")
        when = value.get("when", "before")
        if when not in {"before", "after"}:
            raise ValueError(f"fail: when is before or after, got {when!r}")
        return cls(
            method=str(value.get("method", "*")).upper(),
            path=str(value.get("path", "*")),
            status=int(value.get("status", 500)),
            times=int(value.get("times", 1)),
            body=value.get("body"),
            after=when == "after",
        )

    def matches(self, method: str, below: str, path: str) -> bool:
        """Tell whether this failure is meant for a request."""
        if self.times < 1 or self.method not in {"*", "ANY", method}:
            return False
        if self.path.startswith("^"):
            return re.search(self.path, below) is not None or re.search(self.path, path) is not None
        return fnmatchcase(below, self.path) or fnmatchcase(path, self.path)


class Bucket:
    """A token bucket: `burst` at once, then `per_second`."""

    __slots__ = ("_at", "_tokens", "burst", "per_second")

    def __init__(self, per_second: float, burst: float) -> None:
        self.per_second = per_second
        self.burst = burst
        self._tokens = burst
        self._at = time.monotonic()

    def take(self) -> float:
        """Take one token; returns 0, or the seconds until there is one."""
        now = time.monotonic()
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.per_second)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self.per_second


class Faults:
    """The faults in force."""

    def __init__(self) -> None:
        self.disguise = Disguise()
        self.stale = StaleLists()
        self.clear()

    def clear(self) -> None:
        """Let everything go well again."""
        self.replace({})

    def replace(self, document: Any) -> None:
        """Put the faults of a JSON document in force instead of those before; raises ValueError when it is none."""
        if not isinstance(document, dict):
            raise ValueError("faults: expected an object")  # noqa: TRY004 - one error class for bad JSON
        if unknown := document.keys() - KEYS:
            raise ValueError(f"unknown fault {min(unknown)!r}, known: {', '.join(sorted(KEYS))}")
        seed = int(document.get("seed", 0))
        rate_429 = Chance.of(document.get("rate_429", 0), "rate_429")
        rate_5xx = Chance.of(document.get("rate_5xx", 0), "rate_5xx")
        lose = Chance.of(document.get("lose_response", 0), "lose_response", whole_is_count=True)
        truncate = Chance.of(document.get("truncate", 0), "truncate", whole_is_count=True)
        fail = [Failure.of(item) for item in document.get("fail", ())]
        latency = _latency(document.get("latency_ms", 0))
        throttle = document.get("throttle")
        disguise = Disguise(document.get("disguise", ()), seed)
        stale = StaleLists.of(document.get("stale_list", 0))
        # nothing is touched before all of it has been read
        self.document = document
        self.random = random.Random(seed)  # noqa: S311 - repeatable faults, nothing secret
        self.rate_429, self.rate_5xx, self.lose_response, self.truncate = rate_429, rate_5xx, lose, truncate
        self.fail, self.latency, self.disguise, self.stale = fail, latency, disguise, stale
        self.throttle = (float(throttle["per_second"]), float(throttle.get("burst", 1))) if throttle else None
        self.retry_after = document.get("retry_after", "auto")
        self._buckets: dict[str, Bucket] = {}
        self.quiet = not (rate_429 or rate_5xx or lose or truncate or fail or latency[1] or throttle)

    def shown(self) -> dict[str, Any]:
        """Return what is in force, with what is left of counted faults."""
        shown = dict(self.document)
        for name in ("rate_429", "rate_5xx", "lose_response", "truncate"):
            if name in shown:
                shown[name] = getattr(self, name).shown()
        if "fail" in shown:
            shown["fail"] = [{**given, "times": one.times} for given, one in zip(shown["fail"], self.fail, strict=True)]
        return shown

    def delay(self) -> float:
        """Return the seconds that this answer takes."""
        least, most = self.latency
        return least if least == most else self.random.uniform(least, most)

    def throttled(self, platform: str) -> float:
        """Count a request against the platform's throttle; returns the seconds to wait, 0 when it may pass."""
        if self.throttle is None:
            return 0.0
        bucket = self._buckets.get(platform)
        if bucket is None:
            bucket = self._buckets[platform] = Bucket(*self.throttle)
        return bucket.take()

    def scripted(self, method: str, below: str, path: str, *, after: bool) -> Failure | None:
        """Return the scripted failure meant for this request, and count it."""
        for failure in self.fail:
            if failure.after is after and failure.matches(method, below, path):
                failure.times -= 1
                return failure
        return None

    def wait_hint(self, seconds: float) -> str | None:
        """Return the value of Retry-After for a wait of so many seconds, None for no such header."""
        if self.retry_after == "auto":
            return str(max(1, math.ceil(seconds)))
        return None if self.retry_after is None else str(self.retry_after)


def _latency(value: Any) -> tuple[float, float]:
    least, most = value if isinstance(value, list) else (value, value)
    return float(least) / 1000, float(most) / 1000


_NONE = Faults()
_active: ContextVar[Faults] = ContextVar("faults", default=_NONE)


def active() -> Faults:
    """Return the faults in force for the request at hand; outside of a request, none."""
    return _active.get()


def activate(faults: Faults) -> None:
    """Make these the faults of the request at hand (each request runs in a context of its own)."""
    _active.set(faults)
