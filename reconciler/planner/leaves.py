"""One resource's leaves and children sorted by what they mean: to be written, kept, noted, or only recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.adapters.base.compare import Leaf
from reconciler.adapters.base.observe import is_nothing, masked, same
from reconciler.model.markers import SetOnce
from reconciler.model.plan import Cause, ChildChange, LeafChange
from reconciler.model.values import MISSING, Sensitive, has_slot
from reconciler.planner.item import Item
from reconciler.planner.truth import verdict
from reconciler.state import ASSUMED

SecretMatches = Callable[[str, Any], bool | None]
"""From a stored fingerprint and a secret to: same, different, or None when it was only assumed."""


@dataclass(slots=True)
class Recorded:
    """What state should take note of without a call: leaves that hold already, ids of children, leaves of lost ones."""

    leaves: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, Any] = field(default_factory=dict)
    children: dict[str, str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    """Path texts of leaves whose child is neither declared nor there any more."""
    meta: bool = False
    """Protection, verb of removal, key or dependencies are not as state has them."""

    def __bool__(self) -> bool:
        return bool(self.leaves or self.secrets or self.children or self.dropped or self.meta)


class Sorted:
    """Sorts leaves and children of one resource by what they mean."""

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

    @property
    def _here(self) -> Cause:
        return "adopting" if self.adopting else "changed"

    @property
    def _on_drift(self) -> str | None:
        assert self.item.declaration is not None
        return self.item.declaration.meta.rules.on_drift

    def child(self, change: ChildChange) -> None:
        """Put one child that comes or goes where it belongs."""
        cause = "adopting" if self.adopting else change.cause
        if cause == "drifted" and self._on_drift == "keep":
            before, after = (MISSING, change.value) if change.action == "add" else (change.value, MISSING)
            leaf = LeafChange(change.path, change.text, before, after, cause)
            self.drift.append(leaf)
            self.kept.append(leaf)
            return
        self.children.append(replace(change, cause=cause))

    def leaf(self, leaf: Leaf) -> None:
        """Put one leaf where it belongs."""
        if leaf.secret:
            self._secret(leaf)
            return
        if leaf.slot:
            self._write(leaf, self._here)
            return
        sent, seen = self.sent.get(leaf.text, MISSING), self.seen.get(leaf.text, MISSING)
        live = seen if same(leaf.then, seen) else leaf.live
        found = verdict(desired=leaf.desired, sent=sent, seen=seen, live=live, holds=leaf.equal)
        match found:
            case "same":
                return
            case "recorded" | "converged":
                self._record(leaf)
                if found == "converged":
                    self.converged.append(leaf.text)
            case "new":
                self._write(leaf, self._here)
            case "changed":
                self._write(leaf, "changed")
            case "drifted" | "changed+drifted":
                self._drifted(leaf, found, seen)

    def _drifted(self, leaf: Leaf, found: Cause, seen: Any) -> None:
        if found == "drifted" and self._by_engine(leaf, seen):
            self.item.notes.append(f"the platform itself changed {leaf.text}: {_say(seen)} → {_say(leaf.live)}")
            return
        keep = self._on_drift == "keep" or (leaf.shape.switch and self._on_drift != "revert")
        if found == "drifted" and keep:
            change = self._change(leaf, found)
            self.kept.append(change)
        else:
            change = self._write(leaf, found)
        self.drift.append(change)

    def _by_engine(self, leaf: Leaf, seen: Any) -> bool:
        owned = leaf.shape.engine_owned
        if owned is not None and owned.when(self.raw, seen, leaf.live):
            return True
        lifecycle = self.item.kind.lifecycle
        if lifecycle is None or leaf.path != (lifecycle.attribute,):
            return False
        states = isinstance(seen, str) and isinstance(leaf.live, str)
        return states and seen != leaf.live and lifecycle.by_engine(seen, leaf.live)

    def _secret(self, leaf: Leaf) -> None:
        stored = self.stored.get(leaf.text)
        hidden = masked(leaf.live)
        if leaf.equal:
            if stored is None or (stored == ASSUMED and not hidden):
                self.recorded.secrets[leaf.text] = None if hidden else leaf.desired
            return
        drifted = stored is not None and not hidden and self._unchanged(stored, leaf.desired)
        change = self._write(leaf, "drifted" if drifted else self._here)
        if drifted:
            self.drift.append(change)

    def _unchanged(self, stored: str, value: Any) -> bool:
        return not has_slot(value) and bool(self.secret_matches(stored, value))

    def _record(self, leaf: Leaf) -> None:
        self.recorded.leaves[leaf.text] = leaf.desired
        if leaf.live is not MISSING:
            self.recorded.seen[leaf.text] = leaf.live

    def _write(self, leaf: Leaf, cause: Cause) -> LeafChange:
        change = self._change(leaf, cause)
        self._refuse(leaf)
        self.leaves.append(change)
        return change

    def _refuse(self, leaf: Leaf) -> None:
        """Refuse what the platform would not do, naming the way round."""
        lifecycle = self.item.kind.lifecycle
        if lifecycle is not None and leaf.path == (lifecycle.attribute,):
            before, after = leaf.live, leaf.desired
            if isinstance(before, str) and isinstance(after, str) and not lifecycle.allows(before, after):
                way = lifecycle.way_round(before, after)
                self.item.errors.append(f"{leaf.text} cannot go from {before} to {after}: {way}")
        if leaf.shape.mark(SetOnce) is not None and not is_nothing(leaf.live):
            text = f"{leaf.text} is {leaf.live} and can be set only once; write that value, or leave it out"
            self.item.errors.append(text)

    def _change(self, leaf: Leaf, cause: Cause) -> LeafChange:
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


def _say(value: Any) -> str:
    return "nothing" if is_nothing(value) else str(value)
