"""`reconciler plan`: read what is live, show what would change, write it to a file if asked to. Writes nothing else."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import runtime
from reconciler.cli.options import Common, common
from reconciler.cli.planning import Planning, exit_code, plan_now, show_plan


@click.command("plan")
@click.option("--out", "-o", metavar="FILE", help="Save the plan, to be applied as it is.")
@click.option("--json", "as_json", metavar="[=F]", help="The plan as JSON, in Terraform's plan format.")
@click.option("--markdown", metavar="[=F]", help="The plan as Markdown, for a pull request.")
@click.option("--target", multiple=True, metavar="ADDR", help="Only these addresses and what they need.")
@click.option("--exclude", multiple=True, metavar="ADDR", help="All but these addresses.")
@click.option("--replace", "replaces", multiple=True, metavar="ADDR", help="Replace these although they need not be.")
@click.option("--resend-secrets", multiple=True, metavar="ADDR", help="Send secrets again that cannot be compared.")
@click.option("--destroy", is_flag=True, help="Plan the removal of everything that is managed.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes.")
@common
def command(
    common: Common,
    out: str | None,
    as_json: str | None,
    markdown: str | None,
    target: tuple[str, ...],
    exclude: tuple[str, ...],
    replaces: tuple[str, ...],
    resend_secrets: tuple[str, ...],
    destroy: bool,
    detailed_exitcode: bool,
) -> int:
    """Read what is live and show what would change."""
    if [as_json, markdown].count("-") > 1:
        raise click.UsageError("only one of --json and --markdown can go to standard output; give the other a file")
    if out is not None:
        _check_free(Path(out))
    with runtime.errors():
        from reconciler.planner.planner import PlanOptions

        options = PlanOptions(
            mode="destroy" if destroy else "apply",
            targets=target,
            excludes=exclude,
            replaces=replaces,
            resend_secrets=resend_secrets,
            allowed=common.allowed,
            progress=runtime.progress(common),
        )
        with plan_now(common, options) as planning:
            _write(planning, common, options, out=out, as_json=as_json, markdown=markdown)
            return exit_code(planning.planned.plan, detailed=detailed_exitcode)


def _write(
    planning: Planning, common: Common, options: object, *, out: str | None, as_json: str | None, markdown: str | None
) -> None:
    plan = planning.planned.plan
    machine = "-" in {as_json, markdown}
    if as_json is not None or out is not None:
        from reconciler.cli.saved import saved_document
        from reconciler.report.plan_json import dump

        document = saved_document(planning.planned, planning.state, options, planning.project)
        if as_json is not None:
            runtime.write_result(as_json, dump(document))
        if out is not None:
            _save(Path(out), dump(document))
    if markdown is not None:
        from reconciler.report.markdown import plan_markdown

        runtime.write_result(markdown, plan_markdown(plan))
    if not machine or plan.errors or plan.refused:
        show_plan(plan, common, to_stdout=not machine)
    if out is not None:
        runtime.say(f"saved to {out}\nnext: reconciler apply {out}", common)
    elif plan.applyable and plan.has_changes and not machine:
        runtime.say("next: reconciler destroy" if plan.mode == "destroy" else "next: reconciler apply", common)


def _check_free(path: Path) -> None:
    """Raise ClickException where a saved plan would replace something else, a file of the project for example."""
    import json

    if not path.is_file() or path.stat().st_size == 0:
        return
    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        document = None
    if not isinstance(document, dict) or "x_version" not in document:
        raise click.ClickException(f"{path} is there, and is no saved plan: give -o another name")


def _save(path: Path, text: str) -> None:
    """Write a saved plan for its owner only: it may hold business data."""
    import os

    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")
