"""Intents whose outcome is not known: a call may or may not have reached the platform before its run was killed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from reconciler.state.records import Record


@dataclass(slots=True, frozen=True)
class PendingIntent:
    """An intent without outcome. `at` is when it became durable, in UTC: nothing older can be its effect.

    `unclear`: the call went out and no clear answer came; otherwise the run ended before it could say anything.
    """

    run: str
    step: str
    at: str
    data: dict[str, Any] = field(default_factory=dict)
    unclear: bool = False


def pending_of(records: Iterable[Record]) -> list[PendingIntent]:
    """List the open intents of a journal, oldest first."""
    found: dict[tuple[str, str], PendingIntent] = {}
    for record in records:
        note_event(found, record)
    return list(found.values())


def note_event(found: dict[tuple[str, str], PendingIntent], record: Record) -> None:
    """Bring a table of open intents up to date with one more record."""
    if record.step is None:
        return
    slot = (record.run, record.step)
    if record.event == "intent":
        found[slot] = PendingIntent(record.run, record.step, record.at, record.data)
    elif record.event == "unknown":
        before = found.get(slot)
        at, data = (before.at, before.data) if before else (record.at, {})
        found[slot] = PendingIntent(record.run, record.step, at, {**data, **record.data}, unclear=True)
    elif record.event in {"done", "failed"}:
        found.pop(slot, None)
