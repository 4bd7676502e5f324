"""The life of an experience: which status may follow which, and what an experience needs before it can start."""

from __future__ import annotations

from reconciler.emulator.convert.problems import Problems
from reconciler.emulator.convert.store import now
from reconciler.emulator.platform import Stored

FOLLOWS: dict[str, frozenset[str]] = {
    "draft": frozenset({"active", "scheduled", "archived"}),
    "active": frozenset({"paused", "completed", "scheduled"}),
    "paused": frozenset({"active", "archived"}),
    "completed": frozenset({"active", "archived"}),
    "scheduled": frozenset({"active"}),
    "archived": frozenset(),
}
"""What a user may set next. An archived experience stays so; an active one is paused before it is archived."""

STARTED = frozenset({"active", "paused", "completed"})
"""Once it has run, variations are neither added nor removed."""

_NO_GOALS = frozenset({"deploy", "feature_rollout"})
_SEVERAL = frozenset({"a/b", "a/a", "mvt", "split_url", "multipage", "a/b_fullstack"})


def check_transition(old: Stored | None, new: Stored, problems: Problems) -> None:
    """Note a status that may not follow the one before, or an experience that cannot start yet."""
    before, after = (old["status"] if old is not None else None), new["status"]
    if before == after:
        return
    if before is not None and after not in FOLLOWS[before]:
        way = ", ".join(sorted(FOLLOWS[before])) or "nothing"
        problems.add("status", f"cannot go from {before} to {after} (only to {way})")
    elif after == "active":
        check_complete(new, problems)


def check_complete(new: Stored, problems: Problems) -> None:
    """Note what is missing before an experience can run."""
    kind = new["type"]
    least = 2 if kind in _SEVERAL else 1
    if len(new["variations"]) < least:
        problems.add("variations", f"an experience of type {kind} needs {least} or more variations to be active")
    elif kind != "a/a" and not _has_changes(new):
        problems.add("variations", "an active experience needs at least one change")
    if kind not in _NO_GOALS and not new["goals"]:
        problems.add("goals", "an active experience needs at least one goal")


def stamp_times(old: Stored | None, new: Stored) -> None:
    """Set when the experience was first started and last stopped, as its status says."""
    before, after = (old["status"] if old is not None else None), new["status"]
    if before == after:
        return
    if after == "active":
        new["start_time"] = new.get("start_time") or now()
        new["end_time"] = 0
    elif before == "active":
        new["end_time"] = now()


def _has_changes(new: Stored) -> bool:
    if new["type"] == "mvt":
        return any(version["changes"] for section in new["sections"] for version in section["versions"])
    return any(one["changes"] for one in new["variations"])
