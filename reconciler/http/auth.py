"""How requests prove who sends them."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Protocol

__all__ = ["Auth", "BasicAuth", "HeaderAuth", "NoAuth"]


class Auth(Protocol):
    """The credentials of one account. Subclass it: all but ``sign`` have a default. Called from several threads."""

    clock_offset: float = 0.0
    """Seconds that the platform's clock is ahead of ours, by its Date header; set by the client. Signatures with an
    expiry time add it."""

    def sign(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        """Give the headers for this request: ``url`` and ``body`` are what goes over the wire, byte for byte."""
        ...

    def refresh(self) -> bool:
        """Get new credentials after the platform refused the old; false if that cannot be done.

        One thread at a time. It may use the client itself, with ``reads=True``; such a call is not refreshed again.
        """
        return False

    def expired(self, status: int, body: bytes) -> bool:
        """Tell whether an answer means that the credentials ran out. Some platforms say 400 (FunnelFlux Pro)."""
        del body
        return status == 401

    def secrets(self) -> Iterable[str]:
        """Give the texts that must never be shown; asked once at first use and after each refresh."""
        return ()


class NoAuth(Auth):
    """No credentials."""

    def sign(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        """Give no headers."""
        del method, url, body
        return {}


class HeaderAuth(Auth):
    """Constant headers: ``HeaderAuth({"Authorization": f"Bearer {token}"})``."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def sign(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        """Give the headers."""
        del method, url, body
        return self._headers

    def secrets(self) -> Iterable[str]:
        """Give the header values, and what follows the scheme word in them."""
        for value in self._headers.values():
            yield value
            yield value.rpartition(" ")[2]


class BasicAuth(HeaderAuth):
    """HTTP Basic."""

    def __init__(self, user: str, password: str) -> None:
        token = b64encode(f"{user}:{password}".encode()).decode()
        super().__init__({"Authorization": f"Basic {token}"})
        self._password = password

    def secrets(self) -> Iterable[str]:
        """Give the password too: it is not visible in the encoded header."""
        yield from super().secrets()
        yield self._password
