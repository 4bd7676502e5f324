"""GET /changelogs and those of one object: who changed what, and when."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import BaseRoute

from reconciler.emulator.leadconduit.call import Call, Handler, RefusedError, route
from reconciler.emulator.leadconduit.history import TYPES, Change
from reconciler.emulator.leadconduit.store import Store, time_ms
from reconciler.emulator.wire import answer

MOST = 1000
"""Records in one answer, and the default."""

_TARGETS = {"flow_id": "flow", "field_id": "field", "entity_id": "entity"}


def routes(store: Store) -> list[BaseRoute]:
    """Return the routes of the change history."""
    found: list[BaseRoute] = [
        route(store, "/changelogs", "GET", list_),
        route(store, "/changelogs/{id}", "GET", get),
    ]
    found += [route(store, f"/{kind}/{{id}}/changelogs", "GET", _of(kind)) for kind in ("flows", "entities", "fields")]
    return found


def _of(kind: str) -> Handler:
    async def of_one(call: Call) -> Response:
        """GET /flows/{id}/changelogs: not of an object that is gone."""
        call.find(kind)
        return _page(call, call.store.history.of(call.tenant, TYPES[kind], call.id))

    return of_one


async def list_(call: Call) -> Response:
    """GET /changelogs: `null` when there is none."""
    chosen = [name for name in _TARGETS if call.query(name)]
    if len(chosen) > 1:
        raise RefusedError(422, {name: ["cannot be combined with the others"] for name in chosen})
    changes = call.store.history.of(call.tenant)
    if chosen:
        changes = call.store.history.of(call.tenant, _TARGETS[chosen[0]], call.query(chosen[0]))
    return _page(call, changes)


async def get(call: Call) -> Response:
    """GET /changelogs/{id}."""
    for change in call.store.history.of(call.tenant):
        if change.id == call.id:
            return answer(change.shown())
    raise RefusedError(404, {"error": "not found"})


def _page(call: Call, changes: Sequence[Change]) -> Response:
    """Answer with the changes that the query asks for, the newest first unless `sort=asc`."""
    limit = _limit(call)
    start, stop = _bounds(call, changes)
    wanted = {name: call.query(name) for name in ("type", "action", "user_id")}
    rows = []
    indexes = range(start, stop) if call.query("sort") == "asc" else range(stop - 1, start - 1, -1)
    for index in indexes:
        change = changes[index]
        user_id = change.user["id"] if change.user else "null"
        if any(
            given is not None and given != value
            for given, value in zip(wanted.values(), (change.kind, change.action, user_id), strict=True)
        ):
            continue
        rows.append(change.shown())
        if len(rows) == limit:
            break
    return answer(rows or None)


def _limit(call: Call) -> int:
    given = call.query("limit")
    if given is None:
        return MOST
    if not given.isdigit() or not 1 <= int(given) <= MOST:
        raise RefusedError(422, {"limit": [f"must be between 1 and {MOST}"]})
    return int(given)


def _bounds(call: Call, changes: Sequence[Change]) -> tuple[int, int]:
    """Return the positions that ids (exclusive) and times (inclusive) leave; of two bounds the narrower counts."""
    start, stop = 0, len(changes)
    places = {change.id: index for index, change in enumerate(changes)} if _has_ids(call) else {}
    if (after := call.query("after_id")) is not None:
        start = max(start, places.get(after.lower(), -1) + 1)
    if (before := call.query("before_id")) is not None:
        stop = min(stop, places.get(before.lower(), stop))
    if (since := _time(call, "start")) is not None:
        while start < stop and changes[start].at_ms < since:
            start += 1
    if (until := _time(call, "end")) is not None:
        while stop > start and changes[stop - 1].at_ms > until:
            stop -= 1
    return start, stop


def _has_ids(call: Call) -> bool:
    return call.query("after_id") is not None or call.query("before_id") is not None


def _time(call: Call, name: str) -> int | None:
    given = call.query(name)
    if given is None:
        return None
    try:
        return time_ms(given)
    except ValueError:
        raise RefusedError(422, {name: ["is not a valid time"]}) from None
