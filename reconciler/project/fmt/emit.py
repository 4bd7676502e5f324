"""Writes a tree of parts in the canonical layout."""

from __future__ import annotations

from typing import Final

from reconciler.project.fmt.scalars import lines_of, one_line
from reconciler.project.fmt.tree import BLANK, Alias, Collection, Item, Node, Note, Scalar

WIDTH: Final = 120
LONG_BODY: Final = 10
"""Lines of a body beyond which a resource gets a top-level key of its own."""


def flow_text(node: Node) -> str | None:
    """Return a node on one line, or None when comments or texts of several lines forbid it."""
    if isinstance(node, Alias):
        return f"*{node.name}"
    prefix = f"{node.prefix} " if node.prefix else ""
    if isinstance(node, Scalar):
        return prefix + one_line(node, flow=True)
    if node.trailing:
        return None
    parts: list[str] = []
    for item in node.items:
        text = flow_text(item.value)
        if text is None or item.behind or any(item.before):
            return None
        parts.append(text if item.key is None else f"{key_text(item.key, flow=True)}{_colon(item.key)} {text}")
    inside = ", ".join(parts)
    return prefix + (f"{{{inside}}}" if node.is_map else f"[{inside}]")


def _colon(key: Scalar) -> str:
    return " :" if key.text.startswith("*") and key.style == "plain" else ":"


def key_text(key: Scalar, *, flow: bool) -> str:
    """Return a key as it is written."""
    prefix = f"{key.prefix} " if key.prefix else ""
    return prefix + one_line(key, flow=flow)


def _noted(line: str, note: Note | None) -> str:
    """Return a line with the comment behind it, in the column where it was written if it was set apart."""
    if note is None:
        return line
    pad = note.column - len(line)
    apart = note.gap > 1 and 1 <= pad <= note.gap + 8 and note.column + len(note.text) <= WIDTH
    return f"{line}{' ' * (pad if apart else 1)}{note.text}"


class Writer:
    """Collects the lines of one file."""

    def __init__(self, *, meta_first: bool = True) -> None:
        self.lines: list[str] = []
        self._meta_first = meta_first

    def ordered(self, node: Collection) -> list[Item]:
        """Return the items with `$` keys first, the others as written."""
        if not node.is_map or not self._meta_first:
            return node.items
        return sorted(node.items, key=lambda item: not (item.key is not None and item.key.text.startswith("$")))

    def comments(self, notes: list[str], indent: int, *, first: bool = False) -> None:
        """Write comment lines, empty lines among them at most one at a time; none at the start of a body."""
        for note in notes:
            if note == BLANK:
                if not first and self.lines and self.lines[-1] != BLANK:
                    self.lines.append(BLANK)
                continue
            self.lines.append(" " * indent + note)
            first = False

    def collection(self, node: Collection, indent: int, *, inline_first: bool = False) -> None:
        """Write the items of a collection in block style.

        `inline_first` puts the first on the line that the caller has begun (behind a dash).
        """
        for number, item in enumerate(self.ordered(node)):
            glued = inline_first and number == 0
            if not glued:
                self.comments(item.before, indent, first=number == 0)
            self.item(item, indent, glued=glued)
        self.comments(node.trailing, indent)

    def item(self, item: Item, indent: int, *, glued: bool = False) -> None:
        """Write one item: key or dash, value and the comments behind it."""
        start = self.lines.pop() if glued else " " * indent
        value = item.value
        behind = item.behind[0] if item.behind else None
        inner_first = self._inner_first(item, f"{start}- ")
        for extra in item.behind[0 if inner_first else 1 :]:
            self.lines.append(" " * (len(start) - len(start.lstrip(" "))) + extra.text)
        head = f"{start}-" if item.key is None else f"{start}{key_text(item.key, flow=False)}{_colon(item.key)}"
        if isinstance(value, Alias):
            self.lines.append(_noted(f"{head} *{value.name}", behind))
            return
        prefix = f" {value.prefix}" if value.prefix else ""
        if isinstance(value, Scalar):
            self._scalar(value, head + prefix, indent, behind)
            return
        if value.flow or not value.items:
            text = flow_text(value)
            if text is not None and (not value.items or len(f"{head} {text}") <= WIDTH):
                self.lines.append(_noted(f"{head} {text}", behind))
                return
        if inner_first:
            self.lines.append(f"{head} ")
        else:
            self.lines.append(_noted(f"{head}{prefix}", behind))
        self.collection(value, indent + 2, inline_first=inner_first)

    def _inner_first(self, item: Item, head: str) -> bool:
        """Tell whether a list item is a collection whose first part goes on the line of the dash."""
        value = item.value
        if item.key is not None or not isinstance(value, Collection) or value.prefix or not value.items:
            return False
        text = flow_text(value) if value.flow else None
        return (text is None or len(head + text) > WIDTH) and not any(self.ordered(value)[0].before)

    def _scalar(self, value: Scalar, head: str, indent: int, behind: Note | None) -> None:
        lines = lines_of(value)
        if lines is None:
            self.lines.append(_noted(f"{head} {one_line(value, flow=False)}", behind))
            return
        block = value.style in {"literal", "folded"}
        self.lines.append(_noted(f"{head} {lines[0]}", behind if block else None))
        self.lines.extend(" " * (indent + 2) + line if line else "" for line in lines[1:])
        if not block:
            self.lines[-1] = _noted(self.lines[-1], behind)


def body_lines(item: Item) -> int:
    """Return how many lines an item takes below the line of its key."""
    writer = Writer()
    writer.item(Item(item.value, item.key, [], item.behind[:1]), 0)
    return len(writer.lines) - 1


def keeps_newlines(node: Node, writer: Writer) -> bool:
    """Tell whether the last leaf is a text that keeps the empty lines behind it (`|+`)."""
    while isinstance(node, Collection):
        if node.flow or not node.items or node.trailing:
            return False
        node = writer.ordered(node)[-1].value
    return isinstance(node, Scalar) and node.style in {"literal", "folded"} and "+" in node.source.partition("\n")[0]


def write_top(node: Collection, leftover: list[str], *, meta_first: bool = True) -> str:
    """Return the whole file of a top-level map: one empty line between its keys, one line end at the end."""
    writer = Writer(meta_first=meta_first)
    items = writer.ordered(node)
    for number, item in enumerate(items):
        if number and not keeps_newlines(items[number - 1].value, writer):
            writer.lines.append(BLANK)
        notes = item.before
        while notes and notes[0] == BLANK:
            notes = notes[1:]
        writer.comments(notes, 0, first=number == 0)
        writer.item(item, 0)
    rest = [*node.trailing, *leftover]
    if rest:
        if any(note == BLANK for note in rest[:1]) or items:
            writer.lines.append(BLANK)
        writer.comments([note for number, note in enumerate(rest) if number or note != BLANK], 0, first=True)
    while writer.lines and writer.lines[-1] == BLANK and not (items and keeps_newlines(items[-1].value, writer)):
        writer.lines.pop()
    return "\n".join(writer.lines) + "\n"


def write_other(node: Node, leftover: list[str]) -> str:
    """Return the file of a top-level list, or of a map on one line (`{}`)."""
    writer = Writer()
    if isinstance(node, Collection) and not node.flow and node.items:
        writer.collection(node, 0)
    else:
        text = flow_text(node)
        if text is None or len(text) > WIDTH:
            assert isinstance(node, Collection)
            writer.collection(node, 0)
        else:
            writer.comments([note for note in leftover if note], 0)
            leftover = []
            writer.lines.append(text)
    writer.comments(leftover, 0)
    return "\n".join(writer.lines) + "\n"
