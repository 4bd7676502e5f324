"""What an experience's status may become, and what is risky while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.model.kind import Edge, Lifecycle

STATUSES = ("draft", "active", "paused", "completed", "scheduled", "archived")
"""Everything a list shows; `deleted` is a filter value that no living object has."""

_PAUSE_FIRST = "pause it first (status: paused), then archive it"
_CLONE = "an archived experience does not come back: clone it in Convert, and import the clone"

LIFECYCLE = Lifecycle(
    attribute="status",
    initial="draft",
    live=frozenset({"active", "scheduled"}),
    edges=(
        Edge("draft", "active"),
        Edge("draft", "scheduled"),
        Edge("draft", "archived"),
        Edge("active", "paused"),
        Edge("active", "completed"),
        Edge("active", "scheduled"),
        Edge("active", "completed", by="engine"),
        Edge("paused", "active"),
        Edge("paused", "archived"),
        Edge("completed", "active"),
        Edge("completed", "archived"),
        Edge("scheduled", "active"),
        Edge("scheduled", "active", by="engine"),
    ),
    ways_round={
        ("active", "archived"): _PAUSE_FIRST,
        ("scheduled", "*"): "a scheduled experience can only become active; after that it can be paused",
        ("paused", "completed"): "make it active first, then completed; or archive it",
        ("paused", "scheduled"): "make it active first, then scheduled",
        ("active", "draft"): "an experience that ran is no draft any more: pause it, or clone it for a new start",
        ("paused", "draft"): "an experience that ran is no draft any more: leave it paused, or clone it",
        ("completed", "draft"): "an experience that ran is no draft any more: leave it completed, or clone it",
        ("completed", "paused"): "it is completed: make it active to go on, or leave it",
        ("draft", "paused"): "it never ran: leave it a draft, or make it active first",
        ("draft", "completed"): "it never ran: leave it a draft, or make it active first",
        ("archived", "*"): _CLONE,
    },
    archived="archived",
)

_BIASES = {
    "variations": "what visitors see or how they are split",
    "sections": "what visitors see",
    "multipage_pages": "the pages of the test",
    "traffic_distribution": "how many visitors take part",
    "audiences": "who takes part",
    "locations": "where it runs",
    "site_area": "where it runs",
    "goals": "what is measured",
    "primary_goal": "what decides",
    "environment": "where it runs",
    "global_js": "code that runs before every variation",
    "global_css": "styles of every variation",
    "url": "the page of the test",
}


def experience_risks(live: Mapping[str, Any], declared: Mapping[str, Any], touched: frozenset[str]) -> Sequence[str]:
    """Say what a change does to an experience that runs, or ran."""
    texts: list[str] = []
    status, wanted = live.get("status"), declared.get("status")
    if "status" in touched and wanted in LIFECYCLE.live and status not in LIFECYCLE.live:
        texts.append("starts traffic: visitors are counted against the quota, and see it within about 5 minutes")
    if status == "active":
        texts += [
            f"changes {attribute} while it runs ({_BIASES[attribute]}): results before and after cannot be compared"
            for attribute in sorted(touched & _BIASES.keys())
        ]
        if "status" in touched and wanted in ("paused", "completed"):
            texts.append("stops the running experiment")
        if "settings" in touched:
            texts.append("changes settings while it runs: reports may be computed in another way")
    if status != "draft":
        texts += _lost(live, declared, touched)
    goals, primary = declared.get("goals"), live.get("primary_goal")
    known = isinstance(goals, list) and bool(goals) and all(isinstance(goal, str) for goal in goals)
    if "goals" in touched and known and primary is not None and "primary_goal" not in declared:
        assert isinstance(goals, list)
        if str(primary) not in goals:
            texts.append(f"the primary goal {primary} is left out, so {goals[0]} decides from now on")
    return texts


def _lost(live: Mapping[str, Any], declared: Mapping[str, Any], touched: frozenset[str]) -> Sequence[str]:
    texts: list[str] = []
    if "sections" in touched:
        texts.append("sections of an experience that ran: the platform makes its variations anew, their data is lost")
    before, after = live.get("variations"), declared.get("variations")
    if "variations" in touched and isinstance(before, list) and isinstance(after, Mapping):
        many = len(after) - len(before)
        if many > 0:
            texts.append("adds variations to an experience that ran; Convert may refuse: clone it instead")
        elif many < 0 and not getattr(after, "open", False):
            texts.append(
                "removes variations of an experience that ran; their data is lost: use status: stopped instead"
            )
    return texts


__all__ = ["LIFECYCLE", "STATUSES", "experience_risks"]
