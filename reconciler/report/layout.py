"""A plan as blocks of lines, in the order in which they are shown: painted by `text`, quoted by `markdown`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reconciler.model.plan import CheckResult, LeafChange, Note, OutputChange, Plan, ResourceChange, Step
from reconciler.report.display import clean, clean_line, short
from reconciler.report.lines import Line, child_lines, leaf_lines, tree_lines
from reconciler.report.summary import actor_text, has_moved, heading

SILENT = frozenset({"no-op", "read"})


@dataclass(frozen=True, slots=True)
class Block:
    """One resource of a plan: its head and what stands beneath it."""

    change: ResourceChange
    mark: str
    what: str
    where: str
    lines: list[Line] = field(default_factory=list)


def place(file: str | None, line: int | None) -> str:
    """Return `file:line`, as far as it is known."""
    if file is None:
        return ""
    return clean(file) if line is None else f"{clean(file)}:{line}"


def blocks(plan: Plan, *, verbose: bool = False) -> list[Block]:
    """Return the resources that there is something to say about, in the plan's order."""
    live: dict[str, list[Step]] = defaultdict(list)
    for step in plan.steps:
        if step.phase == "publish" and step.call != "state":
            live[step.address].append(step)
    out = []
    for change in plan.resources:
        if change.action in SILENT and not change.released and not (verbose and change.action == "read"):
            continue
        mark, what = heading(change, destroy=plan.mode == "destroy")
        lines = [*body(change, verbose=verbose), *_going_live(live.get(change.address, ()))]
        out.append(Block(change, mark, what, place(change.file, change.line), lines))
    return out


def body(change: ResourceChange, *, verbose: bool = False) -> list[Line]:
    """Return what stands beneath a resource's head: its attributes, children, risks and notes."""
    out: list[Line] = []
    if has_moved(change) and change.action != "move":
        out.append(Line(0, "→", f"moved from {clean(change.previous_address or '')}"))
    if change.importing is not None and change.action != "adopt":
        out.append(Line(0, "⇐", f"adopted: id {clean(change.importing)}", tone="move"))
    if change.action == "create":
        for name, value in (change.after or {}).items():
            if name != "$implied":
                out.extend(tree_lines(name, value, 0, "+", verbose=verbose))
    for leaf in change.leaves:
        where = place(leaf.file, leaf.line) if leaf.file is not None and leaf.line != change.line else ""
        out.extend(_located(leaf_lines(leaf, 0, verbose=verbose), where))
    for child in change.children:
        out.extend(child_lines(child, 0, verbose=verbose))
    if change.carried and change.action in {"update", "replace"}:
        noun = "attribute" if change.carried == 1 else "attributes"
        out.append(Line(0, "", f"{change.carried} {noun} carried over as they are", tone="dim"))
    out.extend(Line(0, "○", f"released: {clean(path)}", tone="dim") for path in change.released)
    if verbose:
        out.extend(Line(0, "", f"converged: {clean(path)}", tone="dim") for path in change.converged)
    out.extend(Line(0, "!", f"risk: {clean(text)}") for text in change.risks)
    out.extend(Line(0, "", f"note: {clean(text)}", tone="dim") for text in change.notes)
    return out


def _located(lines: list[Line], where: str) -> list[Line]:
    if not where:
        return lines
    first = lines[0]
    tail = f"{first.tail}; {where}" if first.tail else where
    return [Line(first.depth, first.mark, first.text, tail, first.tone), *lines[1:]]


def _going_live(steps: Iterable[Step]) -> list[Line]:
    return [Line(0, "↑", f"goes live: {clean(step.title)}") for step in steps]


def kept_lines(plan: Plan) -> list[Line]:
    """Return the switches that somebody set by hand and that are left alone, and how to turn them back."""
    out: list[Line] = []
    for change in plan.resources:
        for leaf in change.kept:
            out.extend(_kept(change, leaf))
    if out:
        hint = "to turn one back: `$lifecycle: {on_drift: revert}`; to agree with it: write the live value in the file"
        out.append(Line(0, "", hint, tone="dim"))
    return out


def _kept(change: ResourceChange, leaf: LeafChange) -> list[Line]:
    by = actor_text(change.actor)
    where = place(leaf.file or change.file, leaf.line if leaf.file is not None else change.line)
    text = f"{clean(change.address)}.{clean(leaf.text)} is {short(leaf.before)}; the file says {short(leaf.after)}"
    if leaf.secret:
        text = f"{clean(change.address)}.{clean(leaf.text)} is not what the file says"
    return [Line(0, "=", text, "; ".join(part for part in (f"set {by}" if by else "", where) if part))]


def cycle_lines(plan: Plan) -> list[Line]:
    """Return the circles of references that were cut, and which attributes are therefore written in a second call."""
    linked = {step.address: step for step in plan.steps if step.phase == "link" and step.call != "state"}
    out: list[Line] = []
    for cycle in plan.cycles:
        out.append(Line(0, "", " → ".join(map(clean, (*cycle, *cycle[:1])))))
        for address in dict.fromkeys(cycle):
            step = linked.get(address)
            if step is not None:
                names = ", ".join(dict.fromkeys(clean(leaf.text) for leaf in step.overlay.leaves)) or clean(step.title)
                out.append(Line(1, "→", f"{clean(address)}: {names} written later, when all of them exist"))
    return out


def note_lines(plan: Plan) -> list[Line]:
    """Return notes of the plan, and those of resources that do not change."""
    out = [_note(note) for note in plan.notes]
    for change in plan.resources:
        if change.action in SILENT and not change.released:
            out.extend(Line(0, "", f"{clean(change.address)}: {clean(text)}", tone="dim") for text in change.notes)
    return out


def _note(note: Note) -> Line:
    text = f"{clean(note.address)}: {clean(note.text)}" if note.address else clean(note.text)
    return Line(0, "!", text) if note.kind in {"warning", "risk"} else Line(0, "", text, tone="dim")


def tells_outputs(plan: Plan) -> bool:
    """Tell whether outputs are of interest: not when nothing changes, and not of what is going away."""
    return plan.has_changes and plan.mode != "destroy"


def output_lines(outputs: Sequence[OutputChange]) -> list[Line]:
    """Return outputs with the values they will have."""
    return [
        Line(0, "", f"{clean(output.name)} = {'(sensitive)' if output.sensitive else short(output.after)}")
        for output in outputs
    ]


def check_lines(checks: Sequence[CheckResult]) -> list[Line]:
    """Return guardrails that stand in the way, with the exact override, and those that were lifted."""
    out: list[Line] = []
    for check in checks:
        if check.status == "fail":
            out.append(Line(0, "✗", f"{clean(check.name)}: {clean(check.message)}", tone="error"))
            if check.override is not None:
                out.append(Line(1, "", f"to go on: --allow {clean(check.override)} --reason '…'", tone="dim"))
        elif check.status == "allowed":
            lifted = f"lifted by --allow {clean(check.override)}" if check.override is not None else "lifted"
            out.append(Line(0, "!", f"{clean(check.name)}: {clean(check.message)}", lifted))
    return out


def error_lines(errors: Sequence[Note]) -> list[Line]:
    """Return what stops the plan at single addresses."""
    out: list[Line] = []
    for note in errors:
        first, *rest = note.text.split("\n")
        where = f"{clean(note.address)}: " if note.address and note.address not in first else ""
        out.append(Line(0, "✗", f"{where}{clean(first)}", tone="error"))
        out.extend(Line(1, "", clean_line(text), tone="error") for text in rest)
    return out


def step_lines(plan: Plan) -> list[Line]:
    """Return the steps one by one, in the order in which they may run, with what each waits for."""
    out = []
    for number, step in enumerate(plan.steps, 1):
        needs = f"after {', '.join(map(clean, step.needs))}" if step.needs else ""
        out.append(Line(0, "", f"{number}. {clean(step.title or step.call)}: {clean(step.address)}", needs))
    return out
