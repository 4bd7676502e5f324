"""How requests to Convert are signed (Convert API v2, "API KEY Authentication")."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterable, Mapping

from reconciler.http.auth import Auth, HeaderAuth

LIFETIME = 180
"""Seconds that a signature is good for: more than the slowest call takes, little enough to be of no use to others."""


def signature(key_id: str, secret: str, expires: int, url: str, body: bytes) -> str:
    """Return the signature of one request: URL and body byte for byte as sent, an empty body as nothing."""
    message = f"{key_id}\n{expires}\n{url}\n".encode() + body
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


class HmacAuth(Auth):
    """Keys of type `requestSigning`: every request carries its own signature, good for a few minutes."""

    def __init__(self, key_id: str, secret: str) -> None:
        self._key_id = key_id
        self._secret = secret

    def sign(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        """Return the headers of a request, expiring by the platform's clock."""
        del method
        expires = int(time.time() + self.clock_offset) + LIFETIME
        signed = signature(self._key_id, self._secret, expires, url, body)
        return {
            "Convert-Application-ID": self._key_id,
            "Expires": str(expires),
            "Authorization": f"Convert-HMAC-SHA256 Signature={signed}",
        }

    def secrets(self) -> Iterable[str]:
        """Return what must never be shown."""
        return (self._secret,)


class BearerAuth(HeaderAuth):
    """Keys of type `secretKey`: key id and secret go with every request."""

    def __init__(self, key_id: str, secret: str) -> None:
        super().__init__({"Authorization": f"Bearer {key_id}:{secret}"})
        self._secret = secret

    def secrets(self) -> Iterable[str]:
        """Return what must never be shown: the secret alone too."""
        yield from super().secrets()
        yield self._secret


__all__ = ["LIFETIME", "BearerAuth", "HmacAuth", "signature"]
