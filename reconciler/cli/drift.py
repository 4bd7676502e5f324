"""`reconciler drift`: what somebody changed on the platforms, who, and when. Writes nothing, takes no lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import runtime
from reconciler.cli.options import Common, common
from reconciler.cli.planning import plan_now

if TYPE_CHECKING:
    from reconciler.drift import DriftReport


@click.command("drift")
@click.option("--json", "as_json", metavar="[=F]", help="The report as JSON.")
@click.option("--unmanaged", is_flag=True, help="Also list live objects that are declared nowhere.")
@common
def command(common: Common, as_json: str | None, unmanaged: bool) -> int:
    """Say what somebody changed by hand: what, who, when. Exit code 2 when there is drift."""
    with runtime.errors():
        from reconciler.drift import detect, find_unmanaged
        from reconciler.planner.planner import PlanOptions

        options = PlanOptions(allowed=common.allowed, progress=runtime.progress(common))
        with plan_now(common, options) as planning:
            found = find_unmanaged(planning.planned) if unmanaged else None
            report = detect(planning.planned, found)
        _write(report, common, as_json)
        return exit_code(report)


def exit_code(report: DriftReport) -> int:
    """Return 2 for drift; 1 when there is none but not every resource could be judged; else 0."""
    if report.has_drift:
        return 2
    return 1 if report.errors else 0


def _write(report: DriftReport, common: Common, as_json: str | None) -> None:
    if as_json is not None:
        from reconciler.report.plan_json import dump
        from reconciler.report.run_json import drift_document

        runtime.write_result(as_json, dump(drift_document(report)))
    if as_json != "-":
        from rich.console import Console

        from reconciler.report.drift_text import render_drift

        console = Console(no_color=not common.color, highlight=False, soft_wrap=True)
        render_drift(report, console, verbose=common.verbose)
    if report.has_drift:
        runtime.say("next: reconciler plan (what drifted is put back, switches are kept)", common)
