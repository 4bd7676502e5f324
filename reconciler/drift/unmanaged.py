"""Live objects of the kinds that a project manages which nobody declared: made by hand, or by another tool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.drift.report import Found, Unmanaged
from reconciler.model.kind import Kind
from reconciler.planner.item import Item
from reconciler.planner.planner import Planned
from reconciler.planner.read import Reader

GroupKey = tuple[str, str, tuple[tuple[str, str], ...]]


def find_unmanaged(planned: Planned) -> tuple[Unmanaged, ...]:
    """List what is live in each account, kind and scope that the project has resources in, less what is ours.

    Platforms' own presets and archived objects are left out. Raises HttpError.
    """
    groups: dict[GroupKey, list[Item]] = {}
    for item in planned.items.values():
        if item.scope is not None and item.kind.managed:
            groups.setdefault((item.account, item.kind.name, tuple(sorted(item.scope.items()))), []).append(item)
    ours = {(entry.account, entry.kind, entry.id) for entry in planned.entries.values()}
    ours |= {(item.account, item.kind.name, item.id) for item in planned.items.values() if item.id is not None}
    reader = Reader()
    try:
        for (_, _, scope), items in groups.items():
            reader.begin(items[0].adapter, items[0].kind, dict(scope))
        out = []
        for (account, kind, scope), items in groups.items():
            listing = reader.listing(items[0].adapter, items[0].kind, dict(scope))
            found = tuple(
                Found(identity, name_of(listing.kind, raw))
                for identity, raw in listing.objects.items()
                if (account, kind, identity) not in ours and _counts(listing.kind, raw)
            )
            if found:
                out.append(Unmanaged(account, kind, dict(scope), found))
        return tuple(out)
    finally:
        reader.close()


def _counts(kind: Kind, raw: Mapping[str, Any]) -> bool:
    if kind.is_preset is not None and kind.is_preset(raw):
        return False
    return kind.is_archived is None or not kind.is_archived(raw)


def name_of(kind: Kind, raw: Mapping[str, Any]) -> str | None:
    """Return what people call a live object: its name, else its natural key."""
    for attribute in ("name", *kind.key_attributes, "title", "label"):
        value = raw.get(attribute)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value):
            return str(value)
    return None
