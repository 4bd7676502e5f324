"""Bodies of flows: from what was read to what the engine compares, and from what it made to what the API takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.adapters.base.adapter import Raw
from reconciler.adapters.leadconduit.templates import OBJECT_ID

MASK = "********"
"""What stands in place of a secret: as every read of a credential shows it."""

Find = Callable[[str], Mapping[str, Any] | None]


def seen_flow(flow: Raw, base_url: str) -> Raw:
    """Bring in place a flow as read to one form: ids in lower case, sources with the URL that leads are submitted to.

    Ids are hexadecimal, so their case means nothing. The path of a submission URL names the source by its entity.
    """
    flow_url = f"{base_url}/flows/{str(flow.get('id')).lower()}"
    _lower(flow, "id")
    for holder in _holders(flow):
        entity = holder.get("entity")
        if isinstance(entity, dict):
            _lower(entity, "id")
        _lower(holder, "credential_id")
        for name in ("pricing_service", "firehose"):
            if isinstance(holder.get(name), dict):
                _lower(holder[name], "service_id", "credential_id")
        waiting = [*(holder.get("caps") or ()), *(holder.get("ping_limits") or ())]
        while waiting:
            cap = waiting.pop()
            if isinstance(cap, dict):
                _lower(cap, "id")
                waiting.extend(cap.get("caps") or ())
    for source in flow.get("sources") or ():
        entity = source.get("entity") if isinstance(source, dict) else None
        if isinstance(entity, dict) and "id" in entity:
            source["submit_url"] = f"{flow_url}/sources/{entity['id']}/submit"
    return flow


def seen_router(router: Raw) -> Raw:
    """Bring in place the ids of a router as read to lower case."""
    _lower(router, "id")
    for route in router.get("routes") or ():
        if isinstance(route, dict):
            _lower(route, "flow_id", "source_id")
    return router


def seen_plain(raw: Raw) -> Raw:
    """Bring in place the ids of an object as read to lower case."""
    _lower(raw, "id", "see")
    return raw


def _lower(holder: dict[str, Any], *names: str) -> None:
    for name in names:
        value = holder.get(name)
        if isinstance(value, str) and OBJECT_ID.match(value) is not None:
            holder[name] = value.lower()


def without_computed(flow: Raw) -> None:
    """Take out in place the submission URLs, which are ours."""
    for source in flow.get("sources") or ():
        source.pop("submit_url", None)


def _holders(flow: Raw) -> Iterator[dict[str, Any]]:
    yield flow
    yield from (source for source in flow.get("sources") or () if isinstance(source, dict))
    yield from (step for step in flow.get("steps") or () if isinstance(step, dict))


def empty_caps_to_null(flow: Raw) -> None:
    """Write "no caps" in place as the platform does, at every depth: null; an empty list is refused."""
    waiting = list(_holders(flow))
    while waiting:
        holder = waiting.pop()
        caps = holder.get("caps")
        if caps == []:
            holder["caps"] = None
        elif isinstance(caps, list):
            waiting.extend(cap for cap in caps if isinstance(cap, dict))


def fill_entities(flow: Raw, find: Find) -> None:
    """Bring in place the copies of entities up to date: the API requires the name beside the id."""
    for holder in _holders(flow):
        entity = holder.get("entity")
        if not isinstance(entity, dict) or not isinstance(entity.get("id"), str):
            continue
        found = find(entity["id"])
        if found is None:
            continue
        copy = {"id": entity["id"], "name": found.get("name")}
        if found.get("time_zone"):
            copy["time_zone"] = found["time_zone"]
        elif entity.get("time_zone") and entity.get("name") == found.get("name"):
            copy["time_zone"] = entity["time_zone"]
        holder["entity"] = copy


def fill_destinations(flow: Raw, find: Find) -> None:
    """Fill in place what a declared destination leaves out: names and addresses, from the account's destinations."""
    for destination in flow.get("destinations") or ():
        if not isinstance(destination, dict) or not isinstance(destination.get("instance_id"), str):
            continue
        if _complete(destination):
            continue
        found = find(destination["instance_id"])
        if found is None:
            continue
        for name in ("name", "integration_name", "integration_icon_url"):
            if not destination.get(name) and found.get(name):
                destination[name] = found[name]
        actions = {one.get("action_id"): one for one in found.get("actions") or () if isinstance(one, dict)}
        for action in destination.get("actions") or ():
            told = actions.get(action.get("action_id"), {})
            for name in ("name", "webhook_url"):
                if not action.get(name) and told.get(name):
                    action[name] = told[name]


def _complete(destination: Mapping[str, Any]) -> bool:
    return bool(destination.get("name") and destination.get("integration_name")) and all(
        action.get("name") and action.get("webhook_url") for action in destination.get("actions") or ()
    )
