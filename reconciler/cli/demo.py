"""`reconciler demo`: the whole story against the emulator, with the real commands, in a folder that goes afterwards."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from reconciler.cli import runtime


@click.command("demo")
@click.option("--keep", metavar="DIR", type=click.Path(path_type=Path), help="Keep the project in this new folder.")
@click.option("--no-color", is_flag=True, help="Plain text.")
def command(keep: Path | None, no_color: bool) -> int:
    """Tell the whole story against the emulator: plan, apply, somebody's hand, drift, repair, destroy."""
    import os

    from reconciler.cli.story import Story

    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise click.ClickException(f"{keep} is not empty; name a new folder")
    color = not no_color and not os.environ.get("NO_COLOR")
    with runtime.errors(), tempfile.TemporaryDirectory(prefix="reconciler-demo-") as folder:
        story = Story(keep if keep is not None else Path(folder) / "quickstart", color=color)
        return story.tell()
