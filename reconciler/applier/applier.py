"""Applying a plan: settle what earlier runs left open, verify, run the steps, report.

The ledger is locked by the session that is handed in; each outcome is durable in its journal before the next step that
needs it begins.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any

from reconciler.applier.context import Context
from reconciler.applier.create import deposed_by
from reconciler.applier.execute import Executor
from reconciler.applier.ledger import moves
from reconciler.applier.recover import Attempt, Undecided, find_created
from reconciler.applier.result import RunResult, StepResult
from reconciler.applier.scheduler import run_steps
from reconciler.applier.verify import verify
from reconciler.model.plan import Step
from reconciler.planner.accounts import Accounts
from reconciler.planner.comparing import differ_for
from reconciler.planner.gather import check_who
from reconciler.planner.item import Item
from reconciler.planner.planner import Planned
from reconciler.project.model import Project
from reconciler.state import Session
from reconciler.state.ledger import Entry
from reconciler.state.session import Change


@dataclass(frozen=True)
class ApplyOptions:
    """How a plan is carried out."""

    parallelism: int = 10
    stop_on_error: bool = False
    skip_stale: bool = False
    stop: Event = field(default_factory=Event)
    """Set by the first Ctrl-C: finish what is in flight, save, report."""
    progress: Callable[[StepResult], None] = lambda _result: None
    describe: Callable[[Item, Exception], str] = lambda _item, error: str(error)


def apply_plan(planned: Planned, session: Session, accounts: Accounts, options: ApplyOptions) -> RunResult:
    """Carry out a plan. Errors of single steps are in the result; raises HttpError when verifying cannot read."""
    started = time.monotonic()
    before = _calls(accounts)
    result = RunResult(run=session.run)
    steps = list(planned.plan.steps)
    live, result.stale = verify(planned, differ_for(session.state, planned.options))
    if result.stale and not options.skip_stale:
        result.results = [StepResult(step) for step in steps]
        return result
    _identities(session, accounts)
    accounts.allow_writes()
    left_out = {entry.address for entry in result.stale}
    renames = moves(planned, session.state.resources, {step.address for step in steps} - left_out)
    if renames is not None:
        session.note(renames)
    executor = Executor(Context(planned, session, accounts.secret, live), options.describe)

    def execute(step: Step) -> StepResult:
        if step.address in left_out:
            return StepResult(step, "skipped", cause=f"{step.address} is no longer as planned")
        return executor(step)

    result.results = run_steps(
        steps,
        execute,
        parallelism=options.parallelism,
        stop=options.stop,
        stop_on_error=options.stop_on_error,
        halted=lambda: session.refused is not None,
        told=options.progress,
    )
    result.interrupted = options.stop.is_set()
    result.refused = str(session.refused) if session.refused is not None else ""
    result.calls = _calls(accounts) - before
    result.seconds = time.monotonic() - started
    return result


def _calls(accounts: Accounts) -> int:
    return sum(counter.calls for counter in accounts.wiring.log.totals().values())


def _identities(session: Session, accounts: Accounts) -> None:
    """Remember who each account is; a later run with other credentials under the same name is stopped by that."""
    new = {
        name: {"id": identity.id, "label": identity.name}
        for name, identity in accounts.identities.items()
        if session.state.accounts.get(name, {}).get("id") != identity.id
    }
    if new:
        session.note(Change(accounts=new, note="accounts"))


def settle_pending(session: Session, project: Project, accounts: Accounts) -> list[str]:
    """Find out what creates of killed runs came to, and write that down. Returns what to tell the user.

    Raises HttpError when it cannot be found out, Undecided when a person has to decide; AccountError and ForeignState
    before anything is looked up with credentials of somebody else, who has no such object.
    """
    told: list[str] = []
    started = time.monotonic()  # all these calls were made before: one wait for lists that lag is enough for all
    pending = session.pending()
    named = {str(intent.data["account"]) for intent in pending if intent.data.get("call") == "create"}
    check_who(accounts, session.state, sorted(named & project.accounts.keys()))
    for intent in pending:
        data = intent.data
        if data.get("call") != "create":
            session.resolve(intent, happened=False)
            continue
        address, account = str(data["address"]), str(data["account"])
        config = project.accounts.get(account)
        if config is None or str(data["kind"]) not in config.platform.kinds:
            raise Undecided(f"{address}: a create of run {intent.run} is open, and account {account} is not configured")
        raw, adapter = _look_up(session, project, accounts, data, time.monotonic() - started)
        if raw is None:
            session.resolve(intent, happened=False)
            told.append(f"{address}: the create of the interrupted run {intent.run} had not arrived")
            continue
        kind = config.platform.kinds[str(data["kind"])]
        held, replaced = session.state.resources.get(address), data.get("replaces")
        entry = Entry(
            kind=kind.name,
            id=adapter.id_of(kind, raw),
            scope=dict(data.get("scope") or {}),
            account=account,
            key=data.get("key"),
            deposed=deposed_by(held, str(replaced) if replaced is not None else None),
        )
        session.resolve(intent, happened=True, put={address: entry})
        told.append(f"{address}: the create of the interrupted run {intent.run} had arrived as {entry.id}")
    return told


def _look_up(
    session: Session, project: Project, accounts: Accounts, data: Mapping[str, Any], elapsed: float
) -> tuple[Any, Any]:
    address, account = str(data["address"]), str(data["account"])
    declaration = project.declarations.get(address)
    unchanged = declaration is not None and declaration.digest == data.get("digest")
    adapter = accounts.adapter(account)
    attempt = Attempt(
        kind=project.accounts[account].platform.kinds[str(data["kind"])],
        scope=dict(data.get("scope") or {}),
        address=address,
        minted=data.get("id"),
        key=data.get("key"),
        twins=_texts(data.get("twins")),
        body=declaration.body if declaration is not None and unchanged else None,
    )
    tracked = session.tracked(account, attempt.kind.name)
    held = session.state.resources.get(address)
    if held is not None:
        attempt = replace(attempt, twins=(*attempt.twins, held.id))
    return find_created(adapter, attempt, tracked, elapsed=elapsed), adapter


def _texts(value: Any) -> Sequence[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
