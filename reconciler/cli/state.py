"""`reconciler state …`: look at the ledger, and repair it. Nothing here writes to a platform."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import runtime
from reconciler.cli.options import Common, common

if TYPE_CHECKING:
    from reconciler.project.model import Project
    from reconciler.state import Change, Session, State


@click.group("state")
def command() -> None:
    """Look at the ledger of what this project manages, and repair it."""


@command.command("list")
@click.argument("patterns", nargs=-1, metavar="[ADDR]...")
@common
def list_(common: Common, patterns: tuple[str, ...]) -> int:
    """List addresses; with ADDR only those that it takes in (`*` stands for one part)."""
    with runtime.errors():
        from reconciler.state import surgery

        for address in surgery.list_entries(_read(common), *patterns):
            runtime.emit(address)
    return 0


@command.command("show")
@click.argument("address")
@common
def show(common: Common, address: str) -> int:
    """Show one entry as JSON; secrets are fingerprints in there."""
    with runtime.errors():
        import orjson

        from reconciler.state import surgery

        found = surgery.show(_read(common), address)
        runtime.emit(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode())
    return 0


@command.command("mv")
@click.argument("source")
@click.argument("target")
@common
def mv(common: Common, source: str, target: str) -> int:
    """Rename an address, or a part of one (`….variations.bar`); `moved` in the files does the same for everybody."""
    with runtime.errors():
        from reconciler.state import surgery

        _edit(common, f"state mv {source} {target}", lambda state: surgery.mv(state, source, target))
    return 0


@command.command("rm")
@click.argument("address")
@common
def rm(common: Common, address: str) -> int:
    """Forget an address and all beneath it; the objects stay on the platform."""
    with runtime.errors():
        from reconciler.state import surgery

        _edit(common, f"state rm {address}", lambda state: surgery.rm(state, address))
    return 0


@command.command("pull")
@common
def pull(common: Common) -> int:
    """Print the whole ledger as a file would have it. It holds what your files say: treat it as confidential."""
    with runtime.errors():
        from reconciler.state import surgery

        sys.stdout.write(surgery.pull(_read(common)).decode())
        sys.stdout.flush()
    return 0


@command.command("push")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Also over newer work, and over another ledger.")
@common
def push(common: Common, file: Path, force: bool) -> int:
    """Put a ledger in the place of the present one, or replay what a run could not save (errored-RUN.jsonl)."""
    with runtime.errors():
        from reconciler.state import is_errored

        project = runtime.load_project(common)
        data = file.read_bytes()
        if is_errored(data):
            _replay(project, common, data, file, force=force)
        else:
            _replace(project, common, data, file, force=force)
    return 0


@command.command("rebuild")
@click.option("--auto-approve", is_flag=True, help="Take over objects that only their name tells, without asking.")
@click.option("--force", is_flag=True, help="Also when there is a ledger with something in it.")
@common
def rebuild(common: Common, auto_approve: bool, force: bool) -> int:
    """Make a lost ledger again: objects are found by $import, natural key, and name. Nothing on a platform changes."""
    with runtime.errors():
        from reconciler.cli.rebuilding import rebuild_state

        return rebuild_state(common, auto_approve=auto_approve, force=force)


# -- what they share --------------------------------------------------------------------------------------------------
def _read(common: Common) -> State:
    return runtime.read_state(runtime.load_project(common))


@contextmanager
def _session(project: Project, common: Common, operation: str) -> Iterator[Session]:
    """Open the ledger for writing, with the lock. Raises StateError where there is none, or it is another project's."""
    from reconciler.state import check_belongs, open_session

    backend = runtime.backend_of(project)
    with open_session(backend, run=runtime.run_id(), operation=operation, lock_timeout=common.lock_timeout) as session:
        check_belongs(session.state, project.name, project.environment)
        for note in session.notes:
            runtime.say(f"note: {note}", common)
        yield session


def _edit(common: Common, operation: str, change_of: Callable[[State], Change]) -> None:
    """Make one edit of the ledger durable, remember it as a run, and say what it was."""
    project = runtime.load_project(common)
    with _session(project, common, operation) as session:
        change = change_of(session.state)
        _must(session.note(change), session)
        _finish(session, operation)
        runtime.emit(change.note)


def _replay(project: Project, common: Common, data: bytes, file: Path, *, force: bool) -> None:
    from reconciler.state import read_errored

    lost = read_errored(data, str(file))
    with _session(project, common, "state push") as session:
        lost.check(session.state, force=force)
        _must(session.recover(lost), session)
        _finish(session, f"state push {file.name}")
    runtime.emit(f"what run {lost.run} could not save is in the state now: {len(lost.records)} record(s)")


def _replace(project: Project, common: Common, data: bytes, file: Path, *, force: bool) -> None:
    from reconciler.state import LockInfo, StateError, check_belongs, surgery

    backend = runtime.backend_of(project)
    lock = backend.lock(LockInfo.mine("state push", runtime.run_id()), common.lock_timeout)
    try:
        reading = backend.load()
        if reading.pending and not force:
            raise StateError(
                f"{len(reading.pending)} call(s) of an interrupted run are open in the state; the next apply settles "
                "them. With --force they are forgotten"
            )
        pushed = surgery.push(reading.state, data, force=force, file=str(file))
        check_belongs(pushed, project.name, project.environment)
        version = backend.compact(pushed, reading.version)
    finally:
        backend.close()
        backend.unlock(lock)
    runtime.emit(f"{file} is the state now: {len(pushed.resources)} resource(s), serial {version.serial}")


def _must(durable: bool, session: Session) -> None:
    from reconciler.state import StateError

    if not durable:
        raise StateError(f"the state could not be written: {session.refused}")


def _finish(session: Session, operation: str) -> None:
    from reconciler.state import RunRecord

    moment = datetime.now(UTC).isoformat(timespec="seconds")
    session.finish(RunRecord(session.run, operation, moment, moment, session.lock.info.who, 0))
