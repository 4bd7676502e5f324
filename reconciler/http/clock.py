"""Time: one clock that tests can replace, and the time budget of a run."""

import math
import threading
import time

from reconciler.http.errors import BudgetExhausted

__all__ = ["Budget", "Clock"]


class Clock:
    """The clock of the machine. Tests inject one that moves by itself, so that nothing ever sleeps there."""

    def now(self) -> float:
        """Seconds that only move forward; their zero means nothing."""
        return time.monotonic()

    def wall(self) -> float:
        """Unix time in seconds, as this machine believes it to be."""
        return time.time()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Sleep, but not after ``stop`` is set; true if it is."""
        return stop.wait(seconds)


class Budget:
    """How long a run may take in all, shared by every client of the run; and the switch that ends all waiting.

    ``seconds`` counts from here; None is no limit. It binds the start of requests and every wait between them: a write
    that is under way is never cut off by it.
    """

    def __init__(self, seconds: float | None = None, *, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self._seconds = seconds
        self._end = math.inf if seconds is None else self._clock.now() + seconds
        self._stop = threading.Event()
        self._reason = "the run was stopped"

    def remaining(self) -> float:
        """Seconds left, never below 0; infinite without a limit, 0 once cancelled."""
        if self._stop.is_set():
            return 0.0
        return self._end if math.isinf(self._end) else max(0.0, self._end - self._clock.now())

    def cancel(self, reason: str = "the run was stopped") -> None:
        """Let no further request start and wake everybody who waits (Ctrl-C); calls in flight end by themselves."""
        self._reason = reason
        self._stop.set()

    def check(self, need: float = 0.0) -> None:
        """Raise BudgetExhausted when cancelled, or when ``need`` seconds of waiting are more than is left."""
        if self._stop.is_set():
            raise BudgetExhausted(self._reason)
        if not math.isinf(self._end):
            left = self._end - self._clock.now()
            if left <= 0 or need > left:
                wait = f"; this call would have to wait {need:.1f} s more" if need > 0 else ""
                raise BudgetExhausted(f"the time limit of {self._seconds:g} s is used up{wait}")

    def sleep(self, seconds: float) -> None:
        """Wait; raises BudgetExhausted at once if that is longer than what is left, and as soon as cancelled."""
        self.check(seconds)
        if seconds > 0 and self._clock.wait(self._stop, seconds):
            raise BudgetExhausted(self._reason)
