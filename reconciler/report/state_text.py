"""What state holds, and past runs, as lines: offline, and without any secret."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from reconciler.model.values import Path
from reconciler.report.display import clean, quote, short, show
from reconciler.report.lines import Line, tree_lines
from reconciler.report.values import split_path

if TYPE_CHECKING:
    from reconciler.state import Entry, RunRecord, State


def entry_lines(address: str, entry: Entry, below: Path = ()) -> list[Line]:
    """Return what state holds of one resource; with `below`, only of what is under that path."""
    out = [Line(0, "", clean(".".join([address, *map(str, below)])), tone="head")]
    if not below:
        out.extend(_facts(entry))
    children = {path: identity for path, identity in entry.children.items() if _under(path, below)}
    if children:
        out.append(Line(1, "", "children:"))
        out.extend(Line(2, "", f"{clean(path)}: id {clean(identity)}") for path, identity in children.items())
    leaves = [path for path in entry.sent if _under(path, below)]
    if leaves:
        out.append(Line(1, "", "sent last:"))
        for path in leaves:
            lines = tree_lines(path, entry.sent[path], 2, "", verbose=True)
            seen = entry.seen.get(path, entry.sent[path])
            tail = f"seen as {short(seen)}" if show(seen) != show(entry.sent[path]) else lines[0].tail
            out.extend([Line(2, "", lines[0].text, tail), *lines[1:]])
    secrets = {path: text for path, text in entry.secrets.items() if _under(path, below)}
    if secrets:
        out.append(Line(1, "", "secrets:"))
        for path, text in secrets.items():
            known = "assumed, never compared" if text == "assumed" else "kept as a fingerprint only"
            out.append(Line(2, "", f"{clean(path)}: <secret>", known))
    return out


def _under(text: str, below: Path) -> bool:
    return not below or split_path(text)[: len(below)] == below


def _facts(entry: Entry) -> list[Line]:
    facts: list[tuple[str, Any]] = [("kind", entry.kind), ("account", entry.account), ("id", entry.id)]
    facts += [(name, value) for name, value in entry.scope.items()]
    facts.append(("key", entry.key))
    if entry.published:
        facts.append(("published", show(entry.published)))
    if entry.deps:
        facts.append(("refers to", ", ".join(entry.deps)))
    if entry.protect:
        facts.append(("protected", "prevent_destroy"))
    facts.append(("on_remove", entry.on_remove))
    if entry.deposed:
        facts.append(("deposed", show(entry.deposed)))
    if entry.origin and entry.origin.get("file"):
        line = entry.origin.get("line")
        facts.append(("declared in", f"{entry.origin['file']}:{line}" if line else entry.origin["file"]))
    return [Line(1, "", f"{clean(name)}: {clean(str(value))}") for name, value in facts if value not in {None, ""}]


def state_lines(state: State, *, verbose: bool = False) -> list[Line]:
    """Return an overview of the whole ledger: per account and kind how much, all addresses, the last run."""
    where = f", environment {clean(state.environment)}" if state.environment else ""
    out = [Line(0, "", f"{clean(state.project)}{where}: {len(state.resources):,} resources", tone="head")]
    out[0] = Line(0, "", out[0].text, f"serial {state.serial}, lineage {clean(state.lineage)}", "head")
    for account, identity in state.accounts.items():
        said = ", ".join(clean(str(value)) for value in identity.values() if value)
        out.append(Line(1, "", f"account {clean(account)}", said))
    counts = Counter(f"{entry.account}.{entry.kind}" for entry in state.resources.values())
    out.extend(Line(1, "", f"{clean(name)}: {count:,}") for name, count in sorted(counts.items()))
    if state.resources:
        out.append(Line(0, "", ""))
    for address, entry in sorted(state.resources.items()):
        out.append(Line(1, "", clean(address), f"id {clean(entry.id)}"))
    runs = state.runs if verbose else state.runs[-1:]
    if runs:
        out.append(Line(0, "", ""))
        out.extend(Line(0, "", _run_title(run)) for run in runs)
    return out


def run_lines(run: RunRecord) -> list[Line]:
    """Return the record of one past run."""
    out = [Line(0, "", _run_title(run), tone="head")]
    counts = ", ".join(f"{count} {clean(name)}" for name, count in run.counts.items())
    facts = [
        ("started", run.started),
        ("finished", run.finished),
        ("exit code", str(run.exit_code)),
        ("steps", counts),
        ("allowed", ", ".join(run.allowed)),
        ("reason", quote(run.reason) if run.reason else ""),
    ]
    out.extend(Line(1, "", f"{name}: {clean(value)}") for name, value in facts if value)
    for name, value in run.details.items():
        out.extend(tree_lines(name, value, 1, "", verbose=True))
    return out


def _run_title(run: RunRecord) -> str:
    return f"run {clean(run.id)}: {clean(run.command)} by {clean(run.who)} at {clean(run.started)}"
