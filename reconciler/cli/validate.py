"""`reconciler validate`: everything that is wrong with the files, at once; `--online` asks the accounts too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import runtime
from reconciler.cli.options import Common, common

if TYPE_CHECKING:
    from reconciler.project.model import Project


@click.command("validate")
@click.option("--online", is_flag=True, help="Also ask the accounts: credentials, catalogues, what would be refused.")
@common
def command(common: Common, online: bool) -> int:
    """Check syntax, schema, references and the limits that the API would refuse."""
    with runtime.errors():
        project = runtime.load_project(common)
        if online:
            runtime.banner(project, common)
            if _wrong_online(common, project) > 0:
                return 1
        resources, files = len(project.declarations), len(project.files)
        runtime.emit(f"{_count(resources, 'resource')} in {_count(files, 'file')} {_verb(resources)} valid")
    return 0


def _wrong_online(common: Common, project: Project) -> int:
    """Read as a plan would, and print what stops one. Returns how much that is."""
    from reconciler.cli.planning import plan_now
    from reconciler.planner.planner import PlanOptions

    options = PlanOptions(allowed=common.allowed, progress=runtime.progress(common), attribute=False)
    with plan_now(common, options, project) as planning:
        plan = planning.planned.plan
    found = [f"{note.address}: {note.text}" for note in plan.errors]
    found += [check.message for check in plan.checks if check.status == "fail" and check.name in {"adopt", "moved"}]
    for text in found:
        click.echo(f"error: {text}", err=True)
    return len(found)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _verb(number: int) -> str:
    return "is" if number == 1 else "are"
