"""Objects of one kind, by account: what a platform stores, and the bytes it shows of it.

A stored object is never changed in place: a write puts a new one. So the bytes of an answer can be kept, and the rows
of a list from before a write stay what they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import orjson

from reconciler.emulator.disguise import Loose
from reconciler.emulator.faults import active
from reconciler.emulator.platform import Stored

ACCOUNT = "_account"


def public(stored: Stored) -> dict[str, Any]:
    """Return what a platform shows of an object: all but the names that begin with an underscore."""
    return {key: value for key, value in stored.items() if key[0] != "_"}


class Row:
    """One stored object and, once asked for, the bytes of it."""

    __slots__ = ("body", "stored")

    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        self.body: bytes | None = None


class Table:
    """Objects of one kind, each by account and id, in the order of their creation."""

    def __init__(
        self,
        kind: str,
        *,
        key: str = "id",
        show: Callable[[Stored], Any] = public,
        loose: Loose | None = None,
        keep_bodies: Callable[[Stored], bool] = lambda _stored: True,
        presets: Iterable[Stored] = (),
    ) -> None:
        """Make an empty table.

        `show` renders a stored object; `keep_bodies` tells whether the outcome for an object is always the same.
        `presets` are objects that every account has; nobody writes them, and they are not dumped.
        """
        self.kind = kind
        self.loose = loose or Loose()
        self._key = key
        self._show = show
        self._keep = keep_bodies
        self._rows: dict[str, dict[str, Row]] = {}
        self._presets = {str(stored[key]): Row(stored) for stored in presets}

    def clear(self) -> None:
        """Forget all objects of all accounts."""
        self._rows.clear()

    def get(self, account: str, object_id: str) -> Stored | None:
        """Return an object or preset as stored, None when there is none."""
        row = self._rows.get(account, {}).get(object_id) or self._presets.get(object_id)
        return row.stored if row else None

    def preset(self, object_id: str) -> Stored | None:
        """Return a preset, None when there is none of this id."""
        row = self._presets.get(object_id)
        return row.stored if row else None

    def count(self, account: str) -> int:
        """Return the number of objects of an account, without presets."""
        return len(self._rows.get(account, {}))

    def all(self, account: str) -> Iterator[Stored]:
        """Iterate over the objects of an account, without presets, as they are now."""
        return (row.stored for row in self._rows.get(account, {}).values())

    def everything(self) -> Iterator[Stored]:
        """Iterate over the objects of all accounts, without presets."""
        return (row.stored for rows in self._rows.values() for row in rows.values())

    def find(self, object_id: str) -> list[Stored]:
        """Return the objects of this id in all accounts."""
        return [rows[object_id].stored for rows in self._rows.values() if object_id in rows]

    def seed(self, account: str, stored: Stored) -> None:
        """Put an object without any trace: data that was always there."""
        self._rows.setdefault(account, {})[str(stored[self._key])] = Row({**stored, ACCOUNT: account})

    def put(self, account: str, stored: Stored) -> Stored:
        """Create or replace an object; lists may lag behind. Returns it as stored."""
        self._note(account)
        stored = {**stored, ACCOUNT: account}
        self._rows.setdefault(account, {})[str(stored[self._key])] = Row(stored)
        return stored

    def delete(self, account: str, object_id: str) -> Stored | None:
        """Remove an object; returns it, None when there is none."""
        rows = self._rows.get(account, {})
        if object_id not in rows:
            return None
        self._note(account)
        return rows.pop(object_id).stored

    def _note(self, account: str) -> None:
        stale = active().stale
        if stale:
            stale.note_write((id(self), account), lambda: list(self._rows.get(account, {}).values()))

    def listed(self, account: str) -> Sequence[Row]:
        """Return what a list answer shows: presets, then the rows as they are, or were before a recent write."""
        rows: Sequence[Row] = list(self._rows.get(account, {}).values())
        stale = active().stale
        if stale:
            rows = stale.rows((id(self), account), rows)
        return [*self._presets.values(), *rows] if self._presets else rows

    def shown(self, stored: Stored) -> Any:
        """Return an object as an answer shows it, disguised where that is asked for."""
        value = self._show(stored)
        disguise = active().disguise
        return disguise.dress(value, self.loose) if disguise else value

    def row_body(self, row: Row) -> bytes:
        """Return the bytes of one row of an answer."""
        if active().disguise:
            return orjson.dumps(self.shown(row.stored))
        if row.body is not None:
            return row.body
        body = orjson.dumps(self._show(row.stored))
        if self._keep(row.stored):
            row.body = body
        return body

    def body(self, account: str, object_id: str) -> bytes | None:
        """Return the bytes of one object, None when there is none."""
        row = self._rows.get(account, {}).get(object_id) or self._presets.get(object_id)
        return self.row_body(row) if row else None

    def list_body(self, account: str, keep: Callable[[Stored], bool] | None = None) -> bytes:
        """Return the bytes of a list of all objects, or of those that `keep` lets pass."""
        rows: Sequence[Row] = self.listed(account)
        if keep is not None:
            rows = [row for row in rows if keep(row.stored)]
        disguise = active().disguise
        if disguise:
            return orjson.dumps(disguise.dress_list([self._show(row.stored) for row in rows], self.loose))
        body = self.row_body
        return b"[" + b",".join([row.body or body(row) for row in rows]) + b"]"
