"""Who changed what: Convert's change history, read for one object (Convert API v2, Change History).

Records have no date filter and are kept for about six months; they are read newest first, until the time that is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from heapq import merge
from typing import Any

from reconciler.adapters.base.adapter import HistoryEvent
from reconciler.adapters.convert.kind import ACCOUNT, PAGE_SIZE, PROJECT, Body, ConvertKind
from reconciler.model.kind import Method

Ask = Callable[[Method, Body], Any]
"""Sends one list body and returns the parsed answer."""

_OF_ACCOUNT = Method("POST", f"{ACCOUNT}/change-history", reads=True, source="Convert API v2, Account History")
_OF_PROJECT = Method("POST", f"{PROJECT}/change-history", reads=True, source="Convert API v2, Project History")
_OF_EXPERIENCE = Method(
    "POST", f"{PROJECT}/experiences/{{id}}/change-history", reads=True, source="Convert API v2, Experience History"
)
_CHILDREN = ("variation", "change")


def read_history(kind: ConvertKind, object_id: str, since: datetime | None, ask: Ask) -> list[HistoryEvent]:
    """Return the events of one object, newest first; of an experience, those of its variations and changes too."""
    number = int(object_id)
    body: Body = {"objects": [kind.history_object]}
    if kind.history_filter:
        body[kind.history_filter] = [number]
    method = _OF_ACCOUNT if kind.name == "projects" else _OF_PROJECT
    own = (_event(record) for record in _records(method, body, since, ask) if str(record.get("object_id")) == object_id)
    if kind.name != "experiences":
        return list(own)
    inner = (
        _event(record, "variations") for record in _records(_OF_EXPERIENCE, {"objects": list(_CHILDREN)}, since, ask)
    )
    return list(merge(own, inner, key=_moment, reverse=True))


def _moment(event: HistoryEvent) -> float:
    return event.at.timestamp() if event.at is not None else 0.0


def _records(method: Method, body: Body, since: datetime | None, ask: Ask) -> Iterator[Mapping[str, Any]]:
    page = 1
    while True:
        wanted = {
            **body,
            "page": page,
            "results_per_page": PAGE_SIZE,
            "sort_by": "timestamp",
            "sort_direction": "desc",
        }
        answer = ask(method, wanted)
        rows = answer.get("data") or []
        for row in rows:
            if since is not None and _at(row) is not None and row["timestamp"] < int(since.timestamp()):
                return
            yield row
        pages = ((answer.get("extra") or {}).get("pagination") or {}).get("pages_count")
        if len(rows) < PAGE_SIZE or (isinstance(pages, int) and page >= pages):
            return
        page += 1


def _at(row: Mapping[str, Any]) -> datetime | None:
    moment = row.get("timestamp")
    return datetime.fromtimestamp(moment, UTC) if isinstance(moment, int | float) else None


def _event(row: Mapping[str, Any], attribute: str | None = None) -> HistoryEvent:
    event = str(row.get("event") or "update")
    return HistoryEvent(
        actor=_name(row.get("user")),
        at=_at(row),
        event=event if attribute is None else f"{event} {row.get('object')}",
        by_api=row.get("method") == "api",
        attributes=_attributes(row.get("changes")) if attribute is None else (attribute,),
    )


def _name(user: Any) -> str | None:
    if isinstance(user, Mapping):
        return next((str(user[key]) for key in ("name", "email", "user_id") if user.get(key)), None)
    return None if user is None else str(user)


def _attributes(changes: Any) -> tuple[str, ...]:
    if not isinstance(changes, Mapping):
        return ()
    old = changes["old"] if isinstance(changes.get("old"), Mapping) else {}
    new = changes["new"] if isinstance(changes.get("new"), Mapping) else {}
    return tuple(name for name in {**old, **new} if old.get(name) != new.get(name))


__all__ = ["read_history"]
