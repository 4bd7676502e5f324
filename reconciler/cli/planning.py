"""Making a plan from the command line: load, read state, contact accounts, plan; what several commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from reconciler.cli import runtime
from reconciler.cli.options import Common

if TYPE_CHECKING:
    from reconciler.model.plan import Plan
    from reconciler.planner.accounts import Accounts
    from reconciler.planner.planner import Planned, PlanOptions
    from reconciler.project.model import Project
    from reconciler.state import State


@dataclass
class Planning:
    """A plan and what it was made from."""

    project: Project
    state: State
    accounts: Accounts
    planned: Planned


@contextmanager
def plan_now(common: Common, options: PlanOptions, project: Project | None = None) -> Iterator[Planning]:
    """Make a plan from the project's files and its ledger, without a lock; accounts are closed at the end."""
    from reconciler.planner.planner import make_plan

    if project is None:
        project = runtime.load_project(common)
        runtime.banner(project, common)
    state = runtime.read_state(project)
    check_addresses(options, project, state)
    accounts = runtime.open_accounts(project, common)
    try:
        planned = make_plan(project, state, accounts, options)
        runtime.clear_progress(common)
        yield Planning(project, state, accounts, planned)
    finally:
        runtime.clear_progress(common)
        accounts.close()


def check_addresses(options: PlanOptions, project: Project, state: State) -> None:
    """Raise ClickException for an address of the command line that names nothing: it would look like "no changes"."""
    from reconciler.adapters.base.spelling import suggestion
    from reconciler.model.address import matches

    known = dict.fromkeys([*project.declarations, *state.resources])
    words = {
        "--target": options.targets,
        "--exclude": options.excludes,
        "--replace": options.replaces,
        "--resend-secrets": options.resend_secrets,
    }
    for word, patterns in words.items():
        for pattern in patterns:
            if not any(matches(pattern, address) for address in known):
                hint = suggestion(pattern, list(known)) or "reconciler state list shows what is managed"
                raise click.ClickException(f"{word} {pattern}: there is no such resource ({hint})")


def exit_code(plan: Plan, *, detailed: bool) -> int:
    """Return a plan's exit code: 1 errors, 5 refused, 2 changes (when asked for), else 0."""
    if plan.errors:
        return 1
    if plan.refused:
        return 5
    return 2 if detailed and plan.has_changes else 0


def show_plan(plan: Plan, common: Common, *, to_stdout: bool) -> None:
    """Render a plan as text, to stdout, or to stderr when stdout holds something for machines."""
    from rich.console import Console

    from reconciler.report.text import render_plan

    plain = not common.color
    console = Console(stderr=not to_stdout, no_color=plain, highlight=False, soft_wrap=True)
    render_plan(plan, console, verbose=common.verbose)
