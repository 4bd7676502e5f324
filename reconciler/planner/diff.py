"""What differs at one resource, and why: leaves through the truth table, children, switches that are kept, releases.

The result is a `ResourceChange`: data for people and for the ordering that follows. Nothing is read here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.adapters.base.compare import Compare, Comparison, Leaf
from reconciler.adapters.base.observe import is_nothing, masked
from reconciler.model.address import matches
from reconciler.model.markers import SetOnce
from reconciler.model.plan import Action, Cause, ChildChange, LeafChange, ResourceChange
from reconciler.model.values import MISSING, Sensitive, has_slot, is_secret
from reconciler.planner.item import Item
from reconciler.planner.match import key_of
from reconciler.planner.truth import verdict
from reconciler.state.ledger import Entry

PUBLISHED = "$published"


@dataclass(slots=True)
class Recorded:
    """What state should take note of without a call: leaves that hold already, and ids of children."""

    leaves: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, Any] = field(default_factory=dict)
    children: dict[str, str] = field(default_factory=dict)
    meta: bool = False
    """Protection, verb of removal, key or dependencies are not as state has them."""

    def __bool__(self) -> bool:
        return bool(self.leaves or self.secrets or self.children or self.meta)


@dataclass(slots=True)
class Diff:
    """The change of one resource, and what goes to state with it."""

    change: ResourceChange
    recorded: Recorded
    comparison: Comparison | None = None


SecretMatches = Callable[[str, Any], bool | None]
"""From a stored fingerprint and a secret to: same, different, or None when it was only assumed."""


class Differ:
    """Diffs items one by one. `secret_matches` compares fingerprints; `resend` lists addresses whose secrets are due."""

    def __init__(self, secret_matches: SecretMatches, resend: Sequence[str] = (), replaces: Sequence[str] = ()) -> None:
        self.secret_matches = secret_matches
        self.resend = resend
        self.replaces = replaces

    def diff(self, item: Item) -> Diff:
        """Return what differs at a declared resource."""
        assert item.declaration is not None
        if item.existing:
            return Diff(self._base(item, "read"), Recorded())
        if item.raw is None:
            return self._create(item)
        return self._update(item, item.raw)

    def nothing(self, item: Item) -> Diff:
        """Return the result for an item that is known to be as declared."""
        return Diff(self._base(item, "no-op"), Recorded())

    def _base(self, item: Item, action: Action, **more: Any) -> ResourceChange:
        declaration = item.declaration
        return ResourceChange(
            address=item.address,
            account=item.account,
            platform=item.kind.platform,
            kind=item.kind.name,
            action=action,
            id=item.known_id,
            previous_address=item.previous_address,
            importing=item.adopted,
            after=item.desired if declaration is not None else None,
            gone=item.gone,
            secret_paths=tuple(declaration.secret_paths) if declaration is not None else (),
            notes=tuple(item.notes),
            **more,
        )

    # -- create ---------------------------------------------------------------------------------------------------
    def _create(self, item: Item) -> Diff:
        assert item.declaration is not None
        for name, shape in item.kind.shape.fields.items():
            if shape.required and name not in item.desired and shape.parent is None:
                item.errors.append(
                    f"it does not exist yet, and {name} is missing: the platform requires it to create one"
                )
        self._initial_state(item)
        cause: Cause = "recreated" if item.gone else "created"
        publishes = item.kind.publish is not None and item.desired.get(PUBLISHED, True) is True
        change = self._base(item, "create", causes=frozenset({cause}), publishes=publishes)
        return Diff(change, Recorded())

    @staticmethod
    def _initial_state(item: Item) -> None:
        lifecycle = item.kind.lifecycle
        wanted = item.desired.get(lifecycle.attribute) if lifecycle is not None else None
        if lifecycle is None or not isinstance(wanted, str) or wanted == lifecycle.initial:
            return
        if not lifecycle.allows(lifecycle.initial, wanted):
            item.errors.append(
                f"a new {item.kind.title} cannot begin as {lifecycle.attribute}: {wanted}; "
                f"{lifecycle.way_round(lifecycle.initial, wanted)}"
            )

    # -- update ---------------------------------------------------------------------------------------------------
    def _update(self, item: Item, raw: Mapping[str, Any]) -> Diff:
        declaration, entry = item.declaration, item.entry
        assert declaration is not None
        sent: Mapping[str, Any] = entry.sent if entry is not None else {}
        seen: Mapping[str, Any] = entry.seen if entry is not None else {}
        stored: Mapping[str, str] = entry.secrets if entry is not None else {}
        resend = any(matches(pattern, item.address) for pattern in self.resend)

        def secret_same(text: str, value: Any, _live: Any) -> bool | None:
            if resend:
                return False
            known = stored.get(text)
            return None if known is None else self.secret_matches(known, value)

        skip = frozenset({PUBLISHED, *declaration.implied, *(n for n, s in item.kind.shape.fields.items() if s.parent)})
        walk = Compare(sent, entry.children if entry is not None else {}, secret_same)
        found = walk.run(item.kind.shape, item.desired, raw, skip)
        item.child_ids = found.ids
        item.errors.extend(found.problems)

        collected = _Collected(item, raw, sent, seen, stored, self.secret_matches)
        for leaf in found.leaves:
            if not self._ignored(item, leaf.text):
                collected.leaf(leaf)
        children = [child for child in found.children if not self._ignored(item, child.text)]
        leaves, children = _replace_children(item, collected.leaves, children, found)
        leaves.extend(_restore(item, raw))
        released = _released(item, found, children)
        recorded = collected.recorded
        if entry is None or any(entry.children.get(text) != identity for text, identity in found.ids.items()):
            recorded.children = dict(found.ids)
        recorded.meta = entry is not None and _meta_differs(item, entry)
        replace_paths = [leaf.text for leaf in leaves if leaf.immutable and len(leaf.path) == 1]
        if entry is not None and item.scope is not None and entry.scope and entry.scope != item.scope:
            replace_paths.extend(name for name, value in item.scope.items() if entry.scope.get(name) != value)
        if any(matches(pattern, item.address) for pattern in self.replaces):
            replace_paths.append("--replace")
        publish = self._publish(item, raw, bool(leaves or children))
        if publish is not None:
            leaves.append(publish)
        change = self._change(item, raw, leaves, children, replace_paths, released, collected)
        return Diff(replace(change, publishes=publish is not None), recorded, found)

    def _change(
        self,
        item: Item,
        raw: Mapping[str, Any],
        leaves: list[LeafChange],
        children: list[ChildChange],
        replace_paths: list[str],
        released: list[str],
        collected: _Collected,
    ) -> ResourceChange:
        changed = bool(leaves or children)
        action: Action = "no-op"
        if replace_paths:
            action = "replace"
        elif changed:
            action = "update"
        elif item.adopted is not None:
            action = "adopt"
        elif item.previous_address is not None:
            action = "move"
        causes = {leaf.cause for leaf in leaves} | {child.cause for child in children}
        if replace_paths:
            causes.add("replaced")
        touched = frozenset(str(entry.path[0]) for entry in (*leaves, *children))
        risks = [text for risk in item.kind.risks for text in risk(raw, item.desired, touched)] if changed else []
        if replace_paths:
            risks.append(f"a new {item.kind.title} with a new id takes its place; its history does not come along")
        return self._base(
            item,
            action,
            causes=frozenset(causes),
            leaves=tuple(leaves),
            children=tuple(children),
            kept=tuple(collected.kept),
            drift=tuple(collected.drift),
            released=tuple(released),
            converged=tuple(collected.converged),
            replace_paths=tuple(replace_paths),
            create_before_destroy=bool(item.declaration and item.declaration.meta.rules.create_before_destroy),
            carried=max(0, len(raw) - len(touched)) if changed else 0,
            risks=tuple(risks),
        )

    @staticmethod
    def _ignored(item: Item, text: str) -> bool:
        assert item.declaration is not None
        return any(
            matches(pattern, text) or matches(pattern, f"{item.address}.{text}")
            for pattern in item.declaration.meta.rules.ignore_changes
        )

    @staticmethod
    def _publish(item: Item, raw: Mapping[str, Any], changed: bool) -> LeafChange | None:
        """Say whether a publish is due: after every write, and until one has succeeded."""
        kind, entry = item.kind, item.entry
        if kind.publish is None:
            return None
        wanted = item.desired.get(PUBLISHED, True)
        sent = entry.sent.get(PUBLISHED, MISSING) if entry is not None else MISSING
        mark = entry.published if entry is not None else None
        current = item.adapter.version_of(kind, raw)
        others = mark is not None and current is not None and mark.get("version") not in {None, current}
        if others:
            item.notes.append(
                "somebody saved it since our last publish" + ("; this publish takes that live" if changed else "")
            )
        if wanted is not True:
            return None
        due = changed or (entry is not None and sent is not True)
        if not due:
            return None
        cause: Cause = "changed" if changed or sent is not True else "drifted"
        return LeafChange((PUBLISHED,), PUBLISHED, before=False, after=True, cause=cause, switch=True)


def _meta_differs(item: Item, entry: Entry) -> bool:
    assert item.declaration is not None
    rules = item.declaration.meta.rules
    key = key_of(item.kind, item.declaration.body, live=False) or entry.key
    now = (rules.prevent_destroy, rules.on_remove, list(item.depends), key)
    return now != (entry.protect, entry.on_remove, entry.deps, entry.key)


class _Collected:
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
        self.kept: list[LeafChange] = []
        self.drift: list[LeafChange] = []
        self.converged: list[str] = []
        self.recorded = Recorded()
        self.adopting = item.adopted is not None

    def leaf(self, leaf: Leaf) -> None:
        """Put one leaf where it belongs."""
        secret = leaf.shape.secret is not None or is_secret(leaf.desired)
        if secret:
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
        change = self._change(leaf, found)
        lifecycle = self.item.kind.lifecycle
        is_state = lifecycle is not None and leaf.path == (lifecycle.attribute,)
        owned = leaf.shape.engine_owned
        by_engine = owned is not None and owned.when(self.raw, seen, leaf.live)
        if is_state and lifecycle is not None and isinstance(seen, str) and isinstance(leaf.live, str):
            by_engine = by_engine or (seen != leaf.live and lifecycle.by_engine(seen, leaf.live))
        if by_engine and found == "drifted":
            self.item.notes.append(f"the platform itself changed {leaf.text}: {_say(seen)} → {_say(leaf.live)}")
            return
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
        secret = leaf.shape.secret is not None or is_secret(leaf.desired)
        return LeafChange(
            path=leaf.path,
            text=leaf.text,
            before=Sensitive(leaf.live, leaf.text) if secret and not is_nothing(leaf.live) else leaf.live,
            after=leaf.desired,
            cause=cause,
            secret=secret,
            code=leaf.shape.code,
            switch=leaf.shape.switch,
            immutable=leaf.shape.immutable and not is_nothing(leaf.live),
            previous=self.seen.get(leaf.text, MISSING),
        )

    def _keeps(self) -> bool:
        assert self.item.declaration is not None
        return self.item.declaration.meta.rules.on_drift != "revert"


def _restore(item: Item, raw: Mapping[str, Any]) -> list[LeafChange]:
    """Bring an archived object back when its archived state is not declared away anyhow."""
    if not item.unarchive:
        return []
    return [
        LeafChange((name,), name, before=raw.get(name, MISSING), after=value, cause="adopting")
        for name, value in item.kind.restore_with.items()
        if name not in item.desired
    ]


def _replace_children(
    item: Item, leaves: list[LeafChange], children: list[ChildChange], found: Comparison
) -> tuple[list[LeafChange], list[ChildChange]]:
    """Turn a change of an immutable attribute of a child into a removal and an addition of that child."""
    for leaf in [leaf for leaf in leaves if leaf.immutable and len(leaf.path) > 1]:
        holder = max((text for text in found.ids if leaf.text.startswith(text + ".")), key=len, default=None)
        if holder is None:
            continue
        path = next(leaf.path[:n] for n in range(len(leaf.path), 0, -1) if _spelt(leaf, n) == holder)
        value: Any = item.desired
        for part in path:
            value = value[part]
        children = [
            *children,
            ChildChange(path, holder, "remove", found.ids[holder], None, cause=leaf.cause),
            ChildChange(path, holder, "add", None, value, cause=leaf.cause),
        ]
        leaves = [other for other in leaves if not other.text.startswith(holder + ".")]
    return leaves, children


def _spelt(leaf: LeafChange, parts: int) -> str:
    """Return the beginning of a leaf's text that spells its first parts of the path."""
    text = leaf.text
    for part in reversed(leaf.path[parts:]):
        for tail in (f".{part}", f'["{part}"]', f"[{part}]"):
            if text.endswith(tail):
                text = text[: -len(tail)]
                break
    return text


def _released(item: Item, found: Comparison, children: list[ChildChange]) -> list[str]:
    """Return leaves that were managed and are no longer written, but for those of children that go anyhow."""
    entry = item.entry
    if entry is None:
        return []
    gone = tuple(f"{child.text}{mark}" for child in children if child.action == "remove" for mark in (".", "["))
    lost = tuple(
        f"{text}{mark}" for text in entry.children if text not in found.ids for mark in (".", "[")
    )  # children that left the declaration or the platform take their leaves along
    names = {PUBLISHED, *(item.declaration.implied if item.declaration is not None else ())}
    return [
        text
        for text in (*entry.sent, *entry.secrets)
        if text not in found.visited and text not in names and not text.startswith(gone) and not text.startswith(lost)
    ]


def _say(value: Any) -> str:
    return "nothing" if is_nothing(value) else str(value)
