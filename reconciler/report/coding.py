"""Changes as plain data and back: what a saved plan holds so that it is shown later exactly as when it was made.

`before` and `after` are as policy tools want them. Where such a plain value would lose something (a slot, where a
secret comes from), an encoded one stands beside it. No value of a secret is in either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.plan import ChildChange, LeafChange, Overlay, Step
from reconciler.model.values import MISSING, Ref, SecretRef, Sensitive, Template
from reconciler.report.display import labels
from reconciler.report.values import SENSITIVE, plain, split_path

_MARKS = frozenset({"$slot", "$secret", "$map", "$absent"})


def encode(value: Any) -> Any:
    """Return a value as JSON that `decode` turns back; of a secret only where it comes from."""
    if value is MISSING:
        return {"$absent": True}
    if isinstance(value, Template) and not value.is_secret:
        return {"$slot": [part if isinstance(part, str) else _ref(part) for part in value.parts]}
    if isinstance(value, Ref):
        return {"$slot": [_ref(value)]}
    if isinstance(value, Template | SecretRef | Sensitive):
        return {"$secret": labels(value)}
    if isinstance(value, Mapping):
        inner = {str(key): encode(item) for key, item in value.items() if key != "$implied"}
        return {"$map": inner} if len(inner) == 1 and inner.keys() <= _MARKS else inner
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    return plain(value)


def _ref(part: object) -> dict[str, Any]:
    assert isinstance(part, Ref)
    return {"ref": part.address, "output": list(part.output)}


def decode(value: Any) -> Any:
    """Return what `encode` wrote. A secret comes back without its value, under the same name."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        mark, inner = next(iter(value.items()))
        if mark == "$absent":
            return MISSING
        if mark == "$secret":
            return Sensitive(None, str(inner))
        if mark == "$slot":
            parts = (p if isinstance(p, str) else Ref(p["ref"], tuple(p["output"])) for p in inner)
            return Template(tuple(parts))
        if mark == "$map":
            return {key: decode(item) for key, item in inner.items()}
    return {key: decode(item) for key, item in value.items()}


def _both(out: dict[str, Any], name: str, value: Any, *, secret: bool) -> None:
    """Put a value into a document, plain, and encoded beside it where that says more."""
    coded = encode(value)
    if secret and value is not MISSING and value is not None:
        out[name] = SENSITIVE
        coded = {"$secret": labels(value)}
    else:
        out[name] = plain(value)
    if coded != out[name]:
        out[f"{name}_coded"] = coded


def _either(data: Mapping[str, Any], name: str) -> Any:
    return decode(data[f"{name}_coded"]) if f"{name}_coded" in data else data.get(name)


def leaf_data(leaf: LeafChange) -> dict[str, Any]:
    """Return a leaf's change as plain data."""
    out: dict[str, Any] = {"path": leaf.text, "parts": list(leaf.path)}
    _both(out, "before", leaf.before, secret=leaf.secret)
    _both(out, "after", leaf.after, secret=leaf.secret)
    if leaf.previous is not MISSING:
        _both(out, "previous", leaf.previous, secret=leaf.secret)
    out["cause"] = leaf.cause
    out |= {name: True for name in ("secret", "code", "switch", "immutable") if getattr(leaf, name)}
    if leaf.file is not None:
        out |= {"file": leaf.file, "line": leaf.line}
    return out


def leaf_from(data: Mapping[str, Any]) -> LeafChange:
    """Return the change that `leaf_data` wrote."""
    return LeafChange(
        path=tuple(data["parts"]),
        text=data["path"],
        before=_either(data, "before"),
        after=_either(data, "after"),
        cause=data["cause"],
        secret=data.get("secret", False),
        code=data.get("code", False),
        switch=data.get("switch", False),
        immutable=data.get("immutable", False),
        previous=_either(data, "previous") if "previous" in data else MISSING,
        file=data.get("file"),
        line=data.get("line"),
    )


def child_data(child: ChildChange) -> dict[str, Any]:
    """Return a child's change as plain data."""
    out: dict[str, Any] = {"path": child.text, "parts": list(child.path), "action": child.action, "id": child.id}
    _both(out, "value", child.value, secret=False)
    if child.previous is not None:
        out["previous"] = child.previous
    out["cause"] = child.cause
    return out


def child_from(data: Mapping[str, Any]) -> ChildChange:
    """Return the change that `child_data` wrote."""
    return ChildChange(
        path=tuple(data["parts"]),
        text=data["path"],
        action=data["action"],
        id=data["id"],
        value=_either(data, "value"),
        previous=data.get("previous"),
        cause=data["cause"],
    )


def step_from(data: Mapping[str, Any]) -> Step:
    """Return a step to be shown, not to be run: its paths are there, its values are not."""
    return Step(
        id=data["id"],
        address=data["address"],
        call=data["call"],
        phase=data["phase"],
        needs=tuple(data["needs"]),
        overlay=Overlay(tuple(LeafChange(split_path(leaf["path"]), leaf["path"]) for leaf in data["overlay"])),
        remote_id=data["remote_id"],
        facet=data["facet"],
        removal=data["removal"],
        edit=data["edit"],
        title=data["title"],
    )
