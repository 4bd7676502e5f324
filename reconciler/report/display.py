"""One value as one piece of text: strings quoted, secrets by provenance, slots with the address in place.

Everything a platform or a file says goes through here before it is printed, so that nothing in it can steer a terminal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from reconciler.model.values import MISSING, Ref, SecretRef, Sensitive, Template, is_secret

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_PLAIN_KEY = re.compile(r"[\w$.-]+\Z")
LONG = 200
"""Characters of a value that still stand on one line whole."""


def clean(text: str) -> str:
    """Return text with control characters, direction marks and broken surrogates spelt out; line ends become spaces."""
    return _UNSAFE.sub(_escape, text.replace("\r\n", "\n")).replace("\n", " ").replace("\t", " ")


def clean_line(text: str) -> str:
    """Return one line of a longer text; tabs stay."""
    return _UNSAFE.sub(_escape, text).replace("\n", " ")


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def quote(text: str) -> str:
    """Return text in double quotes, escaped as JSON does."""
    return _UNSAFE.sub(_escape, json.dumps(text, ensure_ascii=False))


def key_text(name: object) -> str:
    """Return a member's name as YAML would have it: quoted only where needed."""
    text = str(name)
    return text if _PLAIN_KEY.match(text) and not _UNSAFE.search(text) else quote(text)


def show(value: Any) -> str:
    """Return a value on one line, whole."""
    if value is MISSING:
        return "(not set)"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key_text(key)}: {show(item)}" for key, item in value.items() if key != "$implied")
        return f"{{{inner}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(show, value))}]"
    if is_secret(value):
        return f"<secret {labels(value)}>"
    if isinstance(value, Template):
        text = clean(str(value))
        return text if value.only is not None else f'"{text}"'
    if isinstance(value, Ref):
        return f"⟨{value}⟩"
    if value is None:
        return "null"
    return ("true" if value else "false") if isinstance(value, bool) else clean(str(value))


def longer_than(value: Any, limit: int) -> bool:
    """Tell whether a value on one line surely takes more than so many characters, without spelling it out."""
    total = 0
    stack = [value]
    while stack and total <= limit:
        item = stack.pop()
        if isinstance(item, Mapping):
            stack.extend(item.values())
            total += sum(len(str(key)) + 2 for key in item if key != "$implied")
        elif isinstance(item, list | tuple):
            stack.extend(item)
        elif isinstance(item, str):
            total += len(item)
    return total > limit


def short(value: Any, limit: int = LONG) -> str:
    """Return a value on one line, its end left out when it is long, with its length."""
    text = show(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)"


def labels(value: Any) -> str:
    """Return where the secrets in a value come from; never anything of the value itself."""
    found: list[str] = []
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Sensitive):
            found.append(item.label)
        elif isinstance(item, SecretRef):
            found.append(str(item))
        elif isinstance(item, Template):
            stack.extend(reversed(item.parts))
        elif isinstance(item, Mapping):
            stack.extend(reversed(list(item.values())))
        elif isinstance(item, list | tuple):
            stack.extend(reversed(item))
    return clean(", ".join(dict.fromkeys(found)))
