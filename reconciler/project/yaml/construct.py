"""Nodes to plain values, with everything checked that YAML lets pass and this project does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from reconciler.project.diagnostics import Diagnostics, Place
from reconciler.project.yaml.compose import PLAIN, TEXT, MappingNode, Node, ScalarNode, SequenceNode
from reconciler.project.yaml.scalars import Scalar, StrangeSpellingError, plain

MOST_ALIASED: Final = 200_000
"""Nodes that aliases may add to a document: a few nested aliases can otherwise fill the memory."""

_UNKNOWN: Final = object()
_TEXTS: Final = frozenset({PLAIN, TEXT})
_CORE: Final = "tag:yaml.org,2002:"
_CHECKED: Final[dict[str, type | tuple[type, ...]]] = {
    f"{_CORE}int": int,
    f"{_CORE}float": float,
    f"{_CORE}bool": bool,
    f"{_CORE}null": type(None),
}


def merged_maps(value: Node) -> list[MappingNode] | None:
    """Return the maps that a merge key brings in, nearest first, or None when its value is neither a map nor maps."""
    if isinstance(value, MappingNode):
        return [value]
    if isinstance(value, SequenceNode) and all(isinstance(item, MappingNode) for item in value.value):
        return list(value.value)
    return None


def is_merge(key: Node) -> bool:
    """Tell whether a key node is the merge key `<<` (unquoted)."""
    return isinstance(key, ScalarNode) and key.value == "<<" and key.tag == PLAIN


class Constructor:
    """Builds the value of one document; findings go to `diagnostics`, and the value is then not to be used."""

    def __init__(self, lines: list[str], file: str, diagnostics: Diagnostics) -> None:
        self._lines = lines
        self._file = file
        self._diagnostics = diagnostics
        self._seen: set[int] = set()
        self._open: set[int] = set()
        self._aliased = 0
        self._within_alias = 0
        self._known: dict[str, Scalar] = {}

    def place(self, node: Node) -> Place:
        """Return where the node starts (an empty one at the end of the file may be marked behind its last line)."""
        line = min(node.start_mark.line + 1, len(self._lines))
        return Place(self._file, line, node.start_mark.column + 1)

    def _error(self, node: Node, problem: str, fix: str | None, code: str) -> None:
        self._diagnostics.error(problem, place=self.place(node), fix=fix, code=code)

    def build(self, node: Node) -> Any:
        """Return the node's value: dict, list or scalar. Every use of an alias gets a copy of its own."""
        if node.tag == TEXT:
            return node.value
        if node.tag == PLAIN:
            known = self._known.get(node.value, _UNKNOWN)
            if known is not _UNKNOWN:
                return known
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        identity = id(node)
        if identity in self._open:
            self._error(node, "contains itself by an alias", "write the part out", "alias-loop")
            return None
        repeated = identity in self._seen
        self._seen.add(identity)
        self._open.add(identity)
        self._within_alias += repeated
        if self._within_alias:
            self._aliased += 1 + len(node.value)
        try:
            if self._aliased > MOST_ALIASED:
                self._error(node, "aliases make this document too large", "use fewer nested aliases", "alias-bomb")
                return None
            if isinstance(node, MappingNode):
                return self._mapping(node)
            self._container_tag(node, "seq")
            return [self.build(item) for item in node.value]
        finally:
            self._within_alias -= repeated
            self._open.discard(identity)

    def _container_tag(self, node: Node, kind: str) -> None:
        if node.tag not in {"", f"{_CORE}{kind}", "!"}:
            self._unknown_tag(node)

    def _unknown_tag(self, node: Node) -> None:
        shown = node.tag.replace(_CORE, "!!")
        fix = f"remove `{shown}`, or quote the value if it starts with `!`"
        self._error(node, f"unknown tag `{shown}`", fix, "unknown-tag")

    def _mapping(self, node: MappingNode) -> dict[str, Any]:
        self._container_tag(node, "map")
        out: dict[str, Any] = {}
        merges: list[MappingNode] = []
        written: dict[str, Node] = {}
        for key_node, value_node in node.value:
            if is_merge(key_node):
                found = merged_maps(value_node)
                if found is None:
                    self._error(
                        value_node, "`<<` takes a map or a list of maps", "give it an alias such as `*name`", "merge"
                    )
                elif "<<" in written:
                    self._duplicate(key_node, written["<<"])
                written["<<"] = key_node
                merges.extend(found or ())
                continue
            key = key_node.value if key_node.tag in _TEXTS and key_node.value else self._key(key_node)
            if key is None:
                continue
            if key in written:
                self._duplicate(key_node, written[key])
                continue
            written[key] = key_node
            if value_node.tag == PLAIN and value_node.value == "":
                self._empty(value_node, key)
            else:
                out[key] = self.build(value_node)
        for other in merges:
            for key, value in self.build_merged(other):
                if key not in out and key not in written:
                    out[key] = value
        return out

    def build_merged(self, node: MappingNode) -> Iterator[tuple[str, Any]]:
        """Yield what a merge key brings in from one map."""
        value = self.build(node)
        if isinstance(value, dict):
            yield from value.items()

    def _duplicate(self, key: Node, earlier: Node) -> None:
        line = earlier.start_mark.line + 1
        problem = f"`{key.value}` is written twice in one map: the first is at {self.place(earlier)}"
        self._error(key, problem, f"keep one of them; what belongs together goes under line {line}", "duplicate-key")

    def _key(self, node: Node) -> str | None:
        if not isinstance(node, ScalarNode):
            self._complex_key(node)
            return None
        if node.tag == PLAIN and node.value == "":
            self._error(node, "a key is missing before the colon", "write one, or quote the text", "empty-key")
            return None
        if node.tag not in {PLAIN, TEXT, "!"} and node.tag.removeprefix(_CORE) not in {
            "str",
            "int",
            "float",
            "bool",
            "null",
        }:
            self._unknown_tag(node)
        return str(node.value)

    def _complex_key(self, node: Node) -> None:
        line = self._lines[node.start_mark.line] if node.start_mark.line < len(self._lines) else ""
        column = node.start_mark.column
        if column and line[column - 1 : column + 1] == "{{":
            end = line.find("}}", column)
            text = line[column - 1 : end + 2] if end >= 0 else "{{…}}"
            problem = "`{{…}}` without quotes: `{` starts a map"
            place = Place(self._file, node.start_mark.line + 1, column)
            self._diagnostics.error(
                problem, place=place, fix=f'put the whole text in quotes: "{text}"', code="interpolation"
            )
            return
        fix = "text with `{ }` or `[ ]` must stand in double quotes"
        self._error(node, "a map or list cannot be a key", fix, "complex-key")

    def _empty(self, node: Node, key: str | None) -> None:
        line, column = node.start_mark.line, node.start_mark.column
        rest = self._lines[line][column:].lstrip() if line < len(self._lines) else ""
        name = f"`{key}`" if key is not None else "a list item"
        if rest.startswith("#"):
            quoted = rest.replace("\\", "\\\\").replace('"', '\\"').rstrip()
            problem = f"{name} has no value: the `#` starts a comment"
            fix = f'write "{quoted}" in quotes if it is the value; else write `[]`, `null`, or remove the line'
            self._error(node, problem, fix, "empty-value-comment")
            return
        glued = re.fullmatch(r"([^\s:]+):([^\s:/]\S*)", key or "")
        if glued is not None:
            fix = f"write `{glued.group(1)}: {glued.group(2)}`"
            self._error(node, f"a space is missing after the colon in `{key}`", fix, "missing-space")
            return
        self._error(node, f"{name} has no value", "write `[]`, `null`, or remove the line", "empty-value")

    def _scalar(self, node: ScalarNode) -> Any:
        text = str(node.value)
        tag = node.tag
        if tag in {TEXT, "!", f"{_CORE}str"}:
            return text
        if tag == PLAIN:
            if text == "":
                self._empty(node, None)
                return None
            try:
                self._known[text] = plain(text)
            except StrangeSpellingError as strange:
                fix = f'write `{strange.right}`, or "{text}" in quotes if it is meant as text'
                self._error(node, str(strange), fix, "strange-spelling")
                return None
            return self._known[text]
        expected = _CHECKED.get(tag)
        try:
            value = plain(text) if expected is not None and text else text
        except StrangeSpellingError:
            value = text
        if expected is None or not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
            self._unknown_tag(node)
        return value
