"""A file as written: its parts in order, each with the comments that belong to it.

Round-trip loaders hang a comment on the part before it, deep in its last leaf; moving a key then moves the wrong
comment. Here a comment line belongs to the part below it, unless it is indented deeper than that part: then it ends
the part above. A comment behind a part belongs to that part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from yaml import events

from reconciler.project.yaml.compose import Composer

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")
_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*")
_ONLY_INDICATORS = re.compile(r"\s*(?:[-?][ \t]+)*")
_CORE: Final = "tag:yaml.org,2002:"
BLANK: Final = ""
"""An empty line among comment lines."""

Style = Literal["plain", "single", "double", "literal", "folded"]
_STYLES: Final[dict[str | None, Style]] = {
    None: "plain",
    "": "plain",
    "'": "single",
    '"': "double",
    "|": "literal",
    ">": "folded",
}


@dataclass(slots=True)
class Scalar:
    """A scalar: what it says, and its source without anchor, tag and header comment."""

    text: str
    style: Style = "plain"
    source: str = ""
    prefix: str = ""
    """Anchor and tag, as they are written before the value."""


@dataclass(slots=True)
class Alias:
    """`*name`."""

    name: str
    prefix: str = ""


@dataclass(slots=True)
class Note:
    """A comment, the column it starts at, and the spaces before it."""

    text: str
    column: int
    gap: int = 1


@dataclass(slots=True)
class Item:
    """An entry of a map (with `key`) or of a list, and its comments."""

    value: Node
    key: Scalar | None = None
    before: list[str] = field(default_factory=list)
    """Comment lines above, with `BLANK` for empty lines."""
    behind: list[Note] = field(default_factory=list)
    """Comments at the end of its line."""


@dataclass(slots=True)
class Collection:
    """A map or a list."""

    is_map: bool
    flow: bool
    items: list[Item] = field(default_factory=list)
    trailing: list[str] = field(default_factory=list)
    """Comment lines behind the last item."""
    prefix: str = ""
    column: int = 0


Node = Scalar | Alias | Collection


class _Reader:
    """Builds the tree from the parser's events and the text between them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._pending: list[Note] = []
        self._closed: list[Collection] = []
        self._last: Item | None = None

    def read(self) -> tuple[Node | None, list[str]]:
        parser = Composer(self._text)
        root: Node | None = None
        try:
            while (event := _next(parser)) is not None:
                if isinstance(event, events.DocumentStartEvent | events.DocumentEndEvent | events.StreamStartEvent):
                    continue
                if isinstance(event, events.StreamEndEvent):
                    break
                item = Item(Alias(""))
                root = self._node(parser, event, item)
                if isinstance(root, Collection) and root.items:
                    root.items[0].before = [*item.before, *root.items[0].before]
                else:
                    self._pending[:0] = [Note(text, 0) for text in item.before]
        finally:
            parser.dispose()
        self._gap(len(self._text))
        return root, self._distribute(-1)

    def _gap(self, end: int) -> None:
        """Take the comments and empty lines between the last part and `end`."""
        start = self._position
        if end <= start:
            return
        self._position = end
        offset = start
        lines = self._text[start:end].split("\n")
        for number, line in enumerate(lines):
            line_start = self._text.rfind("\n", 0, offset) + 1
            comment = _COMMENT.search(self._text, offset, offset + len(line))
            while (
                comment is not None and comment.start() > line_start and self._text[comment.start() - 1] not in " \t\n"
            ):
                comment = _COMMENT.search(self._text, comment.start() + 1, offset + len(line))
            if comment is not None:
                ahead = self._text[line_start : comment.start()]
                if _ONLY_INDICATORS.fullmatch(ahead) or self._last is None:
                    column = len(ahead) - len(ahead.lstrip()) if ahead.strip() else len(ahead)
                    self._pending.append(Note(comment.group().rstrip(), column))
                else:
                    gap = len(ahead) - len(ahead.rstrip())
                    self._last.behind.append(Note(comment.group().rstrip(), len(ahead), gap))
            elif 0 < number < len(lines) - 1 and not line.strip():
                self._blank()
            offset += len(line) + 1

    def _start(self, event: Any) -> int:
        """Take what stands before the event, and return where it starts."""
        start = int(event.start_mark.index)
        self._gap(start)
        return start

    @staticmethod
    def _end(event: Any) -> int:
        return int(event.end_mark.index)

    def _blank(self) -> None:
        if not self._pending or self._pending[-1].text:
            self._pending.append(Note(BLANK, -1))

    def _distribute(self, column: int) -> list[str]:
        """Give pending comments to collections that have ended; return those of the part that starts at `column`."""
        notes, self._pending = self._pending, []
        closed, self._closed = self._closed, []
        position = 0
        blanks: list[str] = []
        for number, note in enumerate(notes):
            if not note.text:
                blanks.append(BLANK)
                continue
            home = next((one for one in closed if one.column <= note.column), None) if note.column > column else None
            if home is None:
                break
            home.trailing.extend([*blanks, note.text])
            blanks = []
            position = number + 1
        return [note.text for note in notes[position:]]

    def _node(self, parser: Composer, event: Any, item: Item) -> Node:
        """Read the node that `event` starts; `item` owns it."""
        if isinstance(event, events.AliasEvent):
            self._start(event)
            self._position = self._end(event)
            return Alias(event.anchor or "")
        if isinstance(event, events.ScalarEvent):
            return self._scalar(event, item)
        self._position = self._start(event)
        out = Collection(isinstance(event, events.MappingStartEvent), bool(event.flow_style), prefix=_prefix(event))
        out.column = event.start_mark.column
        if out.flow:
            item.before.extend(note.text for note in self._pending)
            self._pending = []
        first = True
        while not isinstance(entry := _next(parser), events.MappingEndEvent | events.SequenceEndEvent):
            if first and not out.flow:
                out.column = self._first_column(entry.start_mark)
            first = False
            out.items.append(self._item(parser, entry, out))
        self._start(entry)
        if out.flow:
            out.trailing = [note.text for note in self._pending if note.text]
            self._pending = []
            self._position = max(self._end(entry), self._position)
            self._last = item
        else:
            self._closed.append(out)
        return out

    def _first_column(self, mark: Any) -> int:
        """Return the column at which the items of a block collection start (for a list, that of the dash)."""
        line_start = self._text.rfind("\n", 0, mark.index) + 1
        ahead = self._text[line_start : mark.index]
        if _ONLY_INDICATORS.fullmatch(ahead) and "-" in ahead:
            return ahead.rfind("-") if ahead.rstrip().endswith("-") else int(mark.column)
        return int(mark.column)

    def _item(self, parser: Composer, event: Any, parent: Collection) -> Item:
        item = Item(Alias(""))
        self._gap(event.start_mark.index)
        item.before = self._distribute(event.start_mark.column if parent.is_map else parent.column)
        if not parent.is_map:
            self._last = item
            item.value = self._node(parser, event, item)
            return item
        key = self._node(parser, event, item)
        item.key = key if isinstance(key, Scalar) else Scalar(f"*{key.name}" if isinstance(key, Alias) else "")
        self._last = item
        item.value = self._node(parser, _next(parser), item)
        return item

    def _scalar(self, event: Any, item: Item) -> Scalar:
        start = self._start(event)
        self._position = max(self._end(event), self._position)
        source = self._text[start : self._end(event)]
        properties = _PROPERTIES.match(source) if event.anchor or event.tag else None
        style = _STYLES[event.style]
        if properties is not None:
            source = source[properties.end() :]
        if style in {"literal", "folded"}:
            header, _, body = source.partition("\n")
            comment = _COMMENT.search(header)
            if comment is not None:
                item.behind.append(Note(comment.group().rstrip(), 0))
                header = header[: comment.start()]
            source = f"{header.rstrip()}\n{body}"
            if body.endswith("\n\n") and "+" not in header:
                self._blank()
        # What stands on the way to a value (`key:`, a comment line, the value) belongs to the item as a whole.
        if item.key is not None or item is self._last:
            item.before.extend(note.text for note in self._pending if note.text and style not in {"literal", "folded"})
            if style not in {"literal", "folded"}:
                self._pending = []
        return Scalar(event.value, style, source, _prefix(event))


def _next(parser: Composer) -> Any:
    """Return the next event, whose marks the C parser always sets (its stubs say they may be None)."""
    return parser.get_event()


def _prefix(event: Any) -> str:
    parts = [f"&{event.anchor}"] if event.anchor else []
    if event.tag:
        parts.append(event.tag.replace(_CORE, "!!"))
    return " ".join(parts)


def read_tree(text: str) -> tuple[Node | None, list[str]]:
    """Return the tree of a text that the reader accepts (lines end in LF), and comment lines that no part took."""
    return _Reader(text).read()
