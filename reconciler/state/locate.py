"""Find the line and column of a value inside a JSON text, for messages only: the fast reader keeps no places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from json import JSONDecoder

_SPACE = re.compile(r"[ \t\r\n,:]*")
_DECODER = JSONDecoder()


def locate(text: str, path: Sequence[str | int]) -> tuple[int, int]:
    """Tell line and column (from 1) of the value at `path`, or of its nearest holder that is there.

    `text` must be valid JSON.
    """
    position = _skip(text, 0)
    for part in path:
        inside = _member(text, position, part)
        if inside is None:
            break
        position = inside
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def _member(text: str, position: int, part: str | int) -> int | None:
    opening = text[position]
    if opening not in "{[":
        return None
    position = _skip(text, position + 1)
    index = 0
    while text[position] not in "]}":
        name: str | int = index
        if opening == "{":
            name, position = _DECODER.raw_decode(text, position)
            position = _skip(text, position)
        if name == part:
            return position
        position = _skip(text, _DECODER.raw_decode(text, position)[1])
        index += 1
    return None


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None
    return match.end()
