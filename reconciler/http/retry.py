"""Which failures are tried again, and when.

The one question is what the platform may have done already. A read may be repeated after anything that can pass. A
write that may be repeated (``idempotent``: same id, same body, same result) likewise. Any other write only when the
platform has surely not carried it out: the connection was never opened, 429, or 503 with a Retry-After.
"""

import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum, auto

import httpx

from reconciler.http.rate import uniform

__all__ = ["Fault", "Mode", "RetryPolicy", "fault_of", "is_throttle", "may_retry", "outcome_unclear", "retry_after"]

_DELAY = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
# 520-527 are a content network's words for "the server behind me did not answer properly"
_GATEWAY = frozenset({502, 504, *range(520, 528)})


class Mode(Enum):
    """How careful to be with a request."""

    READ = auto()
    IDEMPOTENT = auto()
    ONCE = auto()


class Fault(Enum):
    """Why there is no answer to judge."""

    UNREACHABLE = "cannot be reached"
    """No connection, and trying again would not help: no such host, certificate refused."""
    NOT_CONNECTED = "did not accept a connection"
    """Nothing was sent."""
    LOST = "did not answer"
    """Something was sent, and no complete answer came."""
    GARBLED = "sent JSON that is cut or broken"
    """A success was announced, and its body does not parse."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long. Times in seconds.

    Up to ``attempts`` in all; up to ``few`` for failures that seldom pass (connection refused, a plain 500). Between
    them a random time up to ``base`` doubled each time, at most ``cap`` ("full jitter"). A Retry-After is kept, plus a
    random part; one above ``longest_wait`` is not waited for.
    """

    attempts: int = 6
    few: int = 3
    base: float = 0.5
    cap: float = 30.0
    longest_wait: float = 300.0
    jitter: Callable[[float, float], float] = uniform

    def backoff(self, attempt: int, asked: float | None, *, throttle: bool = False) -> float:
        """Tell how long to wait after the failure of ``attempt`` (from 1); the platform may have ``asked`` for a time.

        After a ``throttle`` without one it is never short: the upper half of twice the usual range.
        """
        if asked is not None:
            return asked + self.jitter(0.0, min(5.0, max(0.1, asked / 4)))
        if throttle:
            longest = min(self.cap, self.base * 2.0 ** min(attempt, 30))
            return self.jitter(longest / 2, longest)
        return self.jitter(0.0, min(self.cap, self.base * 2.0 ** min(attempt - 1, 30)))

    def attempts_for(self, failure: "Fault | int") -> int:
        """Tell how many attempts a failure is worth."""
        return min(self.few, self.attempts) if failure in {500, Fault.NOT_CONNECTED} else self.attempts


def is_throttle(status: int, body: bytes) -> bool:
    """Tell whether an answer means "too fast". Convert also says it as a 500 with a text."""
    return status == 429 or (status == 500 and b"too many requests" in body.lower())


def may_retry(mode: Mode, failure: Fault | int, *, throttle: bool = False, asked: bool = False) -> bool:
    """Tell whether a failure, or an answer of that status, may be tried again; ``asked``: it had a Retry-After."""
    if isinstance(failure, Fault):
        return failure is Fault.NOT_CONNECTED or (failure is not Fault.UNREACHABLE and mode is not Mode.ONCE)
    if mode is Mode.ONCE:
        return failure == 429 or (failure == 503 and asked)
    return throttle or failure in {408, 429, 500, 503} or failure in _GATEWAY


def outcome_unclear(mode: Mode, failure: Fault | int) -> bool:
    """Tell whether a write that failed so may have been carried out with nobody to say so."""
    if mode is Mode.READ:
        return False
    return failure in {Fault.LOST, Fault.GARBLED} or failure in _GATEWAY


def fault_of(error: httpx.TransportError) -> Fault:
    """Sort httpx's exceptions. Only those of opening a connection say that nothing was sent."""
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return Fault.UNREACHABLE
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return Fault.NOT_CONNECTED
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        cause: BaseException | None = error
        while cause is not None:
            unknown_name = isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME
            if unknown_name or isinstance(cause, ssl.SSLCertVerificationError | UnicodeError):
                return Fault.UNREACHABLE
            cause = cause.__cause__ or cause.__context__
        return Fault.NOT_CONNECTED
    return Fault.LOST


def retry_after(headers: httpx.Headers, now: float) -> float | None:
    """Read Retry-After, given in seconds or as a date, as seconds from ``now`` (Unix time); None if unreadable."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if _DELAY.fullmatch(text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None
