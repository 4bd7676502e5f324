"""Ids of parts that have no name of their own: rules and rule sets keep theirs when a body is put together anew.

Events point to such ids (LeadConduit API, Event), so a part that did not change should not get another one. Rules are
found again by what they say, then by their place among those left over; everything else by its id or its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_NAMED = ("sources", "steps", "caps", "ping_limits", "prices", "mappings", "routes")
"""Lists whose items are children: the engine has given them their ids already."""


def keep_ids(body: Any, live: Any) -> None:
    """Give in place the ids that the live object has to the same rules and rule sets of a body that lost them."""
    stack = [(body, live)]
    while stack:
        mine, theirs = stack.pop()
        if not isinstance(mine, dict) or not isinstance(theirs, dict):
            continue
        if ("rules" in mine or "lhv" in mine) and "id" not in mine and "id" in theirs:
            mine["id"] = theirs["id"]
        for key, value in mine.items():
            other = theirs.get(key)
            if key == "rules" and isinstance(value, list) and isinstance(other, list):
                stack.extend(_rules(value, other))
            elif key in _NAMED and isinstance(value, list) and isinstance(other, list):
                known = {item["id"]: item for item in other if isinstance(item, dict) and "id" in item}
                stack.extend((item, known.get(item.get("id"))) for item in value if isinstance(item, dict))
            else:
                stack.append((value, other))


def _rules(mine: list[Any], theirs: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Pair rules: those that have an id by it, then equal ones, then the rest in order."""
    rest = [item for item in theirs if isinstance(item, dict)]
    waiting: list[dict[str, Any]] = []
    for item in mine:
        found = _take(rest, lambda one, item=item: _same_id(one, item)) if isinstance(item, dict) else None
        if found is not None:
            yield item, found
        elif isinstance(item, dict):
            waiting.append(item)
    still: list[dict[str, Any]] = []
    for item in waiting:
        text = said(item)
        found = _take(rest, lambda one, text=text: said(one) == text)
        if found is None:
            still.append(item)
        else:
            yield item, found
    yield from zip(still, rest, strict=False)


def _same_id(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return "id" in other and one.get("id") == other["id"]


def _take(items: list[dict[str, Any]], wanted: Any) -> dict[str, Any] | None:
    for index, item in enumerate(items):
        if wanted(item):
            return items.pop(index)
    return None


def said(value: Any) -> Any:
    """Return what a rule says: without ids, without members that are null."""
    if isinstance(value, dict):
        return {key: said(item) for key, item in value.items() if key != "id" and item is not None}
    if isinstance(value, list):
        return [said(item) for item in value]
    return value
