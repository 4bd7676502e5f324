"""Executing one step: fill its slots, lay its overlay over the object as read, call, and write down what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from reconciler.adapters.base.adapter import Raw, RemovalResult
from reconciler.adapters.base.compare import Comparison
from reconciler.adapters.base.declare import ChildMap
from reconciler.adapters.base.wire import lay_over, object_to_wire
from reconciler.applier import record
from reconciler.applier.marks import restore, withdraw
from reconciler.applier.recover import Attempt, Undecided, find_created
from reconciler.applier.result import StepResult
from reconciler.model.kind import Removal
from reconciler.model.plan import ChildChange, LeafChange, Overlay, Step
from reconciler.model.values import MISSING, Ref, Template, has_slot
from reconciler.planner.diff import PUBLISHED
from reconciler.planner.item import Item
from reconciler.planner.match import key_of
from reconciler.planner.planner import Planned
from reconciler.planner.resolve import Resolver, output_of
from reconciler.state import Session, StateWriteRefused
from reconciler.state.ledger import Entry
from reconciler.state.session import Change

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
class Executor:
    """Executes the steps of one plan. Safe to call from many threads: the steps of one address run one by one."""

    planned: Planned
    session: Session
    secrets: Callable[[Any], Any]
    live: dict[str, Raw] = field(default_factory=dict)
    """Objects as last read or written, by address."""
    describe: Callable[[Item, Exception], str] = lambda _item, error: str(error)
    _lock: Lock = field(default_factory=Lock)
    _moved: bool = False
    _ids: dict[str, dict[str, str]] = field(default_factory=dict)

    def __call__(self, step: Step) -> StepResult:
        """Execute a step; every error becomes a failed result with its message."""
        from reconciler.http import HttpError

        started = time.monotonic()
        result = StepResult(step, "done")
        item = self.planned.items[step.address]
        try:
            result.warnings = tuple(self._run(step, item))
        except (HttpError, StepFailed, Undecided, StateWriteRefused, LookupError) as error:
            result.status = "failed"
            result.error = self.describe(item, error)
        result.seconds = time.monotonic() - started
        return result

    def _run(self, step: Step, item: Item) -> list[str]:
        match step.call:
            case "state":
                return self._state(step, item)
            case "create":
                return self._create(step, item)
            case "update" | "unarchive" | "facet":
                return self._write(step, item)
            case "publish":
                return self._publish(step, item)
            case "remove":
                return self._remove(step, item)

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
        computed = item.adapter.computed(item.kind, self._scope(item), raw) if raw is not None else {}
        ids = self._ids.get(ref.address) or item.child_ids
        value = output_of(item.kind, item.desired, raw, computed, ids, ref.output)
        if has_slot(value):
            value = self._resolver()(value)
        return MISSING if has_slot(value) else value

    def _resolver(self) -> Resolver:
        return Resolver(self._ref, self.secrets)

    def fill(self, value: Any) -> Any:
        """Return a value with its slots filled. Raises StepFailed when one is still not known."""
        filled = self._resolver()(value)
        if has_slot(filled):
            raise StepFailed(f"it waits for {_waits_for(filled)}, which was not made")
        return filled

    def _scope(self, item: Item) -> dict[str, str]:
        if item.scope is None:
            assert item.declaration is not None
            name = next(n for n, s in item.kind.shape.fields.items() if s.parent is not None)
            item.scope = {name: str(self.fill(item.declaration.parent))}
        return item.scope

    def _overlay(self, overlay: Overlay) -> Overlay:
        leaves = tuple(replace(leaf, after=self.fill(leaf.after)) for leaf in overlay.leaves)
        children = tuple(
            replace(child, value=self.fill(child.value)) if child.action == "add" else child
            for child in overlay.children
        )
        return Overlay(leaves, children, overlay.ids)

    # -- the calls ----------------------------------------------------------------------------------------------------
    def _create(self, step: Step, item: Item) -> list[str]:
        kind, scope = item.kind, self._scope(item)
        filled = self.fill(step.body)
        body = object_to_wire(kind.shape, filled)
        key = key_of(kind, filled, live=False)
        attempt = Attempt(kind, scope, item.address, step.remote_id, key, item.twins, filled)
        data = {
            "call": "create",
            "address": item.address,
            "account": item.account,
            "kind": kind.name,
            "scope": scope,
            "id": step.remote_id,
            "key": key,
            "twins": list(item.twins),
            "digest": item.declaration.digest if item.declaration is not None else None,
        }
        raw = self._create_once(step, item, attempt, body, data)
        old = self.session.state.resources.get(item.address)
        deposed = list(old.deposed) if old is not None else []
        if item.replaced and old is not None and old.id == item.id:
            deposed.append({"id": old.id, "kind": old.kind, "account": old.account, "scope": old.scope})
        raw = item.adapter.complete(kind, scope, raw) if kind.facets else raw
        written = {name: value for name, value in filled.items() if name not in _later(item)}
        found = record.look(kind, written, raw, {})
        settled = self._settle(item, raw, found)
        if settled is not raw:
            raw, found = settled, record.look(kind, written, settled, found.ids)
        entry = record.fresh_entry(item, item.adapter.id_of(kind, raw))
        seen = record.after_write(self.session.state, item, entry, raw, None, written, found)
        return self._done(step, item, raw, replace(seen.entry, deposed=deposed), seen)

    def _create_once(self, step: Step, item: Item, attempt: Attempt, body: Raw, data: dict[str, Any]) -> Raw:
        from reconciler.http import HttpError

        for number in range(ATTEMPTS):
            self.session.intent(step.id, **data)
            try:
                return item.adapter.create(item.kind, attempt.scope, dict(body), step.remote_id)
            except HttpError as error:
                if not error.maybe_applied:
                    self.session.failed(step.id, str(error))
                    raise
                self.session.unknown(step.id)
                found = find_created(item.adapter, attempt, self._tracked(item))
                if found is not None:
                    return found
                if number == ATTEMPTS - 1:
                    raise
        raise StepFailed("no answer")

    def _settle(self, item: Item, raw: Raw, found: Comparison) -> Raw:
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
        return item.adapter.update(item.kind, self._scope(item), identity, body_now, touched, raw)

    def _write(self, step: Step, item: Item) -> list[str]:
        from reconciler.http import HttpError

        overlay = self._overlay(step.overlay)
        before = self._current(item)
        mark = withdraw(self.session, step, item)
        try:
            raw = self._send(step, item, overlay)
        except (HttpError, StepFailed) as error:
            if mark is not None and not error.maybe_applied:
                restore(self.session, step, item, mark, before)
            raise
        self.live[item.address] = raw
        entry = self._entry(item)
        touched = [leaf.text for leaf in overlay.leaves] + [child.text for child in overlay.children]
        touched += [f"{_collection(child)}.$order" for child in overlay.children]
        desired = self._written(item, overlay)
        seen = record.after_write(self.session.state, item, entry, raw, touched, desired)
        added = {child.text for child in overlay.children if child.action == "add"}
        gone = [c.text for c in overlay.children if c.action == "remove" and c.text not in added]
        seen.entry = record.forget_paths(seen.entry, gone)
        if item.kind.publish is not None:
            seen.entry = record.unpublished(seen.entry)
        return self._done(step, item, raw, seen.entry, seen)

    def _written(self, item: Item, overlay: Overlay) -> dict[str, Any]:
        """Return what is declared, with this step's values laid in: what the platform should show after it."""
        if item.declaration is None:
            return {str(leaf.path[0]): leaf.after for leaf in overlay.leaves if len(leaf.path) == 1}
        desired = self._resolver()(item.desired)
        out = {name: value for name, value in desired.items() if not has_slot(value)}
        for leaf in overlay.leaves:
            if len(leaf.path) == 1:
                out[str(leaf.path[0])] = leaf.after
        return out

    def _send(self, step: Step, item: Item, overlay: Overlay) -> Raw:
        from reconciler.http import Conflict, HttpError

        kind, scope, adapter = item.kind, self._scope(item), item.adapter
        live = self._current(item)
        identity = adapter.id_of(kind, live)
        virtual = {leaf.text: leaf.after for leaf in overlay.leaves if _is_virtual(kind, leaf.text)}
        unclear = False
        for number in range(ATTEMPTS):
            body, touched = lay_over(kind.shape, live, overlay)
            if body == live and not virtual:
                return live  # a slot turned out to be what is there already, or an earlier try arrived after all
            try:
                if step.facet is not None:
                    facet = next(facet for facet in kind.facets if facet.name == step.facet)
                    return adapter.write_facet(kind, facet, scope, identity, {**body, **virtual}, live)
                written = adapter.update(kind, scope, identity, body, touched, live)
                return adapter.complete(kind, scope, written) if kind.facets else written
            except HttpError as error:
                this, unclear = error.maybe_applied, unclear or error.maybe_applied
                if not this and not isinstance(error, Conflict):
                    error.maybe_applied = unclear
                    raise
                fresh = self._again(item, identity, error)
                if fresh is None:
                    raise StepFailed("it was deleted while this run was writing it") from error
                fresh = adapter.complete(kind, scope, fresh) if kind.facets else fresh
                again, _ = lay_over(kind.shape, fresh, overlay)
                arrived = again == fresh
                if isinstance(error, Conflict) and not arrived and not this:
                    text = "somebody saved it while this run was going on; plan again to see what they changed"
                    raise StepFailed(text, maybe_applied=unclear) from error
                if number == ATTEMPTS - 1 and not arrived:
                    raise
                live = fresh
        raise StepFailed("no answer")

    def _again(self, item: Item, identity: str, error: HttpError) -> Raw | None:
        """Read an object after a write without a clear answer; without this either, that answer stands."""
        from reconciler.http import HttpError

        try:
            return item.adapter.get(item.kind, self._scope(item), identity)
        except HttpError:
            raise error from None

    def _publish(self, step: Step, item: Item) -> list[str]:
        from reconciler.http import HttpError

        scope, live = self._scope(item), self._current(item)
        identity = item.adapter.id_of(item.kind, live)
        for number in range(ATTEMPTS):
            try:
                result = item.adapter.publish(item.kind, scope, identity, live, on=True)
                break
            except HttpError as error:
                if not error.maybe_applied or number == ATTEMPTS - 1:
                    raise
        raw = result.raw if result.raw is not None else live
        entry = record.published(self._entry(item), raw, result.version, on=True)
        self.live[item.address] = raw
        self.session.done(step.id, put={item.address: entry})
        return []

    def _remove(self, step: Step, item: Item) -> list[str]:
        assert step.removal is not None
        assert step.remote_id is not None
        old = item.replaced or bool(step.data.get("deposed"))
        # what is replaced may have lived in another parent than its successor will
        scope = dict(item.entry.scope) if old and item.entry is not None and item.entry.scope else self._scope(item)
        live = item.raw if item.replaced else {} if old else self._current(item)
        result = self._remove_once(item, scope, step.remote_id, step.removal, live or {})
        if not old:
            self.live.pop(item.address, None)
            self.session.done(step.id, remove=[item.address])
            return list(result.warnings)
        entry = self.session.state.resources.get(item.address)
        if entry is not None and entry.id == step.remote_id:
            self.session.done(step.id, remove=[item.address])
        elif entry is not None:
            deposed = [old for old in entry.deposed if old.get("id") != step.remote_id]
            self.session.done(step.id, put={item.address: replace(entry, deposed=deposed)})
        return list(result.warnings)

    def _remove_once(
        self, item: Item, scope: Mapping[str, str], identity: str, verb: Removal, live: Raw
    ) -> RemovalResult:
        from reconciler.http import HttpError

        for number in range(ATTEMPTS):
            try:
                return item.adapter.remove(item.kind, scope, identity, verb, live)
            except HttpError as error:
                if not error.maybe_applied or number == ATTEMPTS - 1:
                    raise
                fresh = self._again(item, identity, error)
                if fresh is None:
                    break
                live = fresh
        return RemovalResult()

    # -- the ledger ---------------------------------------------------------------------------------------------------
    def _state(self, step: Step, item: Item) -> list[str]:
        match step.edit:
            case "move":
                self._move_all()
            case "forget":
                self.session.note(Change(remove=[item.address], note="forget"), step=step.id)
            case "release":
                entry = record.forget_paths(self._entry(item), step.data["paths"])
                self.session.note(Change(put={item.address: entry}, note="release"), step=step.id, wait=False)
            case "adopt" | "record":
                self._record(step, item)
            case _:
                raise StepFailed(f"an edit of state that this version does not know: {step.edit}")
        return []

    def _record(self, step: Step, item: Item) -> None:
        work = self.planned.works[item.address]
        assert work.diff is not None
        entry = self.session.state.resources.get(item.address)
        if entry is None or (item.adopted is not None and entry.id != item.adopted):
            assert item.id is not None
            entry = record.fresh_entry(item, item.id)
            if item.kind.publish is not None:
                # An adopted object counts as published until we write to it.
                entry = replace(entry, sent={PUBLISHED: True}, seen={PUBLISHED: True})
        entry = record.with_recorded(self.session.state, entry, work.diff.recorded, item)
        self.session.note(Change(put={item.address: entry}, note=step.edit or ""), step=step.id, wait=False)

    def _move_all(self) -> None:
        """Move every address at once: one simultaneous mapping, so that two can trade places."""
        with self._lock:
            if self._moved:
                return
            self._moved = True
        entries, state = self.planned.entries, self.session.state.resources
        put = {address: entry for address, entry in entries.items() if state.get(address) != entry}
        remove = [address for address in state if address not in entries]
        self.session.note(Change(put=put, remove=remove, note="move"))

    def _entry(self, item: Item) -> Entry:
        entry = self.session.state.resources.get(item.address)
        if entry is not None:
            return entry
        assert item.id is not None
        return record.fresh_entry(item, item.id)

    def _current(self, item: Item) -> Raw:
        live = self.live.get(item.address, item.raw)
        if live is None:
            entry = self._entry(item)
            live = item.adapter.get(item.kind, self._scope(item), entry.id)
            if live is None:
                raise StepFailed("it is not there any more")
            live = item.adapter.complete(item.kind, self._scope(item), live) if item.kind.facets else live
            self.live[item.address] = live
        return live

    def _done(self, step: Step, item: Item, raw: Raw, entry: Entry, seen: record.Seen) -> list[str]:
        self.live[item.address] = raw
        self._ids[item.address] = dict(entry.children)
        self.session.done(step.id, put={item.address: entry})
        if seen.ignored:
            raise StepFailed(f"the platform accepted and ignored {', '.join(seen.ignored)}")
        return seen.warnings

    def _tracked(self, item: Item) -> dict[str, str]:
        return {
            entry.id: address
            for address, entry in self.session.state.resources.items()
            if entry.account == item.account and entry.kind == item.kind.name
        }


def _later(item: Item) -> set[str]:
    """Attributes that later steps of the same resource write."""
    names = {attribute for facet in item.kind.facets if not facet.on_create for attribute in facet.attributes}
    if item.kind.lifecycle is not None:
        names.discard(item.kind.lifecycle.attribute)
    return names


def _collection(child: ChildChange) -> str:
    return child.text.rpartition("[")[0] if child.text.endswith("]") else child.text.rpartition(".")[0]


def _is_virtual(kind: Any, name: str) -> bool:
    from reconciler.model.markers import Virtual

    shape = kind.shape.fields.get(name)
    return shape is not None and shape.mark(Virtual) is not None


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
