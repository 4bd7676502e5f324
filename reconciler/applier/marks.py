"""The mark of a publish in state, around a save: what is saved and not published must show in the next plan.

A run may end at any moment between the save and the publish. Were the mark still there, the next plan would find that
the platform holds what is declared, and that it was published, and what runs would stay the old copy for ever.
"""

from __future__ import annotations

from reconciler.adapters.base.adapter import Raw
from reconciler.applier import record
from reconciler.model.plan import Step
from reconciler.planner.diff import PUBLISHED
from reconciler.planner.item import Item
from reconciler.state import Session, StateWriteRefused
from reconciler.state.ledger import Entry
from reconciler.state.session import Change


def withdraw(session: Session, step: Step, item: Item) -> Entry | None:
    """Before a published object is saved, durably forget that it is. Returns its entry as it was, None for no mark.

    Raises StateWriteRefused when that cannot be written: then nothing may be sent.
    """
    entry = session.state.resources.get(item.address)
    if item.kind.publish is None or entry is None or PUBLISHED not in entry.sent:
        return None
    change = Change(put={item.address: record.unpublished(entry)}, note="about to be saved")
    if not session.note(change, step=step.id):
        raise StateWriteRefused(f"state cannot be written ({session.refused}); nothing was sent")
    return entry


def restore(session: Session, step: Step, item: Item, entry: Entry, before: Raw) -> None:
    """After a save that was refused, put the mark back if the platform surely holds what it held `before`.

    A save may consist of several calls, of which the first ones were not refused: so it is asked.
    """
    from reconciler.http import HttpError

    try:
        now = item.adapter.get(item.kind, item.scope or {}, entry.id)
    except HttpError:
        return
    if now is not None and all(name in before and before[name] == value for name, value in now.items()):
        session.note(Change(put={item.address: entry}, note="was not saved"), step=step.id)
