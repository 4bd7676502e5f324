"""Answers: JSON bytes with as little as possible around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

JSON = "application/json"


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None, media_type: str = JSON) -> Response:
    """Return an answer with `value` as its JSON body."""
    return Response(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS), status, headers, media_type)


def raw(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None, media_type: str = JSON) -> Response:
    """Return an answer whose JSON body is already made."""
    return Response(body, status, headers, media_type)


async def body_of(request: Request) -> Any:
    """Return the JSON in the body of a request; raises ValueError when there is none."""
    return orjson.loads(await request.body())
