"""The fast way to read: a parser in native code, used only for text for which it provably says what the exact way says.

`ryaml` scans with a translation of libyaml, the scanner of the exact way, so structure and text are the same by
construction. It differs in what it makes of plain scalars, tags, merge keys and empty values. Text in which such may
occur, and every error, is read again the exact way. The proof has two halves:

* before: no anchor, tag or merge key, no number in another spelling than its own, no strange spelling of null or
  `true`;
* after: the value is JSON with text keys only (else the parser made a number of a key), and holds as many `null` as the
  text, so none came from an empty value.
"""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

from reconciler.model.values import Loose
from reconciler.project.yaml.compose import NOT_ALLOWED
from reconciler.project.yaml.scalars import STRANGE, plain

try:
    from ryaml import loads as _loads  # type: ignore[attr-defined]  # its stub exports nothing by name
except ImportError:  # no wheel for this platform: the exact way alone is right as well, and about three times slower
    _loads = None  # type: ignore[assignment]  # checked before every use

AVAILABLE: Final = _loads is not None


_NUMBERS = re.compile(r"[-+.0-9](?<=[\s\[{,:][-+.0-9])[^\s,\]}]*")
"""What may be a number: text that starts like one where a scalar may start."""

_PROPERTIES = re.compile(r"&(?<=[\s\[{,:]&)[^\s]|!(?<=[\s\[{,:]!)")
"""Anchors and tags. (Aliases need anchors; without one they are an error, and errors are read again anyway.)"""

_STRANGE = re.compile(rf"(?<=[\s\[{{,:])(?:{'|'.join(map(re.escape, STRANGE))})(?=[\s,\]}}:])")
_COMMENTED_NULL = re.compile(r"#[^\n]*null")


class NotProven(Exception):  # noqa: N818 - not an error: the sign to read the exact way
    """The fast way is not certain to say what the exact way says."""


def _suspicious(text: str) -> bool:
    if NOT_ALLOWED.search(text) is not None if not text.isascii() else "\x7f" in text:
        return True
    if "<<" in text or _PROPERTIES.search(text) is not None:
        return True
    if any(word in text for word in STRANGE) and _STRANGE.search(text + "\n") is not None:
        return True
    return any(type(plain(token)) is Loose for token in {token.rstrip(":") or "x" for token in _NUMBERS.findall(text)})


def load(text: str) -> tuple[Any, bytes]:
    """Return the value of `text` (a map or list; lines end in LF, no byte order mark) and the same as JSON.

    Raises NotProven when it must be read the exact way.
    """
    if _loads is None or _suspicious("\n" + text):  # a scalar may start at the very start of the text, too
        raise NotProven
    try:
        value = _loads(text)
        packed = orjson.dumps(value)
    except (ValueError, TypeError, RecursionError) as error:  # not YAML, or not JSON: the exact way says what and where
        raise NotProven from error
    if not isinstance(value, dict | list):
        raise NotProven
    nulls = packed.count(b"null")
    if nulls and (nulls != text.count("null") or _COMMENTED_NULL.search(text) is not None):
        raise NotProven
    return value, packed
