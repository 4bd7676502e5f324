"""What flows hold copies of, remembered: entities and destinations by id, read once and kept current."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Any

Row = Mapping[str, Any]


class Names:
    """Rows by id. Thread-safe. A miss reads the list once more, because somebody may just have made the object."""

    def __init__(self, read: Callable[[], Iterable[Row]], key: str) -> None:
        self._read = read
        self._key = key
        self._rows: dict[str, Row] = {}
        self._missed: set[str] = set()
        self._lock = Lock()

    def learn(self, rows: Iterable[Row]) -> None:
        """Take note of rows as they are now."""
        with self._lock:
            for row in rows:
                identity = row.get(self._key, row.get("id"))
                if identity is not None:
                    self._rows[str(identity).lower()] = row

    def find(self, identity: str) -> Row | None:
        """Return the row of an id; None when the platform has none. Raises HttpError when the list cannot be read."""
        wanted = identity.lower()
        with self._lock:
            found = self._rows.get(wanted)
            if found is not None or wanted in self._missed:
                return found
        self.learn(self._read())
        with self._lock:
            found = self._rows.get(wanted)
            if found is None:
                self._missed.add(wanted)
            return found

    def forget(self) -> None:
        """Forget everything: something was deleted."""
        with self._lock:
            self._rows.clear()
            self._missed.clear()
