"""JSON that the wire holds in a text: variables of features and what variations set them to."""

from __future__ import annotations

import json
from typing import Any


def json_or_text(value: Any) -> Any:
    """Return what a JSON object or array in a text means; anything else as it is."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def to_json_text(value: Any) -> Any:
    """Return an object or array as JSON text; anything else as it is."""
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return value


__all__ = ["json_or_text", "to_json_text"]
