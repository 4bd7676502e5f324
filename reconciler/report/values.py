"""Values as they may be shown: secrets by provenance, slots as not known yet, everything else as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.plan import ChildChange, LeafChange, ResourceChange
from reconciler.model.values import MISSING, Path, Sensitive, Template, has_slot, is_secret

SENSITIVE = "(sensitive)"


def plain(value: Any) -> Any:
    """Return a value for JSON; secrets are masked, slots are spelt with their address."""
    if value is MISSING:
        return None
    if isinstance(value, Sensitive):
        return SENSITIVE
    if isinstance(value, Template):
        return SENSITIVE if value.is_secret else str(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items() if key != "$implied"}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def known(value: Any) -> Any:
    """Return a value without what is not known yet: such members are left out, as Terraform's `after` does."""
    if isinstance(value, Mapping):
        return {key: known(item) for key, item in value.items() if key != "$implied" and not _unknown(item)}
    if isinstance(value, list):
        return [known(item) for item in value]
    return plain(value)


def _unknown(value: Any) -> bool:
    return isinstance(value, Template) and has_slot(value)


def unknown(value: Any) -> Any:
    """Return the tree of what is not known yet: true at a slot, members without one left out; False for none."""
    if isinstance(value, Template):
        return has_slot(value)
    if isinstance(value, Mapping):
        found = {key: inner for key, item in value.items() if (inner := unknown(item))}
        return found or False
    if isinstance(value, list):
        inner = [unknown(item) for item in value]
        return inner if any(inner) else False
    return False


def sensitive(value: Any) -> Any:
    """Return the tree of what is secret: true at a secret, members without one left out; False for none."""
    if isinstance(value, Mapping):
        found = {key: inner for key, item in value.items() if (inner := sensitive(item))}
        return found or False
    if isinstance(value, list):
        inner = [sensitive(item) for item in value]
        return inner if any(inner) else False
    return is_secret(value)


def before_of(change: ResourceChange) -> Any:
    """Return the live values of what is declared: the declared body with each change taken back."""
    if change.action in {"remove", "forget"}:
        return nested(change.before or {})
    if change.action == "create" or change.after is None:
        return None
    out = _copy(change.after)
    for leaf in (*change.leaves, *change.kept):
        if leaf.path[-1] != "$order":
            _put(out, leaf.path, leaf.before)
    for child in change.children:
        if child.action == "add":
            _put(out, child.path, MISSING)
        elif child.action == "remove":
            _put(out, child.path, child.value or {})
    return out


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return what state holds by path text as nested maps."""
    out: dict[str, Any] = {}
    for text, value in flat.items():
        here = out
        parts = _parts(text)
        for part in parts[:-1]:
            inner = here.get(part)
            if not isinstance(inner, dict):
                inner = here[part] = {}
            here = inner
        here[parts[-1]] = value
    return out


def _parts(text: str) -> list[str]:
    out: list[str] = []
    for piece in text.replace('["', ".\0").replace('"]', "\0").split("\0"):
        if piece.endswith("."):
            out.extend(part for part in piece.split(".") if part)
        elif piece.startswith("."):
            out.extend(part for part in piece.split(".") if part)
        elif piece:
            out.append(piece) if '["' in text and f'["{piece}"]' in text else out.extend(piece.split("."))
    return out or [text]


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items() if key != "$implied"}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _put(tree: Any, path: Path, value: Any) -> None:
    for part in path[:-1]:
        if isinstance(tree, dict):
            tree = tree.setdefault(part, {})
    if isinstance(tree, dict):
        if value is MISSING:
            tree.pop(path[-1], None)
        else:
            tree[path[-1]] = _copy(value)


def leaf_data(leaf: LeafChange) -> dict[str, Any]:
    """Return a leaf's change as plain data."""
    return {
        "path": leaf.text,
        "before": SENSITIVE if leaf.secret else plain(leaf.before),
        "after": SENSITIVE if leaf.secret else plain(leaf.after),
        "absent_before": leaf.before is MISSING,
        "cause": leaf.cause,
    }


def child_data(child: ChildChange) -> dict[str, Any]:
    """Return a child's change as plain data."""
    return {
        "path": child.text,
        "action": child.action,
        "id": child.id,
        "value": plain(child.value),
        "cause": child.cause,
    }
