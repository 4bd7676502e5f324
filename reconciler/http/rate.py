"""The throttle of one account: a token bucket, limits of concurrency, and the pause that one 429 imposes on all."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom

from reconciler.http.clock import Budget, Clock

__all__ = ["Limiter", "Rate", "uniform"]

uniform: Callable[[float, float], float] = SystemRandom().uniform

_LOOK_UP = 0.25  # seconds after which one who waits for a place looks whether the run was stopped


@dataclass(frozen=True, slots=True)
class Rate:
    """What an account may be asked to bear.

    ``per_second`` requests in the long run (None: no limit), up to ``burst`` of them at once after a quiet time;
    at most ``writers`` writing and ``reads`` reading requests in flight (None: no limit).
    """

    per_second: float | None = None
    burst: int = 1
    writers: int | None = 1
    reads: int | None = 4

    def __post_init__(self) -> None:
        if self.per_second is not None and not self.per_second > 0:
            raise ValueError(f"rate.per_second must be above 0, not {self.per_second}")
        for name in ("burst", "writers", "reads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"rate.{name} must be at least 1, not {value}")

    def seconds_for(self, calls: int) -> float:
        """Tell how long that many calls take at least, in seconds, by the rate alone."""
        return 0.0 if self.per_second is None else max(0, calls - self.burst) / self.per_second


class _Gate:
    """A counting lock that serves those who wait in the order they came."""

    __slots__ = ("_free", "_lock", "_waiting")

    def __init__(self, places: int) -> None:
        self._lock = threading.Lock()
        self._free = places
        self._waiting: deque[threading.Lock] = deque()

    def enter(self, budget: Budget) -> None:
        with self._lock:
            if self._free:  # places are handed over directly, so a free one means nobody waits
                self._free -= 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        while not turn.acquire(timeout=min(_LOOK_UP, max(budget.remaining(), 0.001))):
            if budget.remaining() > 0:
                continue
            with self._lock:
                if turn in self._waiting:
                    self._waiting.remove(turn)
                    break
            return  # the place was given to us between the two looks
        else:
            return
        budget.check()

    def leave(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


class Limiter:
    """The state of a Rate. One per account, used by all its threads; give the same to clients that share a quota."""

    def __init__(
        self, rate: Rate, *, clock: Clock | None = None, jitter: Callable[[float, float], float] = uniform
    ) -> None:
        self.rate = rate
        self._clock = clock or Clock()
        self._jitter = jitter
        self._lock = threading.Lock()
        self._writers = _Gate(rate.writers) if rate.writers else None
        self._readers = _Gate(rate.reads) if rate.reads else None
        # The bucket is kept as one number, the time at which it would be full again ("generic cell rate algorithm"):
        # a request takes `interval` from it and may start once it is at most `slack` ahead of now.
        self._interval = 0.0 if rate.per_second is None else 1 / rate.per_second
        self._slack = self._interval * (rate.burst - 1)
        self._full_at = 0.0
        self._paused_until = 0.0
        self._pauses = 0
        self._spread = 0.0

    def enter(self, *, read: bool, budget: Budget) -> float:
        """Wait for a place and a token; returns the seconds waited. Raises BudgetExhausted, then holding nothing."""
        gate = self._readers if read else self._writers
        start = self._clock.now()
        budget.check()
        if gate is not None:
            gate.enter(budget)
        try:
            self._take_token(budget)
        except BaseException:
            if gate is not None:
                gate.leave()
            raise
        return self._clock.now() - start

    def leave(self, *, read: bool) -> None:
        """Give back the place."""
        gate = self._readers if read else self._writers
        if gate is not None:
            gate.leave()

    def pause(self, seconds: float) -> None:
        """Let nobody of this account start within ``seconds``; afterwards they start one by one, not all at once."""
        with self._lock:
            until = self._clock.now() + seconds
            if until <= self._paused_until:
                return
            self._paused_until = until
            self._pauses += 1
            self._spread = min(2.0, max(0.05, seconds / 4))
            if self._interval:
                self._full_at = max(self._full_at, until + self._slack)  # the bucket is empty when the pause ends

    def _take_token(self, budget: Budget) -> None:
        while True:
            with self._lock:
                now = self._clock.now()
                due, pauses = self._reserve(now, budget)
            if due <= now:
                return
            budget.sleep(due - now)
            with self._lock:
                if pauses == self._pauses or self._paused_until <= self._clock.now():
                    return
            # somebody was told to wait while we did: take a new place in the queue, behind the pause

    def _reserve(self, now: float, budget: Budget) -> tuple[float, int]:
        """Take the next slot (lock held): the time at which it starts, and the pause it was taken under."""
        due = now
        if self._interval:
            base = max(self._full_at, now)
            due = max(now, base - self._slack)
            budget.check(due - now)
            self._full_at = base + self._interval
        elif self._paused_until > now:
            due = self._paused_until + self._jitter(0.0, self._spread)
            budget.check(due - now)
        return due, self._pauses
