"""New values in an old layout: where a value changed, comments and style of what stayed are kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from reconciler.model.address import NAME
from reconciler.project.fmt.scalars import text_scalar
from reconciler.project.fmt.tree import Alias, Collection, Item, Node, Scalar
from reconciler.project.yaml.scalars import plain, written

Shorten = Callable[[str, Any], Any]
"""Takes `account.kind` and a resource's body; returns the body in short form, or the same."""

_GROUP = re.compile(rf"{NAME}\.{NAME}")
_RESOURCE = re.compile(rf"({NAME}\.{NAME})\.{NAME}")


class HasAliasError(ValueError):
    """The part holds anchors, aliases or tags: its value is not its own."""


def value_of(node: Node) -> Any:
    """Return the value of a part. Raises HasAliasError where anchors, aliases, merge keys or tags are used."""
    if isinstance(node, Alias) or node.prefix:
        raise HasAliasError
    if isinstance(node, Scalar):
        return plain(node.text) if node.style == "plain" else node.text
    if not node.is_map:
        return [value_of(item.value) for item in node.items]
    out: dict[str, Any] = {}
    for item in node.items:
        if item.key is None or item.key.prefix or (item.key.text == "<<" and item.key.style == "plain"):
            raise HasAliasError
        out[item.key.text] = value_of(item.value)
    return out


def tree_of(value: Any, *, flow: bool = False) -> Node:
    """Return a part that says `value` (plain data): block style, but collections of nothing but scalars on one line."""
    if isinstance(value, dict):
        items = [Item(tree_of(item), _key(key)) for key, item in value.items()]
        return Collection(is_map=True, flow=flow or _flat(items), items=items)
    if isinstance(value, list | tuple):
        items = [Item(tree_of(item)) for item in value]
        return Collection(is_map=False, flow=flow or _flat(items), items=items)
    if isinstance(value, str):
        if "\n" in value.rstrip("\n") and value == value.strip(" \t\n") + "\n" * (value[-1:] == "\n"):
            mark = "|" if value.endswith("\n") else "|-"
            body = "\n".join(f"  {line}" if line else "" for line in value.rstrip("\n").split("\n"))
            return Scalar(value, "literal", f"{mark}\n{body}\n")
        style = "plain" if text_scalar(value, flow=False) == value else "double"
        return Scalar(value, "plain" if style == "plain" else "double")
    return Scalar(written(value))


def _key(key: str) -> Scalar:
    return Scalar(key, "plain" if text_scalar(key, flow=False) == key else "double")


def _flat(items: list[Item]) -> bool:
    return all(
        (isinstance(item.value, Scalar) and item.value.style not in {"literal", "folded"})
        or (isinstance(item.value, Collection) and not item.value.items)
        for item in items
    )


def updated(node: Node, value: Any) -> Node:
    """Return a part that says `value`, made of `node` as far as it says the same."""
    if _equal(value_of(node), value):
        return node
    if not isinstance(node, Collection):
        return tree_of(value)
    if node.is_map and isinstance(value, dict):
        known = {item.key.text: item for item in node.items if item.key is not None}
        items = []
        for key, one in value.items():
            old = known.get(key)
            new = Item(tree_of(one), _key(key)) if old is None else old
            if old is not None:
                new.value = updated(old.value, one)
            items.append(new)
        node.items = items
        return node
    if not node.is_map and isinstance(value, list):
        for number, item in enumerate(node.items[: len(value)]):
            item.value = updated(item.value, value[number])
        node.items = [*node.items[: len(value)], *(Item(tree_of(one)) for one in value[len(node.items) :])]
        return node
    new_tree = tree_of(value, flow=node.flow)
    comments = _comments(node)
    if comments and isinstance(new_tree, Collection):
        new_tree.flow = False
        new_tree.trailing = comments
    return new_tree


def _comments(node: Node) -> list[str]:
    """Return the comments within a part that is to be written anew."""
    if not isinstance(node, Collection):
        return []
    out: list[str] = []
    for item in node.items:
        out.extend(note for note in item.before if note)
        out.extend(note.text for note in item.behind)
        out.extend(_comments(item.value))
    return [*out, *(note for note in node.trailing if note)]


def _equal(left: Any, right: Any) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(_equal(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    return bool(left == right)


def shortened(root: Collection, shorten: Shorten) -> None:
    """Put the body of every resource of a file into short form; bodies with anchors or aliases stay as they are."""
    for item in root.items:
        name = item.key.text if item.key is not None else ""
        whole = _RESOURCE.fullmatch(name)
        if whole is not None:
            _shorten_item(item, whole.group(1), shorten)
        elif _GROUP.fullmatch(name) and isinstance(item.value, Collection) and item.value.is_map:
            for one in item.value.items:
                _shorten_item(one, name, shorten)


def _shorten_item(item: Item, kind: str, shorten: Shorten) -> None:
    try:
        item.value = updated(item.value, shorten(kind, value_of(item.value)))
    except HasAliasError:
        return
