"""Keeps what files say from one run to the next, by the digest of their bytes: unchanged files cost nearly nothing.

One file holds all entries of a project: a line of magic, a line of checksum and JSON (the index), and the values as
JSON one behind the other. No expression is resolved in them, so they hold no secret. Deleting the file is safe; one
that is damaged, or was written by another version of the reader, is ignored.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import zlib
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import orjson

from reconciler.model.values import Loose

READER_VERSION: Final = 1
"""To be raised whenever the reader understands any text differently than before."""

_MAGIC: Final = b"reconciler parse cache %d\n" % READER_VERSION
_NAME: Final = "files.pack"
_KEPT_FOR: Final = 8
"""Rewrites that an unused entry survives: switching between a few branches stays quick, and nothing piles up."""


def digest(content: bytes) -> str:
    """Return the key of a file's content."""
    return blake2b(content, digest_size=16).hexdigest()


@dataclass(slots=True)
class _Entry:
    body: bytes | memoryview
    checksum: int
    loose: list[list[str | int]]
    unused: int


class ParseCache:
    """The parse cache of one project. Reading is lazy; `save` writes if anything new was put in, in one atomic rename.

    Runs at the same time do not disturb each other: the last one to save wins, and what it lacks is read again.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / _NAME
        self._entries: dict[str, _Entry] | None = None
        self._used: set[str] = set()
        self._dirty = False

    def get(self, key: str) -> tuple[Any] | None:
        """Return the value kept for a digest as a tuple of one, or None when there is none (or a damaged one)."""
        entries = self._load()
        entry = entries.get(key)
        if entry is None:
            return None
        if zlib.crc32(entry.body) != entry.checksum:
            del entries[key]
            return None
        value = orjson.loads(entry.body)
        for path in entry.loose:
            _mark(value, path)
        self._used.add(key)
        return (value,)

    def put(self, key: str, value: Any, packed: bytes | None = None) -> None:
        """Keep a value; `packed` is its JSON, where the caller has it and the value holds no `Loose`."""
        loose: list[list[str | int]] = []
        if packed is None:
            _find_loose(value, [], loose)
            packed = orjson.dumps(value)
        if loose == [[]]:
            return
        self._load()[key] = _Entry(packed, zlib.crc32(packed), loose, 0)
        self._used.add(key)
        self._dirty = True

    def save(self) -> None:
        """Write the cache if something is new; where the folder cannot be written to, the next run reads anew."""
        if not self._dirty:
            return
        index: dict[str, tuple[int, int, list[list[str | int]], int]] = {}
        bodies: list[bytes | memoryview] = []
        for key, entry in self._load().items():
            entry.unused = 0 if key in self._used else entry.unused + 1
            if entry.unused <= _KEPT_FOR:
                index[key] = (len(entry.body), entry.checksum, entry.loose, entry.unused)
                bodies.append(entry.body)
        with contextlib.suppress(OSError):
            head = orjson.dumps(index)
            self._write(b"".join([_MAGIC, b"%08x" % zlib.crc32(head), head, b"\n", *bodies]))
            self._dirty = False

    def _write(self, content: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{_NAME}-", dir=self._path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).replace(self._path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def _load(self) -> dict[str, _Entry]:
        if self._entries is None:
            self._entries = {}
            with contextlib.suppress(OSError):
                self._entries = _unpack(self._path.read_bytes())
        return self._entries


def _unpack(content: bytes) -> dict[str, _Entry]:
    """Return the entries of a cache file; none at all when its frame is damaged."""
    start = len(_MAGIC) + 8
    end = content.find(b"\n", start)
    view = memoryview(content)
    head = view[start:end]
    if not content.startswith(_MAGIC) or end < 0 or view[len(_MAGIC) : start] != b"%08x" % zlib.crc32(head):
        return {}
    out: dict[str, _Entry] = {}
    position = end + 1
    try:
        for key, (length, checksum, loose, unused) in orjson.loads(head).items():
            out[key] = _Entry(view[position : position + length], checksum, loose, unused)
            position += length
    except (ValueError, TypeError, AttributeError):
        return {}
    return out if position == len(content) else {}


def _find_loose(value: Any, path: list[str | int], out: list[list[str | int]]) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _find_loose(item, [*path, key], out)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _find_loose(item, [*path, position], out)
    elif type(value) is Loose:
        out.append(path)


def _mark(value: Any, path: list[str | int]) -> None:
    for part in path[:-1]:
        value = value[part]
    value[path[-1]] = Loose(value[path[-1]])
