"""`reconciler apply`: apply a saved plan, or plan, ask, apply."""

from __future__ import annotations

import click

from reconciler.cli import runtime
from reconciler.cli.applying import ApplyFlags, run_apply
from reconciler.cli.options import Common, common


@click.command("apply")
@click.argument("file", required=False)
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@click.option("--parallelism", default=10, show_default=True, type=click.IntRange(1, 64), help="Calls at once.")
@click.option(
    "--on-error",
    type=click.Choice(["continue", "stop"]),
    default="continue",
    show_default=True,
    help="When a step fails: carry on with what does not need it, or begin nothing more.",
)
@click.option(
    "--on-stale",
    type=click.Choice(["refuse", "skip"]),
    default="refuse",
    show_default=True,
    help="When something changed since the plan was made: write nothing, or leave that out.",
)
@click.option("--target", multiple=True, metavar="ADDR", help="Only these addresses and what they need.")
@click.option("--exclude", multiple=True, metavar="ADDR", help="All but these addresses.")
@click.option("--replace", "replaces", multiple=True, metavar="ADDR", help="Replace these although they need not be.")
@click.option("--resend-secrets", multiple=True, metavar="ADDR", help="Send secrets again that cannot be compared.")
@click.option("--json", "as_json", metavar="[=F]", help="What became of each step, as JSON.")
@common
def command(
    common: Common,
    file: str | None,
    auto_approve: bool,
    parallelism: int,
    on_error: str,
    on_stale: str,
    target: tuple[str, ...],
    exclude: tuple[str, ...],
    replaces: tuple[str, ...],
    resend_secrets: tuple[str, ...],
    as_json: str | None,
) -> int:
    """Apply a saved plan, or plan, ask and apply."""
    if file is not None and (target or exclude or replaces or resend_secrets or common.allowed.rules):
        raise click.UsageError("a saved plan is applied as it is; make a new plan to change what it does")
    flags = ApplyFlags(auto_approve, parallelism, on_error == "stop", on_stale == "skip", as_json)
    with runtime.errors():
        from reconciler.planner.planner import PlanOptions

        options = PlanOptions(
            targets=target,
            excludes=exclude,
            replaces=replaces,
            resend_secrets=resend_secrets,
            allowed=common.allowed,
            progress=runtime.progress(common),
        )
        return run_apply(common, options, flags, file)
