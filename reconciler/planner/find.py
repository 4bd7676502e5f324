"""Reading what is live, scope by scope, and finding the object of each item; parents before what lives in them."""

from __future__ import annotations

import time

from reconciler.adapters.base.adapter import Adapter, Raw
from reconciler.model.kind import UniqueKey
from reconciler.model.plan import CheckResult, Note
from reconciler.model.values import Template, reveal
from reconciler.planner import match
from reconciler.planner.item import Item
from reconciler.planner.read import Listing
from reconciler.planner.run import Run


def read_and_match(run: Run) -> None:
    """Read every list that is needed, once, and match items with live objects. Raises HttpError."""
    run.options.progress("reading")
    waiting = list(run.items.values())
    while waiting:
        kinds = {item.kind.name for item in waiting}
        inside = [item for item in waiting if _waits(item, kinds)]
        ready = [item for item in waiting if not _waits(item, kinds)] or waiting
        _match_round(run, ready)
        waiting = inside if len(ready) < len(waiting) else []


def _waits(item: Item, kinds: set[str]) -> bool:
    """Tell whether an item lives in a parent that is still to be found itself."""
    return item.kind.parent in kinds and item.declaration is not None and item.declaration.parent is not None


def _scope(run: Run, item: Item) -> dict[str, str] | None:
    if item.kind.parent is None:
        return {}
    name = next(n for n, s in item.kind.shape.fields.items() if s.parent is not None)
    if item.declaration is None:
        assert item.entry is not None
        return dict(item.entry.scope) or _own_scope(item.adapter, name)
    value = item.declaration.parent
    if value is None:
        return _own_scope(item.adapter, name)
    resolved = run.resolver()(value)
    return None if isinstance(resolved, Template) else {name: str(reveal(resolved))}


def _own_scope(adapter: Adapter, name: str) -> dict[str, str]:
    return {name: adapter.scope[name]} if name in adapter.scope else {}


def _match_round(run: Run, items: list[Item]) -> None:
    groups: dict[tuple[str, str, tuple[tuple[str, str], ...]], list[Item]] = {}
    for item in items:
        item.scope = _scope(run, item)
        if item.scope is not None:
            groups.setdefault((item.account, item.kind.name, tuple(sorted(item.scope.items()))), []).append(item)
    for members in groups.values():
        first = members[0]
        run.reader.begin(first.adapter, first.kind, first.scope or {})
    for members in groups.values():
        _match_group(run, members)
    _leaving(run, [item for item in items if item.scope is None and item.entry is not None])


def _leaving(run: Run, items: list[Item]) -> None:
    """Find objects whose parent is to be one that this run makes: they live in the old one, and are replaced."""
    wanted = [(item, item.entry) for item in items if item.entry is not None]
    found = run.reader.get_many((item.adapter, item.kind, entry.scope, entry.id) for item, entry in wanted)
    for (item, entry), raw in zip(wanted, found, strict=True):
        item.raw, item.id, item.gone = raw, None if raw is None else entry.id, raw is None


def _match_group(run: Run, members: list[Item]) -> None:
    first = members[0]
    listing = run.reader.listing(first.adapter, first.kind, first.scope or {})
    tracked = {
        entry.id: address
        for address, entry in run.entries.items()
        if entry.account == first.account and entry.kind == first.kind.name
    }
    known = [item for item in members if item.entry is not None]
    empty = bool(known) and not listing.objects and not first.kind.get_by_key  # those lists hide what is archived
    missing = [item for item in known if item.entry is not None and item.entry.id not in listing.objects]
    # What a list lacks is asked for by its id: lists may hide archived objects, or lag behind.
    found = run.reader.get_many(
        (item.adapter, item.kind, item.entry.scope or item.scope or {}, item.entry.id)
        for item in missing
        if item.entry is not None
    )
    here = [r for i, r in zip(missing, found, strict=True) if i.entry is not None and i.entry.scope in ({}, i.scope)]
    if empty and any(raw is not None for raw in here):
        listing = _read_empty(run, listing)
    elsewhere: list[tuple[Item, Raw]] = []
    for item, raw in zip(missing, found, strict=True):
        if raw is None or item.entry is None:
            continue
        if item.entry.scope and item.entry.scope != item.scope:
            elsewhere.append((item, raw))  # it lives in another parent than declared: to be replaced
        else:
            listing.objects[item.entry.id] = raw
    _hidden(run, members, listing)
    matcher = match.Matcher(listing, run.options.allowed)
    matcher.match(members, tracked)
    for item, raw in elsewhere:
        item.raw, item.gone = raw, False
    for item in members:
        if item.gone and item.declaration is not None and item.removal is None:
            matcher.recreate(item, tracked)
    run.checks.extend(matcher.checks)
    live = [item for item in members if item.raw is not None]
    if first.kind.facets or first.kind.endpoints.slim:
        wanted = [(i.adapter, i.kind, i.home, i.raw) for i in live if i.raw is not None]
        for item, raw in zip(live, run.reader.complete_many(wanted), strict=True):
            item.raw = raw
    for item in members:
        if item.raw is None and item.kind.mint is not None and item.removal is None:
            item.minted = run.options.minted.get(item.address) or item.kind.mint()
        elif item.raw is None and isinstance(item.kind.key, UniqueKey) and item.kind.key.sole and item.declaration:
            value = item.declaration.body.get(item.kind.key.attribute)
            item.minted = value if isinstance(value, str) else None


def _read_empty(run: Run, listing: Listing) -> Listing:
    """Deal with an empty list of which what state tracks still answers by its id: it cannot be trusted.

    It may only lag behind, so it is read once more after the platform's own delay; if it is empty then too, the plan
    is refused, because a natural key would be looked for in vain and made a second time.
    """
    kind, adapter = listing.kind, listing.adapter
    time.sleep(kind.consistency)
    again = Listing(listing.group, adapter, kind)
    again.objects = {adapter.id_of(kind, raw): raw for raw in adapter.list(kind, listing.group.names)}
    if again.objects:
        listing.objects.update(again.objects)
        return listing
    subject = f"{adapter.account}.{kind.name}"
    ok = run.options.allowed.has("empty-read", subject)
    message = f"the list of {subject} came back empty, and objects that state tracks in it still answer by their id"
    run.checks.append(CheckResult("empty-read", "allowed" if ok else "fail", message, f"empty-read={subject}"))
    return listing


def _hidden(run: Run, members: list[Item], listing: Listing) -> None:
    """Ask by key for objects that lists hide, so that an archived one is found before a second is made."""
    kind = listing.kind
    if not kind.get_by_key:
        return
    known = {match.key_of(kind, raw, live=True) for raw in listing.objects.values()}
    wanted = [
        (item.adapter, kind, item.scope or {}, key)
        for item in members
        if item.entry is None and item.declaration is not None and item.declaration.meta.import_id is None
        if (key := match.key_of(kind, item.declaration.body, live=False)) is not None and key not in known
    ]
    for raw in run.reader.get_many(wanted):
        if raw is not None:
            listing.objects[listing.adapter.id_of(kind, raw)] = raw


def check_presets(run: Run) -> None:
    """Check names that were taken for the platform's own objects against the live catalogue."""
    for item in run.items.values():
        declaration = item.declaration
        if declaration is None or not declaration.presets:
            continue
        for kind_name, identity, path in declaration.presets:
            kind = item.adapter.kinds[kind_name]
            if kind.parent is not None and item.scope is None:
                continue
            scope = item.scope if kind.parent is not None else {}
            if identity not in run.reader.listing(item.adapter, kind, scope or {}).objects:
                place = declaration.place_of(path)
                text = f"{place}: {identity} is neither declared nor in the catalogue of {kind.title}s"
                run.errors.append(Note(item.address, text))
