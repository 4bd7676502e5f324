"""Verifying, before the first write, that everything that the plan touches still is as the plan says.

Touched objects are read again and compared again by the same code; what the plan would change must have the same values
before it. Anything else makes the plan stale: nothing is written, and the difference is told with who made it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from reconciler.adapters.base.adapter import Raw
from reconciler.adapters.base.observe import is_nothing, same
from reconciler.applier.result import Stale
from reconciler.model.plan import ResourceChange
from reconciler.model.values import MISSING, has_slot
from reconciler.planner.attribute import actor_of
from reconciler.planner.diff import Differ
from reconciler.planner.item import Item
from reconciler.planner.match import key_of
from reconciler.planner.planner import Planned
from reconciler.planner.read import Reader

FRESH = 5.0
"""Seconds for which a plan's own reading is good enough to say that what it creates does not exist yet."""
LIST_FROM = 8
"""From so many touched objects of one kind and scope on, one list is cheaper than a get for each."""


def verify(planned: Planned, differ: Differ) -> tuple[dict[str, Raw], list[Stale]]:
    """Read again what the plan touches. Returns the objects as read, and what is stale. Raises HttpError."""
    plan = planned.plan
    touched = [
        planned.items[address]
        for address in dict.fromkeys(step.address for step in plan.steps if step.call != "state")
        if planned.items[address].raw is not None
    ]
    fresh = _read(touched)
    changes = {change.address: change for change in plan.resources}
    stale: list[Stale] = []
    for item in touched:
        raw = fresh.get(item.address)
        text = "it was deleted" if raw is None else _difference(item, raw, changes[item.address], differ)
        if text:
            actor = actor_of(item, changes[item.address])
            who = ", ".join(part for part in (actor.name, actor.at) if part) if actor is not None else ""
            stale.append(Stale(item.address, text, who))
    stale.extend(_come_into_being(planned))
    return {address: raw for address, raw in fresh.items() if raw is not None}, stale


def _come_into_being(planned: Planned) -> list[Stale]:
    """Say which objects that the plan creates exist meanwhile: somebody made one of the same key since."""
    made = datetime.fromisoformat(planned.plan.created_at)
    if (datetime.now(UTC) - made).total_seconds() < FRESH:
        return []
    reader = Reader()
    found: list[Stale] = []
    try:
        for step in planned.plan.steps:
            item = planned.items[step.address]
            if step.call != "create" or item.scope is None or item.replaced:
                continue
            key = key_of(item.kind, step.body, live=False)
            listing = reader.listing(item.adapter, item.kind, item.scope)
            for identity, raw in listing.objects.items() if key is not None else ():
                new = identity not in item.twins and key_of(item.kind, raw, live=True) == key
                if new and identity not in {one.id for one in planned.entries.values()}:
                    found.append(
                        Stale(item.address, f"a {item.kind.title} called {key} was made meanwhile: {identity}")
                    )
    finally:
        reader.close()
    return found


def _read(touched: list[Item]) -> dict[str, Raw | None]:
    groups: dict[tuple[str, str, tuple[tuple[str, str], ...]], list[Item]] = {}
    for item in touched:
        key = (item.account, item.kind.name, tuple(sorted(item.home.items())))
        groups.setdefault(key, []).append(item)
    reader = Reader()
    found: dict[str, Raw | None] = {}
    try:
        single: list[Item] = []
        for members in groups.values():
            if len(members) < LIST_FROM or members[0].kind.endpoints.slim:
                single.extend(members)
                continue
            listing = reader.listing(members[0].adapter, members[0].kind, members[0].home)
            for item in members:
                found[item.address] = listing.objects.get(item.id or "")
            single.extend(item for item in members if found[item.address] is None)
        asked = reader.get_many((i.adapter, i.kind, i.home, i.id or "") for i in single)
        for item, raw in zip(single, asked, strict=True):
            found[item.address] = raw
        faceted = [item for item in touched if item.kind.facets and found[item.address] is not None]
        whole = reader.complete_many((i.adapter, i.kind, i.home, found[i.address] or {}) for i in faceted)
        for item, raw in zip(faceted, whole, strict=True):
            found[item.address] = raw
    finally:
        reader.close()
    return found


def _difference(item: Item, raw: Raw, change: ResourceChange, differ: Differ) -> str:
    """Say how an object differs from what the plan was made on; empty when it does not where that matters."""
    lifecycle = item.kind.lifecycle
    if lifecycle is not None and item.raw is not None:
        before, now = item.raw.get(lifecycle.attribute), raw.get(lifecycle.attribute)
        if before != now:
            return f"{lifecycle.attribute} was {before} and is {now}"
    if item.declaration is None or item.removal is not None:
        return ""
    known, errors, notes = item.raw, list(item.errors), list(item.notes)
    ids = dict(item.child_ids)
    item.raw = raw
    try:
        again = differ.diff(item).change
    finally:
        item.raw, item.errors, item.notes, item.child_ids = known, errors, notes, ids
    return _compare(change, again)


def _compare(planned: ResourceChange, now: ResourceChange) -> str:
    then = {leaf.text: leaf.before for leaf in planned.leaves}
    later = {leaf.text: leaf.before for leaf in now.leaves}
    for text, before in then.items():
        live = later.get(text, _after(planned, text))
        nothing = is_nothing(before) and is_nothing(live)
        if not (nothing or has_slot(live) or same(before, live)):
            return f"{text} was {_say(before)} and is {_say(live)}"
    for text, live in later.items():
        if text not in then:
            return f"{text} is now {_say(live)}"
    if {(c.text, c.action) for c in planned.children} != {(c.text, c.action) for c in now.children}:
        names = {c.text for c in planned.children} ^ {c.text for c in now.children}
        return f"children changed: {', '.join(sorted(names)) or 'their order'}"
    return ""


def _after(change: ResourceChange, text: str) -> object:
    return next((leaf.after for leaf in change.leaves if leaf.text == text), MISSING)


def _say(value: object) -> str:
    if value is MISSING or value is None:
        return "nothing"
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"
