"""A plan as Markdown for a pull request: risky changes first, what changed here apart from what drifted, and in bounds.

GitHub takes comments of 65,536 characters, GitLab notes of a million. What does not fit is left out whole, resource by
resource, and counted; a table or a code block is never cut in the middle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.model.plan import Plan, ResourceChange
from reconciler.report import layout
from reconciler.report.lines import Line
from reconciler.report.markup import bullet, code, cut, details, diff_line, escape, fence, size, table
from reconciler.report.summary import plan_summary

LIMIT = 65_536
_RESERVE = 160
"""Bytes kept free for the note about what was left out."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that is shown whole or not at all. `brief` is what is shown when there is no room for `text`."""

    section: str
    text: str
    brief: str = ""
    resource: bool = False


def plan_markdown(plan: Plan, *, limit: int = LIMIT) -> str:
    """Return the plan as Markdown of at most `limit` characters and bytes (UTF-8)."""
    head = _head(plan)
    if size(head) + _RESERVE > limit:
        # So small a limit leaves room for the summary only.
        return cut(escape(plan_summary(plan)), limit)
    out, used, section = [head], size(head), ""
    left = others = 0
    for piece in _pieces(plan):
        title = f"\n\n### {piece.section}" if piece.section != section else ""
        for text, whole in ((piece.text, True), (piece.brief, False)):
            more = f"{title}\n\n{text}"
            if text and used + size(more) + _RESERVE <= limit:
                out.append(more)
                used += size(more)
                section = piece.section
                left += piece.resource and not whole
                break
        else:
            left += piece.resource
            others += not piece.resource
    if left or others:
        parts = [f"{left:,} more resource{'' if left == 1 else 's'}"] if left else []
        parts += [f"{others:,} other line{'' if others == 1 else 's'}"] if others else []
        verb = "is" if left + others == 1 else "are"
        out.append(f"\n\n**{' and '.join(parts)} {verb} left out, or without details:** see the log of this run.")
    return "".join(out) + "\n"


def _head(plan: Plan) -> str:
    where = " · ".join(escape(part) for part in (plan.project, plan.environment) if part)
    title = "Plan to destroy" if plan.mode == "destroy" else "Plan"
    summary = escape(plan_summary(plan))
    state = ""
    if plan.errors:
        state = "\n\n**This plan has errors and cannot be applied.**"
    elif plan.refused:
        state = "\n\n**A guardrail stands in the way: nothing is applied unless it is lifted.**"
    return f"## {title}: {where}\n\n**{summary[:1].upper()}{summary[1:]}**{state}"


def _pieces(plan: Plan) -> Iterator[Piece]:
    yield from (Piece("Errors", item) for item in _bullets(layout.error_lines(plan.errors)))
    yield from (Piece("Guardrails", item) for item in _bullets(layout.check_lines(plan.checks)))
    shown = layout.blocks(plan)
    if shown:
        yield Piece("Summary", _table([block.change for block in shown]))
    groups: dict[str, list[layout.Block]] = {}
    for block in shown:
        groups.setdefault(_group(block.change), []).append(block)
    for title in TITLES:
        for block in groups.get(title, ()):
            yield _resource(title, block)
    sections = (
        ("Kept: switches that somebody set by hand", layout.kept_lines(plan)),
        ("Circles of references that were cut", layout.cycle_lines(plan)),
        ("Notes", layout.note_lines(plan)),
        ("Outputs", layout.output_lines(plan.outputs) if layout.tells_outputs(plan) else []),
    )
    for title, lines in sections:
        yield from (Piece(title, item) for item in _bullets(lines))
    if plan.filters:
        yield Piece("Limited to a part of the project", ", ".join(code(text) for text in plan.filters))


TITLES = ("Risky", "Changed here", "Changed here and drifted", "Drifted", "Only in state")


def _group(change: ResourceChange) -> str:
    """Tell where a resource is shown: by its risk, else by who made it differ."""
    if change.risks:
        return "Risky"
    if change.action in {"adopt", "move", "forget", "no-op", "read"}:
        return "Only in state"
    drifted = bool(change.causes & {"drifted", "recreated"})
    here = bool(change.causes & {"changed", "adopting", "created", "removed", "replaced"})
    if "changed+drifted" in change.causes or (drifted and here):
        return "Changed here and drifted"
    return "Drifted" if drifted else "Changed here"


def _bullets(lines: Sequence[Line]) -> Iterator[str]:
    """Yield list items, each with what is indented beneath it."""
    item: list[str] = []
    for line in lines:
        if line.depth == 0 and item:
            yield "\n".join(item)
            item = []
        item.append(bullet(line))
    if item:
        yield "\n".join(item)


def _table(changes: Sequence[ResourceChange]) -> str:
    columns = ("create", "update", "replace", "remove")
    counts: dict[str, Counter[str]] = {}
    for change in changes:
        name = change.action if change.action in columns else "other"
        row = counts.setdefault(change.account, Counter())
        row[name] += 1
        row["risky"] += bool(change.risks)
    head = ("Account", "Create", "Update", "Replace", "Remove", "State only", "Risky")
    names = (*columns, "other", "risky")
    rows = [[code(account), *(str(row[name] or "") for name in names)] for account, row in counts.items()]
    return table(head, rows)


def _resource(section: str, block: layout.Block) -> Piece:
    change = block.change
    what = f"{code(block.mark)} {code(change.address)} — {escape(block.what)}"
    where = f" <sub>{escape(block.where)}</sub>" if block.where else ""
    risks = "".join(f"\n  - **risk:** {escape(text)}" for text in change.risks)
    brief = f"- {what}{where}{risks}"
    rest = [diff_line(line) for line in block.lines if not line.text.startswith("risk: ") or line.mark != "!"]
    if not rest:
        return Piece(section, brief, resource=True)
    said = "".join(f"\n- **risk:** {escape(text)}" for text in change.risks)
    folded = details(f"{what}{where}", fence(rest, "diff"))
    return Piece(section, f"{folded}{chr(10) + said if said else ''}", brief, resource=True)
