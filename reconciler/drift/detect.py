"""Detecting drift: the planner has compared everything already; here is what of it people did on the platform."""

from __future__ import annotations

from dataclasses import replace

from reconciler.drift.report import ChildDrift, Drifted, DriftReport, Unmanaged
from reconciler.model.plan import ChildChange, LeafChange, Note, ResourceChange
from reconciler.model.values import Sensitive
from reconciler.planner.planner import Planned


def detect(planned: Planned, unmanaged: tuple[Unmanaged, ...] | None = None) -> DriftReport:
    """Return what differs on the platforms from what we saw there last.

    Switches that a plan would keep count; what the files already say (*converged*) does not, and neither does what a
    platform's engine did by itself: that is among the notes.
    """
    plan = planned.plan
    tracked = set(planned.entries)
    items = [found for change in plan.resources if (found := _drifted(change, tracked=change.address in tracked))]
    notes = [Note(change.address, text) for change in plan.resources for text in change.notes]
    return DriftReport(
        project=plan.project,
        environment=plan.environment,
        tool=plan.tool,
        created_at=plan.created_at,
        items=tuple(items),
        checked=sum(1 for change in plan.resources if change.address in tracked),
        notes=(*plan.notes, *notes),
        errors=plan.errors,
        unmanaged=unmanaged,
        calls=plan.calls,
    )


def _drifted(change: ResourceChange, *, tracked: bool) -> Drifted | None:
    """Return what somebody did to one resource; None when nobody did, or when it was not ours to watch yet."""
    if not tracked:
        return None
    leaves = tuple(_as_seen(leaf) for leaf in change.drift)
    children = tuple(_child(child) for child in change.children if _by_hand(child))
    if not leaves and not children and not change.gone:
        return None
    kept = {leaf.text for leaf in change.kept}
    return Drifted(
        address=change.address,
        account=change.account,
        platform=change.platform,
        kind=change.kind,
        id=change.id,
        leaves=leaves,
        kept=tuple(leaf for leaf in leaves if leaf.text in kept),
        children=children,
        gone=change.gone,
        actor=change.actor,
        file=change.file,
        line=change.line,
    )


def _as_seen(leaf: LeafChange) -> LeafChange:
    """Turn a change from live to declared into one from seen to live, which is what happened over there."""
    seen = Sensitive(None, leaf.text) if leaf.secret else leaf.previous
    return replace(leaf, before=seen, after=leaf.before, previous=leaf.after, immutable=False)


def _by_hand(child: ChildChange) -> bool:
    return child.cause in {"drifted", "changed+drifted"} and child.action in {"add", "remove"}


def _child(child: ChildChange) -> ChildDrift:
    """Turn it round: a child that the plan would remove was added by hand, one that it would add was removed."""
    if child.action == "add":
        return ChildDrift(child.text, "removed", child.id)
    name = child.value.get("name") if isinstance(child.value, dict) else None
    return ChildDrift(child.text, "added", child.id, name if isinstance(name, str) else None)
