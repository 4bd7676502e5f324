"""Ordering, guarding and freezing: from the diffs of a run to the one plan that is shown and executed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from reconciler import __version__
from reconciler.model.address import matches
from reconciler.model.plan import Estimate, Note, OutputChange, Plan, ResourceChange, Step
from reconciler.model.values import MISSING, is_secret
from reconciler.planner import guard
from reconciler.planner.attribute import attribute_drift
from reconciler.planner.complaints import placed
from reconciler.planner.impact import referrers_left, risk_of
from reconciler.planner.order import order
from reconciler.planner.run import Run
from reconciler.planner.source import line_of
from reconciler.planner.steps import Work
from reconciler.project.model import digest_of
from reconciler.state.ledger import Entry


def freeze(run: Run, started: float) -> Plan:
    """Return the plan. `started` is the monotonic time at which planning began."""
    options = run.options
    chosen = _selected(run)
    works = {address: work for address, work in run.works.items() if address in chosen}
    ordered = order(works, {address: entry.deps for address, entry in run.entries.items()}, run.deps)
    run.errors.extend(ordered.errors)
    destroy = options.mode == "destroy"
    if not destroy:
        run.checks.extend(guard.max_deletes(works, run.entries, run.project.guardrails, options.allowed))
        declared = [(d.account, d.kind.name) for d in run.project.declarations.values()]
        run.checks.extend(guard.nothing_declared(declared, run.entries, options.allowed))
    going = [work.item for work in works.values() if work.item.removal is not None]
    replaced = [work.item for work in works.values() if work.item.replaced]
    run.checks.extend(guard.protected(going, replaced, options.allowed))
    windows = run.project.guardrails.freeze
    run.checks.extend(guard.frozen(ordered.steps, windows, options.allowed, datetime.now(UTC)))
    bad = {note.address for note in run.errors} | {c.address for c in run.checks if c.status == "fail" and c.address}
    steps = [step for step in ordered.steps if step.address not in bad]
    left = referrers_left(run)
    changes = [_change(run, works[address], left.get(address, [])) for address in works]
    if options.attribute:
        changes = attribute_drift(changes, run.items, run.state)
    calls = sum(counter.calls for counter in run.accounts.wiring.log.totals().values())
    return Plan(
        id=uuid.uuid4().hex[:12],
        project=run.project.name,
        environment=run.project.environment,
        tool=__version__,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        mode=options.mode,
        resources=tuple(changes),
        steps=tuple(steps),
        checks=tuple(run.checks),
        notes=tuple(run.notes),
        errors=tuple(placed(run, note) for note in run.errors),
        outputs=tuple(_outputs(run)),
        accounts={
            name: {
                "platform": run.project.accounts[name].platform.name,
                "id": identity.id,
                "name": identity.name,
            }
            for name, identity in run.accounts.identities.items()
        },
        variables={name: value for name, value in run.project.variables.items() if not is_secret(value)},
        estimate=_estimate(run, steps),
        calls=calls,
        seconds=time.monotonic() - started,
        cycles=tuple(ordered.cycles),
        allowed=options.allowed,
        digests=_digests(run, steps),
        lineage=run.state.lineage,
        serial=run.state.serial,
        filters=(*(f"target={t}" for t in options.targets), *(f"exclude={e}" for e in options.excludes)),
    )


def _selected(run: Run) -> set[str]:
    """Return the addresses that `--target` and `--exclude` leave in the plan."""
    chosen = _targeted(run) if run.options.targets else set(run.works)
    if not run.options.excludes:
        return chosen
    left = {address for address in chosen if not any(matches(pattern, address) for pattern in run.options.excludes)}
    return left - _stranded(run, chosen - left)


def _stranded(run: Run, excluded: set[str]) -> set[str]:
    """Return what cannot be done without something that is excluded and does not exist yet."""
    needed_by: dict[str, list[str]] = {}
    for address, item in run.items.items():
        for target in item.declaration.deps if item.declaration is not None else ():
            needed_by.setdefault(target, []).append(address)
    found: set[str] = set()
    missing = [address for address in sorted(excluded) if _is_made(run, address)]
    while missing:
        target = missing.pop()
        for address in needed_by.get(target, ()):
            work = run.works.get(address)
            if work is None or work.diff is None or address in found or address in excluded:
                continue
            if work.diff.change.action == "no-op":
                continue
            found.add(address)
            run.notes.append(Note(address, f"left out as well: it needs {target}, which this run does not make"))
            if _is_made(run, address):
                missing.append(address)
    return found


def _is_made(run: Run, address: str) -> bool:
    diff = run.works[address].diff if address in run.works else None
    return diff is not None and diff.change.action in {"create", "replace"}


def _targeted(run: Run) -> set[str]:
    """Return what `--target` names, and what that needs."""
    chosen = [a for a in run.items if any(matches(pattern, a) for pattern in run.options.targets)]
    found: set[str] = set()
    while chosen:
        address = chosen.pop()
        if address not in found:
            found.add(address)
            declaration = run.items[address].declaration if address in run.items else None
            chosen.extend(declaration.deps if declaration is not None else ())
    return found


def _change(run: Run, work: Work, referrers: list[str]) -> ResourceChange:
    item = work.item
    if work.diff is not None:
        change = work.diff.change
        if change.action == "no-op" and not (change.kept or change.released or change.notes):
            return change
        assert item.declaration is not None
        return replace(change, file=item.declaration.file, line=line_of(run.project.root, item.declaration))
    assert item.entry is not None
    verb = item.removal
    forget = verb == "forget" or item.raw is None
    risks: tuple[str, ...] = (risk_of(referrers),) if referrers else ()
    history = f"the {item.kind.title} and its history on the platform are deleted for good"
    if verb == "delete" and not forget:
        risks = (history, *risks)
    return ResourceChange(
        address=item.address,
        account=item.account,
        platform=item.kind.platform,
        kind=item.kind.name,
        action="forget" if forget else "remove",
        causes=frozenset({"removed"}),
        id=item.entry.id,
        removal="forget" if forget else verb,
        gone=item.raw is None,
        risks=risks,
        before={**item.entry.seen},
        secret_paths=tuple(item.entry.secrets),
        file=(item.entry.origin or {}).get("file"),
        line=(item.entry.origin or {}).get("line"),
    )


def _estimate(run: Run, steps: Sequence[Step]) -> Estimate:
    calls: dict[str, int] = {}
    for step in steps:
        if step.call != "state":
            account = run.items[step.address].account
            calls[account] = calls.get(account, 0) + (1 if step.call in {"create", "publish"} else 2)
    seconds = 0.0
    for account, count in calls.items():
        seconds = max(seconds, run.accounts.adapter(account).client.rate.seconds_for(count))
    return Estimate(sum(calls.values()), seconds)


def _outputs(run: Run) -> list[OutputChange]:
    resolver = run.resolver()
    out: list[OutputChange] = []
    for name, output in run.project.outputs.items():
        value = resolver(output.value)
        sensitive = output.sensitive or is_secret(value)
        out.append(OutputChange(name, MISSING, value, sensitive=sensitive, description=output.description))
    return out


def _digests(run: Run, steps: Sequence[Step]) -> dict[str, str]:
    found: dict[str, str] = {}
    for address in dict.fromkeys(step.address for step in steps):
        item = run.items[address]
        declared = item.declaration.digest if item.declaration is not None else "-"
        entry = run.entries.get(address)
        found[address] = f"{declared}:{entry_digest(entry)}"
    return found


def entry_digest(entry: Entry | None) -> str:
    """Return a digest of what state knows of a resource, to notice that a saved plan has been overtaken."""
    if entry is None:
        return "-"
    return digest_of(
        [entry.kind, entry.id, entry.scope, entry.children, entry.sent, entry.seen, entry.secrets, entry.published]
    )
