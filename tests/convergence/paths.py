"""Paths of attributes: those that a kind has, and how to reach one in a body as it is written in YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from reconciler.model.shape import ChildrenShape, ObjectShape, Scalar, Shape

_INDEX = re.compile(r'\["([^"]*)"\]')


def leaves(shape: ObjectShape) -> Iterator[str]:
    """Yield the path of every writable attribute of a kind; `*` stands for any child.

    A model inside itself (caps within caps) is one attribute where it comes a second time. The attribute that is the key
    of a map of children is none, and neither is one that can have one value only.
    """
    stack: list[tuple[str, Shape, frozenset[Any]]] = [
        (name, field, frozenset({shape.model})) for name, field in shape.writable.items() if field.parent is None
    ]
    while stack:
        path, here, above = stack.pop()
        inner, prefix = (here.item, f"{path}.*") if isinstance(here, ChildrenShape) else (here, path)
        if isinstance(inner, ObjectShape) and inner.model not in above:
            below = above | {inner.model}
            key = here.keyed.attribute if isinstance(here, ChildrenShape) and here.keyed is not None else None
            stack += [(f"{prefix}.{name}", field, below) for name, field in inner.writable.items() if name != key]
        elif not (isinstance(here, Scalar) and len(here.choices) == 1):
            yield path


def collections(shape: ObjectShape) -> Iterator[str]:
    """Yield the path of every collection of children of a kind, models inside themselves not repeated."""
    stack: list[tuple[str, Shape, frozenset[Any]]] = [
        (name, field, frozenset({shape.model})) for name, field in shape.writable.items()
    ]
    while stack:
        path, here, above = stack.pop()
        inner, prefix = (here.item, f"{path}.*") if isinstance(here, ChildrenShape) else (here, path)
        if isinstance(here, ChildrenShape):
            yield path
        if isinstance(inner, ObjectShape) and inner.model not in above:
            below = above | {inner.model}
            stack += [(f"{prefix}.{name}", field, below) for name, field in inner.writable.items()]


def resolve(shape: ObjectShape, path: str) -> tuple[str, Shape]:
    """Return the path as `leaves` spells it, and the attribute's shape; raises KeyError for one that is not there."""
    here: Shape = shape
    spelt: list[str] = []
    for part in path.split("."):
        if isinstance(here, ChildrenShape):
            here = here.item
            spelt.append("*")
        else:
            assert isinstance(here, ObjectShape), path
            here = here.fields[part]
            spelt.append(part)
    return ".".join(spelt), here


def prefixes(path: str) -> Iterator[str]:
    """Yield a path and all that it is within, the longest first."""
    while path:
        yield path
        path = path.rpartition(".")[0]


def plain(text: str) -> str:
    """Spell a path of a plan as the paths here are spelt: `steps["crm"].reason` is `steps.crm.reason`."""
    return _INDEX.sub(r".\1", text)


def fresh(value: Any) -> Any:
    """Return a copy in which nothing stands twice: what one sample uses in two places can change in one."""
    if isinstance(value, dict):
        return {key: fresh(item) for key, item in value.items()}
    return [fresh(item) for item in value] if isinstance(value, list) else value


def child(holder: Any, part: str) -> Any:
    """Return a member of a map, or the item of a list whose `$name` it is."""
    if isinstance(holder, list):
        return next(item for item in holder if item["$name"] == part)
    return holder[part]


def get(body: Any, path: str, default: Any = None) -> Any:
    """Return what stands at a path of a body."""
    for part in path.split("."):
        try:
            body = child(body, part)
        except (KeyError, StopIteration, TypeError):
            return default
    return body


def put(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy of a body with a value at a path; maps on the way that are missing are made."""
    out: dict[str, Any] = fresh(body)
    here: Any = out
    *way, last = path.split(".")
    for part in way:
        if isinstance(here, dict) and here.get(part) is None:
            here[part] = {}
        here = child(here, part)
    if isinstance(here, list):
        here[[item["$name"] for item in here].index(last)] = fresh(value)
    else:
        here[last] = fresh(value)
    return out


def drop(body: dict[str, Any], path: str) -> dict[str, Any]:
    """Return a copy of a body without what stands at a path."""
    out: dict[str, Any] = fresh(body)
    holder_path, _, last = path.rpartition(".")
    holder = get(out, holder_path) if holder_path else out
    if isinstance(holder, list):
        del holder[[item["$name"] for item in holder].index(last)]
    else:
        del holder[last]
    return out
