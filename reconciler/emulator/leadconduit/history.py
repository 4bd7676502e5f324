"""The change history of LeadConduit: who changed which flow, entity, field or report, when, and what.

There is none for credentials, routers and account settings (LeadConduit API, Changelogs).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.emulator.clock import iso_ms
from reconciler.emulator.ids import derived_object_id, object_id
from reconciler.emulator.platform import Stored
from reconciler.emulator.table import ACCOUNT, public

TYPES = {"flows": "flow", "entities": "entity", "fields": "field", "reports": "report"}


@dataclass(slots=True)
class Change:
    """One recorded change; the record shown is made when somebody asks for it."""

    id: str
    kind: str
    action: str
    object_id: str
    at_ms: int
    user: Mapping[str, Any] | None
    before: Stored | None
    after: Stored | None
    record: Stored | None = None

    @property
    def at(self) -> str:
        """The time as text."""
        return iso_ms(self.at_ms)

    def shown(self) -> Stored:
        """Return the record as the API shows it."""
        if self.record is None:
            self.record = self._made()
        return self.record

    def _made(self) -> Stored:
        before = public(self.before) if self.before else {}
        after = public(self.after) if self.after else {}
        latest = after or before
        record: Stored = {"id": self.id, "type": self.kind, "action": self.action, "created_at": self.at}
        if self.user is not None:
            record["user"] = dict(self.user)
        record["current_revision"] = {
            "_id": self.object_id,
            **{key: value for key, value in latest.items() if key != "id"},
        }
        if self.action == "update":
            quiet = {"updated_at", "id"}
            names = [name for name in {**before, **after} if name not in quiet and before.get(name) != after.get(name)]
            record["delta_from_last_revision"] = {name: [before.get(name), after.get(name)] for name in names}
            record["changes"] = [one for name in names for one in _changes(name, before, after)]
        else:
            record["delta_from_last_revision"] = {}
            side = "previous" if self.action == "delete" else "current"
            value = {"value": latest.get("name", self.object_id)}
            record["changes"] = [{"action": self.action, "target": self.kind, "delta_path": "", side: value}]
        return record


def _changes(name: str, before: Stored, after: Stored) -> Iterator[dict[str, Any]]:
    if name not in before:
        yield _change("added", name, None, _side(after[name]))
    elif name not in after:
        yield _change("removed", name, _side(before[name]), None)
    else:
        yield from _compare(name, before[name], after[name])


def _compare(path: str, before: Any, after: Any) -> Iterator[dict[str, Any]]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            place = f"{path}.{key}"
            if key not in before:
                yield _change("added", place, None, _side(after[key]))
            elif key not in after:
                yield _change("removed", place, _side(before[key]), None)
            else:
                yield from _compare(place, before[key], after[key])
    elif isinstance(before, list) and isinstance(after, list):
        yield from _compare_lists(path, before, after)
    else:
        yield _change("changed", path, _side(before), _side(after))


def _compare_lists(path: str, before: list[Any], after: list[Any]) -> Iterator[dict[str, Any]]:
    old = {_identity(item): index for index, item in enumerate(before)}
    new = {_identity(item): index for index, item in enumerate(after)}
    for identity, index in old.items():
        if identity not in new:
            yield _change("removed", f"{path}.{index}", _side(before[index], index), None)
    kept = [identity for identity in old if identity in new]
    moved = [identity for identity in new if identity in old] != kept
    for identity, index in new.items():
        if identity not in old:
            yield _change("added", f"{path}.{index}", None, _side(after[index], index))
            continue
        if moved and old[identity] != index:
            was, now = _side(before[old[identity]], old[identity]), _side(after[index], index)
            yield _change("moved", f"{path}.{index}", was, now)
        yield from _compare(f"{path}.{index}", before[old[identity]], after[index])


def _identity(item: Any) -> str:
    if isinstance(item, dict):
        return str(item.get("id") or item.get("instance_id") or item)
    return repr(item)


def _side(value: Any, index: int | None = None) -> dict[str, Any]:
    """Show one side of a change: string, boolean or array of objects."""
    if isinstance(value, dict):
        value = [value]
    elif isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return {"value": value} if index is None else {"value": value, "index": index}


def _change(action: str, path: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, Any]:
    change: dict[str, Any] = {"action": action, "target": path.rpartition(".")[2], "delta_path": path}
    if before is not None:
        change["previous"] = before
    if after is not None:
        change["current"] = after
    return change


class History:
    """All changes, by account, oldest first."""

    def __init__(self) -> None:
        self._all: dict[str, list[Change]] = {}
        self._of: dict[tuple[str, str, str], list[Change]] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._all.clear()
        self._of.clear()

    def note(
        self, tenant: str, kind: str, before: Stored | None, after: Stored | None, user: Mapping[str, Any], at_ms: int
    ) -> None:
        """Record a change; kinds without history are left out."""
        if kind not in TYPES:
            return
        action = "update" if before and after else ("create" if after else "delete")
        target = (after or before or {})["id"]
        self._append(tenant, Change(object_id(), TYPES[kind], action, target, at_ms, user, before, after))

    def _append(self, tenant: str, change: Change) -> None:
        self._all.setdefault(tenant, []).append(change)
        self._of.setdefault((tenant, change.kind, change.object_id), []).append(change)

    def of(self, tenant: str, kind: str | None = None, target: str | None = None) -> Sequence[Change]:
        """Return the changes of an account, or of one object of it (`kind` is the singular), oldest first."""
        if kind is None or target is None:
            return self._all.get(tenant, ())
        return self._of.get((tenant, kind, target), ())

    def dump(self) -> list[Stored]:
        """Return all records with the account they belong to."""
        return [{**one.shown(), ACCOUNT: tenant} for tenant, changes in self._all.items() for one in changes]

    def load(self, tenant: str, record: Stored, to_ms: Callable[[str], int]) -> None:
        """Take a record as `dump` returned it."""
        shown = public(record)
        target = shown["current_revision"]["_id"]
        at_ms, user = to_ms(shown["created_at"]), shown.get("user")
        self._append(
            tenant, Change(shown["id"], shown["type"], shown["action"], target, at_ms, user, None, None, shown)
        )


def ui_user(name: str) -> dict[str, Any]:
    """Return somebody who works at the UI. The clear `api_key` of another user is what the real history shows, too."""
    first, _, last = name.partition("@")[0].replace(".", " ").title().partition(" ")
    return {
        "id": derived_object_id("leadconduit", "ui user", name),
        "first_name": first,
        "last_name": last,
        "email": name if "@" in name else f"{name}@example.com",
        "api_key": derived_object_id("leadconduit", "ui key", name) * 2,
    }
