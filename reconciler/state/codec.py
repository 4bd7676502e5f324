"""JSON for everything that the ledger writes: fast for what is usual, complete for what is not.

Only plain JSON and the ledger's own dataclasses (marked `@written`) are written. Anything else, above all a resolved
secret or a reference that was never filled in, is a `TypeError`: better no record than one that leaks or means nothing.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any, TypeVar

import orjson

_PASS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_COMPACT = orjson.OPT_SORT_KEYS | _PASS
_PRETTY = _COMPACT | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
_fields: dict[type, tuple[str, ...]] = {}
_Class = TypeVar("_Class", bound=type)


def written(cls: _Class) -> _Class:
    """Mark a dataclass as one that may be written, as an object of its fields."""
    _fields[cls] = tuple(field.name for field in dataclasses.fields(cls))
    return cls


def dumps(value: Any) -> bytes:
    """Write compact JSON with sorted keys, so that equal values are equal bytes.

    Platforms deliver what the fast encoder refuses (half a surrogate pair, numbers beyond 64 bits): those are written
    by the standard library, since an outcome that cannot be recorded is worse than a slow one.

    Raises `TypeError` for what is not JSON at all.
    """
    try:
        return orjson.dumps(value, _plain, _COMPACT)
    except TypeError:
        return json.dumps(value, default=_plain, sort_keys=True, separators=(",", ":")).encode()


def dumps_pretty(value: Any) -> bytes:
    """Write the same for people and for git: two spaces, one leaf a line, a newline at the end."""
    try:
        return orjson.dumps(value, _plain, _PRETTY)
    except TypeError:
        return json.dumps(value, default=_plain, sort_keys=True, indent=2).encode() + b"\n"


def loads(data: bytes) -> Any:
    """Read what `dumps` wrote. Raises `json.JSONDecodeError` with the place."""
    try:
        return orjson.loads(data)
    except json.JSONDecodeError as error:
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise error from None


def _plain(value: Any) -> dict[str, Any]:
    names = _fields.get(type(value))
    if names is None:
        raise TypeError(f"{type(value).__name__} is not something that the state may hold")
    return {name: getattr(value, name) for name in names}
