"""Steps that write to the ledger alone: moves, adoptions, what is forgotten, released, or found to hold already."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from reconciler.applier import record
from reconciler.applier.context import Context, StepFailed
from reconciler.model.plan import Step
from reconciler.planner.diff import PUBLISHED
from reconciler.planner.item import Item
from reconciler.planner.planner import Planned
from reconciler.state.ledger import Entry
from reconciler.state.session import Change


def edit(run: Context, step: Step, item: Item) -> list[str]:
    """Carry out an edit of the ledger. Raises StepFailed for one that this version does not know."""
    match step.edit:
        case "move":
            pass  # all moves were made at once, before the first step
        case "forget":
            run.session.note(Change(remove=[item.address], note="forget"), step=step.id)
        case "release":
            entry = record.forget_paths(run.entry(item), step.data["paths"])
            run.session.note(Change(put={item.address: entry}, note="release"), step=step.id, wait=False)
        case "adopt" | "record":
            _record(run, step, item)
        case _:
            raise StepFailed(f"an edit of state that this version does not know: {step.edit}", maybe_applied=False)
    return []


def _record(run: Context, step: Step, item: Item) -> None:
    work = run.planned.works[item.address]
    assert work.diff is not None
    entry = run.session.state.resources.get(item.address)
    if entry is None or (item.adopted is not None and entry.id != item.adopted):
        assert item.id is not None
        entry = record.fresh_entry(item, item.id)
        if item.kind.publish is not None:
            # An adopted object counts as published until we write to it.
            entry = replace(entry, sent={PUBLISHED: True}, seen={PUBLISHED: True})
    entry = record.with_recorded(run.session.state, entry, work.diff.recorded, item)
    run.session.note(Change(put={item.address: entry}, note=step.edit or ""), step=step.id, wait=False)


def moves(planned: Planned, ledger: Mapping[str, Entry], touched: Collection[str]) -> Change | None:
    """Return the renames that steps at these addresses build on, as one edit: two can trade places. None for none.

    It must be made before the first step, while the ledger still is as it was when the plan was made: entries that
    steps have written since are not to be overwritten, and what they have created is not to be forgotten.
    """
    previous = planned.previous
    after = {source: target for target, source in previous.items()}
    chosen: dict[str, str] = {}
    waiting = [address for address in previous if address in touched]
    while waiting:
        target = waiting.pop()
        if target in chosen or target not in planned.entries:
            continue
        source = previous[target]
        while source not in ledger and source in previous:
            source = previous[source]  # renamed twice: by `moved`, and then in the files
        chosen[target] = source
        # who moves into the place that is left, and where the one goes whose place is taken
        waiting.extend(other for other in (source, after.get(target)) if other in previous)
    if not chosen:
        return None
    renamed = {source: target for target, source in chosen.items() if source != target}
    put = {target: planned.entries[target] for target in chosen}
    remove = [source for source in renamed if source not in put]
    for address, entry in ledger.items():
        if address not in put and address not in renamed and any(dep in renamed for dep in entry.deps):
            put[address] = replace(entry, deps=[renamed.get(dep, dep) for dep in entry.deps])
    return Change(put=put, remove=remove, note="move")
