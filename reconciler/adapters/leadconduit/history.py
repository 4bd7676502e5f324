"""The change history of flows, entities, fields and reports (LeadConduit API, Changelog).

A record holds the API key of the user who made the change, in clear text: nothing of `user` but the name and the
address leaves this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler.adapters.base.adapter import HistoryEvent

HIDDEN = frozenset({"updated_at", "created_at", "id", "_id", "errors"})
"""What changes with every save and says nothing."""


def event_of(record: Mapping[str, Any]) -> HistoryEvent:
    """Read one record. A record without a user was made with the account's own key, so by a program."""
    user = record.get("user")
    name = _name(user) if isinstance(user, Mapping) else None
    return HistoryEvent(
        actor=name,
        at=moment(record.get("created_at")),
        event=str(record.get("action") or "update"),
        by_api=not isinstance(user, Mapping),
        attributes=_attributes(record),
    )


def moment(value: Any) -> datetime | None:
    """Read a time of the API (ISO 8601 in UTC); None when there is none."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _name(user: Mapping[str, Any]) -> str | None:
    full = " ".join(str(user[key]) for key in ("first_name", "last_name") if user.get(key))
    email = user.get("email")
    if email:
        return f"{full} <{email}>" if full else str(email)
    return full or None


def _attributes(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the top-level attributes of the paths that a record names, each once, in order."""
    out: dict[str, None] = {}
    changes = record.get("changes")
    for change in changes if isinstance(changes, list) else ():
        path = change.get("delta_path") if isinstance(change, Mapping) else None
        first = path[0] if isinstance(path, list) and path else path
        if isinstance(first, str) and first.strip("./[]"):
            top = first.lstrip("./").replace("[", ".").replace("/", ".").split(".", 1)[0]
            out[top] = None
    delta = record.get("delta_from_last_revision")
    if not out and isinstance(delta, Mapping):
        out = dict.fromkeys(str(key) for key in delta if not str(key).startswith("_t"))
    return tuple(name for name in out if name not in HIDDEN)
