"""Plan, ask, apply, report: what `apply` and `destroy` share."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from reconciler import __version__
from reconciler.cli import runtime
from reconciler.cli.options import Common
from reconciler.cli.planning import check_addresses, exit_code, show_plan

if TYPE_CHECKING:
    from reconciler.applier.result import RunResult, StepResult
    from reconciler.planner.accounts import Accounts
    from reconciler.planner.planner import Planned, PlanOptions
    from reconciler.project.model import Project
    from reconciler.state import Session


@dataclass(frozen=True)
class ApplyFlags:
    """How a run is to be carried out, as the command line says."""

    auto_approve: bool
    parallelism: int
    stop_on_error: bool
    skip_stale: bool
    as_json: str | None


def run_apply(common: Common, options: PlanOptions, flags: ApplyFlags, file: str | None) -> int:
    """Run one apply or destroy and return its exit code."""
    from reconciler.state import open_session

    document = None
    if file is not None:
        from reconciler.cli.saved import options_of
        from reconciler.report.saved import read_plan

        document = read_plan(file).document
        options = options_of(document, options.progress)
    project = runtime.load_project(common)
    runtime.banner(project, common)
    if document is not None:
        from reconciler.cli.saved import check_belongs

        check_belongs(document, project)
    run = runtime.run_id()
    started = time.monotonic()
    backend = runtime.backend_of(project)
    accounts = runtime.open_accounts(project, common, writers=flags.parallelism)
    try:
        with open_session(
            backend,
            run=run,
            operation="destroy" if options.mode == "destroy" else "apply",
            lock_timeout=common.lock_timeout,
            new=runtime.new_state(project),
        ) as session:
            recovered = _begin(session, project, accounts, common)
            if document is None:
                check_addresses(options, project, session.state)
            planned = _plan(project, session, accounts, options)
            runtime.clear_progress(common)
            code = _decide(planned, session, options, common, flags, document)
            if code is None:
                code = _execute(planned, session, accounts, common, flags, started, recovered)
            return code
    finally:
        runtime.clear_progress(common)
        accounts.close()


def _begin(session: Session, project: Project, accounts: Accounts, common: Common) -> list[str]:
    """Check the ledger, settle what killed runs left open, and return what came of that."""
    from reconciler.applier.applier import settle_pending
    from reconciler.state import check_belongs

    check_belongs(session.state, project.name, project.environment)
    for note in session.notes:
        runtime.say(f"note: {note}", common)
    settled = settle_pending(session, project, accounts)
    for text in settled:
        runtime.say(f"note: {text}", common)
    return settled


def _plan(project: Project, session: Session, accounts: Accounts, options: PlanOptions) -> Planned:
    from reconciler.planner.planner import make_plan

    return make_plan(project, session.state, accounts, options)


def _decide(
    planned: Planned,
    session: Session,
    options: PlanOptions,
    common: Common,
    flags: ApplyFlags,
    document: dict[str, Any] | None,
) -> int | None:
    """Show the plan and ask. Returns an exit code when nothing is to be carried out."""
    if document is not None:
        from reconciler.cli.saved import check_accounts, differences, restrict

        check_accounts(document, planned)
        stale = differences(document, planned, session.state)
        if stale:
            for difference in stale:
                click.echo(f"stale: {difference.address}: {difference.text}", err=True)
            click.echo("the saved plan is no longer what would be done; nothing was written. Plan again.", err=True)
            return 4
        restrict(planned, document)
    plan = planned.plan
    if document is None or plan.errors or plan.refused:
        show_plan(plan, common, to_stdout=flags.as_json != "-")
    code = exit_code(plan, detailed=False)
    if code != 0:
        return code
    if not plan.steps:
        session.finish()
        return 0
    if plan.has_changes and document is None and not flags.auto_approve:
        _ask(options)
    return None


def _ask(options: PlanOptions) -> None:
    if not sys.stdin.isatty():
        raise click.ClickException("there is no terminal to ask at; say --auto-approve, or apply a saved plan")
    what = "Remove all of this?" if options.mode == "destroy" else "Apply this?"
    click.confirm(what, abort=True, err=True)


def _execute(
    planned: Planned,
    session: Session,
    accounts: Accounts,
    common: Common,
    flags: ApplyFlags,
    started: float,
    recovered: list[str],
) -> int:
    from rich.console import Console

    from reconciler.applier.applier import ApplyOptions, apply_plan
    from reconciler.report.text import render_result

    stop = Event()
    begun = datetime.now(UTC).isoformat(timespec="seconds")
    with _interrupts(stop):
        options = ApplyOptions(
            parallelism=flags.parallelism,
            stop_on_error=flags.stop_on_error,
            skip_stale=flags.skip_stale,
            stop=stop,
            progress=_progress(planned, common),
            describe=_describer(common),
        )
        result = apply_plan(planned, session, accounts, options)
    result.seconds = time.monotonic() - started
    result.recovered = recovered
    runtime.clear_progress(common)
    _finish(planned, session, result, begun)
    code = result.exit_code  # a state that could not be written at the end counts too
    console = Console(stderr=flags.as_json == "-", no_color=not common.color, highlight=False, soft_wrap=True)
    if planned.plan.has_changes or result.exit_code:
        render_result(result, console, quiet=common.quiet)
    if flags.as_json is not None:
        from reconciler.report.plan_json import dump
        from reconciler.report.run_json import result_document

        runtime.write_result(flags.as_json, dump(result_document(result)))
    return code


def _finish(planned: Planned, session: Session, result: RunResult, begun: str) -> None:
    from reconciler.state import RunRecord, StateError

    plan = planned.plan
    names = ("done", "failed", "skipped", "not started")
    record = RunRecord(
        id=session.run,
        command="destroy" if plan.mode == "destroy" else "apply",
        started=begun,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        who=session.lock.info.who,
        exit_code=result.exit_code,
        counts={name: result.count(name) for name in names},  # type: ignore[arg-type] # the four literal names
        allowed=[f"{name}={what}" if what else name for name, what in plan.allowed.rules],
        reason=plan.allowed.reason,
        details={"tool": __version__, "plan": plan.id},
    )
    try:
        session.finish(record)
    except StateError as error:
        result.refused = str(error)
        click.echo(f"state could not be written: {error}", err=True)
        try:
            left = session.abandon(planned_folder(session))
        except OSError as lost:  # what was done is still to be told
            click.echo(f"nor could what happened be kept beside it: {lost}; next: reconciler state rebuild", err=True)
            return
        if left is not None:
            click.echo(f"what happened is kept in {left}; next: reconciler state push {left}", err=True)


def planned_folder(session: Session) -> Any:
    """Return the folder beside the ledger where an interrupted run leaves its records."""
    from pathlib import Path

    return Path(session.backend.name).parent if session.backend.name else Path()


def _progress(planned: Planned, common: Common) -> Any:
    total = len(planned.plan.steps)
    say = runtime.progress(common)
    count = 0

    def step(result: StepResult) -> None:
        nonlocal count
        count += 1
        say(f"[{count}/{total}] {result.step.title} {result.step.address}")

    return step


def _describer(common: Common) -> Any:
    """Return how a failed call is told: the platform's words, each at the line of the file it is about."""
    del common

    def describe(item: Any, error: Exception) -> str:
        from reconciler.http import HttpError

        text = str(error)
        if not isinstance(error, HttpError) or item.declaration is None:
            return text
        places = []
        for found in item.adapter.field_errors(item.kind, error):
            place = item.declaration.place_of(found.path)
            places.append(f"{place}: {'.'.join(str(part) for part in found.path)}: {found.message}")
        return "\n".join([text, *places])

    return describe


@contextmanager
def _interrupts(stop: Event) -> Iterator[None]:
    """First Ctrl-C: finish what is in flight, save, report. Second: stop at once; the journal makes that safe too."""

    def handler(_number: int, _frame: Any) -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()
        click.echo("\nstopping: calls in flight are finished; press Ctrl-C again to stop at once", err=True)

    try:
        before = signal.signal(signal.SIGINT, handler)
    except ValueError:  # not in the main thread: a test, or a program that calls us
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
