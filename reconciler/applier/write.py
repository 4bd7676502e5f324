"""Writing to an object that is there: its overlay over the object as read, a facet, a publish."""

from __future__ import annotations

from typing import Any

from reconciler.adapters.base.adapter import Raw
from reconciler.adapters.base.wire import lay_over
from reconciler.applier import record
from reconciler.applier.context import ATTEMPTS, Context, StepFailed
from reconciler.applier.marks import restore, withdraw
from reconciler.model.kind import Kind
from reconciler.model.markers import Virtual
from reconciler.model.plan import ChildChange, Overlay, Step
from reconciler.model.values import has_slot
from reconciler.planner.item import Item


def write(run: Context, step: Step, item: Item) -> list[str]:
    """Write an overlay and record it; returns warnings. Raises HttpError, StepFailed, ChildGone, StateWriteRefused."""
    from reconciler.http import HttpError

    overlay = run.overlay(step.overlay)
    before = run.current(item)
    mark = withdraw(run.session, step, item)
    try:
        raw = _send(run, step, item, overlay)
    except (HttpError, StepFailed) as error:
        if mark is not None and not error.maybe_applied:
            restore(run.session, step, item, mark, before)
        raise
    run.live[item.address] = raw
    entry = run.entry(item)
    touched = [leaf.text for leaf in overlay.leaves] + [child.text for child in overlay.children]
    touched += [f"{_collection(child)}.$order" for child in overlay.children]
    desired = _declared(run, item, overlay)
    seen = record.after_write(run.session.state, item, entry, raw, touched, desired)
    added = {child.text for child in overlay.children if child.action == "add"}
    gone = [c.text for c in overlay.children if c.action == "remove" and c.text not in added]
    seen.entry = record.forget_paths(seen.entry, gone)
    if item.kind.publish is not None:
        version = item.adapter.version_of
        seen.entry = record.saved(record.unpublished(seen.entry), version(item.kind, before), version(item.kind, raw))
    return run.done(step, item, raw, seen.entry, seen)


def publish(run: Context, step: Step, item: Item) -> list[str]:
    """Take the saved object live and record the mark. Raises HttpError."""
    from reconciler.http import HttpError

    scope, live = run.scope(item), run.current(item)
    identity = item.adapter.id_of(item.kind, live)
    for number in range(ATTEMPTS):
        try:
            result = item.adapter.publish(item.kind, scope, identity, live, on=True)
            break
        except HttpError as error:
            if not error.maybe_applied or number == ATTEMPTS - 1:
                raise
    raw = result.raw if result.raw is not None else live
    entry = record.published(run.entry(item), raw, result.version, on=True)
    return run.done(step, item, raw, entry, record.Seen(entry))


def _declared(run: Context, item: Item, overlay: Overlay) -> dict[str, Any]:
    """Return what is declared, with this step's values laid in: what the platform should show after it."""
    if item.declaration is None:
        return {str(leaf.path[0]): leaf.after for leaf in overlay.leaves if len(leaf.path) == 1}
    desired = run.resolver()(item.desired)
    out = {name: value for name, value in desired.items() if not has_slot(value)}
    for leaf in overlay.leaves:
        if len(leaf.path) == 1 and leaf.path[0] in desired:  # what brings an archived object back is not declared
            out[str(leaf.path[0])] = leaf.after
    return out


def _send(run: Context, step: Step, item: Item, overlay: Overlay) -> Raw:
    from reconciler.http import Conflict, HttpError

    kind, scope, adapter = item.kind, run.scope(item), item.adapter
    live = run.current(item)
    identity = adapter.id_of(kind, live)
    virtual = {leaf.text: leaf.after for leaf in overlay.leaves if _is_virtual(kind, leaf.text)}
    unclear = False
    for number in range(ATTEMPTS):
        body, touched = lay_over(kind.shape, live, overlay)
        if body == live and not virtual:
            return live  # a slot turned out to be what is there already
        try:
            if step.facet is not None:
                facet = next(facet for facet in kind.facets if facet.name == step.facet)
                return adapter.write_facet(kind, facet, scope, identity, {**body, **virtual}, live)
            return run.whole(item, adapter.update(kind, scope, identity, body, touched, live))
        except HttpError as error:
            this, unclear = error.maybe_applied, unclear or error.maybe_applied
            if not this and not isinstance(error, Conflict):
                error.maybe_applied = unclear
                raise
            fresh = run.again(item, scope, identity, error)
            if fresh is None:
                raise StepFailed("it was deleted while this run was writing it") from error
            fresh = run.whole(item, fresh)
            again, _ = lay_over(kind.shape, fresh, overlay)
            if again == fresh and not virtual:
                return fresh  # it had arrived
            if isinstance(error, Conflict) and again != fresh and not this:
                text = "somebody saved it while this run was going on; plan again to see what they changed"
                raise StepFailed(text, maybe_applied=unclear) from error
            if number == ATTEMPTS - 1:
                raise
            live = fresh
    raise StepFailed("no answer")


def _collection(child: ChildChange) -> str:
    return child.text.rpartition("[")[0] if child.text.endswith("]") else child.text.rpartition(".")[0]


def _is_virtual(kind: Kind, name: str) -> bool:
    shape = kind.shape.fields.get(name)
    return shape is not None and shape.mark(Virtual) is not None
