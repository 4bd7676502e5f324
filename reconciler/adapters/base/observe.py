"""From what the platform returned to canonical values: the live side of every comparison.

Only what is declared is looked at. The same types and functions that shaped the declared side shape this one, so that
numbers returned as text, expanded references, reordered sets and rounded shares are not mistaken for changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.adapters.base.declare import code_text
from reconciler.model.markers import Reference, Variant
from reconciler.model.shape import ChildrenShape, ListShape, MapShape, ObjectShape, Scalar, Shape
from reconciler.model.values import MISSING, Sensitive, Template


def scalar(shape: Scalar, value: Any, siblings: Mapping[str, Any] | None = None) -> Any:
    """Return a live scalar in canonical form; MISSING becomes what the platform fills in, if it is known."""
    if value is MISSING:
        return shape.server_default
    if shape.wire is not None:
        value = shape.wire.from_wire(value)
    if value is None:
        return None
    base: str = shape.base
    reference = shape.reference is not None or shape.child_reference is not None or shape.parent is not None
    if not reference and (variant := shape.mark(Variant)) is not None:
        chosen = variant.choose(siblings or {})
        if isinstance(chosen, Reference):
            reference = True
        else:
            base = chosen
    if reference:
        return identifier(value)
    value = _typed(base, value)
    if shape.choices and isinstance(value, str) and value not in shape.choices:
        folded = value.casefold()
        value = next((c for c in shape.choices if isinstance(c, str) and c.casefold() == folded), value)
    if shape.rounds is not None and isinstance(value, int | float) and not isinstance(value, bool):
        value = round(value, shape.rounds)
    if isinstance(value, str) and shape.code:
        value = code_text(value)
    if shape.canonical is not None:
        value = shape.canonical.function(value)
    return value


def identifier(value: Any) -> Any:
    """Return an id as text, whether the platform returned a number, a text or the expanded object."""
    if isinstance(value, dict):
        value = value.get("id", value.get("_id"))
    return value if value is None else str(value)


def _typed(base: str, value: Any) -> Any:
    match base, value:
        case "text", bool():
            return "true" if value else "false"
        case "text", int() | float():
            return repr(value)
        case (("integer" | "number"), str()):
            return _number(value)
        case "integer", float() if value.is_integer():
            return int(value)
        case "boolean", str() if value in {"true", "false"}:
            return value == "true"
        case "boolean", int() if value in {0, 1}:
            return bool(value)
        case "json", str():
            try:
                return json.loads(value)
            except ValueError:
                return value
        case _:
            return value


def _number(text: str) -> Any:
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def project(shape: Shape, desired: Any, raw: Any, siblings: Mapping[str, Any] | None = None) -> Any:
    """Return the live value of a leaf, restricted to what the declared value speaks of.

    Objects inside it are open: members that are not declared are left out. Lists are closed: every live item shows.
    """
    match shape:
        case Scalar():
            return scalar(shape, raw, siblings)
        case ObjectShape():
            if raw is None or raw is MISSING:
                return raw
            return _object(shape, desired, _mapping(shape, raw))
        case ListShape():
            return _list(shape, desired, raw, siblings)
        case MapShape():
            return _map(shape, desired, raw)
        case ChildrenShape():
            return whole(shape, raw)
    raise TypeError(type(shape))


def _mapping(shape: Shape, raw: Any) -> Mapping[str, Any]:
    if shape.wire is not None:
        raw = shape.wire.from_wire(raw)
    return raw if isinstance(raw, Mapping) else {}


def _object(shape: ObjectShape, desired: Any, raw: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(desired, Mapping):
        return whole_object(shape, raw)
    out: dict[str, Any] = {}
    for name, value in desired.items():
        field = shape.fields.get(name)
        if field is not None:
            live = project(field, value, raw.get(name, MISSING), raw)
            if live is not MISSING:
                out[name] = live
    return out


def _list(shape: ListShape, desired: Any, raw: Any, siblings: Mapping[str, Any] | None) -> list[Any]:
    if shape.wire is not None and raw is not MISSING:
        raw = shape.wire.from_wire(raw)
    items: list[Any] = list(raw) if isinstance(raw, list | tuple) else []
    wanted: list[Any] = desired if isinstance(desired, list) else []
    item = shape.item
    if not isinstance(item, ObjectShape | ListShape | MapShape):
        live = [scalar(item, value, siblings) if isinstance(item, Scalar) else value for value in items]
        return _in_order_of(wanted, live) if shape.set_like else live
    if shape.set_like:
        return _project_set(item, wanted, items)
    return [project(item, wanted[i], value) if i < len(wanted) else whole(item, value) for i, value in enumerate(items)]


def _in_order_of(wanted: list[Any], live: list[Any]) -> list[Any]:
    """Return a live set in the order of the declared one, what is not declared last and sorted."""
    distinct = list(dict.fromkeys(value for value in live if isinstance(value, str | int | float | bool)))
    odd = [value for value in live if not isinstance(value, str | int | float | bool)]
    rest = sorted(
        (value for value in distinct if value not in wanted), key=lambda value: (str(type(value)), str(value))
    )
    return (
        [value for value in dict.fromkeys(w for w in wanted if not isinstance(w, dict | list)) if value in distinct]
        + rest
        + odd
    )


def _project_set(item: Shape, wanted: list[Any], items: list[Any]) -> list[Any]:
    free = list(range(len(items)))
    matched: list[Any] = []
    unmatched = 0
    for want in wanted:
        found = next((i for i in free if same(want, project(item, want, items[i]))), None)
        if found is None:
            unmatched += 1
        else:
            free.remove(found)
            matched.append(project(item, want, items[found]))
    return matched + [whole(item, items[i]) for i in free]


def _map(shape: MapShape, desired: Any, raw: Any) -> Any:
    if raw is None or raw is MISSING:
        return raw
    raw = _mapping(shape, raw)
    wanted: Mapping[str, Any] = desired if isinstance(desired, Mapping) else {}
    keys = wanted if shape.free_form else raw
    return {key: project(shape.value, wanted.get(key), raw[key]) for key in keys if key in raw}


def whole(shape: Shape, raw: Any) -> Any:
    """Return everything known of a live value: for items that nobody declared."""
    match shape:
        case Scalar():
            return scalar(shape, raw)
        case ObjectShape():
            return raw if raw is None or raw is MISSING else whole_object(shape, _mapping(shape, raw))
        case ListShape():
            return [whole(shape.item, value) for value in raw] if isinstance(raw, list) else []
        case MapShape():
            return {key: whole(shape.value, value) for key, value in _mapping(shape, raw).items()} if raw else {}
        case ChildrenShape():
            values = list(raw.values()) if isinstance(raw, dict) else raw if isinstance(raw, list) else []
            return [whole(shape.item, value) for value in values]
    raise TypeError(type(shape))


def whole_object(shape: ObjectShape, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return every attribute of a live object that could be declared, canonical."""
    out: dict[str, Any] = {}
    for name, field in shape.writable.items():
        if name in raw:
            out[name] = scalar(field, raw[name], raw) if isinstance(field, Scalar) else whole(field, raw[name])
    return out


def same(a: Any, b: Any) -> bool:
    """Compare two canonical values, strict about types where Python is not (`1` is not `true`)."""
    if a is b:
        return True
    if isinstance(a, Sensitive) or isinstance(b, Sensitive):
        return same(_bare(a), _bare(b))
    if isinstance(a, Template) or isinstance(b, Template):
        return bool(a == b)
    kind = type(a)
    if kind is bool or type(b) is bool:
        return kind is type(b) and a == b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(value, b[key]) for key, value in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def _bare(value: Any) -> Any:
    return value.value if isinstance(value, Sensitive) else value


def leaf_same(shape: Shape, desired: Any, live: Any) -> bool:
    """Tell whether a declared leaf already holds on the live side, counting the ways to say "nothing" as one."""
    if same(desired, live):
        return True
    if desired is None:
        return is_nothing(live) or same(live, shape.unset) or same(live, shape.server_default)
    if live is None or live is MISSING:
        return is_nothing(desired)
    return False


def is_nothing(value: Any) -> bool:
    """Tell whether a value is one of the ways to say "nothing": absent, null, empty text, list or map."""
    return value is MISSING or value is None or (isinstance(value, str | list | dict) and not value)


def masked(value: Any) -> bool:
    """Tell whether a live value is only a mask: absent, or nothing but asterisks, perhaps between a few characters."""
    return value is MISSING or value is None or (isinstance(value, str) and ("****" in value or set(value) == {"*"}))
