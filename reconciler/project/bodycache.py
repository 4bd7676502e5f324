"""Remembering bodies that were found good, so that what stands by itself is not checked again at every start.

The key is a digest of the body as written and of its kind; the value is its canonical form. Only bodies whose checking
met nothing but themselves are kept: no reference, no expression, no secret, no warning. A stamp over the code of the
kinds makes every entry void when a platform changes. The file may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import os
import sys
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from reconciler import __version__
from reconciler.adapters.base.adapter import Platform
from reconciler.model.kind import Kind
from reconciler.model.values import Loose

_NAME = "bodies.json"
_PLAIN = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS


def _loose(value: Any) -> Any:
    if isinstance(value, Loose):
        return {"$loose": str(value)}  # `017` and "017" are two things until a kind has seen them
    raise TypeError(type(value))


class BodyCache:
    """Canonical bodies of one project by digest; `save` keeps those that this load used."""

    def __init__(self, directory: Path | None) -> None:
        self._path = None if directory is None else directory / _NAME
        self._known: dict[str, dict[str, Any]] | None = None
        self._used: dict[str, Any] = {}
        self._new = False
        self._stamps: dict[str, str] = {}

    def key(self, platform: Platform, kind: Kind, creating: bool, body: Any) -> str | None:  # noqa: FBT001 - part of a key
        """Return the digest of a body; None when it holds what JSON cannot say, or nothing is cached."""
        if self._path is None:
            return None
        stamp = self._stamps.get(platform.name)
        if stamp is None:
            stamp = self._stamps[platform.name] = _stamp(platform)
        try:
            data = orjson.dumps([stamp, kind.name, creating, body], default=_loose, option=_PLAIN)
        except TypeError:
            return None
        return blake2b(data, digest_size=16).hexdigest()

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the canonical form of a body that was found good before."""
        if self._known is None:
            self._known = self._read()
        found = self._known.get(key)
        if found is not None:
            self._used[key] = found
        return found

    def put(self, key: str, canonical: dict[str, Any]) -> None:
        """Keep a canonical body, if it is plain data; children by name and templates are not."""
        try:
            packed = orjson.dumps(canonical, option=_PLAIN)
        except TypeError:
            return
        self._used[key] = orjson.Fragment(packed)
        self._new = True

    def save(self) -> None:
        """Keep what this load used for the next; a folder that cannot be written to is no reason to fail."""
        if self._path is None or not self._new:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}")
            temporary.write_bytes(orjson.dumps(self._used))
            temporary.replace(self._path)

    def _read(self) -> dict[str, dict[str, Any]]:
        assert self._path is not None
        try:
            loaded = orjson.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return loaded if isinstance(loaded, dict) else {}


def _stamp(platform: Platform) -> str:
    """Return a digest of the code that checks the bodies of a platform: names, sizes and times of its files."""
    found = [__version__, type(platform).__module__]
    for name in (type(platform).__module__, "reconciler.adapters.base.declare", "reconciler.model.shape"):
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is None:
            continue
        for entry in sorted(os.scandir(Path(file).parent), key=lambda entry: entry.name):
            if entry.name.endswith(".py"):
                info = entry.stat()
                found.append(f"{entry.name}:{info.st_size}:{info.st_mtime_ns}")
    return blake2b("\n".join(found).encode(), digest_size=16).hexdigest()
