"""Addresses: made once, in the very form in which they are signed and sent."""

from collections.abc import Sequence
from urllib.parse import parse_qsl, quote, urlsplit

import httpx

__all__ = ["Base", "segment", "wire_url"]

# Left as they are in a query. RFC 3986 allows most of them there; brackets stay readable as in the vendors' samples
# (Convert API v2 signs `include[]=variations`), which every server takes.
_QUERY_SAFE = "[]:,@/!$'()*~"
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"


def segment(value: object) -> str:
    """Quote a value (an id, a name) as one segment of a path; what would leave its place in the path is refused."""
    text = str(value)
    if text in {"", ".", ".."}:
        raise ValueError(f"{text!r} cannot stand in a path")
    return quote(text, safe=":@,~")


def wire_url(url: httpx.URL) -> str:
    """Spell an address exactly as the server can put it together again: scheme, Host header, request target."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}{url.raw_path.decode('ascii')}"


class Base:
    """The root of an API, to which paths are joined."""

    def __init__(self, base_url: str) -> None:
        self.url = httpx.URL(base_url.rstrip("/"))
        if self.url.query or self.url.fragment:
            raise ValueError("base_url must have no query and no fragment")
        self._prefix = "" if self.url.raw_path == b"/" else self.url.raw_path.decode("ascii")
        self._root = f"{self.url.scheme}://{self.url.netloc.decode('ascii')}{self._prefix}"

    def join(self, path: str, query: Sequence[tuple[str, str]] = ()) -> httpx.URL:
        """Make the address of ``path``, which may hold percent-escapes, and ``query``, which holds plain text."""
        if "?" in path or "#" in path or "\\" in path or not path.isprintable():
            raise ValueError(f"not a path: {path!r} (the query is given apart; ids go through segment())")
        if "." in path or "%2" in path.lower():
            for part in path.split("/"):
                if part.lower().replace("%2e", ".") in {".", ".."}:
                    raise ValueError(f"not a path: {path!r} (dot segments)")
        text = self._root + ("" if path.startswith("/") or not path else "/") + quote(path, safe=_PATH_SAFE)
        if query:
            text += "?" + "&".join(
                f"{quote(key, safe=_QUERY_SAFE)}={quote(value, safe=_QUERY_SAFE)}" for key, value in query
            )
        return httpx.URL(text)

    def reroot(self, link: str) -> tuple[str, list[tuple[str, str]]]:
        """Take path and query of a link the server gave, for ``join``: its host may be another than the one we use."""
        parts = urlsplit(link)
        path = parts.path
        if self._prefix and (path == self._prefix or path.startswith(f"{self._prefix}/")):
            path = path[len(self._prefix) :]
        return path, parse_qsl(parts.query, keep_blank_values=True)
