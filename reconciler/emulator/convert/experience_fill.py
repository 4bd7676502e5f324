"""Whole experiences made from others or from loaded data: ids, keys and everything else the server gives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.emulator.convert import settings
from reconciler.emulator.convert.kind import slug
from reconciler.emulator.convert.lifecycle import STARTED
from reconciler.emulator.convert.sections import combine
from reconciler.emulator.convert.store import Partition, Store
from reconciler.emulator.convert.variations import split_evenly, sums_up
from reconciler.emulator.platform import Stored


def filled(part: Partition, stored: Stored) -> Stored:
    """Return a loaded experience with the ids, keys, shares and revisions that are missing in it."""
    store = part.account.store
    new = {**stored, "_rev": stored.get("_rev") or store.revision()}
    new["settings"] = settings.complete_experience(stored["settings"])
    if not new["environment"]:
        environments = part.project["environments"]
        new["environment"] = next((name for name, one in environments.items() if one["is_default"]), "production")
    if new["primary_goal"] is None and new["goals"]:
        new["primary_goal"] = new["goals"][0]
    if new["status"] in STARTED and not new["start_time"]:
        new["start_time"] = 1_700_000_000
    keys: set[str] = set()
    variations = []
    for position, given in enumerate(stored["variations"]):
        one = {
            "id": given.get("id") or store.mint(),
            "name": f"Variation {position}",
            "description": None,
            "is_baseline": False,
            "traffic_distribution": 0,
            "key": "",
            "status": "running",
            **given,
            "changes": _changes(store, given.get("changes", ())),
            "_rev": given.get("_rev") or store.revision(),
        }
        if not one["key"]:
            one["key"] = part.free_key("variations", slug(one["name"]), keys)
        keys.add(one["key"])
        store.keep_clear_of(one["id"])
        variations.append(one)
    if variations and not any(one["is_baseline"] for one in variations):
        variations[0]["is_baseline"] = True
    if (
        variations
        and not any("traffic_distribution" in one for one in stored["variations"])
        and not sums_up(variations)
    ):
        variations = split_evenly(store, variations)
    new["variations"] = variations
    new["sections"] = [_section(store, one) for one in stored["sections"]]
    if new["sections"] and not variations:
        new["variations"] = combine(store, part, new)
    return new


def copied(store: Store, part: Partition, stored: Stored, name: str) -> Stored:
    """Return a draft with the content of another experience, under new ids and keys."""
    keys: set[str] = set()
    variations = []
    for one in stored["variations"]:
        key = part.free_key("variations", one["key"], keys)
        keys.add(key)
        changes = [{**change, "id": store.mint()} for change in one["changes"]]
        variations.append({**one, "id": store.mint(), "key": key, "status": "running", "changes": changes})
    sections = [
        {**section, "versions": [_fresh_changes(store, version) for version in section["versions"]]}
        for section in stored["sections"]
    ]
    return {
        **stored,
        "id": store.mint(),
        "name": name,
        "key": part.free_key("experiences", slug(name)),
        "status": "draft",
        "start_time": 0,
        "end_time": 0,
        "version": 1,
        "variations": variations,
        "sections": sections,
        "_rev": store.revision(),
    }


def _fresh_changes(store: Store, version: dict[str, Any]) -> dict[str, Any]:
    return {**version, "changes": [{**change, "id": store.mint()} for change in version["changes"]]}


def _changes(store: Store, changes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for given in changes:
        one = {"id": given.get("id") or store.mint(), "data": {}, **given}
        one["_rev"] = given.get("_rev") or store.revision()
        store.keep_clear_of(one["id"])
        found.append(one)
    return found


def _section(store: Store, section: dict[str, Any]) -> dict[str, Any]:
    versions = [
        {
            "name": "",
            **one,
            "changes": _changes(store, one.get("changes", ())),
            "_rev": one.get("_rev") or store.revision(),
        }
        for one in section["versions"]
    ]
    return {"name": "", **section, "versions": versions, "_rev": section.get("_rev") or store.revision()}
