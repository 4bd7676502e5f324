"""From canonical values to bodies: whole objects for creates, overlays laid over the live object for updates.

What is not declared is carried over from the object as read; children keep their ids and whatever else they hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.adapters.base.children import child_text, identity_of, live_children, split_child, unwrapped
from reconciler.adapters.base.compare import NOT_SENT, covers
from reconciler.adapters.base.observe import leaf_same, project_bare
from reconciler.model.markers import Reference, Variant, Virtual
from reconciler.model.plan import ChildChange, LeafChange, Overlay
from reconciler.model.shape import ChildrenShape, ListShape, MapShape, ObjectShape, Scalar, Shape
from reconciler.model.values import MISSING, Path, Sensitive, Template

Body = dict[str, Any]


class ChildGone(LookupError):  # noqa: N818 - it says what is the case
    """An overlay speaks of a child that the object does not have (any more)."""


def to_wire(shape: Shape, value: Any, siblings: Mapping[str, Any] | None = None) -> Any:
    """Return a canonical value as the platform wants it. References and secrets must be resolved.

    Raises TypeError when a slot is left: the applier fills slots before it sends.
    """
    if isinstance(value, Sensitive):
        value = value.value
    if isinstance(value, Template):
        raise TypeError(f"{shape.name} still waits for {value}")
    if value is None:
        return shape.unset
    match shape:
        case Scalar():
            return _scalar(shape, value, siblings)
        case ObjectShape():
            return _finish(shape, object_to_wire(shape, value))
        case ChildrenShape():
            return _finish(shape, children_to_wire(shape, value))
        case ListShape():
            return _finish(shape, [to_wire(shape.item, item, siblings) for item in value])
        case MapShape():
            return _finish(shape, {key: to_wire(shape.value, item) for key, item in value.items()})
    return _plain(value)


def _finish(shape: Shape, value: Any) -> Any:
    return value if shape.wire is None else shape.wire.to_wire(value)


def _scalar(shape: Scalar, value: Any, siblings: Mapping[str, Any] | None) -> Any:
    reference = shape.reference
    if (variant := shape.mark(Variant)) is not None:
        chosen = variant.choose(siblings or {})
        if isinstance(chosen, Reference):
            reference = chosen
        elif chosen == "json":
            value = json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=False)
    wire = reference.wire if reference is not None else None
    if shape.parent is not None:
        wire = shape.parent.wire
    elif shape.child_reference is not None:
        wire = shape.child_reference.wire
    if wire == "integer" and isinstance(value, str) and value.isdigit():
        value = int(value)
    return _finish(shape, _plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, Sensitive):
        return value.value
    if isinstance(value, Template):
        raise TypeError(f"a value still waits for {value}")
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def object_to_wire(shape: ObjectShape, value: Mapping[str, Any], skip: frozenset[str] = frozenset()) -> Body:
    """Return a whole object for a create: declared attributes only, defaults are the platform's own business."""
    out: Body = {}
    for name, item in value.items():
        if name in skip or name in NOT_SENT:
            continue
        if name == "$raw":
            out.update(_plain(item))
            continue
        inner = shape.fields[name]
        if inner.mark(Virtual) is None and inner.parent is None:
            out[name] = to_wire(inner, item, value)
    return out


def children_to_wire(shape: ChildrenShape, value: Mapping[str, Any]) -> Any:
    """Return new children in the form of the wire: a list, or an object by key."""
    out = {name: child_to_wire(shape, name, child) for name, child in value.items()}
    return out if shape.keyed is not None and shape.keyed.wire_map else list(out.values())


def child_to_wire(shape: ChildrenShape, name: str, child: Mapping[str, Any]) -> Any:
    """Return one new child; a key that is an attribute of the wire is filled in."""
    return _finish(shape.item, _new_child(shape, name, child))


def _new_child(shape: ChildrenShape, name: str, child: Mapping[str, Any]) -> Body:
    body = object_to_wire(shape.item, child)
    if shape.keyed is not None and not shape.keyed.wire_map:
        body.setdefault(shape.keyed.attribute, name)
    return body


def lay_over(shape: ObjectShape, live: Mapping[str, Any], overlay: Overlay) -> tuple[Body, frozenset[str]]:
    """Return the live object with an overlay laid over it, and the top-level attributes that it touched.

    Values must be resolved. Laid over an object that it has been laid over already, it changes nothing. Raises
    ChildGone when a child that the overlay speaks of is not there.
    """
    tree = _Node()
    touched: set[str] = set()
    for child in overlay.children:
        touched.add(str(child.path[0]))
        tree.at(child.path[:-1]).changes.append(child)
    for leaf in overlay.leaves:
        touched.add(str(leaf.path[0] if leaf.path[0] != "$raw" else leaf.path[1]))
        if leaf.path[-1] == "$order":
            tree.at(leaf.path[:-1]).order = leaf
        else:
            tree.at(leaf.path).leaf = leaf
    return _lay_object(shape, _copy(live), tree, overlay.ids, ""), frozenset(touched)


@dataclass(slots=True)
class _Node:
    """What an overlay says about one place of the object, and about the places below it."""

    below: dict[str, _Node] = field(default_factory=dict)
    leaf: LeafChange | None = None
    order: LeafChange | None = None
    changes: list[ChildChange] = field(default_factory=list)

    def at(self, path: Path) -> _Node:
        node = self
        for part in path:
            node = node.below.setdefault(str(part), _Node())
        return node


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _lay_object(shape: ObjectShape, body: Body, node: _Node, ids: Mapping[str, str], text: str) -> Body:
    # what an attribute means may depend on those beside it, as they will be
    siblings = {**body, **{name: below.leaf.after for name, below in node.below.items() if below.leaf is not None}}
    for name, below in node.below.items():
        if name == "$raw":
            body.update((key, _plain(one.leaf.after)) for key, one in below.below.items() if one.leaf is not None)
            continue
        shape_here = shape.fields[name]
        here = f"{text}.{name}" if text else name
        if below.leaf is not None:
            if shape_here.mark(Virtual) is None and shape_here.parent is None:
                body[name] = merged(shape_here, below.leaf.after, body.get(name, MISSING), siblings)
        elif isinstance(shape_here, ChildrenShape):
            body[name] = _lay_children(shape_here, body.get(name, MISSING), below, ids, here)
        elif isinstance(shape_here, ObjectShape):
            inner = _unwrap(shape_here, body.get(name, MISSING))
            inner = _lay_object(shape_here, inner if isinstance(inner, dict) else {}, below, ids, here)
            body[name] = _finish(shape_here, inner)
        else:
            raise LookupError(f"{here} has nothing below it")
    return body


def _unwrap(shape: Shape, value: Any) -> Any:
    if shape.wire is None or value is MISSING or value is None:
        return value
    return _copy(shape.wire.from_wire(value))


def _lay_children(shape: ChildrenShape, raw: Any, node: _Node, ids: Mapping[str, str], text: str) -> Any:
    items = [(key, _copy(value)) for key, value in unwrapped(shape, raw)]
    lives = {live.place: live for live in live_children(shape, items)}
    names = {ids[spelt]: name for name in _named(node) if (spelt := child_text(shape, text, name)) in ids}
    kept: list[_Place] = []
    by_index = {live.index: live for live in lives.values()}
    for index, (key, value) in enumerate(items):
        live = by_index.get(index)
        kept.append(_Place(key, value, live.place if live is not None else None, None))
        if live is not None:
            kept[-1].name = names.get(live.place)
    here = {place.place: place for place in kept if place.place is not None}
    for name, below in node.below.items():
        spelt = child_text(shape, text, name)
        found = here.get(ids.get(spelt, name))
        if found is None:
            raise ChildGone(f"{spelt} is not there any more")
        found.value = _lay_object(shape.item, found.value, below, ids, spelt)
    kept = _come_and_go(shape, kept, node, ids, text)
    if node.order is not None:
        _reorder(kept, list(node.order.after))
    return _collection(shape, kept, emptied=any(change.action == "remove" for change in node.changes))


@dataclass(slots=True)
class _Place:
    """One place of a collection while an overlay is laid over it."""

    key: str | None
    value: Any
    place: str | None
    """What finds the live child; None for a new one, and for what is no child at all."""
    name: str | None
    """Its local name, where the overlay knows one."""
    new: bool = False


def _named(node: _Node) -> list[str]:
    order = list(node.order.after) if node.order is not None else []
    return [*order, *node.below, *(str(change.path[-1]) for change in node.changes)]


def _come_and_go(
    shape: ChildrenShape, kept: list[_Place], node: _Node, ids: Mapping[str, str], text: str
) -> list[_Place]:
    adds = {str(change.path[-1]): change for change in node.changes if change.action == "add"}
    here = {place.place: place for place in kept if place.place is not None}
    gone: set[int] = set()
    for change in node.changes:
        if change.action != "remove":
            continue
        name = str(change.path[-1])
        found = here.get(ids.get(change.text) or change.id or name)
        if found is None:
            continue
        if name in adds:  # replaced: the new one takes its place
            found.value, found.place = _new_child(shape, name, adds.pop(name).value), None
            found.name, found.new = name, True
        else:
            gone.add(id(found))
    kept = [place for place in kept if id(place) not in gone]
    declared = {place for spelt, place in ids.items() if split_child(spelt)[0] == text} if adds else set()
    mapped = shape.keyed is not None and shape.keyed.wire_map
    for name, change in adds.items():
        arrived = _arrived(shape, name, change, kept, declared)
        if arrived is not None:
            arrived.name = name  # an earlier try got through although its answer was lost
            arrived.new = True
        else:
            value = _new_child(shape, name, change.value)
            kept.append(_Place(name if mapped else None, value, None, name, new=True))
    return kept


def _arrived(
    shape: ChildrenShape, name: str, change: ChildChange, kept: list[_Place], declared: set[str]
) -> _Place | None:
    # what the name implies was sent with it, so it must be there too
    sent = {key: value for key, value in change.value.items() if key not in NOT_SENT}
    for place in kept:
        if place.place is None or place.new or place.place in declared or not isinstance(place.value, dict):
            continue
        if shape.keyed is not None:
            if identity_of(shape, place.key, place.value) == name:
                return place
        elif covers(shape.item, sent, place.value):
            return place
    return None


def _reorder(kept: list[_Place], order: list[str]) -> None:
    """Put declared children in order, in the places that declared children have; others stay where they are."""
    ranks = {name: rank for rank, name in enumerate(order)}
    slots = [i for i, place in enumerate(kept) if place.name in ranks]
    ordered = sorted((kept[i] for i in slots), key=lambda place: ranks[place.name or ""])
    for i, place in zip(slots, ordered, strict=True):
        kept[i] = place


def _collection(shape: ChildrenShape, kept: list[_Place], *, emptied: bool) -> Any:
    item = shape.item
    values = [place.value if item.wire is None else item.wire.to_wire(place.value) for place in kept]
    if not values and emptied and shape.nullable and shape.unset is not None:
        return shape.unset
    if shape.keyed is not None and shape.keyed.wire_map:
        return _finish(shape, {str(place.key): value for place, value in zip(kept, values, strict=True)})
    return _finish(shape, values)


# -- leaves ---------------------------------------------------------------------------------------------------------
def merged(shape: Shape, value: Any, live: Any, siblings: Mapping[str, Any]) -> Any:
    """Return a declared leaf for the wire; objects inside it keep the live members that nobody declared."""
    if isinstance(shape, ListShape) and isinstance(shape.item, ObjectShape) and isinstance(value, list):
        return _finish(shape, _merge_list(shape, shape.item, value, live))
    if isinstance(shape, MapShape) and isinstance(value, dict):
        before = _unwrap(shape, live)
        before = before if isinstance(before, dict) else {}
        out = dict(before) if shape.free_form else {}
        for key, item in value.items():
            out[key] = merged(shape.value, item, before.get(key, MISSING), {})
        return _finish(shape, out)
    if isinstance(shape, ObjectShape) and isinstance(value, dict):
        inner = _unwrap(shape, live)
        return _finish(shape, _merge_open(shape, value, inner if isinstance(inner, dict) else {}))
    return to_wire(shape, value, siblings)


def _merge_open(shape: ObjectShape, want: Mapping[str, Any], live: Mapping[str, Any]) -> Body:
    """Lay a declared object over the live one of the same key: what is not declared stays."""
    out: Body = _copy(live)
    for name, item in want.items():
        if name == "$raw":
            out.update(_plain(item))
        else:
            out[name] = merged(shape.fields[name], item, live.get(name, MISSING), want)
    return out


def _merge_list(shape: ListShape, item: ObjectShape, value: list[Any], live: Any) -> list[Any]:
    live = _unwrap(shape, live)
    wired = [raw for raw in live if raw is not None] if isinstance(live, list) else []
    free = [raw for raw in (_unwrap(item, raw) for raw in wired) if isinstance(raw, dict)]
    pairs: list[dict[str, Any] | None] = []
    exact: set[int] = set()
    for position, want in enumerate(value):
        found = next((raw for raw in free if leaf_same(item, want, project_bare(item, want, raw))), None)
        if found is not None:
            free = [raw for raw in free if raw is not found]
            exact.add(position)
        pairs.append(found)
    changed = [i for i, pair in enumerate(pairs) if pair is None]
    if len(changed) == len(free):
        # As many edited as are left over: each takes the next, so that its id survives the edit.
        for i, raw in zip(changed, free, strict=True):
            pairs[i] = raw
    out: list[Any] = []
    for i, (want, pair) in enumerate(zip(value, pairs, strict=True)):
        same_item = pair is not None and i in exact
        out.append(_finish(item, _merge_open(item, want, pair or {}) if same_item else _merge_item(item, want, pair)))
    return out


def _merge_item(shape: ObjectShape, want: Mapping[str, Any], live: Mapping[str, Any] | None) -> Body:
    """Lay a list's declared item over the live one it was paired with: its id stays, stale members of it go."""
    if live is None:
        return object_to_wire(shape, want)
    out: Body = {key: _copy(item) for key, item in live.items() if key not in shape.writable}
    for name, item in want.items():
        if name == "$raw":
            out.update(_plain(item))
            continue
        inner = shape.fields[name]
        before = _unwrap(inner, live.get(name, MISSING))
        if isinstance(inner, ObjectShape) and isinstance(item, dict) and isinstance(before, dict):
            out[name] = _finish(inner, _merge_item(inner, item, before))
        else:
            out[name] = merged(inner, item, live.get(name, MISSING), want)
    return out


__all__ = ["Body", "ChildGone", "child_to_wire", "lay_over", "merged", "object_to_wire", "to_wire"]
