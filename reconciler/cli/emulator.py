"""`reconciler emulator`: the platforms on this machine, without an account."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import runtime


@click.command("emulator")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option(
    "--data",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Begin with what GET /_control/dump printed.",
)
def command(port: int, data: Path | None) -> int:
    """Serve the platforms at 127.0.0.1 until interrupted; URL and credentials are printed first."""
    with runtime.errors():
        from reconciler.emulator.server import serve

        try:
            serve(port, data)
        except ValueError as error:
            raise click.ClickException(f"{data}: {error}") from error
        except OSError as error:
            raise click.ClickException(f"port {port}: {error.strerror or error}") from error
    return 0
