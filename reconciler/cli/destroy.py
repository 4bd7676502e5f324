"""`reconciler destroy`: remove everything that is managed, each kind in its own safe way."""

from __future__ import annotations

import click

from reconciler.cli import runtime
from reconciler.cli.applying import ApplyFlags, run_apply
from reconciler.cli.options import Common, common


@click.command("destroy")
@click.option("--purge", is_flag=True, help="Delete whatever can be deleted, instead of archiving or disabling it.")
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@click.option("--parallelism", default=10, show_default=True, type=click.IntRange(1, 64), help="Calls at once.")
@click.option(
    "--on-error",
    type=click.Choice(["continue", "stop"]),
    default="continue",
    show_default=True,
    help="When a step fails: carry on with what does not need it, or begin nothing more.",
)
@click.option("--target", multiple=True, metavar="ADDR", help="Only these addresses.")
@click.option("--exclude", multiple=True, metavar="ADDR", help="All but these addresses.")
@click.option("--json", "as_json", metavar="[=F]", help="What became of each step, as JSON.")
@common
def command(
    common: Common,
    purge: bool,
    auto_approve: bool,
    parallelism: int,
    on_error: str,
    target: tuple[str, ...],
    exclude: tuple[str, ...],
    as_json: str | None,
) -> int:
    """Remove what is managed."""
    flags = ApplyFlags(auto_approve, parallelism, on_error == "stop", skip_stale=False, as_json=as_json)
    with runtime.errors():
        from reconciler.planner.planner import PlanOptions

        options = PlanOptions(
            mode="destroy",
            purge=purge,
            targets=target,
            excludes=exclude,
            allowed=common.allowed,
            progress=runtime.progress(common),
        )
        return run_apply(common, options, flags, None)
