"""Removing an object: one that is declared no more, one that is replaced, or one that an earlier replacement left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.adapters.base.adapter import Raw, RemovalResult
from reconciler.applier.context import ATTEMPTS, Context
from reconciler.model.kind import Removal
from reconciler.model.plan import Step
from reconciler.planner.item import Item


def remove(run: Context, step: Step, item: Item) -> list[str]:
    """Delete, archive or disable an object and take it out of the ledger; returns warnings. Raises HttpError."""
    assert step.removal is not None
    assert step.remote_id is not None
    old = item.replaced or bool(step.data.get("deposed"))
    if old:
        scope, live = _home(item, step.remote_id), (item.raw or {}) if step.remote_id == item.id else {}
    else:
        scope, live = run.scope(item), run.current(item)
    result = _send(run, item, scope, step.remote_id, step.removal, live)
    run.written.add(step.id)
    if not old:
        run.live.pop(item.address, None)
        run.session.done(step.id, remove=[item.address])
        return list(result.warnings)
    entry = run.session.state.resources.get(item.address)
    if entry is not None and entry.id == step.remote_id:
        run.live.pop(item.address, None)
        run.session.done(step.id, remove=[item.address])
    elif entry is not None:
        deposed = [one for one in entry.deposed if one.get("id") != step.remote_id]
        run.session.done(step.id, put={item.address: replace(entry, deposed=deposed)})
    return list(result.warnings)


def _home(item: Item, identity: str) -> Mapping[str, str]:
    """Return the parent of an old object, which may have lived in another one than its successor does."""
    deposed = item.entry.deposed if item.entry is not None else ()
    left = next((one for one in deposed if one.get("id") == identity), None)
    return left.get("scope") or item.home if left is not None else item.home


def _send(run: Context, item: Item, scope: Mapping[str, str], identity: str, verb: Removal, live: Raw) -> RemovalResult:
    from reconciler.http import HttpError

    for number in range(ATTEMPTS):
        try:
            return item.adapter.remove(item.kind, scope, identity, verb, live)
        except HttpError as error:
            if not error.maybe_applied or number == ATTEMPTS - 1:
                raise
            fresh = run.again(item, scope, identity, error)
            if fresh is None:
                break
            live = fresh
    return RemovalResult()
