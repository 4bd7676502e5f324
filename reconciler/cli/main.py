"""The command `reconciler`: a group that imports a command when it is called, so that `--help` is quick."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from reconciler import __version__

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("init", "Make a new project with a working example."),
    "validate": ("validate", "Check syntax, schema, references and limits, offline or --online."),
    "fmt": ("fmt", "Bring files into the canonical layout, comments kept."),
    "whoami": ("whoami", "Ask each account who it is and what can be read."),
    "plan": ("plan", "Read what is live and show what would change."),
    "apply": ("apply", "Apply a saved plan, or plan, ask and apply."),
    "destroy": ("destroy", "Remove what is managed."),
    "show": ("show", "Show a saved plan, a past run, or what state holds."),
    "output": ("output", "Print outputs."),
    "drift": ("drift", "Say what somebody changed by hand: what, who, when."),
    "state": ("state", "Look at the ledger and repair it."),
    "graph": ("graph", "Draw what depends on what."),
    "schema": ("schema", "Write JSON Schemas for editors."),
    "unlock": ("unlock", "Break a lock that a dead run left."),
    "emulator": ("emulator", "Serve the platforms on this machine, without an account."),
    "demo": ("demo", "Tell the whole story against the emulator."),
}
TRYING = ("emulator", "demo")
FILE_OPTIONS = ("--json", "--markdown")
"""Options that take a file only after `=`; alone they mean standard output."""


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"reconciler.cli.{COMMANDS[cmd_name][0]}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a misspelt one is told the nearest."""
        from difflib import get_close_matches

        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            close = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            ctx.fail(f"There is no command {args[0]}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List commands from the table, without importing them."""
        del ctx
        main = [(name, text) for name, (_, text) in COMMANDS.items() if name not in TRYING]
        with formatter.section("Commands"):
            formatter.write_dl(main)
        with formatter.section("Trying it out"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in TRYING])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="reconciler")
def cli() -> None:
    """Keep marketing platforms as YAML in git says: plan, apply, drift."""


def arguments(argv: list[str]) -> list[str]:
    """Spell options that stand alone so that they never take the next word: `--json plan.bin` shows that plan."""
    return [f"{word}=-" if word in FILE_OPTIONS else word for word in argv]


def main() -> None:
    """Run the command line; the exit code is the contract's, with 1 for wrong usage."""
    import gc

    # A run is short and builds tens of thousands of small objects: collecting at every 700th costs a third of its time.
    gc.set_threshold(100_000, 50, 50)
    try:
        code = run(sys.argv[1:])
    except Exception as error:
        if os.environ.get("RECONCILER_DEBUG"):
            raise
        code = _mistake(error)
    sys.exit(code)


def _mistake(error: Exception) -> int:
    """Tell of an error that nobody foresaw: where it happened, and not its words, which may hold a value."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace is not None else ""
    click.echo(
        f"Error: a mistake in reconciler itself: {type(error).__name__}{where}. What was done so far is in the state. "
        "RECONCILER_DEBUG=1 shows more; please report it",
        err=True,
    )
    return 1


def run(argv: list[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        result = cli.main(args=arguments(argv), prog_name="reconciler", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("declined: nothing was done", err=True)
        return 1
    except click.ClickException as error:
        error.show()
        return 1
    except BrokenPipeError:
        return 1
    return result if isinstance(result, int) else 0
