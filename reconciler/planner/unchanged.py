"""Remembering what was compared and found equal, so that the next plan need not walk through it again.

A digest of everything that a comparison sees (declared body, ledger entry, live object, tool version) stands for its
result "nothing differs"; nothing else is remembered. The digests are keyed with the ledger's own key and say nothing
about values. The file may be deleted at any time; without it every object is compared.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import orjson

from reconciler import __version__
from reconciler.planner.diff import Diff
from reconciler.planner.item import Item

SIZE = 16
MOST = 200_000
"""More digests than this are not kept: the file would cost more to read than it saves."""


class Unchanged:
    """Digests of equal comparisons: those of the last run are read, those of this run are kept for the next."""

    def __init__(self, file: Path, key: str) -> None:
        self.file = file
        self.key = bytes.fromhex(key)[:64]
        self.seen: set[bytes] = set()
        self.known = self._read()

    def _read(self) -> frozenset[bytes]:
        try:
            data = self.file.read_bytes()
        except OSError:
            return frozenset()
        if len(data) % SIZE:
            return frozenset()
        return frozenset(data[i : i + SIZE] for i in range(0, len(data), SIZE))

    def digest(self, item: Item) -> bytes | None:
        """Return the digest of all that a comparison of this item depends on; None if it cannot be had cheaply."""
        declaration, entry = item.declaration, item.entry
        if declaration is None or entry is None or item.raw is None or declaration.secret_paths or entry.secrets:
            return None
        if item.unarchive or item.previous_address is not None or item.adopted is not None or item.notes:
            return None
        rules = declaration.meta.rules
        meta = [rules.ignore_changes, rules.on_drift, rules.on_remove, rules.prevent_destroy, declaration.deps]
        recorded = [entry.id, entry.scope, entry.children, entry.sent, entry.seen, entry.published]
        kept = [entry.protect, entry.on_remove, entry.key, entry.deps, entry.origin, item.traded]
        try:
            data = orjson.dumps(
                [__version__, item.address, item.scope, meta, recorded, kept, item.desired, item.raw],
                option=orjson.OPT_PASSTHROUGH_DATACLASS,
            )
        except TypeError:  # a slot or a secret inside: compared as always
            return None
        return hashlib.blake2b(data, digest_size=SIZE, key=self.key).digest()

    def holds(self, digest: bytes) -> bool:
        """Tell whether this very comparison was made before and found nothing; it is then kept for the next run."""
        if digest in self.known:
            self.seen.add(digest)
            return True
        return False

    def note(self, digest: bytes, diff: Diff) -> None:
        """Remember a comparison if nothing at all came of it."""
        change = diff.change
        something = (
            change.leaves or change.children or change.kept or change.drift or change.released or change.converged
        )
        if change.action == "no-op" and not something and not change.notes and not diff.recorded:
            self.seen.add(digest)

    def save(self) -> None:
        """Keep this run's digests for the next; a folder that cannot be written to is no reason to fail."""
        if self.seen == self.known or len(self.seen) > MOST:
            return
        with contextlib.suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            temporary = self.file.with_name(f"{self.file.name}.{os.getpid()}")
            temporary.write_bytes(b"".join(self.seen))
            temporary.replace(self.file)
