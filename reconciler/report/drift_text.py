"""Drift as text for people: what, who, when."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.report.display import clean, quote, show
from reconciler.report.layout import error_lines, place
from reconciler.report.lines import Line, leaf_lines
from reconciler.report.summary import actor_text
from reconciler.report.text import print_lines, section

if TYPE_CHECKING:
    from rich.console import Console

    from reconciler.drift import Drifted, DriftReport, Unmanaged

MOST_NAMES = 20
"""Unmanaged objects that are named per kind when not everything was asked for."""


def render_drift(report: DriftReport, console: Console, *, verbose: bool = False) -> None:
    """Print a drift report: resources with what was changed and by whom, unmanaged objects, notes, a summary."""
    for number, item in enumerate(report.items):
        if number:
            print_lines(console, [Line(0, "", "")])
        print_lines(console, [_head(item)])
        print_lines(console, _body(item, verbose=verbose), 3)
    if report.unmanaged is not None:
        lines = [line for group in report.unmanaged for line in _unmanaged(group, verbose=verbose)]
        section(console, "Unmanaged: live, and declared nowhere", lines or [Line(0, "", "nothing", tone="dim")])
    notes = [Line(0, "", f"{clean(note.address)}: {clean(note.text)}", tone="dim") for note in report.notes]
    section(console, "Notes", notes)
    section(console, "Errors", error_lines(report.errors))
    if report.items or report.unmanaged is not None or notes or report.errors:
        print_lines(console, [Line(0, "", "")])
    print_lines(console, [Line(0, "", drift_summary(report), tone="head")])


def drift_summary(report: DriftReport) -> str:
    """Return one line: how much drifted, of how much that was looked at."""
    looked = f"{report.checked:,} resource{'' if report.checked == 1 else 's'} looked at"
    extra = ""
    if report.unmanaged is not None:
        extra = f", {sum(len(group.objects) for group in report.unmanaged):,} unmanaged"
    if not report.items:
        return f"No drift: {looked}{extra}"
    gone = sum(1 for item in report.items if item.gone)
    kept = sum(len(item.kept) for item in report.items)
    parts = [f"{len(report.items)} drifted"]
    if gone:
        parts.append(f"{gone} of them deleted")
    if kept:
        parts.append(f"{kept} switch{'' if kept == 1 else 'es'} kept as set by hand")
    return f"{', '.join(parts)}; {looked}{extra}"


def _head(item: Drifted) -> Line:
    by = actor_text(item.actor) or "by whom is not known"
    what = f"deleted on the platform {by}" if item.gone else f"changed {by}"
    where = place(item.file, item.line)
    tail = f"{what}  {where}" if where else what
    return Line(0, "  -" if item.gone else "  ~", clean(item.address), tail, "head")


def _body(item: Drifted, *, verbose: bool) -> list[Line]:
    out: list[Line] = []
    kept = {leaf.text for leaf in item.kept}
    for leaf in item.leaves:
        lines = leaf_lines(replace(leaf, cause="changed"), 0, verbose=verbose)
        first = lines[0]
        if leaf.text in kept:
            tail = "kept: a plan leaves it so"
        elif leaf.secret or leaf.cause == "drifted":
            tail = ""
        else:
            tail = f"the file now says {show(leaf.previous)}" if not isinstance(leaf.previous, list | dict) else ""
        out.append(Line(first.depth, first.mark, first.text, tail, first.tone))
        out.extend(lines[1:])
    for child in item.children:
        identity = f"id {clean(child.id)}" if child.id is not None else ""
        name = quote(child.name) if child.name is not None and child.name not in child.text else ""
        said = ", ".join(part for part in (f"{child.by_hand} by hand", name, identity) if part)
        out.append(Line(0, "+" if child.by_hand == "added" else "-", clean(child.text), said))
    return out


def _unmanaged(group: Unmanaged, *, verbose: bool) -> list[Line]:
    scope = ", ".join(f"{clean(name)} {clean(value)}" for name, value in group.scope.items())
    out = [Line(0, "", f"{clean(group.account)}.{clean(group.kind)}: {len(group.objects):,}", scope)]
    shown = group.objects if verbose else group.objects[:MOST_NAMES]
    out.extend(
        Line(1, "", quote(found.name) if found.name else "(no name)", f"id {clean(found.id)}") for found in shown
    )
    if len(shown) < len(group.objects):
        out.append(Line(1, "", f"{len(group.objects) - len(shown):,} more; --verbose names them all", tone="dim"))
    return out
