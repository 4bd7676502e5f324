"""Scalars as people write them: text as written, exact numbers, and how messages name values and types."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from reconciler.model.values import Loose

EXACT = 2**53


def as_written(value: Any) -> str:
    """Return a plain scalar's text as written. Only canonical spellings reach here as numbers or booleans."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, float):
        return repr(value)
    return str(value)


def number(value: Any) -> int | float | None:
    """Return the number that a scalar says exactly, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, Loose):
        text = str(value)
        digits = text.lstrip("+-")
        if digits.startswith("0") and digits[1:2].isdigit():
            return None
        try:
            exact = Decimal(text)
        except InvalidOperation:
            return None
        if exact == exact.to_integral_value() and abs(exact) <= EXACT:
            return int(exact)
        real = float(exact)
        return real if math.isfinite(real) and Decimal(repr(real)) == exact else None
    return None


def typed(base: str) -> str:
    """Name a type for a message: `a whole number`."""
    names = {"text": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
    return names.get(base, base)


def shown(value: Any) -> str:
    """Show a value in a message, shortened."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    short = text if len(text) <= 60 else f"{text[:59]}…"
    return f'"{short}"' if isinstance(value, str) and not isinstance(value, Loose) else short


def plain(value: float) -> str:
    """Show a limit without a needless `.0`."""
    return str(int(value)) if float(value).is_integer() else str(value)


def suggestion(given: str, known: list[str]) -> str:
    """Say which known name was probably meant, or which names there are."""
    folded = {name.casefold(): name for name in known}
    close = get_close_matches(given.casefold(), list(folded), n=1, cutoff=0.6)
    if close:
        return f"did you mean {folded[close[0]]}?"
    begun = [name for low, name in folded.items() if len(given) > 2 and low.startswith(given.casefold())]
    if len(begun) == 1:
        return f"did you mean {begun[0]}?"
    few = ", ".join(sorted(known)[:12])
    return f"known: {few}{' …' if len(known) > 12 else ''}" if known else ""
