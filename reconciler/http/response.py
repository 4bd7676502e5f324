"""What a platform answered."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from reconciler.http.errors import BadAnswer

if TYPE_CHECKING:
    import httpx

__all__ = ["Response", "is_json", "request_id"]

_REQUEST_IDS = ("x-request-id", "request-id", "x-requestid", "x-correlation-id", "x-amzn-requestid", "cf-ray")
_UNREAD: Any = object()


class Response:
    """A successful answer, read to its end and unpacked. ``elapsed`` is in seconds."""

    __slots__ = ("_json", "_url", "body", "elapsed", "headers", "method", "request_id", "status")

    def __init__(
        self,
        method: str,
        url: Callable[[], str],
        status: int,
        headers: "httpx.Headers",
        body: bytes,
        elapsed: float = 0.0,
    ) -> None:
        self.method = method
        self._url = url
        self.status = status
        self.headers = headers
        self.body = body
        self.elapsed = elapsed
        self.request_id = request_id(headers)
        self._json = _UNREAD

    @property
    def url(self) -> str:
        """The address asked, redacted."""
        return self._url()

    def json(self) -> Any:
        """Give the body as JSON; None when it is empty (204, a write without an answer). Raises BadAnswer."""
        if self._json is _UNREAD:
            try:
                self._json = orjson.loads(self.body) if self.body.strip() else None
            except orjson.JSONDecodeError:
                kind = self.headers.get("content-type", "no content type")
                problem = BadAnswer(
                    f"the answer is not JSON ({kind}, {len(self.body)} bytes)",
                    method=self.method,
                    url=self.url,
                    status=self.status,
                    request_id=self.request_id,
                )
            else:
                return self._json
            raise problem  # outside of the handler: the lower exception holds the document, which may hold secrets
        return self._json


def is_json(headers: "httpx.Headers") -> bool:
    """Tell whether the answer calls itself JSON: ``application/json``, ``…+json``, ``download/json`` (Convert)."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return bool(kind.endswith(("/json", "+json")))


def request_id(headers: "httpx.Headers") -> str | None:
    """Find the number under which the platform's support finds this request."""
    for name in _REQUEST_IDS:
        if value := headers.get(name):
            return str(value)[:200]
    return None
