"""Creating an object: intent first, then the call, then everything that makes sure that it is never made twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reconciler.adapters.base.adapter import Raw
from reconciler.adapters.base.compare import Comparison
from reconciler.adapters.base.wire import lay_over, object_to_wire
from reconciler.applier import record
from reconciler.applier.context import ATTEMPTS, Context, StepFailed
from reconciler.applier.recover import Attempt, find_created
from reconciler.model.plan import LeafChange, Overlay, Step
from reconciler.planner.item import Item
from reconciler.planner.match import key_of
from reconciler.state.ledger import Entry


def create(run: Context, step: Step, item: Item) -> list[str]:
    """Create an object and record it; returns warnings. Raises HttpError, StepFailed, Undecided, StateWriteRefused."""
    kind, scope = item.kind, run.scope(item)
    filled = run.fill(step.body)
    body = object_to_wire(kind.shape, filled)
    key = key_of(kind, filled, live=False)
    attempt = Attempt(kind, scope, item.address, step.remote_id, key, item.twins, filled)
    data = {
        "call": "create",
        "address": item.address,
        "account": item.account,
        "kind": kind.name,
        "scope": dict(scope),
        "id": step.remote_id,
        "key": key,
        "twins": list(item.twins),
        "digest": item.declaration.digest if item.declaration is not None else None,
        "replaces": item.id if item.replaced else None,
    }
    raw = _send(run, step, item, attempt, body, data)
    old = run.session.state.resources.get(item.address)
    entry = replace(
        record.fresh_entry(item, item.adapter.id_of(kind, raw)),
        deposed=deposed_by(old, item.id if item.replaced else None),
    )
    written = {name: value for name, value in filled.items() if name not in _later(item)}
    try:
        raw, found = _complete(run, item, raw, written)
    except Exception:
        # It is there, whatever failed after that: by its id the next plan finds it and goes on from here.
        run.live[item.address] = raw
        run.written.add(step.id)
        run.session.done(step.id, put={item.address: entry})
        raise
    seen = record.after_write(run.session.state, item, entry, raw, None, written, found)
    return run.done(step, item, raw, seen.entry, seen)


def deposed_by(old: Entry | None, replaced: str | None) -> list[dict[str, Any]]:
    """Return what is to be removed once an address has a new object: leftovers, and the object of id `replaced`."""
    if old is None:
        return []
    if old.id != replaced:
        return list(old.deposed)
    return [*old.deposed, {"id": old.id, "kind": old.kind, "account": old.account, "scope": old.scope}]


def _send(run: Context, step: Step, item: Item, attempt: Attempt, body: Raw, data: dict[str, Any]) -> Raw:
    from reconciler.http import HttpError

    for number in range(ATTEMPTS):
        run.session.intent(step.id, **data)
        try:
            return item.adapter.create(item.kind, attempt.scope, dict(body), step.remote_id)
        except HttpError as error:
            if not error.maybe_applied:
                run.session.failed(step.id, str(error))
                raise
            run.session.unknown(step.id)
            found = find_created(item.adapter, attempt, run.session.tracked(item.account, item.kind.name))
            if found is not None:
                return found
            if number == ATTEMPTS - 1:
                raise
    raise StepFailed("no answer")


def _complete(run: Context, item: Item, raw: Raw, written: dict[str, Any]) -> tuple[Raw, Comparison]:
    """Read what the answer lacks, and take out of closed collections what the platform put in by itself."""
    kind = item.kind
    raw = run.whole(item, raw)
    found = record.look(kind, written, raw, {})
    settled = _settle(run, item, raw, found)
    return (raw, found) if settled is raw else (settled, record.look(kind, written, settled, found.ids))


def _settle(run: Context, item: Item, raw: Raw, found: Comparison) -> Raw:
    """After a create, take out of closed collections what the platform put in by itself (a project's defaults)."""
    leaves = tuple(
        LeafChange(leaf.path, leaf.text, leaf.live, leaf.desired)
        for leaf in found.leaves
        if not leaf.equal
        and isinstance(leaf.desired, list)
        and isinstance(leaf.live, list)
        and leaf.path[-1] != "$order"
    )
    extra = tuple(child for child in found.children if child.action == "remove")
    if not leaves and not extra:
        return raw
    overlay = Overlay(leaves, extra, found.located)
    body_now, touched = lay_over(item.kind.shape, raw, overlay)
    identity = item.adapter.id_of(item.kind, raw)
    return item.adapter.update(item.kind, run.scope(item), identity, body_now, touched, raw)


def _later(item: Item) -> set[str]:
    """Attributes that later steps of the same resource write."""
    names = {attribute for facet in item.kind.facets if not facet.on_create for attribute in facet.attributes}
    if item.kind.lifecycle is not None:
        names.discard(item.kind.lifecycle.attribute)
    return names
