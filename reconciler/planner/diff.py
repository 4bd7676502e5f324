"""What differs at one resource, and why: leaves through the truth table, children, switches that are kept, releases.

The result is a `ResourceChange`: data for people and for the ordering that follows. Nothing is read here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.adapters.base.compare import Compare, Comparison, child_text, missing_required
from reconciler.model.address import matches
from reconciler.model.plan import Action, Cause, ChildChange, LeafChange, ResourceChange
from reconciler.model.shape import ChildrenShape, ListShape, ObjectShape, Shape
from reconciler.model.values import MISSING, Path
from reconciler.planner.item import Item
from reconciler.planner.leaves import Recorded, SecretMatches, Sorted
from reconciler.planner.match import kept_key, traded
from reconciler.state.ledger import Entry

PUBLISHED = "$published"


@dataclass(slots=True)
class Diff:
    """The change of one resource, and what goes to state with it."""

    change: ResourceChange
    recorded: Recorded
    comparison: Comparison | None = None


class Differ:
    """Diffs items one by one. `secret_matches` compares fingerprints; `resend` are addresses whose secrets are due."""

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
            secret_paths=tuple(_spelt(item, path) for path in declaration.secret_paths)
            if declaration is not None
            else (),
            notes=tuple(item.notes),
            **more,
        )

    # -- create ---------------------------------------------------------------------------------------------------
    def _create(self, item: Item) -> Diff:
        assert item.declaration is not None
        item.errors.extend(
            f"it does not exist yet, and {name} is missing: the platform requires it to create one"
            for name in missing_required(item.kind.shape, item.desired)
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
            if known is None:
                # adopted: taken to be the same; tracked, and not written so far: never sent
                return None if entry is None or item.adopted is not None else False
            return self.secret_matches(known, value)

        skip = frozenset({PUBLISHED, *declaration.implied, *(n for n, s in item.kind.shape.fields.items() if s.parent)})
        walk = Compare(sent, entry.children if entry is not None else {}, secret_same)
        found = walk.run(item.kind.shape, item.desired, raw, skip)
        item.child_ids = found.ids
        item.errors.extend(found.problems)

        collected = Sorted(item, raw, sent, seen, stored, self.secret_matches)
        for leaf in found.leaves:
            if not self._ignored(item, leaf.text):
                collected.leaf(leaf)
        for child in found.children:
            if not self._ignored(item, child.text):
                collected.child(child)
        leaves, children = _replace_children(item, collected.leaves, collected.children, found)
        leaves.extend(_restore(item, raw))
        released = _released(item, found, children)
        recorded = collected.recorded
        _record_children(recorded, item, found, children)
        recorded.meta = entry is not None and _meta_differs(item, entry)
        replace_paths = [leaf.text for leaf in leaves if leaf.immutable]
        if entry is not None and entry.scope and entry.scope != item.scope:
            scope = item.scope or {}  # a parent that this run makes has no id yet
            replace_paths.extend(name for name, value in entry.scope.items() if scope.get(name) != value)
        if any(matches(pattern, item.address) for pattern in self.replaces):
            replace_paths.append("--replace")
        publish = self._publish(item, changed=bool(leaves or children))
        risks: tuple[str, ...] = ()
        if publish is not None:
            leaves.append(publish)
        if _saved_by_others(item, raw):
            item.notes.append("somebody saved it since our last publish")
            risks = ("takes live what somebody saved since our last publish",) if publish is not None else ()
        change = self._change(item, raw, leaves, children, replace_paths, released, collected)
        change = replace(change, publishes=publish is not None, risks=(*change.risks, *risks))
        return Diff(change, recorded, found)

    def _change(
        self,
        item: Item,
        raw: Mapping[str, Any],
        leaves: list[LeafChange],
        children: list[ChildChange],
        replace_paths: list[str],
        released: list[str],
        collected: Sorted,
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
        touched = frozenset([str(leaf.path[0]) for leaf in leaves] + [str(child.path[0]) for child in children])
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
    def _publish(item: Item, *, changed: bool) -> LeafChange | None:
        """Say whether a publish is due: after every write, and until one has succeeded."""
        entry = item.entry
        if item.kind.publish is None or item.desired.get(PUBLISHED, True) is not True:
            return None
        sent = entry.sent.get(PUBLISHED, MISSING) if entry is not None else MISSING
        due = changed or (entry is not None and sent is not True)
        if not due:
            return None
        cause: Cause = "changed" if changed or sent is not True else "drifted"
        return LeafChange((PUBLISHED,), PUBLISHED, before=False, after=True, cause=cause, switch=True)


def _saved_by_others(item: Item, raw: Mapping[str, Any]) -> bool:
    """Tell whether the platform holds another version than the last that we published or saved."""
    mark = item.entry.published if item.entry is not None else None
    if item.kind.publish is None or mark is None:
        return False
    current = item.adapter.version_of(item.kind, raw)
    return current is not None and mark.get("version") not in {None, current}


def _meta_differs(item: Item, entry: Entry) -> bool:
    assert item.declaration is not None
    rules = item.declaration.meta.rules
    now = (rules.prevent_destroy, rules.on_remove, list(item.depends), kept_key(item, entry), item.traded)
    return now != (entry.protect, entry.on_remove, entry.deps, entry.key, traded(entry))


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
    where = found.located
    holders: dict[str, tuple[Path, Cause]] = {}
    for leaf in leaves:
        if leaf.immutable:
            text = max((text for text in where if leaf.text.startswith(f"{text}.")), key=len, default=None)
            if text is not None:
                holders.setdefault(text, (_path_of(item, text, leaf), leaf.cause))
    outer = {
        text: held for text, held in holders.items() if not text.startswith(_below(t for t in holders if t != text))
    }
    if not outer:
        return leaves, children
    gone = _below(outer)
    children = [child for child in children if not child.text.startswith(gone)]
    for text, (path, cause) in outer.items():
        value: Any = item.desired
        for part in path:
            value = value[part]
        children.append(ChildChange(path, text, "remove", found.ids.get(text), None, cause=cause))
        children.append(ChildChange(path, text, "add", None, value, cause=cause))
    return [leaf for leaf in leaves if not leaf.text.startswith(gone)], children


def _below(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{text}{mark}" for text in texts for mark in (".", "["))


def _path_of(item: Item, text: str, leaf: LeafChange) -> Path:
    """Return the beginning of a leaf's path that a child's text spells."""
    return next(leaf.path[:length] for length in range(len(leaf.path)) if _spelt(item, leaf.path[:length]) == text)


def _spelt(item: Item, path: Path) -> str:
    """Spell a path of the declared body as leaves are spelt: children of lists in brackets."""
    shape: Shape | None = item.kind.shape
    text = ""
    for part in path:
        if isinstance(shape, ChildrenShape):
            text = child_text(shape, text, str(part))
            shape = shape.item
        elif isinstance(part, int):
            text += f"[{part}]"
            shape = shape.item if isinstance(shape, ListShape) else None
        else:
            text = f"{text}.{part}" if text else part
            shape = shape.fields.get(part) if isinstance(shape, ObjectShape) else None
    return text


def _released(item: Item, found: Comparison, children: list[ChildChange]) -> list[str]:
    """Return leaves that were managed and are no longer written, but for those of children that go anyhow."""
    entry = item.entry
    if entry is None:
        return []
    gone = _below(child.text for child in children if child.action == "remove")
    names = {PUBLISHED, *(item.declaration.implied if item.declaration is not None else ())}
    return [
        text
        for text in dict.fromkeys((*entry.sent, *entry.secrets))
        if text not in found.visited and text not in names and not text.startswith(gone) and not found.orphaned(text)
    ]


def _record_children(recorded: Recorded, item: Item, found: Comparison, children: list[ChildChange]) -> None:
    """Take note of ids of children that were found or are new, and of leaves whose child is lost."""
    entry = item.entry
    if entry is None:
        recorded.children = dict(found.ids)
        return
    coming = {child.text for child in found.children if child.action == "add"}
    now = {**{text: identity for text, identity in entry.children.items() if text in coming}, **found.ids}
    gone = _below(child.text for child in children if child.action == "remove")
    recorded.dropped = [
        text
        for text in dict.fromkeys((*entry.sent, *entry.secrets))
        if text not in found.visited and found.orphaned(text) and not text.startswith(gone)
    ]
    if any(entry.children.get(text) != identity for text, identity in found.ids.items()) or recorded.dropped:
        recorded.children = now


__all__ = ["PUBLISHED", "Diff", "Differ", "Recorded", "SecretMatches"]
