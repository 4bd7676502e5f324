"""From canonical values to bodies: whole objects for creates, overlays laid over the live object for updates.

What is not declared is carried over from the object as read; children keep their ids and whatever else they hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.adapters.base.compare import identity_of, wire_items
from reconciler.adapters.base.observe import project, same
from reconciler.model.markers import Reference, Variant, Virtual
from reconciler.model.plan import ChildChange, LeafChange, Overlay
from reconciler.model.shape import ChildrenShape, ListShape, MapShape, ObjectShape, Scalar, Shape
from reconciler.model.values import MISSING, Path, Sensitive, Template

Body = dict[str, Any]


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
        if name in skip or name in {"$id", "$implied"}:
            continue
        if name == "$raw":
            out.update(_plain(item))
            continue
        field = shape.fields[name]
        if field.mark(Virtual) is None and field.parent is None:
            out[name] = to_wire(field, item, value)
    return out


def children_to_wire(shape: ChildrenShape, value: Mapping[str, Any]) -> Any:
    """Return new children in the form of the wire: a list, or an object by key."""
    out = {name: child_to_wire(shape, name, child) for name, child in value.items()}
    return out if shape.keyed is not None and shape.keyed.wire_map else list(out.values())


def child_to_wire(shape: ChildrenShape, name: str, child: Mapping[str, Any]) -> Body:
    """Return one new child; a key that is an attribute of the wire is filled in."""
    body = object_to_wire(shape.item, child)
    if shape.keyed is not None and not shape.keyed.wire_map:
        body.setdefault(shape.keyed.attribute, name)
    if shape.item.wire is not None:
        return dict(shape.item.wire.to_wire(body))
    return body


def lay_over(shape: ObjectShape, live: Mapping[str, Any], overlay: Overlay) -> tuple[Body, frozenset[str]]:
    """Return the live object with an overlay laid over it, and the top-level attributes that it touched.

    Values must be resolved. Raises LookupError when a child that the overlay speaks of is not there.
    """
    body = _copy(live)
    touched: set[str] = set()
    orders: list[LeafChange] = []
    for child in overlay.children:
        touched.add(str(child.path[0]))
        _change_child(shape, body, child, overlay.ids)
    for leaf in overlay.leaves:
        touched.add(str(leaf.path[0] if leaf.path[0] != "$raw" else leaf.path[1]))
        if leaf.path[-1] == "$order":
            orders.append(leaf)
        else:
            _set(shape, body, leaf.path, leaf.after, overlay.ids)
    for leaf in orders:
        _reorder(shape, body, leaf, overlay)
    return body, frozenset(touched)


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _descend(shape: ObjectShape, body: Body, path: Path, ids: Mapping[str, str]) -> tuple[Shape, Body, str]:
    """Walk to the object that holds the last part of a path, making objects on the way that are not there yet."""
    current: Shape = shape
    text = ""
    for part in path[:-1]:
        if isinstance(current, ObjectShape):
            current = current.fields[str(part)]
            text = f"{text}.{part}" if text else str(part)
            if isinstance(current, ChildrenShape):
                continue
            if current.wire is not None and body.get(str(part)) is not None:
                body[str(part)] = _copy(current.wire.from_wire(body[str(part)]))
            if not isinstance(body.get(str(part)), dict):
                body[str(part)] = {}
            body = body[str(part)]
        elif isinstance(current, ChildrenShape):
            collection = text.rsplit(".", 1)[-1]
            text = _child_text(current, text, str(part))
            body = _child(current, body.get(collection), str(part), ids.get(text), text)
            current = current.item
    return current, body, text


def _child_text(shape: ChildrenShape, prefix: str, name: str) -> str:
    from reconciler.adapters.base.compare import child_text

    return child_text(shape, prefix, name)


def _child(shape: ChildrenShape, collection: Any, name: str, identity: str | None, text: str) -> Body:
    for key, item in wire_items(shape, collection if collection is not None else MISSING):
        if identity_of(shape, key, item) == (identity if identity is not None else name):
            return item
    raise LookupError(f"{text} is not there any more")


def _set(shape: ObjectShape, body: Body, path: Path, value: Any, ids: Mapping[str, str]) -> None:
    if "$raw" in path:
        where = path.index("$raw")
        path = (*path[:where], path[-1])
        _, holder, _ = _descend(shape, body, path, ids)
        holder[str(path[-1])] = _plain(value)
        return
    current, holder, _ = _descend(shape, body, path, ids)
    name = str(path[-1])
    assert isinstance(current, ObjectShape), path
    field = current.fields[name]
    if field.mark(Virtual) is not None or field.parent is not None:
        return
    holder[name] = merged(field, value, holder.get(name, MISSING), holder)


def merged(shape: Shape, value: Any, live: Any, siblings: Mapping[str, Any]) -> Any:
    """Return a declared leaf for the wire; objects inside lists keep the live members that nobody declared."""
    if isinstance(shape, ListShape) and isinstance(shape.item, ObjectShape) and isinstance(value, list):
        return _finish(shape, _merge_list(shape, shape.item, value, live))
    if isinstance(shape, MapShape) and shape.free_form and isinstance(live, dict) and isinstance(value, dict):
        return {**live, **to_wire(shape, value)}
    return to_wire(shape, value, siblings)


def _merge_list(shape: ListShape, item: ObjectShape, value: list[Any], live: Any) -> list[Any]:
    if shape.wire is not None and live is not MISSING:
        live = shape.wire.from_wire(live)
    free = [raw for raw in live if isinstance(raw, dict)] if isinstance(live, list) else []
    pairs: list[dict[str, Any] | None] = []
    exact: set[int] = set()
    for position, want in enumerate(value):
        found = next((raw for raw in free if same(want, project(item, want, raw))), None)
        if found is not None:
            free = [raw for raw in free if raw is not found]
            exact.add(position)
        pairs.append(found)
    changed = [i for i, pair in enumerate(pairs) if pair is None]
    if len(changed) == len(free):
        # As many edited as are left over: each takes the next, so that its id survives the edit.
        for i, raw in zip(changed, free, strict=True):
            pairs[i] = raw
    return [
        _copy(pair) if i in exact else _merge_item(item, want, pair)
        for i, (want, pair) in enumerate(zip(value, pairs, strict=True))
    ]


def _merge_item(shape: ObjectShape, want: Mapping[str, Any], live: Mapping[str, Any] | None) -> Body:
    """Lay a list's declared item over the live one it was paired with: its id stays, stale members of it go."""
    if live is None:
        return object_to_wire(shape, want)
    out: Body = {key: _copy(item) for key, item in live.items() if key not in shape.writable}
    for name, item in want.items():
        if name == "$raw":
            out.update(_plain(item))
            continue
        field = shape.fields[name]
        if isinstance(field, ObjectShape) and isinstance(item, dict) and isinstance(live.get(name), dict):
            out[name] = _finish(field, _merge_item(field, item, live[name]))
        else:
            out[name] = merged(field, item, live.get(name, MISSING), want)
    return out


def _change_child(shape: ObjectShape, body: Body, change: ChildChange, ids: Mapping[str, str]) -> None:
    current, holder, text = _descend(shape, body, (*change.path[:-1], "$"), ids)
    assert isinstance(current, ChildrenShape), change.path
    collection = text.rsplit(".", 1)[-1]
    name = str(change.path[-1])
    value = holder.get(collection)
    if current.wire is not None and value is not None:
        value = _copy(current.wire.from_wire(value))
    mapped = current.keyed is not None and current.keyed.wire_map
    if value is None:
        value = {} if mapped else []
    if change.action == "remove":
        gone = change.id if change.id is not None else name
        if isinstance(value, dict):
            value = {key: item for key, item in value.items() if key != gone}
        else:
            value = [
                item for item in value if not (isinstance(item, dict) and identity_of(current, None, item) == gone)
            ]
        if not value and current.nullable:
            value = current.unset if current.unset is not None else value
    elif change.action == "add":
        added = child_to_wire(current, name, change.value)
        if isinstance(value, dict):
            value[name] = added
        else:
            value.append(added)
    holder[collection] = value


def _reorder(shape: ObjectShape, body: Body, leaf: LeafChange, overlay: Overlay) -> None:
    current, holder, text = _descend(shape, body, leaf.path, overlay.ids)
    assert isinstance(current, ChildrenShape), leaf.path
    collection = text.rsplit(".", 1)[-1]
    value = holder.get(collection)
    order: Sequence[str] = leaf.after
    new = [str(c.path[-1]) for c in overlay.children if c.action == "add" and c.path[:-1] == leaf.path[:-1]]
    ranks: dict[str, int] = {}
    for rank, name in enumerate(order):
        identity = overlay.ids.get(_child_text(current, text, name), name)
        ranks[identity] = rank
    if isinstance(value, dict):
        holder[collection] = dict(sorted(value.items(), key=lambda pair: ranks.get(pair[0], len(order))))
    elif isinstance(value, list):
        fresh = iter(new)
        keyed: list[tuple[int, int, Any]] = []
        for i, item in enumerate(value):
            identity = identity_of(current, None, item) if isinstance(item, dict) else None
            name = identity if identity is not None else next(fresh, None)
            keyed.append((ranks.get(name, len(order)) if name is not None else len(order), i, item))
        holder[collection] = [item for _, _, item in sorted(keyed, key=lambda triple: triple[:2])]


__all__ = ["Body", "child_to_wire", "lay_over", "merged", "object_to_wire", "to_wire"]
