"""`reconciler show`: a saved plan, a past run, or what state holds. Offline: asks no account, needs no secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import runtime
from reconciler.cli.options import Common, common
from reconciler.cli.planning import show_plan

if TYPE_CHECKING:
    from reconciler.report.lines import Line
    from reconciler.report.saved import SavedPlan
    from reconciler.state import RunRecord, State

SHORTEST = 4
"""Characters of a run's id that are enough to find it."""


@dataclass(frozen=True)
class Subject:
    """What is to be shown: its document, and its lines unless it is a plan."""

    document: dict[str, Any]
    lines: Sequence[Line] = field(default=())
    saved: SavedPlan | None = None


@click.command("show")
@click.argument("what", required=False, metavar="[FILE|RUN|ADDR]")
@click.option("--json", "as_json", metavar="[=F]", help="As JSON.")
@click.option("--markdown", metavar="[=F]", help="As Markdown.")
@common
def command(common: Common, what: str | None, as_json: str | None, markdown: str | None) -> int:
    """Show a saved plan, a past run, one resource of the state, or the state altogether."""
    if as_json == markdown == "-":
        raise click.UsageError("only one of --json and --markdown can go to standard output; give the other a file")
    with runtime.errors():
        subject = find(common, what)
        if as_json is not None:
            from reconciler.report.plan_json import dump

            runtime.write_result(as_json, dump(subject.document))
        if markdown is not None:
            runtime.write_result(markdown, _markdown(subject))
        if as_json is None and markdown is None:
            _text(subject, common)
    return 0


def find(common: Common, what: str | None) -> Subject:
    """Find out what is meant: a file that exists, an address, a run. Raises ClickException when it is none of them."""
    if what is not None and Path(what).is_file():
        from reconciler.report.saved import read_plan

        saved = read_plan(what)
        return Subject(saved.document, saved=saved)
    state = runtime.read_state(runtime.load_project(common))
    from reconciler.report import run_json, state_text

    if what is None:
        return Subject(run_json.state_document(state), state_text.state_lines(state, verbose=common.verbose))
    found = _resource(state, what)
    if found is not None:
        return found
    run = _run(state, what)
    if run is not None:
        return Subject(run_json.run_document(run), state_text.run_lines(run))
    raise click.ClickException(_unknown(state, what))


def _resource(state: State, what: str) -> Subject | None:
    from reconciler.model.address import parse
    from reconciler.report import run_json, state_text

    parsed = parse(what)
    if parsed is None:
        return None
    address, rest = str(parsed[0]), parsed[1]
    entry = state.resources.get(address)
    if entry is None:
        return None
    return Subject(run_json.entry_document(address, entry), state_text.entry_lines(address, entry, rest))


def _run(state: State, what: str) -> RunRecord | None:
    exact = next((run for run in state.runs if run.id == what), None)
    if exact is not None or len(what) < SHORTEST:
        return exact
    begun = [run for run in state.runs if run.id.startswith(what)]
    return begun[0] if len(begun) == 1 else None


def _unknown(state: State, what: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(what, [*state.resources, *(run.id for run in state.runs)], n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"{what}: there is no such file, no resource of that address in state, and no run of that id{hint}"


def _markdown(subject: Subject) -> str:
    if subject.saved is not None:
        from reconciler.report.markdown import plan_markdown

        return plan_markdown(subject.saved.plan)
    from reconciler.report.markup import fence

    return fence([str(line) for line in subject.lines], "text")


def _text(subject: Subject, common: Common) -> None:
    if subject.saved is not None:
        show_plan(subject.saved.plan, common, to_stdout=True)
        return
    from rich.console import Console

    from reconciler.report.text import print_lines

    print_lines(Console(no_color=not common.color, highlight=False, soft_wrap=True), subject.lines)
