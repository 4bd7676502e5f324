"""Counters of caps and ping limits: what has passed in the current interval.

A counter belongs to the id of its cap: without the id it is gone, and the quota is full again. Other rules or a shorter
duration set it to zero; another maximum does not. Counters appear with traffic, here by `POST /_control/load`.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from reconciler.emulator.leadconduit import nested
from reconciler.emulator.leadconduit.call import Call, route
from reconciler.emulator.leadconduit.store import Store
from reconciler.emulator.platform import Stored
from reconciler.emulator.wire import answer, raw

_MINUTES = {"minute": 1, "hour": 60, "day": 1440, "week": 10_080, "month": 43_200}
_COPIED = ("name", "maximum", "duration", "duration_units", "time_zone")


def routes(store: Store) -> list[BaseRoute]:
    """Return the routes of both sorts of counters."""
    found: list[BaseRoute] = []
    for kind in ("caps", "ping_limits"):
        found += [route(store, f"/{kind}", "GET", list_), route(store, f"/{kind}/{{id}}", "GET", get)]
    return found


def _kind(call: Call) -> str:
    return "ping_limits" if "/ping_limits" in call.request.url.path else "caps"


async def list_(call: Call) -> Response:
    """GET /caps, GET /ping_limits: those with traffic, of one flow with `flow_id`."""
    flow_id = call.query("flow_id")
    keep = None if flow_id is None else (lambda stored: stored.get("flow_id") == flow_id.lower())
    return raw(call.store.tables[_kind(call)].list_body(call.tenant, keep))


async def get(call: Call) -> Response:
    """GET /caps/{id}, GET /ping_limits/{id}."""
    kind = _kind(call)
    return answer(call.store.tables[kind].shown(call.find(kind)))


def follow(store: Store, tenant: str, before: Stored | None, after: Stored | None) -> None:
    """Let the counters follow a change of the flow that their caps stand in."""
    if before is None or not (store.caps.count(tenant) or store.ping_limits.count(tenant)):
        return
    kept = {(sort, node["id"]): node for sort, node in nested.walk(after)} if after else {}
    for sort, old in nested.walk(before):
        if sort not in {"cap", "ping_limit"}:
            continue
        table = store.caps if sort == "cap" else store.ping_limits
        counter = table.get(tenant, old["id"])
        if counter is None:
            continue
        new = kept.get((sort, old["id"]))
        if new is None:
            table.delete(tenant, old["id"])
            continue
        counter = {**counter, **{name: new[name] for name in _COPIED if name in new}}
        if _minutes(new) < _minutes(old) or _bare(old.get("rule_set")) != _bare(new.get("rule_set")):
            counter.update(count=0, failed_count=0)
        table.put(tenant, counter)


def _bare(value: Any) -> Any:
    """Return rules without the ids of their parts."""
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items() if key != "id"}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _minutes(node: Stored) -> float:
    duration: float = node["duration"] * _MINUTES[node["duration_units"]]
    return duration
