"""From a whole experience to what one call sends: children in the forms that keep, change and add them."""

from __future__ import annotations

from typing import Any

from reconciler.adapters.convert.changes import wire_changes, wire_id
from reconciler.adapters.convert.integrations import tidy_integrations
from reconciler.adapters.convert.kind import Body
from reconciler.adapters.convert.reporting import tidy_reporting

TOLERANCE = 0.05
"""How far the shares of variations may miss 100 percent: three-way splits round."""
READ_ONLY_SETTINGS = ("visitor_insights",)


def tidy_experience(body: Body) -> None:
    """Drop what the platform computes, and say of each integration whether it is on."""
    settings = body.get("settings")
    if isinstance(settings, dict):
        for name in READ_ONLY_SETTINGS:
            settings.pop(name, None)
        tidy_reporting(settings)
    if isinstance(body.get("integrations"), list):
        tidy_integrations(body["integrations"])


def keep_primary(body: Body, live: Body | None) -> None:
    """Name another primary goal with goals that leave it out: it cannot be removed, only replaced by another."""
    goals = body.get("goals")
    primary = live.get("primary_goal") if live is not None else None
    if not isinstance(goals, list) or not goals or primary is None or "primary_goal" in body:
        return
    if str(primary) not in {str(one.get("id") if isinstance(one, dict) else one) for one in goals}:
        first = goals[0]
        body["primary_goal"] = first["id"] if isinstance(first, dict) else first


def wire_variations(variations: list[Any], live: Any) -> list[Any]:
    """Return the final list of variations to send.

    New ones go without `status`, which the create shape does not have: they start running. Shares that nobody declared
    are left to the platform when variations come or go (Convert API v2, variations: all of them have one, or none).
    """
    before = {item["id"]: item for item in live or () if isinstance(item, dict) and "id" in item}
    sent = [_wire_variation(item, before) for item in variations]
    shares = [item.get("traffic_distribution", 0) for item in sent if item.get("status") != "stopped"]
    if before and {item.get("id") for item in variations if isinstance(item, dict)} != before.keys():
        whole = all(isinstance(share, int | float) for share in shares) and abs(sum(shares) - 100) <= TOLERANCE
        if not whole:  # shares of the old set, of which some came or went: the platform deals them out anew
            for item in sent:
                item.pop("traffic_distribution", None)
    return sent


def _wire_variation(variation: Any, before: dict[Any, Body]) -> Any:
    if not isinstance(variation, dict):
        return {"id": wire_id(variation)}
    old = before.get(variation.get("id"))
    out = {name: value for name, value in variation.items() if name != "status" or "id" in variation}
    if "id" in out:
        out["id"] = wire_id(out["id"])
    if isinstance(out.get("changes"), list):
        out["changes"] = wire_changes(out["changes"], old.get("changes") if old else None)
    return out


def wire_sections(sections: list[Any], live: Any) -> list[Any]:
    """Return the final list of sections to send: the platform computes which variations a version is part of."""
    before = {
        version.get("id"): version
        for section in live or ()
        if isinstance(section, dict)
        for version in section.get("versions") or ()
    }
    return [_wire_section(section, before) for section in sections]


def _wire_section(section: Body, before: dict[Any, Body]) -> Body:
    return {**section, "versions": [_wire_version(version, before) for version in section.get("versions") or ()]}


def _wire_version(version: Body, before: dict[Any, Body]) -> Body:
    out = {name: value for name, value in version.items() if name != "variations"}
    if isinstance(out.get("changes"), list):
        old = before.get(version.get("id"))
        out["changes"] = wire_changes(out["changes"], old.get("changes") if old else None)
    return out


def stopped(variations: Any) -> list[Body]:
    """Return the variations that are to be stopped although they are only being created."""
    return [
        item
        for item in (variations if isinstance(variations, list) else ())
        if isinstance(item, dict) and "id" not in item and item.get("status") == "stopped"
    ]


__all__ = ["stopped", "tidy_experience", "wire_sections", "wire_variations"]
