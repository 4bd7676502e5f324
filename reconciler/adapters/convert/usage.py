"""Risks of touching what many experiences share: goals, audiences, locations, features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.model.kind import Risk


def usage_risks(title: str, watched: frozenset[str]) -> Risk:
    """Return the risk function of a shared kind; `watched` are the attributes that change what experiences do."""

    def risks(live: Mapping[str, Any], declared: Mapping[str, Any], touched: frozenset[str]) -> Sequence[str]:
        texts: list[str] = []
        users = _users(live)
        if "status" in touched and declared.get("status") == "archived":
            texts.append(f"archives the {title} for {users}")
        changed = sorted(touched & watched)
        if changed:
            texts.append(f"changes {', '.join(changed)} for {users}; running ones change at once")
        return texts

    return risks


def _users(live: Mapping[str, Any]) -> str:
    stats = live.get("stats")
    if isinstance(stats, Mapping):
        for name in ("times_used", "experiences_usage"):
            count = stats.get(name)
            if isinstance(count, int):
                return f"{count} active experience{'' if count == 1 else 's'}"
    return "every experience that uses it"


__all__ = ["usage_risks"]
