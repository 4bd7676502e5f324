"""Bodies of flows: from what was read to what the engine compares, and from what it made to what the API takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.adapters.base.adapter import Raw

MASK = "********"
"""What stands in place of a secret: as every read of a credential shows it."""

Find = Callable[[str], Mapping[str, Any] | None]


def submit_urls(flow: Raw, base_url: str) -> Raw:
    """Return a flow as read, with the URL that each source is submitted to. Its path names the source by its entity."""
    sources = flow.get("sources")
    if not isinstance(sources, list):
        return flow
    return {**flow, "sources": [_with_url(source, f"{base_url}/flows/{flow.get('id')}") for source in sources]}


def _with_url(source: Any, flow_url: str) -> Any:
    entity = source.get("entity") if isinstance(source, dict) else None
    if not isinstance(entity, dict) or "id" not in entity:
        return source
    return {**source, "submit_url": f"{flow_url}/sources/{entity['id']}/submit"}


def without_computed(flow: Raw) -> None:
    """Take out in place what `submit_urls` put in."""
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
