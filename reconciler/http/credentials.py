"""The live credentials of one client: resolved late, refreshed by one thread for all, signed by the right clock."""

import re
import threading
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

from reconciler.http.auth import Auth
from reconciler.http.clock import Clock
from reconciler.http.errors import Unauthorized
from reconciler.http.redact import Redactor

__all__ = ["Credentials"]

_SKEW_MATTERS = 2.0  # seconds; the Date header has a resolution of one
_SENDABLE = re.compile(r"[\t\x20-\x7e]*")


class Credentials:
    """An Auth, or the function that makes it, with what threads must agree on about it.

    ``number`` counts refreshes; ``skew`` is how many seconds the platform's clock is ahead of ours (None: unknown).
    """

    def __init__(self, auth: Auth | Callable[[], Auth], redactor: Redactor, clock: Clock) -> None:
        self._auth_or_maker = auth
        self._redactor = redactor
        self._clock = clock
        self._auth: Auth | None = None
        self._lock = threading.Lock()
        self._here = threading.local()
        self._last_date = ""
        self.number = 0
        self.skew: float | None = None

    def get(self) -> Auth:
        """Give the Auth; the first call makes it."""
        if self._auth is None:
            with self._lock:
                if self._auth is None:
                    maker = self._auth_or_maker
                    auth = maker() if callable(maker) else maker
                    self._learn(auth)
                    self._auth = auth
        return self._auth

    def sign(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        """Give the headers of a request; raises Unauthorized if they cannot be sent (a line break in a key)."""
        headers = self.get().sign(method, url, body)
        for name, value in headers.items():
            if not _SENDABLE.fullmatch(value):
                raise Unauthorized(
                    f"the credentials hold a line break or another character that the header {name} cannot carry; "
                    "nothing was sent"
                )
        return headers

    def renew(self, number: int, offset: float) -> bool:
        """After a refusal: true if a request signed under ``number`` and ``offset`` would now be signed differently."""
        if getattr(self._here, "refreshing", False):
            return False
        auth = self.get()
        with self._lock:
            if self.number == number:
                self._here.refreshing = True
                try:
                    if auth.refresh():
                        self.number += 1
                        self._learn(auth)
                finally:
                    self._here.refreshing = False
            return self.number != number or abs(auth.clock_offset - offset) >= _SKEW_MATTERS

    def compare_clocks(self, date: str, elapsed: float) -> None:
        """Learn the skew from a Date header that came at the end of ``elapsed`` seconds."""
        if date == self._last_date:
            return
        self._last_date = date
        try:
            theirs = parsedate_to_datetime(date).timestamp()
        except (ValueError, OverflowError):
            return
        # The header is cut to the second, and was written somewhere between our sending and our receiving.
        skew = theirs + 0.5 - (self._clock.wall() - elapsed / 2)
        self.skew = skew
        auth = self.get()
        if abs(skew - auth.clock_offset) >= _SKEW_MATTERS:
            auth.clock_offset = float(round(skew)) if abs(skew) >= _SKEW_MATTERS else 0.0

    def _learn(self, auth: Auth) -> None:
        for secret in auth.secrets():
            self._redactor.add(secret)
