"""`reconciler graph`: what depends on what, from the files alone."""

from __future__ import annotations

import click

from reconciler.cli import runtime
from reconciler.cli.options import Common, common


@click.command("graph")
@click.option("--format", "form", type=click.Choice(["mermaid", "dot"]), default="mermaid", show_default=True)
@common
def command(common: Common, form: str) -> int:
    """Draw the declared resources and what each needs. Reads no state, asks no account, needs no secret."""
    with runtime.errors():
        project = runtime.load_project(common)
        from reconciler.report.graph import dot, mermaid

        runtime.emit(mermaid(project) if form == "mermaid" else dot(project))
    return 0
