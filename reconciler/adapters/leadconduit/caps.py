"""Caps and ping limits: how many leads or pings are taken in a period (LeadConduit API, Cap and PingLimit).

A cap's id is the id of its counter: a cap that loses its id starts counting anew, and its quota is silently refilled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.leadconduit.rules import RuleSet
from reconciler.adapters.leadconduit.templates import in_template
from reconciler.model.kind import Problem
from reconciler.model.markers import Attributes, Children, ServerDefault, TextReference
from reconciler.model.values import Path

Unit = Literal["month", "week", "day", "hour", "minute"]
TimeZone = Annotated[str, Field(pattern=r"^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$")]
_LENGTH = {
    "month": timedelta(days=30),
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
}


class Cap(Attributes):
    """At most `maximum` leads in a period; caps inside it are looked at only when its own criteria pass."""

    name: str | None = None
    type: Annotated[Literal["volume"], ServerDefault("volume")] = "volume"
    maximum: Annotated[float, Field(ge=0)]
    duration: Annotated[int, Field(ge=1)]
    duration_units: Unit
    time_zone: TimeZone | None = None
    rule_set: RuleSet | None = None
    reason: Annotated[str | None, ServerDefault("Cap reached"), TextReference(in_template)] = None
    caps: Caps | None = None


Caps = Annotated[list[Cap], Children(match=("name",), ordered=True)]
"""Looked at in this order. The platform knows no empty list of caps: `[]` is sent as null."""

Cap.model_rebuild()


class PingLimit(Attributes):
    """At most `maximum` pings in a period; needs Real-Time Bidding."""

    name: str | None = None
    maximum: Annotated[int, Field(ge=0)]
    duration: Annotated[int, Field(ge=1)]
    duration_units: Unit
    time_zone: TimeZone | None = None


PingLimits = Annotated[list[PingLimit], Children(match=("name",))]


@cache
def _known_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def check_time_zone(value: Any, path: Path) -> Iterator[Problem]:
    """Warn of a time zone that the IANA database does not have, where this machine has that database."""
    if isinstance(value, str) and not _known_zone(value):
        from difflib import get_close_matches
        from zoneinfo import available_timezones

        zones = available_timezones()
        if not zones:
            return
        close = get_close_matches(value, sorted(zones), n=1)
        fix = f"did you mean {close[0]}?" if close else "write a name like America/Chicago"
        yield Problem(path, f"no time zone is called {value}", fix, severity="warning")


def check_caps(caps: Any, path: Path) -> Iterator[Problem]:
    """Yield what is wrong about caps or ping limits beyond types: time zones, and names that stand twice."""
    if not isinstance(caps, Mapping):
        return
    seen: set[str] = set()
    for local, cap in caps.items():
        here = (*path, local)
        name = cap.get("name")
        if isinstance(name, str):
            if name in seen:
                yield Problem(
                    (*here, "name"),
                    f"two caps are called {name}: their counters could not be told apart",
                    "give each its own name",
                )
            seen.add(name)
        yield from check_time_zone(cap.get("time_zone"), (*here, "time_zone"))
        yield from check_caps(cap.get("caps"), (*here, "caps"))


def cap_risks(where: str, live: Sequence[Mapping[str, Any]], declared: Mapping[str, Any]) -> Iterator[str]:
    """Say which counters start anew (LeadConduit help: a rule edited, a period shortened; a cap dropped)."""
    unnamed = any(not isinstance(cap.get("name"), str) for cap in declared.values())
    by_name = {cap["name"]: cap for cap in declared.values() if isinstance(cap.get("name"), str)}
    for old in live:
        name = old.get("name")
        new = by_name.get(name)
        title = f"cap {name or old.get('id')!r} of {where}"
        if new is None:
            if not unnamed:
                yield f"{title} goes, and its counter with it: what it held back is accepted again"
            continue
        if _shorter(old, new) or ("rule_set" in new and _bare(new["rule_set"]) != _bare(old.get("rule_set"))):
            yield f"{title}: the change sets its counter to zero, so the quota is open again"
        if isinstance(new.get("caps"), Mapping):
            yield from cap_risks(where, old.get("caps") or (), new["caps"])


def _shorter(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    try:
        before = old["duration"] * _LENGTH[old["duration_units"]]
        after = new["duration"] * _LENGTH[new["duration_units"]]
    except (KeyError, TypeError):
        return False
    return bool(after < before)


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _bare(item) for key, item in value.items() if key != "id" and item is not None}
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return value
