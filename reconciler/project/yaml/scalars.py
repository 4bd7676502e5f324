"""What a plain scalar means: YAML 1.2, and stricter, so that the text as written is never lost.

Only a value's own spelling becomes that value (`10`, `33.34`, `true`, `null`). What merely looks like a number stays
text, marked `Loose`, for the schema to judge; other spellings of null and of the truth values are errors. That also
makes files mean the same to YAML 1.1 tools, which the editors of many users are.
"""

from __future__ import annotations

import re
from typing import Final

from reconciler.model.values import Loose

Scalar = str | int | float | bool | None

LARGEST: Final = 2**53
"""Beyond this, JSON readers written in JavaScript no longer tell one integer from the next."""

NUMBER_LIKE: Final = (
    r"[-+]?(?:0x[0-9a-fA-F]+|0o[0-7]+|0b[01]+|[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?"
    r"|\.[0-9]+(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)"
)
"""A number in any spelling of YAML 1.2's core schema, or in binary, which some parsers know too."""

_NUMBER = re.compile(NUMBER_LIKE)
_INTEGER = re.compile(r"0|-?[1-9][0-9]*")

STRANGE: Final = {
    "~": "null",
    "Null": "null",
    "NULL": "null",
    "True": "true",
    "TRUE": "true",
    "False": "false",
    "FALSE": "false",
}
"""Spellings of YAML 1.2 that are refused, with the one that is accepted."""

_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
_FIRST: Final = frozenset("0123456789+-.tfn")


class StrangeSpellingError(ValueError):
    """A spelling of null or of a truth value that is refused; `right` is the one to write."""

    def __init__(self, written: str) -> None:
        self.written = written
        self.right = STRANGE[written]
        super().__init__(f"`{written}` is a strange spelling of `{self.right}`")


def plain(text: str) -> Scalar:
    """Return what the plain scalar `text` means. Raises `StrangeSpellingError` for `~`, `True` and the like.

    `text` is not empty: an empty value is an error of its own.
    """
    if text[0] not in _FIRST:
        if text in STRANGE:
            raise StrangeSpellingError(text)
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text) is None:
        return text
    if _INTEGER.fullmatch(text) is not None:
        value = int(text) if len(text) <= 17 else LARGEST + 1
        return value if abs(value) <= LARGEST else Loose(text)
    try:
        number = float(text)
    except ValueError:  # hexadecimal, octal, binary, `.inf`
        return Loose(text)
    return number if repr(number) == text else Loose(text)


def written(value: Scalar) -> str:
    """Return the text as written of a value that came from a plain scalar: the inverse of `plain`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
