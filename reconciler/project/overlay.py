"""Laying an environment over the base: maps merge, scalars and lists replace, null removes."""

from __future__ import annotations

from typing import Any


def overlay(base: Any, over: Any) -> Any:
    """Return `base` with `over` laid over it; neither is changed."""
    if not isinstance(over, dict):
        return over
    out = dict(base) if isinstance(base, dict) else {}
    for key, value in over.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = overlay(out.get(key), value)
    return out
