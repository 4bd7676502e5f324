"""Values as JSON documents hold them: secrets masked, slots spelt with their address or left out as not known yet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model.plan import LeafChange, ResourceChange
from reconciler.model.values import MISSING, Path, Ref, SecretRef, Sensitive, Template, has_slot, is_secret

SENSITIVE = "(sensitive)"
_SIMPLE = frozenset({str, int, float, bool, type(None)})
"""Types that hold neither slot nor secret: most values are of these, and are asked about several times."""
_PART = re.compile(r"""\["([^"]*)"\]|\[(\d+)\]|([^.\[\]]+)""")
_WIDEST = 1 << 63
"""Integers beyond 64 bits are no JSON numbers for most readers; they are written as text."""


def plain(value: Any) -> Any:
    """Return a value for JSON; secrets are masked, slots are spelt with their address."""
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool | float):
        return value
    if value is MISSING:
        return None
    if isinstance(value, int):
        return value if -_WIDEST <= value < 2 * _WIDEST else str(value)
    if isinstance(value, dict):
        return {_text(str(key)): plain(item) for key, item in value.items() if key != "$implied"}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if is_secret(value):
        return SENSITIVE
    if isinstance(value, Ref):
        return f"⟨{value}⟩"
    return str(value)


def _text(value: str) -> str:
    """Return text that can be written as UTF-8: half of a surrogate pair, as JSON can bring it, is replaced."""
    if value.isascii():
        return value
    return value.encode("utf-8", "replace").decode("utf-8")


def known(value: Any) -> Any:
    """Return a value without what is not known yet: such members are left out, as Terraform's `after` does."""
    if type(value) in _SIMPLE:
        return plain(value)
    if isinstance(value, dict):
        return {key: known(item) for key, item in value.items() if key != "$implied" and not _unknown(item)}
    if isinstance(value, list):
        return [None if _unknown(item) else known(item) for item in value]
    return plain(value)


def _unknown(value: Any) -> bool:
    return type(value) not in _SIMPLE and isinstance(value, Template | Ref) and has_slot(value)


def unknown(value: Any) -> Any:
    """Return the tree of what is not known yet: true at a slot, members without one left out; False for none."""
    if type(value) in _SIMPLE:
        return False
    if isinstance(value, Template | Ref):
        return has_slot(value)
    if isinstance(value, dict):
        found = {key: inner for key, item in value.items() if (inner := unknown(item))}
        return found or False
    if isinstance(value, list):
        inner = [unknown(item) for item in value]
        return inner if any(inner) else False
    return False


def sensitive(value: Any) -> Any:
    """Return the tree of what is secret: true at a secret, members without one left out; False for none."""
    if type(value) in _SIMPLE:
        return False
    if isinstance(value, dict):
        found = {key: inner for key, item in value.items() if (inner := sensitive(item))}
        return found or False
    if isinstance(value, list):
        inner = [sensitive(item) for item in value]
        return inner if any(inner) else False
    return isinstance(value, Sensitive | SecretRef | Template) and is_secret(value)


def masked(value: Any, secrets: Any) -> Any:
    """Return a plain value with everything masked that the tree of `sensitive` marks."""
    if secrets is True:
        return SENSITIVE if value is not None else None
    if isinstance(secrets, dict) and isinstance(value, dict):
        return {key: masked(item, secrets.get(key, False)) for key, item in value.items()}
    if isinstance(secrets, list) and isinstance(value, list):
        return [masked(item, secrets[i] if i < len(secrets) else False) for i, item in enumerate(value)]
    return value


def after_of(change: ResourceChange) -> Any:
    """Return what is declared, with whatever is secret as such; None for what goes."""
    if change.action in {"remove", "forget"} or change.after is None:
        return None
    return _guarded(change.after, change.leaves)


def before_of(change: ResourceChange) -> Any:
    """Return the live values of what is declared: the declared body with each change taken back. None for none."""
    if change.action in {"remove", "forget"}:
        hidden = {path: Sensitive(None, path) for path in change.secret_paths}
        return nested({**(change.before or {}), **hidden})
    if change.action == "create" or change.after is None:
        return None
    if not (change.leaves or change.kept or change.children):
        return change.after
    out = _copy(change.after)
    for leaf in (*change.leaves, *change.kept):
        if leaf.path[-1] != "$order":
            hidden_value = leaf.secret and leaf.before is not MISSING
            put(out, leaf.path, Sensitive(None, leaf.text) if hidden_value else leaf.before)
    for child in change.children:
        if child.action == "add":
            put(out, child.path, MISSING)
        elif child.action == "remove":
            put(out, child.path, child.value or {})
    return out


def _guarded(value: Any, leaves: Iterable[LeafChange]) -> Any:
    hidden = [leaf for leaf in leaves if leaf.secret and leaf.after is not MISSING and not is_secret(leaf.after)]
    if not hidden:
        return value
    out = _copy(value)
    for leaf in hidden:
        if leaf.after is not None:
            put(out, leaf.path, Sensitive(None, leaf.text))
    return out


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return what state holds by path text as nested maps; orders of children are left out."""
    out: dict[str, Any] = {}
    for text, value in flat.items():
        path = split_path(text)
        if path and path[-1] != "$order":
            put(out, path, value)
    return out


def split_path(text: str) -> Path:
    """Return the path that a path text spells: `steps["crm"].outcome`, `rules[0]`."""
    return tuple(
        int(match[2]) if match[2] is not None else match[1] if match[1] is not None else match[3]
        for match in _PART.finditer(text)
    )


def put(tree: Any, path: Path, value: Any) -> None:
    """Set a value in nested maps, or take it out when it is MISSING. Nothing is done where a list is in the way."""
    here = tree
    for part in path[:-1]:
        if not isinstance(here, dict):
            return
        inner = here.get(str(part))
        if not isinstance(inner, dict):
            if value is MISSING:
                return
            inner = here[str(part)] = {}
        here = inner
    if isinstance(here, dict):
        if value is MISSING:
            here.pop(str(path[-1]), None)
        else:
            here[str(path[-1])] = _copy(value)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items() if key != "$implied"}
    return [_copy(item) for item in value] if isinstance(value, list) else value
