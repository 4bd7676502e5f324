"""Guardrails and outputs as written, checked and turned into data."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from reconciler.adapters.base.spelling import as_written, shown
from reconciler.project.config import Config
from reconciler.project.model import Freeze, Guardrails, Limit
from reconciler.project.session import Session

KEYS = ("max_deletes", "timezone", "freeze")
FREEZE_KEYS = ("name", "from", "to", "allow", "reason")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def read_guardrails(session: Session, config: Config, known: set[str]) -> Guardrails:
    """Read the `guardrails:` section with the environment laid over it; `known` are platforms, accounts and kinds."""
    raw = config.value.get("guardrails")
    if raw is None:
        return Guardrails()
    if not isinstance(raw, dict):
        session.error("guardrails must be a map", place=config.place(("guardrails",)), code="type")
        return Guardrails()
    for key in raw:
        if key not in KEYS and not key.startswith("x-"):
            place = config.place(("guardrails", key), "key")
            session.error(
                f"unknown key {key} of guardrails", f"known: {', '.join(KEYS)}", place=place, code="unknown-key"
            )
    default, by = _limits(session, config, raw.get("max_deletes"), known)
    name = raw.get("timezone", "UTC")
    zone = _zone(name)
    if zone is None:
        place = config.place(("guardrails", "timezone"))
        session.error(
            f"there is no time zone {shown(name)}", "write one like America/New_York", place=place, code="timezone"
        )
        name, zone = "UTC", ZoneInfo("UTC")
    return Guardrails(default, by, name, _freezes(session, config, raw.get("freeze"), zone))


def _limits(session: Session, config: Config, raw: Any, known: set[str]) -> tuple[Limit, dict[str, Limit]]:
    default, by = Guardrails().max_deletes, {}
    if isinstance(raw, dict):
        for key, value in raw.items():
            path = ("guardrails", "max_deletes", key)
            limit = _limit(session, config, value, path)
            if key == "default":
                default = limit or default
            elif key not in known:
                fix = "write a platform, an account, <platform>.<kind>, or default"
                session.error(
                    f"max_deletes: {key} is not known", fix, place=config.place(path, "key"), code="unknown-key"
                )
            elif limit is not None:
                by[key] = limit
    elif raw is not None:
        default = _limit(session, config, raw, ("guardrails", "max_deletes")) or default
    return default, by


def _limit(session: Session, config: Config, value: Any, path: tuple[str, ...]) -> Limit | None:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return Limit(value, percent=False)
    if isinstance(value, str) and (match := re.fullmatch(r"(\d+(?:\.\d+)?) ?%", value)) and float(match[1]) <= 100:
        return Limit(float(match[1]), percent=True)
    fix = "write a number, or a percentage like 10%"
    session.error(f"max_deletes cannot be {shown(value)}", fix, place=config.place(path), code="limit")
    return None


def _zone(name: Any) -> tzinfo | None:
    if not isinstance(name, str) or not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _freezes(session: Session, config: Config, raw: Any, zone: tzinfo) -> tuple[Freeze, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list):
        session.error("freeze must be a list", place=config.place(("guardrails", "freeze")), code="type")
        return ()
    out: list[Freeze] = []
    for i, item in enumerate(raw):
        path = ("guardrails", "freeze", i)
        place = config.place(path)
        if not isinstance(item, dict) or "from" not in item or "to" not in item:
            session.error("a freeze window needs from and to", "write {name: …, from: 2026-11-26, to: …}", place=place)
            continue
        for key in item:
            if key not in FREEZE_KEYS:
                problem, fix = f"unknown key {key} of a freeze window", f"known: {', '.join(FREEZE_KEYS)}"
                session.error(problem, fix, place=config.place((*path, key), "key"), code="unknown-key")
        start = _moment(session, config, item["from"], (*path, "from"), zone, end=False)
        until = _moment(session, config, item["to"], (*path, "to"), zone, end=True)
        allow = item.get("allow", [])
        if not isinstance(allow, list) or any(not isinstance(one, str) for one in allow):
            problem = "allow must be a list of address patterns"
            session.error(problem, place=config.place((*path, "allow")), code="type")
            allow = []
        if start is None or until is None:
            continue
        if until <= start:
            session.error("a freeze window ends before it begins", place=config.place((*path, "to")), code="freeze")
            continue
        name = as_written(item.get("name", f"freeze {i + 1}"))
        reason = as_written(item["reason"]) if item.get("reason") is not None else ""
        out.append(Freeze(name, start, until, tuple(allow), reason, place))
    return tuple(out)


def _moment(
    session: Session, config: Config, value: Any, path: tuple[str | int, ...], zone: tzinfo, *, end: bool
) -> datetime | None:
    """Read a date or time. A date begins at 00:00 and ends with the day; a time with an offset keeps that."""
    try:
        found = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        fix = "write 2026-11-26 or 2026-11-26T06:00"
        session.error(f"{shown(value)} is no date", fix, place=config.place(path), code="date")
        return None
    if _DAY.match(value) and end:
        found += timedelta(days=1)
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)
