"""Variations: the final list of an experience, its one baseline, and how traffic is split."""

from __future__ import annotations

import math
from typing import Any

from reconciler.emulator.convert.changes import Merger, check_concurrency, concurrency_key, show_change
from reconciler.emulator.convert.kind import slug
from reconciler.emulator.convert.problems import Problems
from reconciler.emulator.convert.render import Want
from reconciler.emulator.convert.shapes import (
    ANYTHING,
    FLAG,
    NULL_TEXT,
    WHOLE,
    Number,
    Text,
    choice,
    record,
)
from reconciler.emulator.convert.store import Partition, Store
from reconciler.emulator.platform import Stored

NEW = record(
    "name",
    name=Text(most=200, least=1),
    description=Text(most=2000, null=True),
    is_baseline=FLAG,
    traffic_distribution=Number(0, 100),
    key=Text(most=32, least=1),
    changes=ANYTHING,
    concurrency_key=NULL_TEXT,
)
"""A variation that is added: it starts running, so there is no status to send."""
KNOWN = NEW.optional(required=("id",), id=WHOLE, status=choice("running", "stopped"))
"""A variation that is there already, in the list of an experience."""
UPDATE = NEW.optional(status=choice("running", "stopped"))
"""The body of the update of one variation."""

Variation = dict[str, Any]


def show_variations(stored: Stored, want: Want) -> list[Any]:
    """Return the variations as answers show them: ids, `{id, changes}` or whole, as asked for."""
    whole, with_changes = want.expands("variations"), want.expands("variations.changes")
    if not whole and not with_changes:
        return [one["id"] for one in stored["variations"]]
    versions = _versions(stored) if stored["type"] == "mvt" else None
    shown = []
    for one in stored["variations"]:
        changes = one["changes"] if versions is None else _combined(versions, one)
        listed = [show_change(change, full=with_changes) for change in changes]
        shown.append(show_variation(one, listed) if whole else {"id": one["id"], "changes": listed})
    return shown


def show_variation(one: Variation, changes: list[Any]) -> dict[str, Any]:
    """Return one whole variation."""
    shown = {name: value for name, value in one.items() if name[0] != "_"}
    shown["changes"] = changes
    shown["concurrency_key"] = concurrency_key(one)
    return shown


def changes_of_variation(stored: Stored, one: Variation) -> list[dict[str, Any]]:
    """Return the changes of a variation; those of an MVT are the changes of its section versions."""
    changes: list[dict[str, Any]] = one["changes"]
    return _combined(_versions(stored), one) if stored["type"] == "mvt" else changes


def _versions(stored: Stored) -> dict[str, list[dict[str, Any]]]:
    return {version["id"]: version["changes"] for section in stored["sections"] for version in section["versions"]}


def _combined(versions: dict[str, list[dict[str, Any]]], one: Variation) -> list[dict[str, Any]]:
    return [change for name in one.get("_versions", ()) for change in versions.get(name, ())]


class VariationList:
    """Puts a sent list of variations together with the stored one."""

    def __init__(self, store: Store, part: Partition, experience: Stored, problems: Problems) -> None:
        self._store = store
        self._part = part
        self._experience = experience
        self._problems = problems
        self._merger = Merger(store, part, experience["type"], problems)
        self._keys: set[str] = set()

    def merge(self, old: list[Variation], sent: Any) -> list[Variation]:
        """Return the variations that a sent list leaves; what it does not name is gone."""
        if not isinstance(sent, list):
            self._problems.add("variations", "must be an array")
            return old
        by_id = {one["id"]: one for one in old}
        merged: list[Variation] = []
        stated: list[bool] = []
        for position, item in enumerate(sent):
            path = f"variations.{position}"
            one = self._one(by_id, item, path)
            if one is not None:
                merged.append(one)
                stated.append("traffic_distribution" in item)
        if self._problems:
            return old
        merged = self._one_baseline(merged)
        return self._split(merged, stated)

    def updated(self, old: Variation, item: dict[str, Any], path: str = "") -> Variation:
        """Return a variation after an update."""
        check_concurrency(old, item, "variation")
        sent = {name: value for name, value in item.items() if name not in {"concurrency_key", "changes", "id"}}
        new = {**old, **sent}
        if "traffic_distribution" in sent:
            new["traffic_distribution"] = round(sent["traffic_distribution"], 2)
        self._claim(new, f"{path}.key" if path else "key")
        if "changes" in item:
            place = f"{path}.changes" if path else "changes"
            if self._experience["type"] == "mvt":
                self._problems.add(place, "the changes of a multivariate experience belong to its section versions")
            else:
                new["changes"] = self._merger.merge(old["changes"], item["changes"], place)
        return {**new, "_rev": self._store.revision()} if new != old else old

    def _one(self, by_id: dict[int, Variation], item: Any, path: str) -> Variation | None:
        known = isinstance(item, dict) and "id" in item
        mine = Problems()
        (KNOWN if known else NEW).check(item, path, mine)
        self._problems.extend(mine)
        if mine:
            return None
        if known:
            old = by_id.pop(item["id"], None)
            if old is None:
                self._problems.add(f"{path}.id", f"unknown variation {item['id']}, or named twice")
                return None
            return self.updated(old, item, path)
        return self._added(item, path)

    def _added(self, item: dict[str, Any], path: str) -> Variation:
        one: Variation = {
            "id": self._store.mint(),
            "name": item["name"],
            "description": item.get("description"),
            "is_baseline": item.get("is_baseline", False),
            "traffic_distribution": round(item.get("traffic_distribution", 0), 2),
            "key": item.get("key") or "",
            "status": "running",
            "changes": self._merger.merge([], item.get("changes", []), f"{path}.changes"),
            "_rev": self._store.revision(),
        }
        self._claim(one, f"{path}.key")
        return one

    def _claim(self, one: Variation, place: str) -> None:
        if not one["key"]:
            one["key"] = self._part.free_key("variations", slug(one["name"]), self._keys)
        owner = self._part.owner_of_key("variations", one["key"])
        if one["key"] in self._keys or (owner is not None and owner != one["id"]):
            self._problems.add(place, f"the key {one['key']!r} is already used by another variation of the project")
        self._keys.add(one["key"])

    def _one_baseline(self, merged: list[Variation]) -> list[Variation]:
        baselines = [one for one in merged if one["is_baseline"]]
        if len(baselines) > 1:
            self._problems.add("variations", "exactly one variation must be the baseline")
        elif merged and not baselines:
            merged = [{**merged[0], "is_baseline": True}, *merged[1:]]
        return merged

    def _split(self, merged: list[Variation], stated: list[bool]) -> list[Variation]:
        if not merged or is_bandit(self._experience) or sums_up(merged):
            return merged
        if all(stated):
            self._problems.add("variations", "the traffic_distribution of all variations must sum up to 100")
            return merged
        return split_evenly(self._store, merged)


def is_bandit(experience: Stored) -> bool:
    """Tell whether traffic is moved by the engine, so that nothing is checked."""
    engine = experience["settings"].get("stats_engine_processing") or {}
    return bool(engine.get("mab_settings"))


def sums_up(variations: list[Variation]) -> bool:
    """Tell whether the traffic of all variations, or of all running ones, is 100 percent."""
    total = math.fsum(one["traffic_distribution"] for one in variations)
    running = math.fsum(one["traffic_distribution"] for one in variations if one["status"] == "running")
    return abs(total - 100) < 0.005 or abs(running - 100) < 0.005


def split_evenly(store: Store, variations: list[Variation]) -> list[Variation]:
    """Return the variations with equal shares of two decimals; the first running one takes the rest."""
    running = [one["id"] for one in variations if one["status"] == "running"]
    if not running:
        return variations
    share = (10_000 // len(running)) / 100
    first = round(100 - share * (len(running) - 1), 2)
    shares = {one: first if one == running[0] else share for one in running}
    return [_with_traffic(store, one, shares.get(one["id"], 0)) for one in variations]


def split_around(store: Store, variations: list[Variation], fixed: int) -> list[Variation]:
    """Return the variations with what one of them leaves spread over the others, in proportion."""
    left = 100 - math.fsum(one["traffic_distribution"] for one in variations if one["id"] == fixed)
    others = [one for one in variations if one["id"] != fixed and one["status"] == "running"]
    total = math.fsum(one["traffic_distribution"] for one in others)
    shares = {}
    for one in others[1:]:
        part = one["traffic_distribution"] / total if total else 1 / len(others)
        shares[one["id"]] = round(left * part, 2)
    if others:
        shares[others[0]["id"]] = round(left - math.fsum(shares.values()), 2)
    return [_with_traffic(store, one, shares[one["id"]]) if one["id"] in shares else one for one in variations]


def _with_traffic(store: Store, one: Variation, share: float) -> Variation:
    if one["traffic_distribution"] == share:
        return one
    return {**one, "traffic_distribution": share, "_rev": store.revision()}
