"""What commands share at run time: loading, state, accounts, messages, and one table from errors to exit codes."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from reconciler import __version__
from reconciler.cli.options import Common

if TYPE_CHECKING:
    from reconciler.planner.accounts import Accounts
    from reconciler.project.model import Project
    from reconciler.state import LocalBackend, State


def say(text: str, common: Common | None = None) -> None:
    """Print a message for people: to stderr, so that stdout holds the result and nothing else."""
    if common is None or not common.quiet:
        click.echo(text, err=True)


def emit(text: str) -> None:
    """Print the result."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def write_result(target: str, text: str) -> None:
    """Write a result to a file, or to stdout for `-`."""
    if target == "-":
        emit(text)
    else:
        Path(target).write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")


def load_project(common: Common) -> Project:
    """Load the project of `--chdir`; warnings are printed. Raises ProjectError."""
    from reconciler.project.loader import load
    from reconciler.project.model import LoadOptions

    options = LoadOptions(env=common.env, variables=common.variables, var_files=common.var_files)
    project = load(common.root, options)
    for warning in project.warnings:
        say(str(warning), common)
    return project


def banner(project: Project, common: Common) -> None:
    """Say where this run goes: environment, accounts, and the emulator if it is one."""
    where = f"environment {project.environment}" if project.environment else "no environment"
    accounts = ", ".join(project.accounts)
    say(f"{project.name} · {where} · accounts: {accounts}", common)
    if project.emulator is not None:
        say(f"EMULATOR at {project.emulator}: no real account is touched", common)


def backend_of(project: Project) -> LocalBackend:
    """Return where the project's ledger is kept."""
    from reconciler.state import LocalBackend, StateError

    if project.state.path is None:
        raise StateError(
            f"state {project.state.url}: this version keeps state in files; write a path below the project"
        )
    return LocalBackend(project.state.path)


def new_state(project: Project) -> State:
    """Return an empty ledger for the project."""
    from reconciler.state import State

    return State.new(project.name, project.environment, __version__)


def read_state(project: Project) -> State:
    """Return the ledger as it is, without a lock; an empty one where there is none. Raises StateError."""
    from reconciler.state import check_belongs

    backend = backend_of(project)
    try:
        state, _ = backend.read()
    finally:
        backend.close()
    if state is None:
        return new_state(project)
    check_belongs(state, project.name, project.environment)
    return state


def open_accounts(project: Project, common: Common, *, writers: int | None = None) -> Accounts:
    """Return the project's accounts with clients that cannot write yet."""
    from reconciler.http import Budget, Redactor, RequestLog
    from reconciler.planner.accounts import Accounts, Wiring

    handle = Path(common.log_json).open("a", encoding="utf-8") if common.log_json else None  # noqa: SIM115 - lives as long as the run
    budget = Budget(common.timeout) if common.timeout is not None else Budget()
    return Accounts(project, Wiring(Redactor(), RequestLog(handle), budget, writers=writers))


def run_id() -> str:
    """Return a new id for a run."""
    return uuid.uuid4().hex[:12]


def progress(common: Common) -> Callable[[str], None]:
    """Return how to say what is going on: a line on stderr, on a terminal only."""
    if common.quiet or not sys.stderr.isatty():
        return lambda _text: None
    return lambda text: click.echo(f"\r\x1b[K{text} …", err=True, nl=False)


def clear_progress(common: Common) -> None:
    """Take the progress line away."""
    if not common.quiet and sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)


class Findings(click.ClickException):
    """What is wrong with the files: each line begins with its place, where editors and CI look for it."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the findings, and nothing before them."""
        click.echo(self.message, file=file, err=True)


@contextmanager
def errors() -> Iterator[None]:
    """Turn what can go wrong into one clear message and exit code 1."""
    from reconciler.project.diagnostics import ProjectError

    try:
        yield
    except click.ClickException:
        raise
    except ProjectError as error:
        raise Findings(str(error)) from error
    except Exception as error:
        text = explain(error)
        if text is None:
            raise
        raise click.ClickException(text) from error


def explain(error: Exception) -> str | None:
    """Return what to tell the user about an expected error; None for one that is a mistake of ours."""
    from reconciler.state import StateError

    if isinstance(error, StateError):
        return str(error)
    names = {"HttpError", "AccountError", "SecretError", "Undecided", "PlanFileError"}
    if any(cls.__name__ in names for cls in type(error).__mro__):
        return str(error)
    if isinstance(error, OSError) and os.environ.get("RECONCILER_DEBUG") is None:
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"{where}{error.strerror}" if error.strerror else str(error)
    return None
