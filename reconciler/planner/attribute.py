"""Who made what drifted, and when, from the platforms' change histories; asked for drifted objects only."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from reconciler.model.plan import Actor, ResourceChange
from reconciler.planner.item import Item
from reconciler.state import State

MOST = 50
"""So many objects are asked about at the most; beyond that a plan would spend its time on names."""


def attribute_drift(changes: list[ResourceChange], items: Mapping[str, Item], state: State) -> list[ResourceChange]:
    """Return the changes with the last foreign author of each drifted object; without an answer, as they were."""
    del state
    drifted = [
        (position, change)
        for position, change in enumerate(changes)
        if (change.drift or change.gone or any(child.cause == "drifted" for child in change.children))
        and change.address in items
    ][:MOST]
    if not drifted:
        return changes
    out = list(changes)
    with ThreadPoolExecutor(max_workers=8) as pool:
        actors = pool.map(lambda pair: actor_of(items[pair[1].address], pair[1]), drifted)
        for (position, change), actor in zip(drifted, actors, strict=True):
            if actor is not None:
                out[position] = replace(change, actor=actor)
    return out


def actor_of(item: Item, change: ResourceChange) -> Actor | None:
    """Return who last changed an object other than by an API key, as far as the platform tells; None otherwise."""
    from reconciler.http import HttpError

    identity = item.entry.id if item.entry is not None else item.id
    if not item.kind.has_history or identity is None:
        return None
    try:
        events = item.adapter.history(item.kind, item.scope or {}, identity, None)
    except HttpError:
        return None  # knowing who is a courtesy: a history that cannot be read stops nothing
    wanted = {str(leaf.path[0]) for leaf in change.drift} | {str(child.path[0]) for child in change.children}
    foreign = [event for event in events if not event.by_api]
    touching = [event for event in foreign if not event.attributes or wanted & set(event.attributes)]
    event = next(iter(touching or foreign), None)
    if event is None:
        return None
    return Actor(event.actor, event.at.isoformat(timespec="seconds") if event.at is not None else None, event.event)
