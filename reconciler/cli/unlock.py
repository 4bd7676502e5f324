"""`reconciler unlock`: break the lock of a run that is gone, or hangs."""

from __future__ import annotations

import sys

import click

from reconciler.cli import runtime
from reconciler.cli.options import Common, common


@click.command("unlock")
@click.argument("lock_id", required=False, metavar="[ID]")
@click.option("--force", is_flag=True, help="Break whichever lock is there, without asking.")
@common
def command(common: Common, lock_id: str | None, force: bool) -> int:
    """Break the lock of the state. A run that still works is stopped by that before its next write."""
    with runtime.errors():
        project = runtime.load_project(common)
        backend = runtime.backend_of(project)
        try:
            if lock_id is None and not force:
                holder = backend.lock_info()
                if holder is None:
                    runtime.emit("nobody holds the lock")
                    return 0
                runtime.say(
                    f"{holder.who} (process {holder.pid}) holds it since {holder.since} for {holder.operation}: "
                    f"{holder.id}"
                )
                if not sys.stdin.isatty():
                    raise click.ClickException(f"to break it: reconciler unlock {holder.id}")
                click.confirm("Break it?", abort=True, err=True)
                lock_id = holder.id
            broken = backend.force_unlock(lock_id)
        finally:
            backend.close()
        runtime.emit("the lock is broken" + (f"; it was held by {broken.who}" if broken is not None else ""))
    return 0
