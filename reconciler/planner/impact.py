"""Who else would notice: live objects that refer to what a plan deletes, and that stay behind.

Asked only when something is deleted. Kinds that can refer to it are read on demand, whether they are managed or not.
"""

from __future__ import annotations

from functools import cache

from reconciler.model.kind import Kind
from reconciler.model.markers import Reference, TextReference
from reconciler.model.shape import ChildrenShape, ListShape, MapShape, ObjectShape, Shape
from reconciler.planner.item import Item
from reconciler.planner.references import live_references
from reconciler.planner.run import Run

SHOWN = 5
"""So many referrers are named; the rest is counted."""


def referrers_left(run: Run) -> dict[str, list[str]]:
    """Return, per address that is deleted, the live objects that refer to it and are not deleted with it."""
    deleted = [item for item in run.items.values() if _is_deleted(item)]
    if not deleted:
        return {}
    gone = {(item.account, item.kind.name, item.entry.id) for item in deleted if item.entry is not None}
    lists = {}
    for item in deleted:
        for kind in item.adapter.kinds.values():
            if kind.endpoints.list is None or not kind.managed or not may_refer(kind, item.kind.name):
                continue
            scope = item.scope if kind.parent is not None else {}
            if scope is not None:
                lists[item.account, kind.name, tuple(sorted(scope.items()))] = run.reader.begin(
                    item.adapter, kind, scope
                )
    found: dict[tuple[str, str, str], list[str]] = {}
    for (account, _, _), future in lists.items():
        listing = future.result()
        for identity, raw in listing.objects.items():
            if (account, listing.kind.name, identity) in gone:
                continue
            name = f"{listing.kind.title} {raw.get('name', identity)}"
            pairs = set().union(*live_references(listing.kind, raw).values())
            for kind_name, target in pairs:
                found.setdefault((account, kind_name, target), []).append(name)
    return {
        item.address: names
        for item in deleted
        if item.entry is not None and (names := found.get((item.account, item.kind.name, item.entry.id)))
    }


def risk_of(names: list[str]) -> str:
    """Return the risk line for objects that are left with a reference to nothing."""
    distinct = sorted(dict.fromkeys(names))
    more = f" and {len(distinct) - SHOWN} more" if len(distinct) > SHOWN else ""
    return f"still referred to by {', '.join(distinct[:SHOWN])}{more}, which the platform may refuse or break"


def _is_deleted(item: Item) -> bool:
    return item.removal == "delete" and item.raw is not None


@cache
def _targets(shape: ObjectShape) -> frozenset[str]:
    found: set[str] = set()
    seen: set[type] = set()
    stack: list[Shape] = [shape]
    while stack:
        one = stack.pop()
        for mark in one.marks:
            if isinstance(mark, Reference):
                found.update(mark.kinds)
            elif isinstance(mark, TextReference):
                found.add("*")
        match one:
            case ObjectShape() if one.model not in seen:
                seen.add(one.model)
                stack.extend(one.fields.values())
            case ListShape() | ChildrenShape():
                stack.append(one.item)
            case MapShape():
                stack.append(one.value)
            case _:
                pass
    return frozenset(found)


def may_refer(kind: Kind, target: str) -> bool:
    """Tell whether objects of a kind can refer to those of another, in a reference or in free text."""
    names = _targets(kind.shape)
    return target in names or "*" in names
