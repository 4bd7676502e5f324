"""What scenarios ask of a plan, a ledger and the log of requests."""

from __future__ import annotations

import re
from typing import Any

from tests.harness import Bench

_READS = re.compile(
    r"/(goals|audiences|locations|experiences|features|tags|domains|projects|hypotheses|change-history)$"
)


def planned(bench: Bench, address: str, *argv: str, expect: int = 0) -> dict[str, Any]:
    """Return what a plan says of one address; nothing when it is not in the plan."""
    document = bench.plan_json(*argv, expect=expect)
    return next((one for one in document["resource_changes"] if one["address"] == address), {})


def busy(bench: Bench, *argv: str, expect: int = 0) -> dict[str, str]:
    """Return what a plan would do, by address."""
    rows = bench.plan_json(*argv, expect=expect)["resource_changes"]
    return {one["address"]: one["x_action"] for one in rows if one["x_action"] not in {"no-op", "read"}}


def paths(change: dict[str, Any], member: str = "x_leaves") -> list[str]:
    """Return the paths of a planned change."""
    return [one if isinstance(one, str) else one["path"] for one in change.get(member) or ()]


def writes(bench: Bench) -> list[str]:
    """Return the writing requests since the last time, as `METHOD path` below the account."""
    found: list[str] = []
    for one in bench.requests():
        path = str(one["path"])
        reads = one["method"] == "GET" or (one["method"] == "POST" and _READS.search(path) is not None)
        if not reads or (one["platform"] == "leadconduit" and one["method"] != "GET"):
            found.append(f"{one['method']} {path}")
    return found


def entry(bench: Bench, address: str) -> dict[str, Any]:
    """Return what state has of an address."""
    found: dict[str, Any] = bench.state()["resources"][address]
    return found


def tracked(bench: Bench) -> list[str]:
    """Return the addresses in state, sorted."""
    return sorted(bench.state()["resources"])
