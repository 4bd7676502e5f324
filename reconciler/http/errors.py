# ruff: noqa: N818 -- what went wrong is named as people call it (NotFound, Throttled); all of them are HttpErrors
"""What can go wrong when a platform is called.

The tree::

    HttpError                 any answer or failure not named below (405, 406, 413, 415 …)
    ├── Unauthorized          401: key wrong, revoked or expired; also after one refresh
    ├── Forbidden             402, 403: the key is good but may not do this
    ├── NotFound              404, 410
    ├── Conflict              409, 412: somebody else changed it first
    ├── Invalid               400, 422: the platform refused the values; ``body`` says which
    ├── Throttled             429, or a 500 that says "too many requests", after all patience
    ├── ServerError           any other 5xx
    ├── Unreachable           no connection: DNS, refused, TLS, connect timeout. Nothing was sent
    ├── UnclearOutcome        a write was sent and its answer never came, or came cut
    ├── ForeignHost           the address is not one that may get credentials; nothing was sent
    ├── BudgetExhausted       the run's time is used up, or the run was stopped; nothing more was sent
    └── BadAnswer             a success that cannot be read (not JSON, cut)
        └── IncompleteList    pages that do not add up to the list they promise

    WriteRefused              (RuntimeError) a write was about to leave a client that only reads: a bug of ours

No attribute of an error holds a secret: addresses and bodies are redacted before they get here, and errors are raised
without the lower exception, because httpx keeps the request with its headers in those.
"""

from collections.abc import Mapping
from typing import Any

__all__ = [
    "BadAnswer",
    "BudgetExhausted",
    "Conflict",
    "Forbidden",
    "ForeignHost",
    "HttpError",
    "IncompleteList",
    "Invalid",
    "NotFound",
    "ServerError",
    "Throttled",
    "Unauthorized",
    "UnclearOutcome",
    "Unreachable",
    "WriteRefused",
    "error_class",
]


class HttpError(Exception):
    """A call that did not succeed.

    ``message`` is one line for people. ``method``, ``url`` (redacted), ``status`` (None when there was no answer),
    ``request_id`` (the platform's, for its support) and ``body`` (parsed JSON, else text, redacted) say the rest.
    ``maybe_applied`` is true when the platform may have carried out the write all the same: look before trying again.
    ``retry_after`` is what the platform asked us to wait, in seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        method: str = "",
        url: str = "",
        status: int | None = None,
        request_id: str | None = None,
        body: Any = None,
        maybe_applied: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.method = method
        self.url = url
        self.status = status
        self.request_id = request_id
        self.body = body
        self.maybe_applied = maybe_applied
        self.retry_after = retry_after

    def __str__(self) -> str:
        call = f"{self.method} {self.url}: " if self.url else ""
        return f"{call}{self.message}{f' (request id {self.request_id})' if self.request_id else ''}"


class Unauthorized(HttpError):
    """The platform does not know the credentials (401)."""


class Forbidden(HttpError):
    """The credentials are known and may not do this (403), or the account is not paid (402)."""


class NotFound(HttpError):
    """The object does not exist (404, 410)."""


class Conflict(HttpError):
    """The object changed under us, or something stands in the way (409, 412). Read again; never repeat blindly."""


class Invalid(HttpError):
    """The platform refused the values (400, 422); ``body`` has its explanation, parsed."""


class Throttled(HttpError):
    """The platform kept saying "too many requests" for longer than we may wait."""


class ServerError(HttpError):
    """The platform failed (5xx)."""


class Unreachable(HttpError):
    """No connection could be opened. The platform has seen nothing of the request."""


class UnclearOutcome(HttpError):
    """A write was sent and nobody knows whether it was carried out."""


class ForeignHost(HttpError):
    """The address is not the platform's own, loopback, or allowed by ``RECONCILER_ALLOWED_HOSTS``."""


class BudgetExhausted(HttpError):
    """The run has no time left for this call, or was asked to stop."""


class BadAnswer(HttpError):
    """The platform said yes, but what it sent cannot be read."""


class IncompleteList(BadAnswer):
    """The pages of a list do not add up. What is missing from a list must never be taken as deleted."""


class WriteRefused(RuntimeError):
    """A writing request was about to leave while only reading is allowed: a mistake of the program, not of a user."""


_BY_STATUS: Mapping[int, type[HttpError]] = {
    400: Invalid,
    401: Unauthorized,
    402: Forbidden,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    412: Conflict,
    422: Invalid,
    429: Throttled,
}


def error_class(status: int) -> type[HttpError]:
    """Tell which error an answer with this status is."""
    return _BY_STATUS.get(status) or (ServerError if status >= 500 else HttpError)
