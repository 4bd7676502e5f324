"""One walk over a declared object and its live counterpart: leaves that matter, and children that come, go or move.

The walk has each declared child found on the live side (`children`), and reports leaves that differ or that state has
not recorded. What a difference means is for the planner to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.adapters.base.children import (
    Item,
    Known,
    Live,
    child_text,
    identity_of,
    label,
    live_children,
    match,
    split_child,
    unwrapped,
    wire_items,
)
from reconciler.adapters.base.declare import ChildMap
from reconciler.adapters.base.observe import holds_secret, leaf_same, masked, project, same, whole_object
from reconciler.model.markers import MayBeMasked
from reconciler.model.plan import ChildChange
from reconciler.model.shape import ChildrenShape, ObjectShape, Scalar, Shape
from reconciler.model.values import MISSING, Path, Sensitive, Template, has_slot, is_secret

SecretSame = Callable[[str, Any, Any], bool | None]
"""From path text, declared secret and live value to: known equal, known different, or None for not known."""

NOT_SENT = frozenset({"$id", "$implied"})
"""What a declared child says about itself to the engine; never an attribute."""


@dataclass(slots=True)
class Leaf:
    """One declared leaf and its live value, both canonical."""

    path: Path
    text: str
    shape: Shape
    desired: Any
    live: Any
    equal: bool
    slot: bool = False
    secret: bool = False
    """Neither value may be shown or stored."""
    immutable: bool = False
    """It, or an object that it is part of, cannot be changed once it is there."""
    then: Any = MISSING
    """The live value as far as what was written last speaks of it: comparable with what was seen after that write."""


@dataclass(slots=True)
class Comparison:
    """What the walk found. `leaves` are those that differ or are not in `sent` as declared."""

    leaves: list[Leaf] = field(default_factory=list)
    children: list[ChildChange] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    """Id (or wire key) of each matched child, by path text: for state."""
    places: dict[str, str] = field(default_factory=dict)
    """What finds children without any id again in the object as read, by path text: for overlays, not for state."""
    visited: set[str] = field(default_factory=set)
    """Path texts of all declared leaves."""
    collections: set[str] = field(default_factory=set)
    """Path texts of all declared collections of children."""
    declared: set[str] = field(default_factory=set)
    """Path texts of all declared children, there or not."""
    problems: list[str] = field(default_factory=list)

    @property
    def located(self) -> dict[str, str]:
        """Where an overlay finds the children on its paths: ids, and places of those that have none."""
        return {**self.places, **self.ids}

    def orphaned(self, text: str) -> bool:
        """Tell whether a leaf has no place any more.

        Its collection is declared and its child is not, or it was null as a whole and has parts now, or was in parts.
        """
        starts = [text[:i] for i, mark in enumerate(text) if i and mark in ".["]
        if any(start in self.visited for start in starts) or any(leaf.startswith(f"{text}.") for leaf in self.visited):
            return True
        owned = {split_child(start)[0] for start in starts if start in self.declared}
        return any(start in self.collections and start not in owned for start in starts) and not text.endswith(
            ".$order"
        )


class Compare:
    """The walk. `sent` and `known_ids` come from state; both may be empty."""

    def __init__(
        self,
        sent: Mapping[str, Any],
        known_ids: Mapping[str, str],
        secret_same: SecretSame,
        *,
        everything: bool = False,
    ) -> None:
        self.sent = sent
        self.known_ids = known_ids
        self.secret_same = secret_same
        self.everything = everything
        """Report equal, recorded leaves too: after a write, to record what was seen."""
        self.result = Comparison()
        self._known = Known(known_ids)

    def run(
        self, shape: ObjectShape, desired: Mapping[str, Any], raw: Mapping[str, Any], skip: frozenset[str]
    ) -> Comparison:
        """Compare a whole resource; `skip` are top-level attributes that are handled elsewhere."""
        self._object(shape, desired, raw, (), "", skip)
        return self.result

    def _object(
        self,
        shape: ObjectShape,
        desired: Mapping[str, Any],
        raw: Mapping[str, Any],
        path: Path,
        prefix: str,
        skip: frozenset[str],
        *,
        immutable: bool = False,
    ) -> None:
        fields = shape.fields
        dot = f"{prefix}." if prefix else ""
        for name, value in desired.items():
            if name in skip or name in NOT_SENT:
                continue
            if name == "$raw":
                self._raw(value, raw, path, dot)
                continue
            child = fields[name]
            live = raw.get(name, MISSING)
            fixed = immutable or child.immutable
            if isinstance(child, ObjectShape) and isinstance(value, dict):
                inner = _inner(child, live)
                self._object(child, value, inner, (*path, name), dot + name, frozenset(), immutable=fixed)
            elif isinstance(child, ChildrenShape) and (value is None or isinstance(value, ChildMap)):
                # null clears a collection like an empty one, and each child that goes is shown
                self._children(child, ChildMap() if value is None else value, live, (*path, name), dot + name)
            else:
                self._leaf(child, value, live, (*path, name), dot + name, (desired, raw), immutable=fixed)

    def _raw(self, values: Any, raw: Mapping[str, Any], path: Path, dot: str) -> None:
        for name, value in values.items():
            text = f"{dot}{name}"
            self.result.visited.add(text)
            live = raw.get(name, MISSING)
            secret = is_secret(value)
            equal = self._secret(_ANY, text, value, live) if secret else same(value, live)
            if self.everything or not equal or not self._recorded(text, value):
                self.result.leaves.append(
                    Leaf((*path, "$raw", name), text, _ANY, value, live, equal, has_slot(value), secret)
                )

    def _leaf(
        self,
        shape: Shape,
        value: Any,
        raw: Any,
        path: Path,
        text: str,
        beside: tuple[Mapping[str, Any], Mapping[str, Any]],
        *,
        immutable: bool,
    ) -> None:
        self.result.visited.add(text)
        live = project(shape, value, raw, beside[1])
        if _asterisks(live) and shape.mark(MayBeMasked) is not None:
            live = self.sent.get(text, value)
        secret = is_secret(value) or holds_secret(shape, *beside) or (isinstance(live, list | dict) and is_secret(live))
        if secret:
            equal = self._secret(shape, text, value, live)
            slot = has_slot(value)
        else:
            equal = leaf_same(shape, value, live)
            slot = not equal and has_slot(value)
        if equal and not self.everything and self._recorded(text, value):
            return
        then = live
        if not equal and not isinstance(shape, Scalar) and text in self.sent:
            then = project(shape, self.sent[text], raw, beside[1])
        self.result.leaves.append(Leaf(path, text, shape, value, live, equal, slot, secret, immutable, then))

    def _secret(self, shape: Shape, text: str, value: Any, live: Any) -> bool:
        """Compare in clear where the platform shows it; what it masks is compared by fingerprint."""
        reads = shape.secret.reads if shape.secret is not None else "clear"
        if reads == "clear" and (live is MISSING or live is None):
            return False  # it would be shown if it were there
        if not isinstance(value, list | dict):
            if not masked(live):
                return same(value, live)
        elif leaf_same(shape, value, live):
            return True
        elif not _same_but_masked(value, live):
            return False
        known = self.secret_same(text, value, live)
        return True if known is None else known

    def _recorded(self, text: str, value: Any) -> bool:
        return text in self.sent and same(self.sent[text], value)

    # -- children -------------------------------------------------------------------------------------------------
    def _children(self, shape: ChildrenShape, desired: ChildMap, raw: Any, path: Path, prefix: str) -> None:
        lives = live_children(shape, unwrapped(shape, raw))
        tracked = self._known.collection(prefix)
        found = match(shape, desired, lives, tracked, prefix, _Contents())
        self.result.collections.add(prefix)
        self.result.problems.extend(found.problems)
        there = {live.identity for live in lives}
        for name, child in desired.items():
            here, text = (*path, name), child_text(shape, prefix, name)
            live = found.pairs.get(name)
            self.result.declared.add(text)
            if live is None:
                self._add(shape, child, here, text, gone=self._gone(shape, name, tracked, there))
                continue
            self._locate(text, live)
            self._object(shape.item, child, live.raw, here, text, frozenset(child.get("$implied", ())))
        if not desired.open:
            self._extras(shape, desired, found.extras, tracked, path, prefix)
        if shape.config.ordered:
            self._order(desired, found.pairs, path, prefix)

    def _locate(self, text: str, live: Live) -> None:
        if live.identity is not None:
            self.result.ids[text] = live.identity
        if live.place != live.identity:
            self.result.places[text] = live.place

    @staticmethod
    def _gone(shape: ChildrenShape, name: str, tracked: Mapping[str, str], there: set[str | None]) -> bool:
        """Tell whether somebody else deleted a child that state knows."""
        own_name = shape.form == "map" or not name.startswith("#")
        return own_name and name in tracked and tracked[name] not in there

    def _add(self, shape: ChildrenShape, child: Mapping[str, Any], path: Path, text: str, *, gone: bool) -> None:
        self.result.children.append(ChildChange(path, text, "add", None, child, cause="drifted" if gone else "changed"))
        self._visit(shape.item, child, text)
        if not self.everything:
            self.result.problems.extend(
                f"{text} does not exist yet, and {name} is missing: the platform requires it to create one"
                for name in missing_required(shape.item, child)
            )

    def _extras(
        self,
        shape: ChildrenShape,
        desired: ChildMap,
        extras: list[Live],
        tracked: Mapping[str, str],
        path: Path,
        prefix: str,
    ) -> None:
        names = {identity: name for name, identity in tracked.items()}
        taken = set(desired)
        managed = bool(tracked) or (
            bool(extras) and any(text.startswith((f"{prefix}.", f"{prefix}[")) for text in self.sent)
        )
        for live in extras:
            ours = names.get(live.identity) if live.identity is not None else None
            name = label(shape, live, ours if ours is None or not ours.startswith("#") else None, taken)
            taken.add(name)
            text = child_text(shape, prefix, name)
            if live.place != live.identity:
                self.result.places[text] = live.place
            self.result.children.append(
                ChildChange(
                    (*path, name),
                    text,
                    "remove",
                    live.identity,
                    whole_object(shape.item, live.raw),
                    cause="drifted" if managed and ours is None else "changed",
                )
            )

    def _visit(self, shape: ObjectShape, child: Mapping[str, Any], text: str) -> None:
        """Count the leaves of a child that is to be added as declared, so that they are not taken for released."""
        for name, value in child.items():
            inner = shape.fields.get(name)
            here = f"{text}.{name}"
            if name in NOT_SENT:
                continue
            if name == "$raw":
                self.result.visited.update(f"{text}.{key}" for key in value)
            elif isinstance(inner, ObjectShape) and isinstance(value, dict):
                self._visit(inner, value, here)
            elif isinstance(inner, ChildrenShape) and isinstance(value, ChildMap):
                self.result.collections.add(here)
                self.result.visited.add(f"{here}.$order")
                for key, item in value.items():
                    self.result.declared.add(child_text(inner, here, key))
                    self._visit(inner.item, item, child_text(inner, here, key))
            else:
                self.result.visited.add(here)

    def _order(self, desired: ChildMap, pairs: Mapping[str, Live], path: Path, prefix: str) -> None:
        """Compare the order of those that are there. New ones go behind them, so one in the middle is a move too."""
        text = f"{prefix}.$order"
        self.result.visited.add(text)
        full = list(desired)
        live = sorted(pairs, key=lambda name: pairs[name].index)
        equal = [*live, *(name for name in desired if name not in pairs)] == full
        if not equal or self.everything or not same(self.sent.get(text, MISSING), full):
            leaf = Leaf((*path, "$order"), text, _ANY, full, full if equal else live, equal)
            self.result.leaves.append(leaf)


class _Contents:
    """Compares by content alone, as if state knew nothing."""

    def covers(self, shape: ObjectShape, desired: Mapping[str, Any], raw: Mapping[str, Any]) -> bool:
        return covers(shape, desired, raw)

    def likeness(self, shape: ObjectShape, desired: Mapping[str, Any], raw: Mapping[str, Any]) -> int:
        return sum(leaf.equal for leaf in _alone(shape, desired, raw).leaves)


def _alone(shape: ObjectShape, desired: Mapping[str, Any], raw: Mapping[str, Any]) -> Comparison:
    walk = Compare({}, {}, lambda _text, _value, _live: None, everything=True)
    return walk.run(shape, desired, raw, frozenset(desired.get("$implied", ())))


def covers(shape: ObjectShape, desired: Mapping[str, Any], raw: Mapping[str, Any]) -> bool:
    """Tell whether a live item already is what is declared, by content alone."""
    found = _alone(shape, desired, raw)
    return not found.children and not found.problems and all(leaf.equal for leaf in found.leaves)


def missing_required(shape: ObjectShape, declared: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths of attributes that the platform requires on create and that are not declared, at any depth."""
    for name, field_shape in shape.fields.items():
        value = declared.get(name, MISSING)
        if value is MISSING:
            if field_shape.required and field_shape.parent is None:
                yield name
        elif isinstance(field_shape, ObjectShape) and isinstance(value, dict):
            yield from (f"{name}.{inner}" for inner in missing_required(field_shape, value))
        elif isinstance(field_shape, ChildrenShape) and isinstance(value, ChildMap):
            for key, child in value.items():
                text = child_text(field_shape, name, key)
                yield from (f"{text}.{inner}" for inner in missing_required(field_shape.item, child))


def _inner(shape: ObjectShape, live: Any) -> Mapping[str, Any]:
    if live is MISSING:
        live = shape.server_default
    elif shape.wire is not None and live is not None:
        live = shape.wire.from_wire(live)
    return live if isinstance(live, Mapping) else {}


def _asterisks(live: Any) -> bool:
    return isinstance(live, str) and live.startswith("*") and set(live) == {"*"}


def _same_but_masked(value: Any, live: Any) -> bool:
    """Tell whether a value that holds secrets differs from the live one in nothing but masks in their places."""
    if isinstance(value, Sensitive) or (isinstance(value, Template) and value.is_secret):
        return masked(live) or same(value, live)
    if isinstance(value, dict) and isinstance(live, dict):
        return value.keys() == live.keys() and all(_same_but_masked(item, live[key]) for key, item in value.items())
    if isinstance(value, list) and isinstance(live, list):
        return len(value) == len(live) and all(map(_same_but_masked, value, live))
    return same(value, live)


_ANY = Shape(name="value", nullable=True)

__all__ = [
    "Compare",
    "Comparison",
    "Item",
    "Leaf",
    "SecretSame",
    "child_text",
    "covers",
    "identity_of",
    "missing_required",
    "wire_items",
]
