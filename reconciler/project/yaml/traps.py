"""First aid for text that is not YAML: says the real cause of each error with its place and fix, all of them at once.

The parser says where it gave up. Around that place the usual traps are tried; the first repair that gets the parser
further was the cause. Then it goes on with the repaired text, in memory. Where no repair helps, the parser's own
words are reported and the top-level part in question is left out, so that what follows is still checked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import yaml
from yaml.events import CollectionEndEvent, CollectionStartEvent

from reconciler.project.diagnostics import Diagnostic, Diagnostics, Place
from reconciler.project.yaml.compose import DEEPEST, Composer, compose
from reconciler.project.yaml.construct import Constructor
from reconciler.project.yaml.linescan import in_block_text, scan, stack_before
from reconciler.project.yaml.repairs import TRAPS, Proposal

MOST: Final = 50
"""Errors reported of one file; who has more has one cause."""

_FILLER: Final = "unreadable"
"""Stands in memory for a part that was left out."""

_FARTHEST: Final = 40
"""Lines that are searched backwards from where the parser gave up."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """Where the parser gave up (`at`, index into the text), with lines from 0: the error's and its context's."""

    at: int
    line: int
    context: int | None
    column: int
    words: str
    deep: bool = False


@dataclass(slots=True)
class _Effort:
    """Characters that may still be parsed to try repairs: a hostile file must not keep the tool busy for long."""

    left: int = 40_000_000


def _failure(text: str) -> _Failure | None:
    parser = Composer(text)
    try:
        depth = 0
        while (event := parser.get_event()) is not None:
            if isinstance(event, CollectionStartEvent):
                depth += 1
                if depth > DEEPEST and event.start_mark is not None:
                    at = event.start_mark
                    words = f"nested more than {DEEPEST} levels deep"
                    return _Failure(at.index, at.line, None, at.column, words, deep=True)
            elif isinstance(event, CollectionEndEvent):
                depth -= 1
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if mark is None:
            return _Failure(0, 0, None, 0, str(error))
        context = error.context_mark.line if error.context_mark is not None else None
        words = ", ".join(part for part in (error.problem, error.context) if part)
        return _Failure(mark.index, mark.line, context, mark.column, words)
    finally:
        parser.dispose()
    return None


def _parts(lines: list[str]) -> list[tuple[int, int]]:
    """Return the top-level parts as (first line, line behind the last)."""
    starts = [
        number
        for number, line in enumerate(lines)
        if re.match(r"""[^\s#\]})]""", line) and not line.startswith(("- ", "---"))
    ]
    starts = [0, *(number for number in starts if number)] if lines else []
    return list(zip(starts, [*starts[1:], len(lines)], strict=True))


def _candidates(failure: _Failure, lines: list[str]) -> list[int]:
    """Return the lines that may hold the cause, nearest first; an empty one never does."""
    last = min(failure.line, len(lines) - 1)
    order = [last]
    if failure.context is not None:
        order.append(min(failure.context, len(lines) - 1))
    order.extend(range(last - 1, max(-1, last - _FARTHEST), -1))
    return [number for number in dict.fromkeys(order) if lines[number].strip()]


def _repair(lines: list[str], failure: _Failure, effort: _Effort, *, safe_only: bool) -> tuple[int, Proposal] | None:
    """Return the line and the proposal that gets the parser further, near by and as far as possible."""
    if failure.deep:
        return None
    best: tuple[int, int, Proposal] | None = None
    size = sum(map(len, lines))
    for number in _candidates(failure, lines):
        if in_block_text(lines, number) and number != failure.line:
            continue
        stack = stack_before(lines, number)
        for trap in TRAPS:
            for proposal in trap(lines[number], stack, lines[:number]):
                if safe_only and not proposal.safe:
                    continue
                if effort.left < 0:
                    return None
                effort.left -= size
                repaired = [*lines[:number], proposal.line, *lines[number + 1 :]]
                after = _failure("\n".join(repaired))
                if after is None:
                    return number, proposal
                grown = len(proposal.line) - len(lines[number])
                gained = after.at - failure.at - max(grown, 0)
                if after.line > failure.line and gained > 0 and (best is None or gained > best[0]):
                    best = (gained, number, proposal)
        if best is not None and number <= failure.line - 3:
            break
        if size > 200_000 and number < failure.line - 5:
            break
    return (best[1], best[2]) if best else None


def _mend_part(lines: list[str], offset: int, file: str, found: Diagnostics, *, safe_only: bool) -> list[str] | None:
    """Return the part's lines repaired, or None when no repair helps."""
    effort = _Effort()
    for _ in range(MOST):
        failure = _failure("\n".join(lines))
        if failure is None:
            return lines
        repair = _repair(lines, failure, effort, safe_only=safe_only)
        if repair is None:
            if safe_only:
                return None
            _unexplained(lines, failure, offset, file, found)
            shorter = _without(lines, failure)
            if shorter is None:
                return None
            lines = shorter
            continue
        number, proposal = repair
        place = Place(file, offset + number + 1, proposal.column + 1)
        found.error(proposal.problem, place=place, fix=proposal.fix, code=proposal.code)
        lines = [*lines[:number], proposal.line, *lines[number + 1 :]]
    return None


def _unexplained(lines: list[str], failure: _Failure, offset: int, file: str, found: Diagnostics) -> None:
    """Report an error that no repair helps: an unclosed quote near by if there is one, else in the parser's words."""
    for number in () if failure.deep else _candidates(failure, lines):
        at = scan(lines[number], stack_before(lines, number)).unclosed_quote
        if at is not None and number <= failure.line and not in_block_text(lines, number):
            place = Place(file, offset + number + 1, at + 1)
            fix = f"add {lines[number][at]} at the end of the text"
            found.error("this quote is not closed", place=place, fix=fix, code="unclosed-quote")
            return
    place = Place(file, offset + min(failure.line, len(lines) - 1) + 1, failure.column + 1)
    if failure.deep:
        found.error(failure.words, place=place, code="too-deep")
    else:
        found.error(f"not YAML: {failure.words}", place=place, code="syntax")


def _without(lines: list[str], failure: _Failure) -> list[str] | None:
    """Return the lines of a part with the resource in question emptied, or None when it is not made of several."""
    children = [number for number, line in enumerate(lines) if number and line.strip() and line.lstrip()[0] != "#"]
    if not children:
        return None
    indent = _indent(lines[children[0]])
    starts = [number for number in children if _indent(lines[number]) == indent]
    first = max((number for number in starts if number <= failure.line), default=None)
    if first is None or len(starts) < 2 or lines[first].lstrip().startswith(f"{_FILLER}-"):
        return None
    behind = min((number for number in starts if number > first), default=len(lines))
    filler = [f"{' ' * indent}{_FILLER}-{first}: []", *([""] * (behind - first - 1))]
    return [*lines[:first], *filler, *lines[behind:]]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _mend(text: str, file: str, *, safe_only: bool) -> tuple[str, Diagnostics, bool]:
    """Return the text with what could be repaired, the findings, and whether all of it is YAML now."""
    found = Diagnostics()
    lines = text.split("\n")
    complete = True
    out: list[str] = []
    parts = _parts(lines)
    if _failure(text) is not None and not any(_failure("\n".join(lines[a:b])) for a, b in parts):
        parts = [(0, len(lines))]
    for first, behind in parts:
        part = lines[first:behind]
        mended = _mend_part(part, first, file, found, safe_only=safe_only)
        complete = complete and mended is not None
        if mended is None:
            mended = part if safe_only else [f"{_FILLER}-{first}: []", *([""] * (len(part) - 1))]
        out.extend(mended)
        if len(found) >= MOST:
            return "\n".join([*out, *lines[behind:]]), found, False
    return "\n".join(out), found, complete


def diagnose(text: str, file: str) -> list[Diagnostic]:
    """Return every error of a text that is not YAML, in the order of the file; at least one."""
    conflicts = _conflicts(text, file)
    if conflicts:
        return conflicts
    text, second = _first_document(text)
    text = re.sub(r"^\.\.\.(?=\s|\Z)[^\n]*", "", text, flags=re.MULTILINE)
    mended, found, _ = _mend(text, file, safe_only=False)
    if second is not None:
        fix = "one document a file: make it two files, or remove the line with `---` or `...`"
        found.error("a second document starts here", place=Place(file, second, 1), fix=fix, code="several-documents")
    for _ in range(MOST):
        try:
            first, _second = compose(mended)
        except yaml.MarkedYAMLError as error:
            step = _composing(mended, error, file, found)
            if step is None:
                break
            mended = step
            continue
        if first is not None:
            Constructor(mended.split("\n"), file, found).build(first)
        break
    if not found.has_errors:
        found.error("not YAML", place=Place(file, 1, 1), code="syntax")
    return found.sorted()


def _conflicts(text: str, file: str) -> list[Diagnostic]:
    """Return an error for each merge that git left to be resolved: what else is wrong then follows from it."""
    found = Diagnostics()
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"<{7}(?: |$)", line):
            fix = "keep one side of it, and remove the three lines with <<<<<<<, ======= and >>>>>>>"
            found.error("a conflict of git starts here", place=Place(file, number, 1), fix=fix, code="conflict")
    return found.sorted()


def _first_document(text: str) -> tuple[str, int | None]:
    """Return the text up to a second document, and the line (from 1) where that starts."""
    seen, ended = False, False
    lines = text.split("\n")
    for number, line in enumerate(lines):
        mark = line[:3] if re.match(r"(?:---|\.\.\.)(?:\s|$)", line) else ""
        content = (
            bool(line[3:].strip() if mark == "---" else line.strip())
            and not line.startswith(("#", "%"))
            and mark != "..."
        )
        if seen and (mark == "---" or (ended and content)):
            return "\n".join(lines[:number]), number + 1
        ended = ended or (seen and mark == "...")
        seen = seen or content or mark == "---"
    return text, None


def _composing(text: str, error: yaml.MarkedYAMLError, file: str, found: Diagnostics) -> str | None:
    """Report an alias without anchor, or an anchor set twice; return the text without it."""
    mark = error.problem_mark or error.context_mark
    if mark is None:
        found.error(str(error), place=Place(file, 1, 1), code="syntax")
        return None
    lines = text.split("\n")
    number = min(mark.line, len(lines) - 1)
    line = lines[number]
    place = Place(file, number + 1, mark.column + 1)
    match = re.match(r"[*&][\w-]+", line[mark.column :])
    if match is None:
        found.error(
            error.problem or "not YAML", place=place, code="too-deep" if "deep" in str(error.problem) else "syntax"
        )
        return None
    name = match.group()
    if name[0] == "*":
        fix = f"define it with `&{name[1:]}`, or quote the value if it is text"
        found.error(f"`{name}` is an alias of nothing", place=place, fix=fix, code="undefined-alias")
    else:
        found.error(
            f"the anchor `{name}` is set twice", place=place, fix="give one another name", code="duplicate-anchor"
        )
    lines[number] = f"{line[: mark.column]}{'0' if name[0] == '*' else ''}{line[mark.column + len(name) :]}"
    return "\n".join(lines)


def repair(text: str) -> tuple[str, list[Diagnostic]]:
    """Return the text with the safe traps repaired (for `fmt`), and what was repaired. Lines end in LF."""
    mended, found, _ = _mend(text, "", safe_only=True)
    return mended, found.sorted()
