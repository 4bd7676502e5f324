"""Splits one line of broken YAML into the pieces a person sees, so that a repair can put quotes around the right ones.

A parser has given up on the text; this is a reading by habit: `${…}` and `{{…}}` belong together, a value goes to the
end of the line or, within brackets, to the next comma.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HEAD = re.compile(r"""[ \t]*(?:-[ \t]+)*""")
_KEY = re.compile(
    r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|\$?[^\s\[\]{},"'#&*!|>%@`?-][^#]*?|-[^\s#][^#]*?)[ \t]*:(?=[ \t]|$)"""
)
_INTERPOLATION = re.compile(r"\$\{[^{}]*\}|\{\{[^{}]*\}\}")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|' + r"'(?:[^']|'')*'")
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#")
PAIRS = {"]": "[", "}": "{"}
CLOSERS = {"[": "]", "{": "}"}


@dataclass(slots=True)
class Piece:
    """A scalar of a line, from `start` to `end` (offsets), as written; `flow` if it stands within brackets."""

    start: int
    end: int
    text: str
    flow: bool
    is_key: bool = False


@dataclass(slots=True)
class Line:
    """What stands on a line: scalars, brackets still open after it, and where a comment starts."""

    pieces: list[Piece] = field(default_factory=list)
    stack: str = ""
    opened: list[int] = field(default_factory=list)
    """Offsets of brackets opened on this line and not closed on it."""
    surplus: int | None = None
    """Offset of a closing bracket that nothing opened."""
    unclosed_quote: int | None = None
    comment: int | None = None
    key_end: int | None = None
    """Offset behind the colon of a block key."""


def scan(line: str, stack: str = "") -> Line:
    """Scan one line; `stack` holds the brackets open before it."""
    out = Line(stack=stack)
    position = 0
    if not stack:
        head = _HEAD.match(line)
        position = head.end() if head else 0
        key = _KEY.match(line, position)
        if key is not None:
            name = key.group()[:-1].rstrip()
            out.pieces.append(Piece(position, position + len(name), name, flow=False, is_key=True))
            out.key_end = key.end()
            position = key.end()
        position = _spaces(line, position)
        if not _starts_flow(line, position):
            _block_value(line, position, out)
            return out
    _flow(line, position, out)
    return out


def _spaces(line: str, position: int) -> int:
    while position < len(line) and line[position] in " \t":
        position += 1
    return position


def _starts_flow(line: str, position: int) -> bool:
    return line[position : position + 1] in {"[", "{"} and _INTERPOLATION.match(line, position) is None


def _block_value(line: str, position: int, out: Line) -> None:
    rest = line[position:]
    if not rest.strip():
        return
    quoted = _QUOTED.match(line, position)
    if quoted is None and rest[0] in "\"'":
        out.unclosed_quote = position
    comment = _COMMENT.search(line, quoted.end() if quoted else position)
    end = comment.start() if comment else len(line)
    out.comment = comment.start() if comment else None
    text = line[position:end].rstrip()
    if text:
        out.pieces.append(Piece(position, position + len(text), text, flow=False))


def _flow(line: str, position: int, out: Line) -> None:
    while True:
        position = _spaces(line, position)
        if position >= len(line):
            return
        character = line[position]
        if character == "#" and (position == 0 or line[position - 1] in " \t"):
            out.comment = position
            return
        if _starts_flow(line, position):
            out.stack += character
            out.opened.append(position)
        elif character in PAIRS:
            if out.stack.endswith(PAIRS[character]):
                out.stack = out.stack[:-1]
                if out.opened:
                    out.opened.pop()
            elif out.surplus is None:
                out.surplus = position
        elif character in "\"'":
            quoted = _QUOTED.match(line, position)
            if quoted is None:
                out.unclosed_quote = position
                return
            out.pieces.append(Piece(position, quoted.end(), quoted.group(), flow=True))
            position = quoted.end()
            continue
        elif character not in ",:":
            end = _plain_end(line, position)
            text = line[position:end].rstrip()
            is_key = line[end : end + 1] == ":"
            out.pieces.append(Piece(position, position + len(text), text, flow=True, is_key=is_key))
            position = end
            continue
        position += 1


def _plain_end(line: str, position: int) -> int:
    while position < len(line):
        inside = _INTERPOLATION.match(line, position)
        if inside is not None:
            position = inside.end()
            continue
        character = line[position]
        if character in ",[]{}" or (character == "#" and line[position - 1] in " \t"):
            return position
        if character == ":" and line[position + 1 : position + 2] in {"", " ", "\t", ",", "]", "}"}:
            return position
        position += 1
    return position


def stack_before(lines: list[str], number: int) -> str:
    """Return the brackets open at the start of line `number` (from 0), reading from the first line given.

    Lines of block texts (`|`, `>`) do not count.
    """
    stack = ""
    text_indent: int | None = None
    for line in lines[:number]:
        indent = len(line) - len(line.lstrip(" "))
        if text_indent is not None:
            if not line.strip() or indent > text_indent:
                continue
            text_indent = None
        if not stack and re.search(r"(?:^|[ \t])[|>][-+0-9]*[ \t]*(?:#.*)?$", line):
            text_indent = indent
            continue
        stack = scan(line, stack).stack
    return stack


def in_block_text(lines: list[str], number: int) -> bool:
    """Tell whether line `number` belongs to a block text (`|`, `>`)."""
    text_indent: int | None = None
    for line in lines[: number + 1]:
        indent = len(line) - len(line.lstrip(" "))
        if text_indent is not None and (not line.strip() or indent > text_indent):
            continue
        text_indent = indent if re.search(r"(?:^|[ \t])[|>][-+0-9]*[ \t]*(?:#.*)?$", line) else None
    return text_indent is not None and len(lines[number]) - len(lines[number].lstrip(" ")) > text_indent


def quoted(text: str) -> str:
    """Return `text` in double quotes (in single ones when it holds double quotes and no single ones)."""
    if '"' in text and "'" not in text:
        return f"'{text}'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
