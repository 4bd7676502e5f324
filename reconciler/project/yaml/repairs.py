"""The usual traps of YAML, one function each: sees it on a line, names the cause, and writes the line as it was meant.

Whether a proposal is right is decided by the parser: `traps` takes the first one that gets it further.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.project.yaml.linescan import CLOSERS, Piece, quoted, scan


@dataclass(frozen=True, slots=True)
class Proposal:
    """A cause and its repair: `line` is the whole line rewritten, `column` (from 0) where the cause stands.

    `safe` if nothing else can have been meant, so that `fmt` may write it.
    """

    column: int
    problem: str
    fix: str
    line: str
    code: str
    safe: bool = False


Trap = Callable[[str, str, list[str]], Iterator[Proposal]]
"""Takes the line, the brackets open before it, and the lines before it."""

_FIRST: Final = {
    "@": ("no plain text may start with `@`", "first-character", True),
    "`": ("no plain text may start with a backtick", "first-character", True),
    "%": ("no plain text may start with `%`", "first-character", True),
    "*": ("a value that starts with `*` is an alias", "first-character", True),
    "&": ("a value that starts with `&` is an anchor", "first-character", False),
    "!": ("a value that starts with `!` is a tag", "first-character", False),
    "|": ("`|` starts a text on the lines below", "first-character", False),
    ">": ("`>` starts a text on the lines below", "first-character", False),
    "]": ("no plain text may start with `]`", "first-character", False),
    "}": ("no plain text may start with `}`", "first-character", False),
    ",": ("no plain text may start with a comma", "first-character", False),
    "?": ("a value that starts with `? ` is a key", "first-character", True),
}


_ESCAPE: Final = re.compile(r'(?<!\\)(?:\\\\)*\\([^0abt\tnvfre "/\\N_LPxuU])')


def _replace(line: str, piece: Piece) -> str:
    return line[: piece.start] + quoted(piece.text) + line[piece.end :]


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"


def interpolation(line: str, stack: str, _before: list[str]) -> Iterator[Proposal]:
    """See `${…}` or `{{…}}` without quotes within `{ }` or `[ ]`, or at the start of a value."""
    pieces = [
        piece
        for piece in scan(line, stack).pieces
        if piece.text[0] not in "\"'" and (("${" in piece.text and piece.flow) or "{{" in piece.text)
    ]
    if not pieces:
        return
    out = line
    for piece in reversed(pieces):
        out = _replace(out, piece)
    first = pieces[0]
    mark = "{{…}}" if "{{" in first.text else "${…}"
    where = "within brackets" if first.flow else "at the start of a value"
    problem = f"`{mark}` without quotes {where}: `{{` starts a map there"
    yield Proposal(first.start, problem, f"write {_short(quoted(first.text))}", out, "interpolation", safe=True)


def first_character(line: str, stack: str, _before: list[str]) -> Iterator[Proposal]:
    """See a value that starts with a character that means something else to YAML."""
    for piece in scan(line, stack).pieces:
        found = _FIRST.get(piece.text[0])
        if found is None or (piece.text[0] == "?" and not piece.text.startswith("? ")):
            continue
        problem, code, safe = found
        yield Proposal(
            piece.start, problem, f"write {_short(quoted(piece.text))}", _replace(line, piece), code, safe=safe
        )


def hidden_by_comment(line: str, stack: str, _before: list[str]) -> Iterator[Proposal]:
    """See a `#` within brackets that hides the rest of the line, closing brackets included."""
    seen = scan(line, stack)
    if seen.comment is None or not seen.stack:
        return
    match = re.match(r"#[^,\]}\s][^,\]}]*", line[seen.comment :])
    if match is None:
        return
    text = match.group().rstrip()
    out = line[: seen.comment] + quoted(text) + line[seen.comment + len(text) :]
    yield Proposal(
        seen.comment,
        "the `#` starts a comment, which hides the rest of the line",
        f"write {quoted(text)}",
        out,
        "comment",
    )


def colon_in_value(line: str, stack: str, _before: list[str]) -> Iterator[Proposal]:
    """See a `: ` inside a plain value."""
    for piece in scan(line, stack).pieces:
        if piece.is_key or piece.flow or piece.text[0] in "\"'":
            continue
        inside = re.search(r":(?=\s|$)", piece.text)
        if inside is not None and inside.start() == 0:
            fix = f"write a key, or {_short(quoted(piece.text))}"
            line_out = _replace(line, piece)
            yield Proposal(piece.start, "a key is missing before the colon", fix, line_out, "empty-key")
        elif inside is not None:
            problem = "`: ` inside a value without quotes starts a new key"
            fix = f"write {_short(quoted(piece.text))}"
            yield Proposal(piece.start + inside.start(), problem, fix, _replace(line, piece), "colon")


def tabs(line: str, _stack: str, before: list[str]) -> Iterator[Proposal]:
    """See a tab in the indentation."""
    text = line.lstrip(" \t")
    indent = line[: len(line) - len(text)]
    if "\t" in indent:
        above = next((other for other in reversed(before) if other.strip()), "")
        for spaces in (indent.replace("\t", "  "), above[: len(above) - len(above.lstrip(" "))]):
            what, fix = "a tab indents this line", "indent with two spaces a level"
            yield Proposal(indent.index("\t"), what, fix, spaces + text, "tab")


def missing_space(line: str, stack: str, _before: list[str]) -> Iterator[Proposal]:
    """See `key:value` without the space."""
    match = re.match(r"""(\s*(?:-\s+)*(?:[A-Za-z_$][\w.$-]*|"[^"]*"|'[^']*')):(?=[^\s:/,\]}])""", line)
    if match is not None and not stack:
        problem = "a space is missing after the colon"
        rest = _short(line[match.end() :].rstrip())
        fix = f"write `{match.group(1).strip()}: {rest}`"
        yield Proposal(match.end() - 1, problem, fix, f"{match.group()} {line[match.end() :]}", "missing-space")


def dash(line: str, stack: str, _before: list[str]) -> Iterator[Proposal]:
    """See a list item without the space behind its dash, or one that starts on its key's line."""
    match = re.match(r"(\s*)-(?=[^\s-])", line)
    if match is not None and not stack:
        out = f"{match.group()} {line[match.end() :]}"
        fix = f"write `- {_short(line[match.end() :].rstrip())}`"
        yield Proposal(match.end() - 1, "a space is missing after the dash", fix, out, "missing-space")
    for piece in scan(line, stack).pieces:
        if not piece.is_key and not piece.flow and piece.text.startswith("- "):
            problem = "a list item cannot stand on its key's line"
            fix = f"put it on the next line, or write `[{piece.text[2:]}]` or {quoted(piece.text)}"
            yield Proposal(piece.start, problem, fix, _replace(line, piece), "item-on-line")


def quotes(line: str, stack: str, _before: list[str]) -> Iterator[Proposal]:
    """See a quote that is not closed, or text behind a closed one."""
    seen = scan(line, stack)
    at = seen.unclosed_quote
    if at is not None:
        mark = line[at]
        body = line[at + 1 :].rstrip()
        closer = re.search(r"[\]},\s]*$", body) if stack or seen.opened else None
        cut = closer.start() if closer else len(body)
        out = f"{line[: at + 1]}{body[:cut]}{mark}{body[cut:]}"
        yield Proposal(at, "this quote is not closed", f"add {mark} at the end of the text", out, "unclosed-quote")
    for piece in seen.pieces:
        if piece.flow or piece.is_key or piece.text[0] not in "\"'" or len(piece.text) < 2:
            continue
        inner = piece.text[1:-1] if piece.text[-1] == piece.text[0] else piece.text
        whole = quoted(inner)
        end = re.match(r'"(?:[^"\\]|\\.)*"|' + r"'(?:[^']|'')*'", piece.text)
        if whole != piece.text and end is not None and end.end() < len(piece.text):
            out = line[: piece.start] + whole + line[piece.end :]
            column = piece.start + end.end()
            yield Proposal(column, "text stands behind the closing quote", f"write {_short(whole)}", out, "after-quote")


def escapes(line: str, stack: str, _before: list[str]) -> Iterator[Proposal]:
    """See a backslash in double quotes that starts no escape, as in regular expressions."""
    for piece in scan(line, stack).pieces:
        wrong = _ESCAPE.search(piece.text) if piece.text[0] == '"' and len(piece.text) > 1 else None
        if wrong is None:
            continue
        whole = f"'{piece.text[1:-1]}'"
        if "'" in whole[1:-1] or re.search(r'\\["\\]', piece.text):
            whole = _ESCAPE.sub(r"\\\\\1", piece.text)
        out = line[: piece.start] + whole + line[piece.end :]
        problem = f"`\\{wrong.group(1)}` is no escape that double quotes know"
        yield Proposal(piece.start + wrong.start(), problem, f"write {_short(whole)}", out, "escape")


def brackets(line: str, stack: str, _before: list[str]) -> Iterator[Proposal]:
    """See a bracket that is not closed, or closed once too often."""
    seen = scan(line, stack)
    if seen.surplus is not None and seen.stack:
        upto = scan(line[: seen.surplus], stack)
        missing = CLOSERS[upto.stack[-1]] if upto.stack else ""
        column = upto.opened[-1] if upto.opened else seen.surplus
        out = f"{line[: seen.surplus].rstrip()}{missing}{line[seen.surplus :]}"
        yield Proposal(column, f"the `{line[column]}` is not closed", f"add `{missing}`", out, "bracket")
    if seen.surplus is not None:
        out = line[: seen.surplus] + line[seen.surplus + 1 :]
        problem = f"nothing opened the `{line[seen.surplus]}` here"
        yield Proposal(seen.surplus, problem, "remove it, or open it", out, "bracket")
    if seen.stack and (seen.opened or stack):
        closers = "".join(CLOSERS[mark] for mark in reversed(seen.stack))
        end = len(line) if seen.comment is None else seen.comment
        out = f"{line[:end].rstrip().rstrip(',')}{closers} {line[end:]}".rstrip()
        column = seen.opened[0] if seen.opened else len(line) - len(line.lstrip())
        mark = line[column] if seen.opened else stack[-1]
        yield Proposal(column, f"the `{mark}` is not closed", f"add `{closers}`", out, "bracket")


def indentation(line: str, stack: str, before: list[str]) -> Iterator[Proposal]:
    """See a line indented unlike its neighbours."""
    stripped = line.lstrip(" ")
    own = len(line) - len(stripped)
    above = next((other for other in reversed(before) if other.strip()), "")
    if stack or not stripped.strip() or any(missing_space(above, "", [])):
        return
    levels: list[int] = []
    for earlier in reversed(before):
        text = earlier.lstrip(" ")
        if not text or text.startswith("#"):
            continue
        dashes = re.match(r"(?:-\s+)+", text)
        for level in (len(earlier) - len(text) + (dashes.end() if dashes else 0), len(earlier) - len(text)):
            if level not in levels:
                levels.append(level)
        if len(levels) > 8:
            break
    for level in sorted((level for level in levels if level != own), key=lambda level: abs(level - own)):
        problem = f"this line is indented by {own}, which fits none of the lines above"
        fix = f"indent it by {level}, as the lines it belongs to"
        yield Proposal(own, problem, fix, " " * level + stripped, "indentation")


TRAPS: Final[tuple[Trap, ...]] = (
    tabs,
    interpolation,
    first_character,
    hidden_by_comment,
    escapes,
    quotes,
    brackets,
    colon_in_value,
    missing_space,
    dash,
    indentation,
)
