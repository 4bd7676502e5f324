"""One walk over a declared object and its live counterpart: leaves that matter, and children that come, go or move.

The walk finds each declared child on the live side (id in state, wire key, matching attributes, content, position), and
reports leaves that differ or that state has not recorded. What a difference means is for the planner to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.adapters.base.declare import ChildMap, at
from reconciler.adapters.base.observe import leaf_same, masked, project, same, whole_object
from reconciler.model.plan import ChildChange
from reconciler.model.shape import ChildrenShape, ObjectShape, Shape
from reconciler.model.values import MISSING, Path, Sensitive, has_slot

Item = tuple[str | None, dict[str, Any]]
"""A live child: its key where the wire has an object of children, and the child as returned."""

SecretSame = Callable[[str, Any, Any], bool | None]
"""From path text, declared secret and live value to: known equal, known different, or None for not known."""


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


@dataclass(slots=True)
class Comparison:
    """What the walk found. `leaves` are those that differ or are not in `sent` as declared."""

    leaves: list[Leaf] = field(default_factory=list)
    children: list[ChildChange] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    """Id (or wire key) of each matched child, by path text."""
    visited: set[str] = field(default_factory=set)
    """Path texts of all declared leaves."""
    problems: list[str] = field(default_factory=list)


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
    ) -> None:
        fields = shape.fields
        dot = f"{prefix}." if prefix else ""
        for name, value in desired.items():
            if name in skip or name in {"$id", "$implied"}:
                continue
            if name == "$raw":
                self._raw(value, raw, path, dot)
                continue
            child = fields[name]
            live = raw.get(name, MISSING)
            if isinstance(child, ObjectShape) and isinstance(value, dict):
                if child.wire is not None and isinstance(live, dict):
                    live = child.wire.from_wire(live)
                inner = live if isinstance(live, Mapping) else {}
                self._object(child, value, inner, (*path, name), dot + name, frozenset())
            elif isinstance(child, ChildrenShape) and isinstance(value, ChildMap):
                self._children(child, value, live, (*path, name), dot + name)
            else:
                self._leaf(child, value, live, (*path, name), dot + name, raw)

    def _raw(self, values: Any, raw: Mapping[str, Any], path: Path, dot: str) -> None:
        for name, value in values.items():
            text = f"{dot}{name}"
            self.result.visited.add(text)
            live = raw.get(name, MISSING)
            equal = same(value, live)
            if self.everything or not equal or not self._recorded(text, value):
                self.result.leaves.append(Leaf((*path, "$raw", name), text, _ANY, value, live, equal, has_slot(value)))

    def _leaf(self, shape: Shape, value: Any, raw: Any, path: Path, text: str, siblings: Mapping[str, Any]) -> None:
        self.result.visited.add(text)
        live = project(shape, value, raw, siblings)
        if shape.secret is not None or isinstance(value, Sensitive):
            equal = self._secret(text, value, live)
            slot = has_slot(value)
        else:
            equal = leaf_same(shape, value, live)
            slot = not equal and has_slot(value)
        if equal and not self.everything and self._recorded(text, value):
            return
        self.result.leaves.append(Leaf(path, text, shape, value, live, equal, slot))

    def _secret(self, text: str, value: Any, live: Any) -> bool:
        if not masked(live):
            return same(value, live)
        known = self.secret_same(text, value, live)
        return True if known is None else known

    def _recorded(self, text: str, value: Any) -> bool:
        return text in self.sent and (isinstance(value, Sensitive) or same(self.sent[text], value))

    # -- children -------------------------------------------------------------------------------------------------
    def _children(self, shape: ChildrenShape, desired: ChildMap, raw: Any, path: Path, prefix: str) -> None:
        items = wire_items(shape, raw)
        matched, extras = self._match(shape, desired, items, prefix)
        known = {identity: name for name, identity in self._known(prefix, shape).items()}
        for name, child in desired.items():
            here, text = (*path, name), child_text(shape, prefix, name)
            item = matched.get(name)
            if item is None:
                gone = text in self.known_ids
                self.result.children.append(
                    ChildChange(here, text, "add", None, child, cause="drifted" if gone else "changed")
                )
                self._visit(shape.item, child, text)
                continue
            identity = identity_of(shape, *item)
            if identity is not None:
                self.result.ids[text] = identity
            implied = frozenset(child.get("$implied", ()))
            self._object(shape.item, child, item[1], here, text, implied)
        if not desired.open:
            for key, item_raw in extras:
                identity = identity_of(shape, key, item_raw)
                tracked = known.get(identity) if identity is not None else None
                label = tracked or _label(shape, key, item_raw, identity)
                self.result.children.append(
                    ChildChange(
                        (*path, label),
                        child_text(shape, prefix, label),
                        "remove",
                        identity,
                        whole_object(shape.item, item_raw),
                        cause="changed" if tracked else "drifted",
                    )
                )
        if shape.config.ordered:
            self._order(shape, desired, items, matched, path, prefix)

    def _visit(self, shape: ObjectShape, child: Mapping[str, Any], text: str) -> None:
        """Count the leaves of a child that is to be added as declared, so that they are not taken for released."""
        for name, value in child.items():
            inner = shape.fields.get(name)
            here = f"{text}.{name}"
            if isinstance(inner, ObjectShape) and isinstance(value, dict):
                self._visit(inner, value, here)
            elif isinstance(inner, ChildrenShape) and isinstance(value, ChildMap):
                for key, item in value.items():
                    self._visit(inner.item, item, child_text(inner, here, key))
            else:
                self.result.visited.add(here)

    def _order(
        self,
        shape: ChildrenShape,
        desired: ChildMap,
        items: list[Item],
        matched: dict[str, Item],
        path: Path,
        prefix: str,
    ) -> None:
        text = f"{prefix}.$order"
        self.result.visited.add(text)
        place = {id(item[1]): i for i, item in enumerate(items)}
        wanted = [name for name in desired if name in matched]
        live = sorted(wanted, key=lambda name: place[id(matched[name][1])])
        equal = wanted == live
        full = list(desired)
        if not equal or self.everything or not same(self.sent.get(text, MISSING), full):
            leaf = Leaf((*path, "$order"), text, _ANY, full, full if equal else live, equal)
            self.result.leaves.append(leaf)

    def _known(self, prefix: str, shape: ChildrenShape) -> dict[str, str]:
        """Ids in state of the children of one collection, by local name."""
        out: dict[str, str] = {}
        for text, identity in self.known_ids.items():
            if text.startswith(prefix):
                name = text[len(prefix) :]
                if name.startswith('["') and name.endswith('"]') and '"' not in name[2:-2]:
                    out[name[2:-2]] = identity
                elif name.startswith(".") and "." not in name[1:] and "[" not in name:
                    out[name[1:]] = identity
        return {name: identity for name, identity in out.items() if not name.startswith("#") or shape.form == "map"}

    def _match(
        self, shape: ChildrenShape, desired: ChildMap, items: list[Item], prefix: str
    ) -> tuple[dict[str, Item], list[Item]]:
        free = list(items)
        matched: dict[str, Item] = {}

        def claim(name: str, item: Item) -> None:
            matched[name] = item
            free.remove(item) if free.count(item) == 1 else free.pop(
                next(i for i, f in enumerate(free) if f[1] is item[1])
            )

        by_id = {identity: item for item in items if (identity := identity_of(shape, *item)) is not None}
        tracked = self._known(prefix, shape) if self.known_ids else {}
        for name, child in desired.items():
            identity = child.get("$id") or tracked.get(name)
            item = by_id.get(identity) if identity is not None else None
            if item is not None and not any(item[1] is m[1] for m in matched.values()):
                claim(name, item)
        taken = set(tracked.values())
        for name, child in desired.items():
            if name not in matched:
                candidates = [
                    item
                    for item in free
                    if identity_of(shape, *item) not in taken and self._matches(shape, name, child, item)
                ]
                if len(candidates) > 1:
                    exact = [item for item in candidates if covers(shape.item, child, item[1])]
                    if len(exact) != 1 and name not in desired.aligned:
                        ids = ", ".join(str(identity_of(shape, *item)) for item in candidates)
                        where = child_text(shape, prefix, name)
                        self.result.problems.append(f"{where}: live ones that match it: {ids}; write $id to choose one")
                    candidates = exact or candidates
                if candidates:
                    claim(name, candidates[0])
        by_content = shape.keyed is None and not shape.config.match
        for name, child in desired.items():
            if name not in matched and (by_content or name in desired.aligned):
                found = next((item for item in free if covers(shape.item, child, item[1])), None)
                if found is not None:
                    claim(name, found)
        for name, child in desired.items():
            if name not in matched and name in desired.aligned:
                # An item without a name that was edited takes the next free one of its type, so that ids survive.
                found = next(
                    (item for item in free if child.get("type", item[1].get("type")) == item[1].get("type")), None
                )
                if found is not None:
                    claim(name, found)
        return matched, free

    @staticmethod
    def _matches(shape: ChildrenShape, name: str, child: Mapping[str, Any], item: Item) -> bool:
        key, raw = item
        if shape.keyed is not None:
            return (key if shape.keyed.wire_map else str(raw.get(shape.keyed.attribute))) == name
        compared = 0
        for attribute in shape.config.match:
            want = at(child, attribute)
            if want is None or isinstance(want, dict | list):
                continue
            first, *rest = attribute.split(".")
            field_shape: Shape | None = shape.item.fields.get(first)
            live: Any = raw.get(first, MISSING)
            for part in rest:
                field_shape = field_shape.fields.get(part) if isinstance(field_shape, ObjectShape) else None
                live = live.get(part, MISSING) if isinstance(live, Mapping) else MISSING
            if field_shape is None or not same(want, project(field_shape, want, live, raw)):
                return False
            compared += 1
        return compared > 0


def covers(shape: ObjectShape, desired: Mapping[str, Any], raw: Mapping[str, Any]) -> bool:
    """Tell whether a live item already is what is declared, by content alone."""
    walk = Compare({}, {}, lambda _text, _value, _live: None, everything=True)
    found = walk.run(shape, desired, raw, frozenset(desired.get("$implied", ())))
    return not found.children and not found.problems and all(leaf.equal for leaf in found.leaves)


def wire_items(shape: ChildrenShape, raw: Any) -> list[Item]:
    """Return the live items of a collection with their wire keys (None where the wire has a list)."""
    if shape.wire is not None and raw is not MISSING:
        raw = shape.wire.from_wire(raw)
    if isinstance(raw, dict):
        return [(key, item if isinstance(item, dict) else {}) for key, item in raw.items()]
    if isinstance(raw, list):
        return [(None, item) for item in raw if isinstance(item, dict)]
    return []


def identity_of(shape: ChildrenShape, key: str | None, raw: Mapping[str, Any]) -> str | None:
    """Return what a live child is known by: its id, or its wire key where it has none."""
    if shape.keyed is not None:
        return key if shape.keyed.wire_map else _text(raw.get(shape.keyed.attribute))
    return _text(raw.get(shape.config.id)) if shape.config.id is not None else None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _label(shape: ChildrenShape, key: str | None, raw: Mapping[str, Any], identity: str | None) -> str:
    if shape.keyed is not None:
        return key or identity or "?"
    for attribute in ("name", "key", "description", *shape.config.match):
        value = at(dict(raw), attribute)
        if isinstance(value, str) and value:
            return value
    return f"#{identity}" if identity is not None else "?"


def child_text(shape: ChildrenShape, prefix: str, name: str) -> str:
    """Spell the path of a child: `variations.bar`, `steps["crm"]`."""
    if shape.form == "list" or not name.replace("_", "a").replace("-", "a").isalnum():
        return f'{prefix}["{name}"]'
    return f"{prefix}.{name}"


_ANY = Shape(name="value", nullable=True)
