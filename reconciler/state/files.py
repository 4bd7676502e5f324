"""The few file operations that durability and exclusion rest on. POSIX only: Linux, macOS, or WSL on Windows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.state.errors import StateError

PRIVATE = 0o600
_sync = getattr(os, "fdatasync", os.fsync)


def sync(descriptor: int) -> None:
    """Bring what was written, and the length of the file, to the disk."""
    _sync(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte: one `write` may take fewer."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def read_all(descriptor: int) -> bytes:
    """Read a file from its beginning to its end, wherever its offset stands."""
    size = os.fstat(descriptor).st_size
    parts = []
    position = 0
    while position < size and (part := os.pread(descriptor, size - position, position)):
        parts.append(part)
        position += len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def sync_folder(folder: Path) -> None:
    """Make renames and new names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_beside(path: Path, data: bytes) -> Path:
    """Write a durable file next to `path`, readable by its owner only; the caller excludes other writers.

    The name is always the same, so what a killed run left is used up by the next one.
    """
    fresh = path.with_name(f".{path.name}.tmp")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        try:
            write_all(descriptor, data)
            sync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return fresh


def replace_atomically(path: Path, data: bytes) -> None:
    """Put `data` in the place of a file: a crash leaves the old one or the new one, whole."""
    fresh = write_beside(path, data)
    try:
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def flocked(descriptor: int, *, exclusive: bool) -> Iterator[None]:
    """Hold the kernel's lock on an open file for a moment; it ends with the process at the latest."""
    try:
        import fcntl
    except ImportError:
        raise StateError("a state file needs a POSIX system: Linux, macOS, or WSL on Windows") from None
    fcntl.flock(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
