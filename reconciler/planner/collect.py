"""Sorting leaves and children of one resource by what they mean: to be changed, drifted, kept, converged, recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.adapters.base.compare import Leaf
from reconciler.adapters.base.observe import is_nothing, masked
from reconciler.model.markers import SetOnce
from reconciler.model.plan import Cause, ChildChange, LeafChange
from reconciler.model.values import MISSING, Sensitive, has_slot
from reconciler.planner.item import Item
from reconciler.planner.truth import verdict

SecretMatches = Callable[[str, Any], bool | None]
"""From a stored fingerprint and a secret to: same, different, or None when it was only assumed."""


@dataclass(slots=True)
class Recorded:
    """What state should take note of without a call: leaves that hold already, and ids of children."""

    leaves: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, Any] = field(default_factory=dict)
    children: dict[str, str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    """Children that state knows and that are neither declared nor live any more."""
    meta: bool = False
    """Protection, verb of removal, key or dependencies are not as state has them."""

    def __bool__(self) -> bool:
        return bool(self.leaves or self.secrets or self.children or self.dropped or self.meta)


class Collected:
    """Sorts leaves of one resource by what they mean."""

    def __init__(
        self,
        item: Item,
        raw: Mapping[str, Any],
        sent: Mapping[str, Any],
        seen: Mapping[str, Any],
        stored: Mapping[str, str],
        secret_matches: SecretMatches,
    ) -> None:
        self.item = item
        self.secret_matches = secret_matches
        self.raw = raw
        self.sent = sent
        self.seen = seen
        self.stored = stored
        self.leaves: list[LeafChange] = []
        self.children: list[ChildChange] = []
        self.kept: list[LeafChange] = []
        self.drift: list[LeafChange] = []
        self.converged: list[str] = []
        self.recorded = Recorded()
        self.adopting = item.adopted is not None

    def child(self, child: ChildChange) -> None:
        """Put one child where it belongs: what somebody added or took away stays so where `on_drift` says keep."""
        assert self.item.declaration is not None
        if child.cause == "drifted" and self.item.declaration.meta.rules.on_drift == "keep":
            verb = "added" if child.action == "remove" else "changed"
            self.item.notes.append(f"{child.text} was {verb} by hand and is kept (on_drift: keep)")
            return
        self.children.append(child)

    def leaf(self, leaf: Leaf) -> None:
        """Put one leaf where it belongs."""
        if leaf.secret:
            self._secret(leaf)
            return
        sent, seen = self.sent.get(leaf.text, MISSING), self.seen.get(leaf.text, MISSING)
        if leaf.slot:
            self.leaves.append(self._change(leaf, "adopting" if self.adopting else "changed"))
            return
        found = verdict(desired=leaf.desired, sent=sent, seen=seen, live=leaf.live, holds=leaf.equal)
        match found:
            case "same":
                return
            case "recorded" | "converged":
                self._record(leaf)
                if found == "converged":
                    self.converged.append(leaf.text)
            case "new":
                self.leaves.append(self._change(leaf, "adopting" if self.adopting else "changed"))
            case "changed":
                self.leaves.append(self._change(leaf, "changed"))
            case "drifted" | "changed+drifted":
                self._drifted(leaf, found, seen)

    def _drifted(self, leaf: Leaf, found: Cause, seen: Any) -> None:
        lifecycle = self.item.kind.lifecycle
        is_state = lifecycle is not None and leaf.path == (lifecycle.attribute,)
        owned = leaf.shape.engine_owned
        by_engine = owned is not None and owned.when(self.raw, seen, leaf.live)
        if is_state and lifecycle is not None and isinstance(seen, str) and isinstance(leaf.live, str):
            by_engine = by_engine or (seen != leaf.live and lifecycle.by_engine(seen, leaf.live))
        if by_engine and found == "drifted":
            self.item.notes.append(f"the platform itself changed {leaf.text}: {_say(seen)} → {_say(leaf.live)}")
            return
        change = self._change(leaf, found)
        self.drift.append(change)
        assert self.item.declaration is not None
        on_drift = self.item.declaration.meta.rules.on_drift
        keep = on_drift == "keep" or (leaf.shape.switch and on_drift != "revert")
        if found == "drifted" and keep:
            self.kept.append(change)
        else:
            self.leaves.append(change)

    def _secret(self, leaf: Leaf) -> None:
        stored = self.stored.get(leaf.text)
        if leaf.equal:
            if stored is None:
                self.recorded.secrets[leaf.text] = leaf.desired if not masked(leaf.live) else None
            elif not masked(leaf.live) and not self._unchanged(stored, leaf.desired):
                self.recorded.secrets[leaf.text] = leaf.desired
            return
        drifted = stored is not None and not masked(leaf.live) and self._unchanged(stored, leaf.desired)
        change = self._change(leaf, "drifted" if drifted else "adopting" if self.adopting else "changed")
        if drifted:
            self.drift.append(change)
        self.leaves.append(change)

    def _unchanged(self, stored: str, value: Any) -> bool:
        return not has_slot(value) and bool(self.secret_matches(stored, value))

    def _record(self, leaf: Leaf) -> None:
        self.recorded.leaves[leaf.text] = leaf.desired
        if leaf.live is not MISSING:
            self.recorded.seen[leaf.text] = leaf.live

    def _change(self, leaf: Leaf, cause: Cause) -> LeafChange:
        lifecycle = self.item.kind.lifecycle
        if lifecycle is not None and leaf.path == (lifecycle.attribute,):
            before, after = leaf.live, leaf.desired
            if isinstance(before, str) and isinstance(after, str) and not lifecycle.allows(before, after):
                kept = cause == "drifted" and self._keeps()
                if not kept:
                    way = lifecycle.way_round(before, after)
                    self.item.errors.append(f"{leaf.text} cannot go from {before} to {after}: {way}")
        if leaf.shape.mark(SetOnce) is not None and not is_nothing(leaf.live):
            text = f"{leaf.text} is {leaf.live} and can be set only once; write that value, or leave it out"
            self.item.errors.append(text)
        return LeafChange(
            path=leaf.path,
            text=leaf.text,
            before=Sensitive(leaf.live, leaf.text) if leaf.secret and not is_nothing(leaf.live) else leaf.live,
            after=leaf.desired,
            cause=cause,
            secret=leaf.secret,
            code=leaf.shape.code,
            switch=leaf.shape.switch,
            immutable=leaf.immutable and not is_nothing(leaf.live),
            previous=self.seen.get(leaf.text, MISSING),
        )

    def _keeps(self) -> bool:
        assert self.item.declaration is not None
        return self.item.declaration.meta.rules.on_drift != "revert"


def _say(value: Any) -> str:
    return "nothing" if is_nothing(value) else str(value)
