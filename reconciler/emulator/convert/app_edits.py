"""A hand at Convert's own app: changes that no API call made, in the change history as such."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from reconciler.emulator.convert import history, lifecycle
from reconciler.emulator.convert.call import Actor
from reconciler.emulator.convert.kind import Kind
from reconciler.emulator.convert.projects import Projects
from reconciler.emulator.convert.references import changes_of
from reconciler.emulator.convert.store import ACCOUNT_KINDS, Account, Key, Partition, Store
from reconciler.emulator.platform import Stored

ENGINE = "_engine"
"""Set in an edit, it is the work of Convert's statistics engine: recorded under the name of `Convert`."""
_CHILDREN = {"variations": "variations", "changes": "changes", "sections": "sections"}


def edit(
    store: Store, kinds: Mapping[str, Kind], kind: str, object_id: str, values: Mapping[str, Any] | None, user: str
) -> None:
    """Change (or delete, when `values` is None) one object; raises LookupError when there is none."""
    sent = dict(values) if values is not None else None
    actor = Actor("Convert" if sent and sent.pop(ENGINE, False) else user, "app")
    wanted = sent.pop("_account", None) if sent is not None else None
    accounts = [one for name, one in store.accounts.items() if wanted is None or name == str(wanted)]
    accounts.sort(key=lambda one: not one.id)  # what belongs to an account goes before what waits for one
    key: Key = int(object_id) if object_id.isdigit() else object_id
    for account in accounts:
        if kind in _CHILDREN:
            if _edit_child(store, kinds["experiences"], account, kind, key, sent, actor):
                return
        elif kind in ACCOUNT_KINDS:
            if _edit_in_account(kinds, account, kind, key, sent, actor):
                return
        elif kind in kinds and _edit_in_project(store, kinds[kind], account, key, sent, actor):
            return
    raise LookupError(f"convert has no {kind} {object_id}")


def _edit_in_account(
    kinds: Mapping[str, Kind], account: Account, kind: str, key: Key, sent: dict[str, Any] | None, actor: Actor
) -> bool:
    old = account.get(kind, key)
    if old is None:
        return False
    projects = kinds["projects"]
    assert isinstance(projects, Projects)
    if kind == "projects" and isinstance(key, int):
        if sent is None:
            projects.delete(account.partition(key), actor)
        else:
            projects.save_edit(account.partition(key), old, with_values(old, sent), actor)
        return True
    new = None if sent is None else with_values(old, sent)
    if new is None:
        account.drop(kind, key)
    else:
        account.put(kind, new)
    word = {"accounts": "account", "collaborators": "collaborator"}.get(kind)
    if word is not None:
        history.record(account, None, word, old, new, actor, object_id=key)
    return True


def _edit_in_project(
    store: Store, kind: Kind, account: Account, key: Key, sent: dict[str, Any] | None, actor: Actor
) -> bool:
    for part in account.partitions.values():
        old = part.get(kind.name, key)
        if old is not None:
            if sent is None:
                unlink(part, kind.name, key)
                kind.store(part, old, None, actor)
            else:
                new = with_values(old, sent)
                if kind.name == "experiences":
                    new = renewed(store, old, new)
                kind.store(part, old, new, actor)
            return True
    return False


def _edit_child(
    store: Store, kind: Kind, account: Account, level: str, key: Key, sent: dict[str, Any] | None, actor: Actor
) -> bool:
    for part in account.partitions.values():
        for old in part.all("experiences"):
            new = copy.deepcopy(old)
            found = _find_child(new, level, key)
            if found is None:
                continue
            many, position = found
            if sent is None:
                del many[position]
            else:
                many[position] = {**with_values(many[position], sent), "_rev": store.revision()}
            kind.store(part, old, renewed(store, old, new), actor)
            return True
    return False


def _find_child(experience: Stored, level: str, key: Key) -> tuple[list[dict[str, Any]], int] | None:
    lists = [experience["variations"]] if level == "variations" else [experience["sections"]]
    if level == "changes":
        versions = [version for section in experience["sections"] for version in section["versions"]]
        lists = [one["changes"] for one in (*experience["variations"], *versions)]
    for many in lists:
        for position, one in enumerate(many):
            if one["id"] == key or str(one["id"]) == str(key):
                return many, position
    return None


def renewed(store: Store, old: Stored, new: Stored) -> Stored:
    """Return an edited experience with its times, revisions and version moved on."""
    lifecycle.stamp_times(old, new)
    before = {one["id"]: one for one in old["variations"]}
    changes = {change["id"]: change for change in changes_of(old)}
    for one in new["variations"]:
        one.setdefault("id", store.mint())
        if before.get(one["id"]) != one:
            one["_rev"] = store.revision()
    for change in changes_of(new):
        change.setdefault("id", store.mint())
        if changes.get(change["id"]) != change:
            change["_rev"] = store.revision()
    return {**new, "version": old["version"] + 1, "_rev": store.revision()}


def unlink(part: Partition, kind: str, key: Key) -> None:
    """Take an object that goes out of the lists of those that refer to it."""
    for user, user_id in list(part.uses.get((kind, key), {})):
        stored = part.get(user, user_id)
        if stored is None or not isinstance(stored.get(kind), list):
            continue
        left = [one for one in stored[kind] if one != key]
        new = {**stored, kind: left}
        if kind == "goals" and stored.get("primary_goal") == key:
            new["primary_goal"] = left[0] if left else None
        part.put(user, new)


def with_values(old: Stored, values: Mapping[str, Any]) -> Stored:
    """Return a copy of an object with some values set; a dotted key reaches inside.

    Raises LookupError where it cannot.
    """
    new: Stored = copy.deepcopy(old)
    for path, value in values.items():
        *way, last = path.split(".")
        place: Any = new
        for step in way:
            if isinstance(place, dict) and place.get(step) is None:
                place[step] = {}
            place = _inside(place, step)
        if isinstance(place, list):
            place[_position(place, last)] = copy.deepcopy(value)
        elif isinstance(place, dict):
            place[last] = copy.deepcopy(value)
        else:
            raise LookupError(path)  # noqa: TRY004 - to the caller it is one more thing that is not there
    return new


def _inside(place: Any, step: str) -> Any:
    if isinstance(place, list):
        return place[_position(place, step)]
    if isinstance(place, dict):
        return place[step]
    raise LookupError(step)


def _position(place: list[Any], step: str) -> int:
    if not step.isdigit() or int(step) >= len(place):
        raise LookupError(step)
    return int(step)
