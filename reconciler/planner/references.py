"""What refers to what: in declared bodies (by address), and in live objects (by id)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.adapters.base.observe import identifier
from reconciler.model.kind import Kind
from reconciler.model.markers import Reference, TextReference, Variant
from reconciler.model.shape import ChildrenShape, ListShape, MapShape, ObjectShape, Scalar, Shape
from reconciler.model.values import MISSING, refs_in


def declared_references(body: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return the addresses that each top-level attribute of a declared body refers to, for those that refer to any."""
    found: dict[str, set[str]] = {}
    for name, value in body.items():
        if isinstance(value, str | int | float | bool) or value is None:
            continue
        addresses = {ref.address for ref in refs_in(value)}
        if addresses:
            found[name] = addresses
    return found


def live_references(kind: Kind, raw: Mapping[str, Any]) -> dict[str, set[tuple[str, str]]]:
    """Return the (kind, id) pairs that each top-level attribute of a live object refers to.

    Mentions in free text count too; their second part is the natural key that the text names.
    """
    found: dict[str, set[tuple[str, str]]] = {}
    for name, shape in kind.shape.writable.items():
        if name in raw:
            pairs = set(_walk(shape, raw[name], raw))
            if pairs:
                found[name] = pairs
    return found


def _walk(shape: Shape, raw: Any, siblings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if raw is None or raw is MISSING:
        return
    if shape.wire is not None:
        raw = shape.wire.from_wire(raw)
    match shape:
        case Scalar():
            yield from _scalar(shape, raw, siblings)
        case ObjectShape():
            if isinstance(raw, Mapping):
                for name, field in shape.writable.items():
                    if name in raw:
                        yield from _walk(field, raw[name], raw)
        case ListShape():
            for item in raw if isinstance(raw, list) else ():
                yield from _walk(shape.item, item, siblings)
        case MapShape():
            for item in raw.values() if isinstance(raw, Mapping) else ():
                yield from _walk(shape.value, item, siblings)
        case ChildrenShape():
            items = raw.values() if isinstance(raw, Mapping) else raw if isinstance(raw, list) else ()
            for item in items:
                yield from _walk(shape.item, item, siblings)


def _scalar(shape: Scalar, raw: Any, siblings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    reference = shape.reference
    variant = shape.mark(Variant)
    if reference is None and variant is not None:
        chosen = variant.choose(siblings)
        reference = chosen if isinstance(chosen, Reference) else None
    if reference is not None:
        identity = identifier(raw)
        if isinstance(identity, str):
            for kind in reference.kinds:
                yield kind, identity
    text = shape.mark(TextReference)
    if text is not None:
        for value in raw if isinstance(raw, list) else (raw,):
            if isinstance(value, str):
                yield from text.extract(value)
