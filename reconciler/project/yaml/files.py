"""Reads many files at once, from the cache where they have not changed."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from reconciler.project.diagnostics import Diagnostics, Place
from reconciler.project.yaml import fast
from reconciler.project.yaml.cache import ParseCache, digest
from reconciler.project.yaml.document import Document, normalised, read_exactly


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector off: reading makes only lasting objects, and it would look at them again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def shown_path(path: Path, root: Path) -> str:
    """Return a file as users see it: relative to the project root where it is inside, with forward slashes."""
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return path.as_posix()


def read_files(paths: Sequence[Path], root: Path, cache: ParseCache | None, diagnostics: Diagnostics) -> list[Document]:
    """Read YAML files in the order given; those with errors are left out, and `diagnostics` says what is wrong.

    New entries of the cache are saved at the end.
    """
    out: list[Document] = []
    with _no_collection():
        for path in paths:
            found = _read(path, shown_path(path, root), cache, diagnostics)
            if found is not None:
                out.append(found)
    if cache is not None:
        cache.save()
    return out


def _read(path: Path, file: str, cache: ParseCache | None, diagnostics: Diagnostics) -> Document | None:
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        diagnostics.error(f"the file cannot be read: {reason}", place=Place(file, 1, 1), code="unreadable")
        return None
    key = ""
    if cache is not None:
        key = digest(content)
        kept = cache.get(key)
        if kept is not None:
            return Document(kept[0], file, path)
    text = decode(content, file, diagnostics)
    if text is None:
        return None
    packed: bytes | None = None
    try:
        value, packed = fast.load(text)
    except fast.NotProven:
        found = read_exactly(text, file, diagnostics)
        if found is None:
            return None
        value = found.value
    if cache is not None:
        cache.put(key, value, packed)
    return Document(value, file, path)


def decode(content: bytes, file: str, diagnostics: Diagnostics) -> str | None:
    """Return the text of a file's bytes with LF line ends, or None (and an error) when it is not UTF-8."""
    try:
        return normalised(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        wide = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
        what = "the file is UTF-16" if wide else "the text is not UTF-8"
        diagnostics.error(what, place=Place(file, line, column), fix="save it as UTF-8", code="encoding")
        return None
