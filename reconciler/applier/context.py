"""What the steps of one run share: the objects as they are now, ids that came up, values as they become known.

The functions that carry out a step (in `create`, `write`, `remove`, `ledger`) keep nothing themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reconciler.adapters.base.adapter import Raw
from reconciler.adapters.base.declare import ChildMap
from reconciler.applier import record
from reconciler.model.plan import Overlay, Step
from reconciler.model.values import MISSING, Ref, SecretRef, Sensitive, Template, has_slot
from reconciler.planner.item import Item
from reconciler.planner.planner import Planned
from reconciler.planner.resolve import Resolver, output_of
from reconciler.state import Session
from reconciler.state.ledger import Entry

if TYPE_CHECKING:
    from reconciler.http import HttpError

ATTEMPTS = 3
"""So often a write whose answer was lost is looked up and, if it did not arrive, sent again."""


class StepFailed(Exception):  # noqa: N818 - it says what is the case
    """A step had no effect, or not the one that was meant; the message is for the user."""

    def __init__(self, message: str, *, maybe_applied: bool = True) -> None:
        super().__init__(message)
        self.maybe_applied = maybe_applied
        """Whether the platform may hold the write all the same."""


@dataclass
class Context:
    """One run. Safe to use from many threads: the steps of one address run one by one."""

    planned: Planned
    session: Session
    secrets: Callable[[SecretRef], Sensitive]
    live: dict[str, Raw] = field(default_factory=dict)
    """Objects as last read or written, by address."""
    written: set[str] = field(default_factory=set)
    """Ids of steps whose effect on a platform is certain, whatever became of them afterwards."""
    _ids: dict[str, dict[str, str]] = field(default_factory=dict)

    # -- values -------------------------------------------------------------------------------------------------------
    def _ref(self, ref: Ref) -> Any:
        item = self.planned.items.get(ref.address)
        if item is None:
            return MISSING
        raw = self.live.get(ref.address)
        if not ref.output:
            entry = self.session.state.resources.get(ref.address)
            if item.existing or item.declaration is None:
                return item.id if item.id is not None else MISSING
            if raw is not None:
                return item.adapter.id_of(item.kind, raw)
            return entry.id if entry is not None and not item.replaced else MISSING
        raw = raw if raw is not None else (item.raw if not item.replaced else None)
        computed = item.adapter.computed(item.kind, self.scope(item), raw) if raw is not None else {}
        ids = self._ids.get(ref.address) or item.child_ids
        value = output_of(item.kind, item.desired, raw, computed, ids, ref.output)
        if has_slot(value):
            value = self.resolver()(value)
        return MISSING if has_slot(value) else value

    def resolver(self) -> Resolver:
        """Return a resolver of references by what is known now, and of secrets."""
        return Resolver(self._ref, self.secrets)

    def fill(self, value: Any) -> Any:
        """Return a value with its slots filled. Raises StepFailed when one is still not known."""
        filled = self.resolver()(value)
        if has_slot(filled):
            raise StepFailed(f"it waits for {_waits_for(filled)}, which was not made", maybe_applied=False)
        return filled

    def overlay(self, overlay: Overlay) -> Overlay:
        """Return what a step writes with its slots filled. Raises StepFailed."""
        leaves = tuple(replace(leaf, after=self.fill(leaf.after)) for leaf in overlay.leaves)
        children = tuple(
            replace(child, value=self.fill(child.value)) if child.action == "add" else child
            for child in overlay.children
        )
        return Overlay(leaves, children, overlay.ids)

    # -- objects ------------------------------------------------------------------------------------------------------
    def scope(self, item: Item) -> Mapping[str, str]:
        """Return the parent ids that an item is declared in. Raises StepFailed when its parent was not made."""
        if item.scope is None:
            assert item.declaration is not None
            name = next(n for n, s in item.kind.shape.fields.items() if s.parent is not None)
            item.scope = {name: str(self.fill(item.declaration.parent))}
        return item.scope

    def entry(self, item: Item) -> Entry:
        """Return what the ledger knows of an item; a fresh entry while it knows nothing."""
        entry = self.session.state.resources.get(item.address)
        if entry is not None:
            return entry
        assert item.id is not None
        return record.fresh_entry(item, item.id)

    def current(self, item: Item) -> Raw:
        """Return the object as last read or written, read now if need be. Raises StepFailed, HttpError."""
        live = self.live.get(item.address, item.raw)
        if live is None:
            found = item.adapter.get(item.kind, self.scope(item), self.entry(item).id)
            if found is None:
                raise StepFailed("it is not there any more", maybe_applied=False)
            live = self.live[item.address] = self.whole(item, found)
        return live

    def whole(self, item: Item, raw: Raw) -> Raw:
        """Return an object with its attributes that have calls of their own. Raises HttpError."""
        return item.adapter.complete(item.kind, self.scope(item), raw) if item.kind.facets else raw

    def again(self, item: Item, scope: Mapping[str, str], identity: str, error: HttpError) -> Raw | None:
        """Read an object after a write without a clear answer; without this either, that answer stands."""
        from reconciler.http import HttpError

        try:
            return item.adapter.get(item.kind, scope, identity)
        except HttpError:
            raise error from None

    def done(self, step: Step, item: Item, raw: Raw, entry: Entry, seen: record.Seen) -> list[str]:
        """Write down that a step has written, and return warnings. Raises StepFailed for what was not kept."""
        self.live[item.address] = raw
        self._ids[item.address] = dict(entry.children)
        self.written.add(step.id)
        self.session.done(step.id, put={item.address: entry})
        if seen.ignored:
            raise StepFailed(f"the platform accepted and ignored {', '.join(seen.ignored)}")
        return seen.warnings


def _waits_for(value: Any) -> str:
    stack = [value]
    found: list[str] = []
    while stack:
        item = stack.pop()
        if isinstance(item, Template):
            found.extend(str(ref) for ref in item.refs)
        elif isinstance(item, dict | ChildMap):
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return ", ".join(dict.fromkeys(found))
