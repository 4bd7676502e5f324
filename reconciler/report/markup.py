"""Pieces of Markdown in which nothing that comes from outside can break out of its place, or call anybody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from reconciler.report.display import clean
from reconciler.report.lines import Line

_SPECIAL = re.compile(r"""[&<>`*_~\[\]\\|@#$]|:(?=//)|\A[-+=]|(?<=\A\d)[.)]|(?<=\A\d\d)[.)]|(?<=\A\d{3})[.)]""")
_CALLS = frozenset("@#")
"""What names people, teams and issues: sites look for these in the finished page, so coding them is not enough."""
_TICKS = re.compile(r"`+")
SIGNS = {"+": "+", "-": "-", "~": "!", "→": "!", "⇐": "!", "↑": "!", "=": "!", "✗": "-"}
"""First columns that GitHub and GitLab colour in a block of type `diff`."""


def escape(text: str) -> str:
    """Return text for running Markdown or a table cell: one line, every character that could mean something coded."""
    return _SPECIAL.sub(lambda m: _coded(m[0]) + ("&#8203;" if m[0] in _CALLS else ""), clean(text).strip())


def _coded(character: str) -> str:
    return f"&#{ord(character)};"


def code(text: str) -> str:
    """Return text as inline code. Not by backticks: those have no way to hold a `|` in a table. Nobody is notified."""
    return f"<code>{_SPECIAL.sub(lambda m: _coded(m[0]), clean(text).strip())}</code>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the cells are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fence(lines: Iterable[str], language: str = "") -> str:
    """Return a code block whose fence is longer than any run of backticks in it."""
    text = "\n".join(lines)
    ticks = "`" * max(3, 1 + max((len(run) for run in _TICKS.findall(text)), default=0))
    return f"{ticks}{language}\n{text}\n{ticks}"


def diff_line(line: Line) -> str:
    """Return a line for a block of type `diff`: what it is stands in the first column, the indent behind it."""
    sign = SIGNS.get(line.mark, " ")
    own = f"{line.mark} " if line.mark not in {"", " ", "+", "-", "~"} else ""
    tail = f"  {line.tail}" if line.tail else ""
    return f"{sign} {'  ' * line.depth}{own}{line.text}{tail}".rstrip()


def details(summary: str, inner: str) -> str:
    """Return a part that is folded away; `summary` is HTML already, `inner` is Markdown between blank lines."""
    return f"<details><summary>{summary}</summary>\n\n{inner}\n\n</details>"


def bullet(line: Line) -> str:
    """Return one line as an item of a list."""
    tail = f" <sub>{escape(line.tail)}</sub>" if line.tail else ""
    mark = f"{escape(line.mark)} " if line.mark in {"✗", "=", "→", "↑"} else ""
    return f"{'  ' * line.depth}- {mark}{escape(line.text)}{tail}"


def size(text: str) -> int:
    """Return how long a text is by whoever counts most: bytes of UTF-8, never fewer than characters."""
    return len(text.encode("utf-8", "replace"))


def cut(text: str, limit: int) -> str:
    """Return as much of a text as fits, cut between two characters."""
    data = text.encode("utf-8", "replace")
    return text if len(data) <= limit else data[: max(0, limit)].decode("utf-8", "ignore")
