"""Reading what is live: one list per account, kind and scope, concurrent, to the last page, each once.

A read error is never "absent". A list that comes back empty while state has objects in it is suspicious: each tracked
object is then asked for by its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

from reconciler.adapters.base.adapter import Adapter, Raw
from reconciler.model.kind import Kind

WORKERS = 16
ScopeKey = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Group:
    """One list to read: all objects of a kind in a scope of an account."""

    account: str
    kind: str
    scope: ScopeKey = ()

    @property
    def names(self) -> dict[str, str]:
        """The scope as names of a path template."""
        return dict(self.scope)


@dataclass
class Listing:
    """What one list returned, by id, in the platform's order."""

    group: Group
    adapter: Adapter
    kind: Kind
    objects: dict[str, Raw] = field(default_factory=dict)


class Reader:
    """Reads lists and single objects for one run; every list is read once and kept."""

    def __init__(self) -> None:
        self._lists = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="list")
        # Pages have workers of their own: a list that waits for its pages must not hold the place they need.
        self._pages = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="page")
        self._known: dict[Group, Future[Listing]] = {}
        self._lock = Lock()

    def begin(self, adapter: Adapter, kind: Kind, scope: Mapping[str, str]) -> Future[Listing]:
        """Start reading a list if that has not been done, and return its future."""
        group = Group(adapter.account, kind.name, tuple(sorted(scope.items())))
        with self._lock:
            if group not in self._known:
                self._known[group] = self._lists.submit(self._read, group, adapter, kind)
            return self._known[group]

    def listing(self, adapter: Adapter, kind: Kind, scope: Mapping[str, str]) -> Listing:
        """Return a list, read now or before. Raises HttpError."""
        return self.begin(adapter, kind, scope).result()

    def _read(self, group: Group, adapter: Adapter, kind: Kind) -> Listing:
        listing = Listing(group, adapter, kind)
        for raw in adapter.list(kind, group.names, self._pages):
            listing.objects[adapter.id_of(kind, raw)] = raw
        return listing

    def get_many(self, wanted: Iterable[tuple[Adapter, Kind, Mapping[str, str], str]]) -> list[Raw | None]:
        """Return single objects in the order asked for, None for those that the platform says are not there."""
        futures = [self._pages.submit(a.get, kind, scope, identity) for a, kind, scope, identity in wanted]
        return [future.result() for future in futures]

    def complete_many(self, wanted: Iterable[tuple[Adapter, Kind, Mapping[str, str], Raw]]) -> list[Raw]:
        """Return list rows with what lists leave out, in the order asked for."""
        futures = [self._pages.submit(a.complete, kind, scope, raw) for a, kind, scope, raw in wanted]
        return [future.result() for future in futures]

    def listings(self) -> list[Listing]:
        """Return every list that was read."""
        return [future.result() for future in self._known.values()]

    def close(self) -> None:
        """Stop the workers; what was begun is finished."""
        self._lists.shutdown(cancel_futures=True)
        self._pages.shutdown(cancel_futures=True)
