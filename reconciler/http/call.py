"""One request on its way through attempts and redirects, and the errors made of it."""

from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from reconciler.http.errors import HttpError, ServerError, Throttled, UnclearOutcome, error_class
from reconciler.http.messages import explain
from reconciler.http.redact import Redactor
from reconciler.http.response import request_id
from reconciler.http.retry import Mode, outcome_unclear
from reconciler.http.urls import wire_url

__all__ = ["Call", "failure", "refusal"]


@dataclass(slots=True)
class Call:
    """What is sent, and what happened to it so far. ``waited`` is in seconds since the last attempt."""

    method: str
    path: str
    url: httpx.URL
    body: bytes
    headers: dict[str, str]
    mode: Mode
    extensions: dict[str, Any]
    attempt: int = 0
    hops: int = 0
    waited: float = 0.0
    maybe_applied: bool = False
    signed_with: int = 0
    signed_offset: float = 0.0
    refreshed: bool = False


def failure(
    kind: type[HttpError], call: Call, message: str, redactor: Redactor, answer: httpx.Response | None = None
) -> HttpError:
    """Make an error of a call, with everything redacted."""
    return kind(
        " ".join(redactor.redact_text(message).split()),
        method=call.method,
        url=redactor.redact_url(wire_url(call.url)),
        status=None if answer is None else answer.status_code,
        request_id=None if answer is None else request_id(answer.headers),
        body=None if answer is None else redactor.redact_json(_parsed(answer.content)),
        maybe_applied=call.maybe_applied,
    )


def refusal(
    call: Call, answer: httpx.Response, redactor: Redactor, *, throttle: bool, asked: float | None
) -> HttpError:
    """Make the error of an answer that is not a success; ``asked`` is its Retry-After in seconds."""
    status = answer.status_code
    kind = Throttled if throttle else error_class(status)
    if kind is ServerError and outcome_unclear(call.mode, status):
        kind = UnclearOutcome
    text = explain(redactor.redact_json(_parsed(answer.content)))
    message = f"{status} {answer.reason_phrase}".strip() + (f": {text}" if text else "")
    error = failure(kind, call, message, redactor, answer)
    # after a 5xx nobody knows how far the platform got
    error.maybe_applied = call.maybe_applied or (status >= 500 and call.mode is not Mode.READ)
    error.retry_after = asked
    return error


def _parsed(content: bytes) -> Any:
    if not content.strip():
        return None
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return content.decode("utf-8", "replace")
