"""Plans and results as text for people. Values are never taken for markup, colours only where the console has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.model.plan import Plan
from reconciler.report import layout
from reconciler.report.display import clean, clean_line
from reconciler.report.lines import Line
from reconciler.report.summary import duration, plan_summary

if TYPE_CHECKING:
    from rich.console import Console

    from reconciler.applier.result import RunResult, StepResult

STYLES = {
    "head": "bold",
    "add": "green",
    "remove": "red",
    "change": "yellow",
    "move": "cyan",
    "kept": "magenta",
    "risk": "bold yellow",
    "error": "bold red",
    "ok": "green",
    "dim": "dim",
}
HEADS = {"+": "add", "-": "remove", "~": "change", "-/+": "remove", "+/-": "change", "→": "move", "⇐": "move"}


def print_lines(console: Console, lines: Sequence[Line], indent: int = 0) -> None:
    """Print lines; on a console without colours as one plain text."""
    lead = "  " * indent
    if console.no_color or console.color_system is None:
        bare = "\n".join((lead + str(line)).rstrip() for line in lines)
        if lines:
            console.out(bare, highlight=False)
        return
    from rich.text import Text

    text_lines = []
    for line in lines:
        style = STYLES.get(line.paint, "")
        text = Text(lead + "  " * line.depth, no_wrap=True, overflow="ignore")
        text.append(f"{line.mark} " if line.mark else "", style)
        text.append(line.text, style if line.paint in {"head", "error", "risk", "dim", "add", "remove"} else "")
        text.append(f"  {line.tail}" if line.tail else "", "dim")
        text_lines.append(text)
    if text_lines:
        console.print(Text("\n").join(text_lines), highlight=False, soft_wrap=True)


def section(console: Console, title: str, lines: Sequence[Line]) -> None:
    """Print a part with its title after a blank line; nothing when there are no lines."""
    if lines:
        print_lines(console, [Line(0, "", ""), Line(0, "", title, tone="head")])
        print_lines(console, lines, 1)


def render_plan(plan: Plan, console: Console, *, verbose: bool = False) -> None:
    """Print a plan: resources in its order, then what is kept, cut, noted, refused, and the summary."""
    first = True
    for block in layout.blocks(plan, verbose=verbose):
        if not first:
            print_lines(console, [Line(0, "", "")])
        first = False
        tail = "  ".join(part for part in (block.what, block.where) if part)
        head = Line(0, f"{block.mark:>3}", clean(block.change.address), tail, "head")
        print_lines(console, [head])
        print_lines(console, block.lines, 3)
    if first:
        text = "No changes could be planned."
        if not plan.errors:
            text = "No changes: what is live is as declared."
            text = "Nothing to remove: nothing is managed." if plan.mode == "destroy" else text
        print_lines(console, [Line(0, "", text, tone="ok")])
    section(console, "Kept: switches that somebody set by hand", layout.kept_lines(plan))
    section(console, "Circles of references that were cut", layout.cycle_lines(plan))
    section(console, "Notes", layout.note_lines(plan))
    section(console, "Outputs", layout.output_lines(plan.outputs) if layout.tells_outputs(plan) or verbose else [])
    if verbose:
        section(console, "Steps", layout.step_lines(plan))
    if plan.filters:
        filters = [Line(0, "", clean(text), tone="dim") for text in plan.filters]
        section(console, "Limited to a part of the project", filters)
    section(console, "Guardrails", layout.check_lines(plan.checks))
    section(console, "Errors", layout.error_lines(plan.errors))
    summary = plan_summary(plan)
    if summary != "no changes" or not first or plan.errors or plan.refused:
        print_lines(console, [Line(0, "", ""), Line(0, "", summary[:1].upper() + summary[1:], tone="head")])
    if verbose:
        read = f"read with {plan.calls:,} calls" + (f" in {duration(plan.seconds)}" if plan.seconds else "")
        print_lines(console, [Line(0, "", f"plan {plan.id}, {read}", tone="dim")])


def render_result(result: RunResult, console: Console, *, quiet: bool = False) -> None:
    """Print what became of each step. With `quiet` only what did not go well, and the summary."""
    lines: list[Line] = []
    for step in result.results:
        if step.step.edit == "record" and step.status == "done":
            continue
        if quiet and step.status == "done" and not step.warnings:
            continue
        lines.extend(_outcome(step))
    print_lines(console, lines, 1)
    section(console, "No longer as planned", [_stale(item.address, item.text, item.actor) for item in result.stale])
    recovered = [Line(0, "", clean(text), tone="dim") for text in result.recovered]
    section(console, "Found again from interrupted runs", recovered)
    if result.refused:
        refused = [Line(0, "✗", clean_line(text), tone="error") for text in result.refused.split("\n")]
        section(console, "State could not be written", refused)
    print_lines(console, [Line(0, "", "")] if lines else [])
    good = result.exit_code == 0
    print_lines(console, [Line(0, "", result_summary(result), tone="ok" if good else "error")])


def result_summary(result: RunResult) -> str:
    """Return one line: done, failed, skipped, not started; calls and time."""
    shown = [step for step in result.results if step.step.edit != "record" or step.status != "done"]
    names = ("done", "failed", "skipped", "not started")
    said = ", ".join(f"{sum(1 for step in shown if step.status == name)} {name}" for name in names)
    calls = f"{result.calls:,} call{'' if result.calls == 1 else 's'}"
    stop = "Interrupted: " if result.interrupted else ""
    stale = f", {len(result.stale)} stale" if result.stale else ""
    return f"{stop}{said}{stale} · {calls} in {duration(result.seconds)} · run {clean(result.run)}"


def _outcome(step: StepResult) -> list[Line]:
    title = f"{clean(step.step.address)}  {clean(step.step.title or step.step.call)}"
    out: list[Line]
    match step.status:
        case "done":
            out = [Line(0, "✓", title, tone="ok")]
        case "failed":
            first, *rest = step.error.split("\n")
            out = [Line(0, "✗", f"{title}: {clean(first)}", tone="error")]
            out.extend(Line(2, "", clean_line(text), tone="error") for text in rest)
        case "skipped":
            out = [
                Line(
                    0, "-", f"{title}: skipped, because {clean(step.cause or step.error or 'a step before it failed')}"
                )
            ]
        case "not started":
            out = [Line(0, "·", f"{title}: not started", clean(step.cause), "dim")]
    return [*out, *(Line(1, "!", clean(text)) for text in step.warnings)]


def _stale(address: str, text: str, actor: str) -> Line:
    return Line(0, "≠", f"{clean(address)}: {clean(text)}", f"by {clean(actor)}" if actor else "", "risk")


__all__ = ["plan_summary", "print_lines", "render_plan", "render_result", "result_summary", "section"]
