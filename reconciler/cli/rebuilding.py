"""Making a lost ledger again: what a plan would adopt is written down, and nothing is written to a platform."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from reconciler.cli import runtime
from reconciler.cli.options import Common

if TYPE_CHECKING:
    from reconciler.planner.accounts import Accounts
    from reconciler.planner.planner import Planned
    from reconciler.project.model import Project
    from reconciler.state import Entry, Session


def rebuild_state(common: Common, *, auto_approve: bool, force: bool) -> int:
    """Match declared resources to live objects, record them, return the exit code: 1 when some could not be told."""
    from reconciler.state import StateError, check_belongs, open_session

    project = runtime.load_project(common)
    runtime.banner(project, common)
    accounts = runtime.open_accounts(project, common)
    try:
        with open_session(
            runtime.backend_of(project),
            run=runtime.run_id(),
            operation="state rebuild",
            lock_timeout=common.lock_timeout,
            new=runtime.new_state(project),
        ) as session:
            check_belongs(session.state, project.name, project.environment)
            if session.state.resources and not force:
                raise StateError(
                    f"the state has {len(session.state.resources)} resource(s) already; with --force what is found "
                    "on the platforms takes their place"
                )
            planned = _match(project, session, accounts, common, auto_approve=auto_approve)
            entries = _entries(planned, session)
            _record(session, entries, accounts)
            return _tell(planned, entries, common)
    finally:
        accounts.close()


def _match(project: Project, session: Session, accounts: Accounts, common: Common, *, auto_approve: bool) -> Planned:
    """Plan as if nothing was known, and once more with the names that the user agrees to take over."""
    from reconciler.model.plan import Allowed
    from reconciler.planner.planner import PlanOptions, make_plan

    blank = runtime.new_state(project)
    blank.hmac_key = session.state.hmac_key
    options = PlanOptions(allowed=common.allowed, progress=runtime.progress(common), attribute=False)
    planned = make_plan(project, blank, accounts, options)
    runtime.clear_progress(common)
    named = [check for check in planned.plan.checks if check.name == "adopt" and check.status == "fail"]
    chosen = [check.address for check in named if check.address and len(planned.items[check.address].twins) == 1]
    if not chosen:
        return planned
    for check in named:
        if check.address in chosen:
            runtime.say(f"{check.address}: {planned.items[check.address].twins[0]} has its name, and no other")
    if not auto_approve:
        if not sys.stdin.isatty():
            raise click.ClickException("only their names tell these objects; say --auto-approve to take them for ours")
        if not click.confirm("Are these the objects that this project made?", err=True):
            return planned
    rules = (*common.allowed.rules, *(("adopt", address) for address in chosen))
    return make_plan(project, blank, accounts, replace(options, allowed=Allowed(rules, common.allowed.reason)))


def _entries(planned: Planned, session: Session) -> Mapping[str, Entry]:
    """Return the entries of everything that was found, with what live objects and files agree on."""
    from reconciler.applier import record
    from reconciler.planner.diff import PUBLISHED

    out: dict[str, Entry] = {}
    for address, item in planned.items.items():
        work = planned.works.get(address)
        if item.adopted is None or item.unarchive or item.errors or work is None or work.diff is None:
            continue
        entry = record.fresh_entry(item, item.adopted)
        if item.kind.publish is not None:
            entry = replace(entry, sent={PUBLISHED: True}, seen={PUBLISHED: True})
        out[address] = record.with_recorded(session.state, entry, work.diff.recorded, item)
    return out


def _record(session: Session, entries: Mapping[str, Entry], accounts: Accounts) -> None:
    from reconciler.state import Change, RunRecord, StateError

    found = {(entry.account, entry.kind, entry.id) for entry in entries.values()}
    doubles = [
        address
        for address, entry in session.state.resources.items()
        if address not in entries and (entry.account, entry.kind, entry.id) in found
    ]
    identities = {name: {"id": identity.id, "label": identity.name} for name, identity in accounts.identities.items()}
    change = Change(put=entries, remove=doubles, accounts=identities, note=f"rebuilt {len(entries)} resource(s)")
    if not session.note(change):
        raise StateError(f"the state could not be written: {session.refused}")
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    counts = {"done": len(entries)}
    session.finish(RunRecord(session.run, "state rebuild", moment, moment, session.lock.info.who, 0, counts))


def _tell(planned: Planned, entries: Mapping[str, Entry], common: Common) -> int:
    for address, entry in entries.items():
        runtime.emit(f"{address} = {entry.id}")
    errors = [f"{note.address}: {note.text}" for note in planned.plan.errors if note.address not in entries]
    errors += [
        check.message
        for check in planned.plan.checks
        if check.name == "adopt" and check.status == "fail" and check.address not in entries
    ]
    for text in errors:
        click.echo(f"not rebuilt: {text}", err=True)
    missing = _names(planned, entries)
    if missing:
        runtime.say(f"not found, an apply would create them: {', '.join(missing)}", common)
    runtime.say(
        f"{len(entries)} resource(s) found; what is no longer declared cannot be found so\nnext: reconciler plan",
        common,
    )
    return 1 if errors else 0


def _names(planned: Planned, entries: Mapping[str, Entry]) -> Iterable[str]:
    bad = {note.address for note in planned.plan.errors} | {
        check.address for check in planned.plan.checks if check.status == "fail"
    }
    return [
        address
        for address, item in planned.items.items()
        if address not in entries and address not in bad and not item.existing
    ]
