"""Identifiers as servers make them: unique in this process, unguessable enough for tests, cheap."""

from __future__ import annotations

import hashlib
import itertools
import os
import string
import time

_ALPHANUMERIC = string.digits + string.ascii_letters
_SHORT_SPACE = len(_ALPHANUMERIC) ** 6
_SHORT_STEP = 30_103_210_553  # odd and prime to 62: walks the whole space of 62**6 before it repeats

_process = os.urandom(5).hex()
_counter = itertools.count(int.from_bytes(os.urandom(2), "big"))
_short = itertools.count(int.from_bytes(os.urandom(4), "big"))


def object_id() -> str:
    """Return a fresh BSON ObjectId: 24 lower-case hexadecimal digits that begin with the time in seconds."""
    return f"{int(time.time()):08x}{_process}{next(_counter) & 0xFFFFFF:06x}"


def short_id() -> str:
    """Return six alphanumerics, no two alike in one process."""
    rest = next(_short) * _SHORT_STEP % _SHORT_SPACE
    digits = []
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        digits.append(_ALPHANUMERIC[digit])
    return "".join(digits)


def derived_object_id(*parts: str) -> str:
    """Return the ObjectId that belongs to these words: the same in every process, for things that need a fixed id."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
