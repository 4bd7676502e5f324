"""Children as the user wrote them, in a map or a list, to one form: a map of local names."""

from __future__ import annotations

from typing import Any

from reconciler.adapters.base.declare import FAILED, NAME_RULE, ChildMap, Declare, at
from reconciler.adapters.base.spelling import shown
from reconciler.model.address import valid_name
from reconciler.model.shape import ChildrenShape
from reconciler.model.values import Path


def declare_map(walk: Declare, shape: ChildrenShape, value: Any, path: Path) -> ChildMap:
    """Return children written as a map: keys are local names, or an attribute of the wire.

    What a key says in place of a required name is listed in the child's `$implied`.
    """
    if not isinstance(value, dict):
        if value is not FAILED:
            walk.context.problem(path, f"{shape.name} must be a map of names, not {shown(value)}")
        return ChildMap(open=value is FAILED)
    others = value.get("$others", "remove")
    if others not in ("keep", "remove"):
        walk.context.problem((*path, "$others"), f"$others cannot be {shown(others)}", "write keep, or remove the line")
    children = ChildMap(open=others == "keep")
    named, keyed = shape.named, shape.keyed
    for name, body in value.items():
        if name == "$others":
            continue
        here = (*path, name)
        if keyed is None and not valid_name(name):
            walk.context.problem(here, f"{name!r} cannot be a name", NAME_RULE)
        given = body
        implied = None
        if isinstance(body, dict):
            if named is not None:
                field = shape.item.fields.get(named.name_attribute)
                if field is not None and field.required and named.name_attribute not in body:
                    implied = named.name_attribute
                    given = {**body, implied: name}
            elif keyed is not None and not keyed.wire_map and keyed.attribute not in body:
                given = {**body, keyed.attribute: name}
        child = walk.child(shape, given, here)
        if implied is not None:
            child["$implied"] = [implied]
        children[name] = child
    return children


def declare_list(walk: Declare, shape: ChildrenShape, value: Any, path: Path) -> ChildMap:
    """Return children written as a list: `$name` is the local name, else what identifies the item, else its place."""
    if not isinstance(value, list):
        if value is not FAILED:
            walk.context.problem(path, f"{shape.name} must be a list, not {shown(value)}")
        return ChildMap(open=value is FAILED)
    bodies = [(walk.child(shape, body, (*path, i)), body) for i, body in enumerate(value)]
    labels = [_label(shape, child, body) for child, body in bodies]
    written = {body["$name"] for _, body in bodies if isinstance(body, dict) and isinstance(body.get("$name"), str)}
    once: dict[str, int] = {}
    for label in labels:
        if label is not None:
            once[label] = once.get(label, 0) + 1
    children = ChildMap()
    aligned: set[str] = set()
    for i, ((child, body), label) in enumerate(zip(bodies, labels, strict=True)):
        name = f"#{i}"
        if isinstance(body, dict) and "$name" in body:
            name = _own_name(walk, shape, body["$name"], children, (*path, i), name)
        else:
            if label is not None and once[label] == 1 and label not in written:
                name = label
            aligned.add(name)
        children[name] = child
    children.aligned = frozenset(aligned)
    return children


def _own_name(walk: Declare, shape: ChildrenShape, name: Any, taken: ChildMap, path: Path, fallback: str) -> str:
    here = (*path, "$name")
    if not isinstance(name, str) or not valid_name(name):
        walk.context.problem(here, f"{shown(name)} cannot be a name", NAME_RULE)
        return fallback
    if name in taken:
        walk.context.problem(here, f"$name {name} stands twice in {shape.name}", "give each item its own")
        return fallback
    return name


def _label(shape: ChildrenShape, child: dict[str, Any], body: Any) -> str | None:
    if (isinstance(body, dict) and "$name" in body) or not shape.config.match:
        return None
    values = [at(child, attribute) for attribute in shape.config.match]
    if any(not isinstance(value, str | int) for value in values):
        return None
    return "|".join(str(value) for value in values)
