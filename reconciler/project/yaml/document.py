"""One YAML file, read: its value, what is wrong with it, and the place of every part of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

import yaml

from reconciler.project.diagnostics import Diagnostics, Place
from reconciler.project.yaml import fast, traps
from reconciler.project.yaml.compose import NOT_ALLOWED, PLAIN, MappingNode, Node, ScalarNode, SequenceNode, compose
from reconciler.project.yaml.construct import Constructor, is_merge, merged_maps

Part = Literal["key", "value"]

_LINE_BREAKS: Final = {"\x85": "U+0085", "\u2028": "U+2028", "\u2029": "U+2029"}


class Document:
    """What a file says. `value` is plain data; positions are found by reading the text again when one is asked for."""

    __slots__ = ("_node", "_source", "file", "value")

    def __init__(self, value: Any, file: str, source: str | Path) -> None:
        self.value = value
        """Map, list or scalar; scalars are text, int, float, bool, None or `Loose`."""
        self.file = file
        """The file as shown to the user: relative to the project root."""
        self._source = source
        self._node: Node | None = None

    def position(self, path: tuple[str | int, ...], of: Part = "value") -> Place:
        """Return where the part at `path` is written: its key or its value.

        What came by an alias or merge key is placed where the text is written. A path that leads further than the
        document does gives the nearest place above.
        """
        if self._node is None:
            try:
                text = self._source if isinstance(self._source, str) else read_text(self._source)
                self._node = compose(normalised(text))[0]
            except (OSError, UnicodeDecodeError, yaml.YAMLError):  # changed since it was read
                return Place(self.file, 1, 1)
        node, key = self._node, self._node
        for part in path:
            found = _child(node, part)
            if found is None:
                break
            key, node = found
        shown = key if of == "key" else node
        if shown is None:
            return Place(self.file, 1, 1)
        return Place(self.file, shown.start_mark.line + 1, shown.start_mark.column + 1)


def _child(node: Node | None, part: str | int) -> tuple[Node, Node] | None:
    """Return key and value node of a part (of a list item, the item twice); own keys go before merged ones."""
    if isinstance(node, SequenceNode):
        if isinstance(part, int) and 0 <= part < len(node.value):
            return node.value[part], node.value[part]
        return None
    if not isinstance(node, MappingNode):
        return None
    merges: list[MappingNode] = []
    for key, value in node.value:
        if is_merge(key):
            merges.extend(merged_maps(value) or ())
        elif isinstance(key, ScalarNode) and key.value == part:
            return key, value
    for other in merges:
        found = _child(other, part)
        if found is not None:
            return found
    return None


def normalised(text: str) -> str:
    """Return text without byte order mark and with LF line ends, as all parsers here take it."""
    text = text.removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def read_text(path: Path) -> str:
    """Return a file's text. Raises OSError and UnicodeDecodeError."""
    return path.read_bytes().decode("utf-8")


def read_document(text: str, file: str, diagnostics: Diagnostics) -> Document | None:
    """Read the text of one YAML file; `file` is how it is shown. None if it has errors, which `diagnostics` then holds.

    A file with nothing in it, or only comments, is the error `empty-file`: `{}` says it on purpose.
    """
    source = normalised(text)
    try:
        return Document(fast.load(source)[0], file, text)
    except fast.NotProven:
        return read_exactly(source, file, diagnostics)


def read_exactly(text: str, file: str, diagnostics: Diagnostics) -> Document | None:
    """Do what `read_document` does, the exact way only. Lines of `text` end in LF."""
    found = Diagnostics()
    if not _characters(text, file, found):
        diagnostics.merge(found)
        return None
    try:
        first, second = compose(text)
    except yaml.MarkedYAMLError:
        diagnostics.merge(traps.diagnose(text, file))
        return None
    if first is None or (first.tag == PLAIN and not first.value and second is None):
        fix = "write `{}` if it is meant to declare nothing, or remove the file"
        diagnostics.error("the file is empty", place=Place(file, 1, 1), fix=fix, code="empty-file")
        return None
    constructor = Constructor(text.split("\n"), file, found)
    value = constructor.build(first)
    if second is not None:
        fix = "one document a file: make it two files, or remove the line `---`"
        found.error("a second document starts here", place=constructor.place(second), fix=fix, code="several-documents")
    diagnostics.merge(found)
    return None if found.has_errors else Document(value, file, text)


def _characters(text: str, file: str, diagnostics: Diagnostics) -> bool:
    """Report every character that may not stand in a file; return whether there are none."""
    clean = True
    for match in NOT_ALLOWED.finditer(text):
        clean = False
        character = match.group()
        line = text.count("\n", 0, match.start()) + 1
        place = Place(file, line, match.start() - text.rfind("\n", 0, match.start()))
        name = _LINE_BREAKS.get(character)
        escape = f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"
        what = f"invisible line break {name}" if name else f"character U+{ord(character):04X} is not allowed"
        diagnostics.error(what, place=place, fix=f'remove it, or write "{escape}" in double quotes', code="character")
    return clean
