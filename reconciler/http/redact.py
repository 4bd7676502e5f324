"""The second line of defence against secrets in what we print.

The first is that a secret is a typed value whose printed form comes from where it was written, never from searching the
output. This is for what that cannot reach: texts of other people (error bodies, addresses), and mistakes of ours.
"""

import re
import threading
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

__all__ = ["MASK", "Redactor"]

MASK = "<redacted>"

_SHORTEST = 4  # shorter ones occur by chance in everything; they are masked where they are a whole value
_SHORTEST_LINE = 16  # of a secret with several lines (a PEM key), also its single lines

_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "x-api-key",
        "api-key",
        "x-auth-token",
        "signature",
    }
)
_KEY = re.compile(
    r"(?:pass(?:word|wd|phrase)|secret|token|api[_-]?key|private[_-]?key|access[_-]?key|auth(?:orization)?\b|bearer|"
    r"credential|signature|cookie|session[_-]?id)",
    re.IGNORECASE,
)
_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
    "/": "\\/",
    "'": "\\'",
}
# "password": "…" inside a text: JSON that was cut, or quoted in a message
_MEMBER = re.compile(rf'("[^"\\]*{_KEY.pattern}[^"\\]*"\s*:\s*)("(?:[^"\\]|\\.)*"?|[\w.+-]+)', re.IGNORECASE)
_PAIR = re.compile(r"([?&;]|^)([^=&;#?\s]+)=([^&;#\s]*)")


class Redactor:
    """Knows the secrets of a run; register each as it is resolved. Safe to use from several threads."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._patterns: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Register a secret; it is found as it is, quoted as in addresses, escaped as in JSON, and in Base64."""
        if not secret or secret in self._known:
            return
        with self._lock:
            self._patterns |= set(_patterns(secret))
            self._pattern = None
            self._known = self._known | {secret}  # last: who finds it there relies on the rest

    def redact_text(self, text: str) -> str:
        """Mask every registered secret in a text, and what stands in it like ``"password": "…"``."""
        if text in self._known:
            return MASK
        if self._patterns:
            text = (self._pattern or self._compiled()).sub(MASK, text)
        return _MEMBER.sub(rf'\1"{MASK}"', text) if '"' in text else text

    def _compiled(self) -> re.Pattern[str]:
        with self._lock:
            if self._pattern is None:
                self._pattern = re.compile("|".join(sorted(self._patterns, key=len, reverse=True)))
            return self._pattern

    def redact_json(self, value: Any) -> Any:
        """Mask registered secrets, and the values of keys that are called like one, in parsed JSON. Makes a copy."""
        return self._value(value, masked=False)

    def _value(self, value: Any, *, masked: bool) -> Any:
        if isinstance(value, Mapping):
            return {
                self.redact_text(str(key)): self._value(item, masked=_KEY.search(str(key)) is not None)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._value(item, masked=masked) for item in value]
        if value is None or isinstance(value, bool):
            return value
        if masked:
            return MASK
        if isinstance(value, str):
            return self.redact_text(value)
        return MASK if str(value) in self._known else value

    def redact_headers(self, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Mask the headers that carry credentials, and registered secrets in all others."""
        return [
            (name, MASK if name.lower() in _HEADERS or _KEY.search(name) else self.redact_text(value))
            for name, value in headers
        ]

    def redact_url(self, url: str) -> str:
        """Mask user and password, query values that are called like a secret, and registered secrets."""
        text = self.redact_text(url)
        try:
            userinfo, at, _ = urlsplit(text).netloc.rpartition("@")
        except ValueError:
            return MASK  # not an address at all: nothing in it can be told apart
        if at:
            text = text.replace(f"//{userinfo}@", f"//{MASK}@", 1)
        head, mark, query = text.partition("?")
        return head + mark + _PAIR.sub(_mask_pair, query) if mark else text


def _mask_pair(match: re.Match[str]) -> str:
    before, key, value = match.groups()
    return f"{before}{key}={MASK}" if value and _KEY.search(key) else match.group()


def _patterns(secret: str) -> Iterable[str]:
    """Give regular expressions for the forms in which a secret may turn up."""
    parts = {secret, secret.strip()}
    if "\n" in secret:
        parts.update(line.strip() for line in secret.splitlines() if len(line.strip()) >= _SHORTEST_LINE)
    for part in parts:
        if len(part) >= _SHORTEST:
            yield "".join(map(_spellings, part))
            yield re.escape(b64encode(part.encode("utf-8", "surrogatepass")).decode().rstrip("="))


def _spellings(char: str) -> str:
    """Match one character as it is, quoted as in an address, or escaped as in JSON."""
    if char.isascii() and char.isalnum():
        return char
    quoted = "".join(f"%{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))
    units = char.encode("utf-16-be", "surrogatepass")
    escaped = "".join(f"\\\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
    forms = [f"(?i:{quoted})", f"(?i:{escaped})"]
    if short := _ESCAPES.get(char):
        forms.append(re.escape(short))
    if char == " ":
        forms.append(r"\+")
    forms.append(re.escape(char))  # last: an escape may begin with the character it stands for (`%25`)
    return f"(?:{'|'.join(forms)})"
