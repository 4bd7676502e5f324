"""Guardrails: what a plan must not do unless an `--allow` says so, each with the exact override in its message."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from reconciler.adapters.base.children import split_child
from reconciler.model.address import matches
from reconciler.model.plan import Allowed, CheckResult, ResourceChange, Step
from reconciler.planner.item import Item
from reconciler.planner.steps import Work
from reconciler.project.model import Freeze, Guardrails, Limit
from reconciler.state.ledger import Entry

BINDS_FROM = 10
"""A percentage says nothing about a handful: it binds from so many tracked objects on."""


def limit_of(limit: Limit, tracked: int) -> int | None:
    """Return how many deletions a limit admits among so many tracked objects; None when it does not bind."""
    if not limit.percent:
        return int(limit.value)
    return math.floor(tracked * limit.value / 100) if tracked >= BINDS_FROM else None


def max_deletes(
    works: Mapping[str, Work], entries: Mapping[str, Entry], guardrails: Guardrails, allowed: Allowed
) -> list[CheckResult]:
    """Check how many objects and children go, per account and kind and per collection of children."""
    tracked: Counter[tuple[str, str, str]] = Counter()
    going: Counter[tuple[str, str, str]] = Counter()
    counts = Counter((entry.account, entry.kind) for entry in entries.values())
    for work in works.values():
        group = (work.item.account, work.item.kind.platform, work.item.kind.name)
        tracked[group] = counts[work.item.account, work.item.kind.name]
        removed = work.item.removal not in {None, "forget", "refuse"} and work.item.raw is not None
        if removed or (work.diff is not None and work.diff.change.action == "replace"):
            going[group] += 1
    checks = [
        check
        for group, count in sorted(going.items())
        if (check := _check(count, tracked[group], group, "", guardrails, allowed)) is not None
    ]
    for address, work in works.items():
        if work.diff is None:
            continue
        checks.extend(_children(address, work.diff.change, work, guardrails, allowed))
    return checks


def _children(
    address: str, change: ResourceChange, work: Work, guardrails: Guardrails, allowed: Allowed
) -> Iterable[CheckResult]:
    removed = [child.text for child in change.children if child.action == "remove"]
    if not removed:
        return
    gone = Counter(split_child(text)[0] for text in removed)
    found = work.diff.comparison if work.diff is not None else None
    texts = {*removed, *(found.located if found is not None else ())}
    there = Counter(split_child(text)[0] for text in texts)
    group = (work.item.account, work.item.kind.platform, work.item.kind.name)
    for collection, count in sorted(gone.items()):
        check = _check(count, there[collection], group, f"{address}.{collection}", guardrails, allowed)
        if check is not None:
            yield check


def _check(
    count: int, tracked: int, group: tuple[str, str, str], where: str, guardrails: Guardrails, allowed: Allowed
) -> CheckResult | None:
    account, platform, kind = group
    limit = guardrails.limit(account, platform, kind)
    most = limit_of(limit, tracked)
    if most is None or count <= most:
        return None
    given = next((value for name, value in allowed.rules if name == "deletes"), None)
    lifted = given is not None and given.isdigit() and count <= int(given)
    subject = where or f"{account}.{kind}"
    message = f"{subject}: {count} of {tracked} would be deleted, the limit is {limit}"
    return CheckResult("max_deletes", "allowed" if lifted else "fail", message, f"deletes={count}")


def protected(items: Iterable[Item], replaced: Iterable[Item], allowed: Allowed) -> list[CheckResult]:
    """Check `prevent_destroy`, which state remembers when its declaration is gone, and kinds that refuse removal."""
    checks: list[CheckResult] = []
    for item in (*items, *replaced):
        entry = item.entry
        shielded = entry is not None and entry.protect
        if item.declaration is not None:
            shielded = item.declaration.meta.rules.prevent_destroy
        if shielded and item.raw is not None and item.removal != "forget":
            ok = allowed.has("destroy", item.address)
            message = f"{item.address} is protected by prevent_destroy and would be removed"
            checks.append(
                CheckResult(
                    "prevent_destroy", "allowed" if ok else "fail", message, f"destroy={item.address}", item.address
                )
            )
        if item.removal == "refuse":
            message = (
                f"{item.address}: a {item.kind.title} is not removed by leaving it out; "
                "write `removed:` to forget it, or delete it on the platform"
            )
            checks.append(CheckResult("on_remove", "fail", message, None, item.address))
        if item.replaced and item.declaration is not None and _verb(item) == "refuse":
            message = (
                f"{item.address} would be replaced, and a {item.kind.title} is not removed; declare the new one under "
                "a name of its own, and forget this one with `removed:`"
            )
            checks.append(CheckResult("on_remove", "fail", message, None, item.address))
    return checks


def _verb(item: Item) -> str:
    declared = item.declaration.meta.rules.on_remove if item.declaration is not None else None
    return declared or item.kind.on_remove


def nothing_declared(
    declared: Iterable[tuple[str, str]], entries: Mapping[str, Entry], allowed: Allowed
) -> list[CheckResult]:
    """Refuse a run that declares nothing at all where state has objects: an empty folder is more often a mistake."""
    if any(True for _ in declared) or not entries:
        return []
    ok = allowed.has("empty")
    message = f"nothing is declared, and state has {len(entries)} resource(s) that would all be removed"
    return [CheckResult("empty", "allowed" if ok else "fail", message, "empty")]


def frozen(steps: Iterable[Step], windows: Iterable[Freeze], allowed: Allowed, now: datetime) -> list[CheckResult]:
    """Check freeze windows: while one is open only what its `allow` takes in may be written."""
    checks: list[CheckResult] = []
    for window in windows:
        if not window.start <= now < window.until:
            continue
        held = sorted({name for step in steps for name in _written(step) if not _admits(window, name)})
        if held:
            shown = ", ".join(held[:5]) + (f" and {len(held) - 5} more" if len(held) > 5 else "")
            why = f" ({window.reason})" if window.reason else ""
            until = window.until.isoformat(timespec="minutes")
            message = f"freeze {window.name}{why} until {until}: {shown} would be written"
            checks.append(CheckResult("freeze", "allowed" if allowed.has("freeze") else "fail", message, "freeze"))
    return checks


def _written(step: Step) -> list[str]:
    """Return the addresses that a step writes: of attributes where it writes only some, else of the whole resource."""
    if step.call == "state":
        return []
    if step.call in {"update", "facet", "publish", "unarchive"}:
        texts = [leaf.text for leaf in step.overlay.leaves] + [child.text for child in step.overlay.children]
        return [f"{step.address}.{text}" for text in texts]
    return [step.address]


def _admits(window: Freeze, address: str) -> bool:
    return any(matches(pattern, address) for pattern in window.allow)
