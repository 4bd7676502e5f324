"""From what the platform returned to canonical values: the live side of every comparison.

Only what is declared is looked at. The same types and functions that shaped the declared side shape this one, so that
numbers returned as text, expanded references, reordered sets and rounded shares are not mistaken for changes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from reconciler.adapters.base.declare import ChildMap, code_text
from reconciler.model.markers import Reference, SecretWhen, Variant
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
        case "boolean", str() if value.casefold() in {"true", "false"}:
            return value.casefold() == "true"
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
    if "_" in text:  # Python's own way to write thousands, nobody else's
        return text
    try:
        return int(text)  # first, so that no digit of a long number is lost
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return text
    if not math.isfinite(number):
        return text
    return int(number) if number.is_integer() else number


def project(shape: Shape, desired: Any, raw: Any, siblings: Mapping[str, Any] | None = None) -> Any:
    """Return the live value of a leaf, restricted to what the declared value speaks of.

    Objects inside it are open: members that are not declared are left out. Lists are closed: every live item shows.
    """
    if isinstance(shape, Scalar):
        return scalar(shape, raw, siblings)
    if raw is MISSING and shape.server_default is not MISSING:
        default = shape.server_default
        return list(default) if isinstance(default, tuple) else default
    match shape:
        case ObjectShape():
            if raw is None or raw is MISSING:
                return raw
            return _object(shape, desired, _mapping(shape, raw))
        case ListShape():
            return _list(shape, desired, raw, siblings)
        case MapShape():
            return _map(shape, desired, raw)
        case ChildrenShape():
            return _by_place(shape, desired, raw)
    raise TypeError(type(shape))


def project_bare(shape: ObjectShape, desired: Any, raw: Mapping[str, Any]) -> Any:
    """Return what `project` does for an object whose codec is undone already."""
    return _object(shape, desired, raw)


def _by_place(shape: ChildrenShape, desired: Any, raw: Any) -> Any:
    """Return children inside a leaf (a list's item) under the declared names, one place after the other."""
    live = whole(shape, raw)
    if not isinstance(desired, ChildMap):
        return live
    values = _values(shape, raw)
    names = list(desired)
    return {
        names[i] if i < len(names) else f"#{i}": project(
            shape.item, desired[names[i]] if i < len(names) else None, value
        )
        for i, value in enumerate(values)
    }


def _mapping(shape: Shape, raw: Any) -> Mapping[str, Any]:
    if shape.wire is not None:
        raw = shape.wire.from_wire(raw)
    return raw if isinstance(raw, Mapping) else {}


def _object(shape: ObjectShape, desired: Any, raw: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(desired, Mapping):
        return whole_object(shape, raw)
    out: dict[str, Any] = {}
    for name, value in desired.items():
        if name == "$raw" and isinstance(value, Mapping):
            out[name] = {key: raw[key] for key in value if key in raw}
            continue
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
    for place, want in enumerate(wanted):
        # A platform that keeps the order is the rule: the item at the same place is looked at first.
        for i in sorted(free, key=lambda i: i != place):
            live = project(item, want, items[i])
            if leaf_same(item, want, live):
                free.remove(i)
                matched.append(live)
                break
    return matched + _sorted([whole(item, items[i]) for i in free])


def _sorted(values: list[Any]) -> list[Any]:
    """Put members of a set that nobody declared into one order, so that two reads of the same set are the same."""
    return sorted(values, key=lambda value: json.dumps(value, sort_keys=True, default=str)) if values[1:] else values


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
        case MapShape():
            return {key: whole(shape.value, value) for key, value in _mapping(shape, raw).items()} if raw else {}
        case ListShape() | ChildrenShape():
            values = [whole(shape.item, value) for value in _values(shape, raw)]
            return _sorted(values) if isinstance(shape, ListShape) and shape.set_like else values
    raise TypeError(type(shape))


def _values(shape: ListShape | ChildrenShape, raw: Any) -> list[Any]:
    if shape.wire is not None and raw is not MISSING and raw is not None:
        raw = shape.wire.from_wire(raw)
    if isinstance(raw, dict) and isinstance(shape, ChildrenShape):
        return list(raw.values())
    return list(raw) if isinstance(raw, list | tuple) else []


def whole_object(shape: ObjectShape, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return every attribute of a live object that could be declared, canonical; credentials as `Sensitive`."""
    out: dict[str, Any] = {}
    for name, field in shape.writable.items():
        if name in raw:
            value = scalar(field, raw[name], raw) if isinstance(field, Scalar) else whole(field, raw[name])
            out[name] = Sensitive(value, name) if not masked(value) and holds_secret(field, raw) else value
    return out


def holds_secret(shape: Shape, *siblings: Mapping[str, Any]) -> bool:
    """Tell whether an attribute is a credential: marked so, or made one by the attributes beside it."""
    if shape.secret is not None:
        return True
    when = _secret_when(shape)
    return when is not None and any(when.test(values) for values in siblings)


@cache
def _secret_when(shape: Shape) -> SecretWhen | None:
    return shape.mark(SecretWhen)


def same(a: Any, b: Any) -> bool:
    """Compare two canonical values, strict about types where Python is not (`1` is not `true`)."""
    if a is b:
        return True
    kind = type(a)
    if kind is str and type(b) is str:
        return bool(a == b)
    if isinstance(a, Sensitive) or isinstance(b, Sensitive):
        return same(_bare(a), _bare(b))
    if isinstance(a, Template) or isinstance(b, Template):
        return bool(a == b)
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
    """Tell whether a declared leaf already holds on the live side.

    The ways to say "nothing" count as one, and numbers that the platform rounds are compared as it rounds them, at any
    depth of the leaf.
    """
    if same(desired, live):
        return True
    if desired is None:
        return is_nothing(live) or same(live, shape.unset) or same(live, shape.server_default)
    if live is None or live is MISSING:
        return is_nothing(desired)
    match shape:
        case Scalar():
            return shape.rounds is not None and _same_rounded(desired, live, shape.rounds)
        case ListShape() if isinstance(desired, list) and isinstance(live, list):
            return len(desired) == len(live) and all(
                leaf_same(shape.item, want, have) for want, have in zip(desired, live, strict=True)
            )
        case ObjectShape() if isinstance(desired, dict) and isinstance(live, dict):
            return live.keys() <= desired.keys() and all(
                same(value, live.get(name))
                if name == "$raw"
                else leaf_same(shape.fields[name], value, live.get(name, MISSING))
                for name, value in desired.items()
                if name not in {"$id", "$implied"}
            )
        case MapShape() if isinstance(desired, dict) and isinstance(live, dict):
            return live.keys() <= desired.keys() and all(
                leaf_same(shape.value, value, live.get(key, MISSING)) for key, value in desired.items()
            )
        case ChildrenShape() if isinstance(desired, dict) and isinstance(live, dict):
            return desired.keys() == live.keys() and all(
                leaf_same(shape.item, value, live[key]) for key, value in desired.items()
            )
        case _:
            return False


def _same_rounded(a: Any, b: Any, decimals: int) -> bool:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (a, b))
    return numbers and bool(round(a, decimals) == round(b, decimals))


def is_nothing(value: Any) -> bool:
    """Tell whether a value is one of the ways to say "nothing": absent, null, empty text, list or map."""
    return value is MISSING or value is None or (isinstance(value, str | list | dict) and not value)


def masked(value: Any) -> bool:
    """Tell whether a live value is only a mask: absent, or nothing but asterisks, perhaps between a few characters."""
    return value is MISSING or value is None or (isinstance(value, str) and ("****" in value or set(value) == {"*"}))
