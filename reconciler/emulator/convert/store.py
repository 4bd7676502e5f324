"""What the emulated Convert stores: accounts, their projects, and in each project the objects of every kind.

A stored object is never changed in place: a write puts a new one, so rendered bytes and lists from before stay right.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from reconciler.emulator.convert.references import Use, keys_of, uses_of
from reconciler.emulator.faults import active
from reconciler.emulator.platform import Stored

Key = int | str
"""The id of an object: an integer, for keys and collaborators a text."""

FIRST_ID = 1_000_001
IDENTITY = {"sdk_keys": "sdk_key", "api_keys": "key_id", "collaborators": "email"}
"""Kinds that are not known by `id`, and by what they are."""
ACCOUNT_KINDS = frozenset({"accounts", "projects", "api_keys", "collaborators"})


def identity(kind: str, stored: Stored) -> Key:
    """Return the id of a stored object."""
    key: Key = stored[IDENTITY.get(kind, "id")]
    return key


class Row:
    """One stored object and the bytes of it as rendered so far, by what was asked for."""

    __slots__ = ("bodies", "stored")

    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        self.bodies: dict[Any, tuple[int, bytes]] = {}


class Shelf:
    """The objects of one kind in one project or account."""

    __slots__ = ("rows", "views")

    def __init__(self) -> None:
        self.rows: dict[Key, Row] = {}
        self.views: dict[bytes, tuple[int, list[Row]]] = {}


class Space:
    """A set of shelves that are written together: an account, or a project in it."""

    def __init__(self) -> None:
        self.version = 0
        self._shelves: dict[str, Shelf] = {}

    def shelf(self, kind: str) -> Shelf:
        """Return the shelf of a kind."""
        found = self._shelves.get(kind)
        if found is None:
            found = self._shelves[kind] = Shelf()
        return found

    def kinds(self) -> Iterable[str]:
        """Return the kinds that have a shelf."""
        return tuple(self._shelves)

    def get(self, kind: str, key: Key) -> Stored | None:
        """Return an object, None when there is none."""
        row = self.shelf(kind).rows.get(key)
        return row.stored if row else None

    def all(self, kind: str) -> Iterator[Stored]:
        """Iterate over the objects of a kind as they are now."""
        return (row.stored for row in list(self.shelf(kind).rows.values()))

    def put(self, kind: str, stored: Stored) -> Stored:
        """Create or replace an object."""
        shelf = self.shelf(kind)
        self._note(shelf)
        shelf.rows[identity(kind, stored)] = Row(stored)
        self.version += 1
        return stored

    def drop(self, kind: str, key: Key) -> None:
        """Remove an object, if it is there."""
        shelf = self.shelf(kind)
        self._note(shelf)
        shelf.rows.pop(key, None)
        self.version += 1

    def _note(self, shelf: Shelf) -> None:
        stale = active().stale
        if stale:
            stale.note_write(id(shelf), lambda: list(shelf.rows.values()))


class Partition(Space):
    """One project: its objects, who uses what, and which keys are taken."""

    def __init__(self, account: Account, project_id: int) -> None:
        super().__init__()
        self.account = account
        self.id = project_id
        self.uses: dict[Use, dict[Use, None]] = {}
        self._keys: dict[str, dict[str, Key]] = {}
        self._next_suffix: dict[tuple[str, str], int] = {}

    @property
    def project(self) -> Stored:
        """The project itself, as stored."""
        stored = self.account.get("projects", self.id)
        assert stored is not None
        return stored

    @property
    def fullstack(self) -> bool:
        """Whether this is a fullstack project."""
        return bool(self.project["project_type"] == "fullstack")

    def put(self, kind: str, stored: Stored) -> Stored:
        """Create or replace an object; keeps the indexes."""
        key = identity(kind, stored)
        self._forget(kind, key)
        for target in uses_of(kind, stored):
            self.uses.setdefault(target, {})[kind, key] = None
        for table, text, owner in keys_of(kind, stored):
            self._keys.setdefault(table, {})[text] = owner
        return super().put(kind, stored)

    def drop(self, kind: str, key: Key) -> None:
        """Remove an object, if it is there; keeps the indexes."""
        self._forget(kind, key)
        super().drop(kind, key)

    def _forget(self, kind: str, key: Key) -> None:
        old = self.get(kind, key)
        if old is None:
            return
        for target in uses_of(kind, old):
            self.uses.get(target, {}).pop((kind, key), None)
        for table, text, owner in keys_of(kind, old):
            taken = self._keys.get(table, {})
            if taken.get(text) == owner:
                del taken[text]

    def used_by(self, kind: str, key: Key, *users: str) -> list[Stored]:
        """Return the other objects of the kinds `users` that refer to an object."""
        names = [one for one in self.uses.get((kind, key), {}) if one[0] in users and one != (kind, key)]
        found = [self.get(user, user_id) for user, user_id in names]
        return [stored for stored in found if stored is not None]

    def owner_of_key(self, table: str, text: str) -> Key | None:
        """Return the id of the object that has a key, None when it is free."""
        return self._keys.get(table, {}).get(text)

    def free_key(self, table: str, wanted: str, also: Iterable[str] = (), most: int = 32) -> str:
        """Return `wanted`, or the first spelling of it with a number behind that nobody has (or is about to have)."""
        taken = self._keys.get(table, {})
        about = set(also)
        if wanted not in taken and wanted not in about:
            return wanted
        for number in itertools.count(self._next_suffix.get((table, wanted), 2)):
            tail = f"-{number}"
            attempt = wanted[: most - len(tail)].rstrip("-") + tail
            if attempt not in taken and attempt not in about:
                self._next_suffix[table, wanted] = number + 1
                return attempt
        raise AssertionError


class Account(Space):
    """One account: everything in it, and its change history."""

    def __init__(self, account_id: str, store: Store) -> None:
        super().__init__()
        self.store = store
        self.id = account_id
        self.partitions: dict[int, Partition] = {}
        self.deleted: set[int] = set()
        self.history: list[dict[str, Any]] = []

    @property
    def number(self) -> int | str:
        """The id as answers show it."""
        return int(self.id) if self.id.isdigit() else self.id

    def partition(self, project_id: int) -> Partition:
        """Return the objects of a project, whether or not the project is there yet."""
        found = self.partitions.get(project_id)
        if found is None:
            found = self.partitions[project_id] = Partition(self, project_id)
        return found


class Store:
    """All accounts. What was loaded without an account waits under the name "" and is copied to whoever asks for it."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self._next_id = FIRST_ID
        self._revision = 0

    def mint(self) -> int:
        """Return a fresh id, unlike any other of any kind."""
        self._next_id += 1
        return self._next_id - 1

    def keep_clear_of(self, object_id: object) -> None:
        """Make sure that an id that came from outside is not handed out again."""
        if isinstance(object_id, int) and object_id >= self._next_id:
            self._next_id = object_id + 1

    def revision(self) -> int:
        """Return a number higher than any before: what a concurrency key is made of."""
        self._revision += 1
        return self._revision

    def account(self, account_id: str) -> Account:
        """Return an account; any account that is asked for is there."""
        found = self.accounts.get(account_id)
        if found is None:
            found = self.accounts[account_id] = Account(account_id, self)
            unowned = self.accounts.get("")
            if unowned is not None and account_id:
                for kind in ACCOUNT_KINDS - {"projects", "accounts"}:
                    for stored in unowned.all(kind):
                        found.put(kind, _copy(stored, account_id))
        return found

    def adopt(self, account: Account, project_id: int) -> bool:
        """Copy a project that was loaded without an account to the account that asks for it; False: there is none."""
        unowned = self.accounts.get("")
        if unowned is None or not account.id or project_id in account.deleted:
            return False
        project = unowned.get("projects", project_id)
        if project is None:
            return False
        account.put("projects", _copy(project, account.id))
        source, target = unowned.partition(project_id), account.partition(project_id)
        for kind in source.kinds():
            for stored in source.all(kind):
                target.put(kind, _copy(stored, account.id))
        return True

    def adopt_all(self, account: Account) -> None:
        """Copy every project that was loaded without an account, as a list of projects shows them all."""
        unowned = self.accounts.get("")
        if unowned is not None:
            for project in unowned.all("projects"):
                if account.get("projects", project["id"]) is None:
                    self.adopt(account, project["id"])


def now() -> int:
    """Return the time in Unix seconds, as all time stamps of the API are."""
    return int(time.time())


def _copy(stored: Stored, account_id: str) -> Stored:
    copied: Stored = orjson.loads(orjson.dumps(stored))
    copied["_account"] = account_id
    return copied
