"""Every parser in use, behind one signature: text in, (value, codes of the errors) out."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from reconciler.project.diagnostics import Diagnostics
from reconciler.project.fmt.shorten import HasAliasError, value_of
from reconciler.project.fmt.tree import read_tree
from reconciler.project.yaml import fast
from reconciler.project.yaml.document import normalised, read_document, read_exactly
from reconciler.project.yaml.scalars import plain

Outcome = tuple[Any, list[str]]


def whole(text: str) -> Outcome:
    """The reader as the project uses it: fast where that is proven, else exact."""
    found = Diagnostics()
    document = read_document(text, "f.yaml", found)
    return (document.value if document else None), [finding.code for finding in found]


def exact(text: str) -> Outcome:
    """The exact way alone."""
    found = Diagnostics()
    document = read_exactly(normalised(text), "f.yaml", found)
    return (document.value if document else None), [finding.code for finding in found]


def fast_only(text: str) -> Outcome:
    """The fast way alone, where it says that it is sure."""
    try:
        return fast.load(normalised(text))[0], []
    except fast.NotProven:
        return exact(text)


def layout(text: str) -> Outcome:
    """The tree that `fmt` makes of a text."""
    value, codes = exact(text)
    if codes:
        return value, codes
    root, _ = read_tree(normalised(text))
    assert root is not None
    try:
        return value_of(root), []
    except HasAliasError:
        return value, codes


def ruamel(text: str) -> Outcome:
    """An independent reader of YAML 1.2: its structure, with our meaning of plain scalars."""
    value, codes = exact(text)
    if codes:
        return value, codes
    if "\t" in text:  # it refuses tabs between words, which YAML allows
        return value, []
    parser = YAML(typ="rt", pure=True)
    parser.version = (1, 2)
    node = parser.compose(io.StringIO(normalised(text)))
    return _of_ruamel(node), []


def _of_ruamel(node: Node) -> Any:
    tagged = str(node.ctag.handle or "") == "!!" and str(node.ctag.suffix) == "str"
    if isinstance(node, ScalarNode):
        text = str(node.value).replace("\a", "") if node.style == ">" else str(node.value)  # it marks folds by \a
        return text if node.style or tagged else plain(text)
    if isinstance(node, SequenceNode):
        return [_of_ruamel(item) for item in node.value]
    assert isinstance(node, MappingNode)
    out: dict[str, Any] = {}
    merged: list[Node] = []
    for key, value in node.value:
        if key.value == "<<" and not key.style:
            merged.extend([value] if isinstance(value, MappingNode) else value.value)
        else:
            out[str(key.value)] = _of_ruamel(value)
    for other in merged:
        for key, value in _of_ruamel(other).items():
            out.setdefault(key, value)
    return out


PARSERS: Final[dict[str, Callable[[str], Outcome]]] = {
    "whole": whole,
    "exact": exact,
    "fast": fast_only,
    "layout": layout,
    "ruamel": ruamel,
}


def same(left: Any, right: Any) -> bool:
    """Compare strictly: types, order of maps, the sign of zero."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(repr(left) == repr(right))
