"""Changes: what a variation or a section version does to a page (Convert API v2, "Version Changes").

In a list an item `{id}` keeps a change, `{id, type, data}` updates it, `{type, data}` adds one; what is not named goes.
"""

from __future__ import annotations

from typing import Any

from reconciler.emulator.convert.features import check_variable
from reconciler.emulator.convert.problems import Problems, Refusal
from reconciler.emulator.convert.shapes import ANYTHING, FLAG, NULL_TEXT, TEXT, WHOLE, Record, Text, record
from reconciler.emulator.convert.store import Partition, Store

DATA: dict[str, Record] = {
    "defaultCode": record("css js custom_js", css=NULL_TEXT, js=NULL_TEXT, custom_js=NULL_TEXT),
    "defaultCodeMultipage": record("page_id", page_id=TEXT, css=NULL_TEXT, js=NULL_TEXT, custom_js=NULL_TEXT),
    "customCode": record("css js", css=NULL_TEXT, js=NULL_TEXT, page_id=NULL_TEXT),
    "richStructure": Record({"js": NULL_TEXT, "selector": TEXT, "page_id": TEXT}, frozenset({"js"}), others=TEXT),
    "defaultRedirect": record(
        "original_pattern variation_pattern", original_pattern=TEXT, variation_pattern=TEXT, case_sensitive=FLAG
    ),
    "fullStackFeature": Record(
        {"feature_id": WHOLE, "variables_data": Record({}, others=ANYTHING)},
        frozenset({"feature_id", "variables_data"}),
        others=ANYTHING,
    ),
}
"""The data of each type of change; what is required holds when a change is added."""

_WEB = frozenset({"defaultCode", "customCode", "richStructure"})
ALLOWED: dict[str, frozenset[str]] = {
    "a/b": _WEB,
    "a/a": _WEB,
    "mvt": _WEB,
    "deploy": _WEB,
    "split_url": _WEB | {"defaultRedirect"},
    "multipage": _WEB | {"defaultCodeMultipage"},
    "a/b_fullstack": frozenset({"fullStackFeature"}),
    "feature_rollout": frozenset({"fullStackFeature"}),
}
"""Which types of change an experience of each type takes."""


def concurrency_key(stored: dict[str, Any]) -> str:
    """Return the opaque key that changes whenever the object does."""
    return f"{stored.get('id', 0)}-{stored['_rev']:x}"


def check_concurrency(stored: dict[str, Any], sent: dict[str, Any], word: str) -> None:
    """Raise a 409 when a concurrency key is sent and is not that of the object as it is now."""
    key = sent.get("concurrency_key")
    if key is not None and key != concurrency_key(stored):
        raise Refusal(409, f"Conflict: the {word} has been changed since it was read", ["concurrency_key"])


def show_change(change: dict[str, Any], *, full: bool) -> dict[str, Any]:
    """Return a change as answers show it; `data` only where it was asked for."""
    shown = {"id": change["id"], "type": change["type"]}
    if full:
        shown["data"] = change["data"]
        shown["concurrency_key"] = concurrency_key(change)
    return shown


class Merger:
    """Puts lists of changes together, for one experience."""

    def __init__(self, store: Store, part: Partition, experience_type: str, problems: Problems) -> None:
        self._store = store
        self._part = part
        self._type = experience_type
        self._problems = problems

    def merge(self, old: list[dict[str, Any]], sent: Any, path: str) -> list[dict[str, Any]]:
        """Return the changes that a sent list leaves; notes what is wrong with it."""
        if not isinstance(sent, list):
            self._problems.add(path, "must be an array")
            return old
        by_id = {change["id"]: change for change in old}
        merged = []
        for position, item in enumerate(sent):
            change = self._one(by_id, item, f"{path}.{position}")
            if change is not None:
                merged.append(change)
        return merged

    def _one(self, by_id: dict[int, dict[str, Any]], item: Any, path: str) -> dict[str, Any] | None:
        problems = self._problems
        if not isinstance(item, dict):
            problems.add(path, "must be an object")
            return None
        for extra in sorted(item.keys() - {"id", "type", "data", "concurrency_key"}):
            problems.add(f"{path}.{extra}", "is not allowed here")
        if "id" not in item:
            return self.added(item, path)
        old = by_id.pop(item["id"], None) if isinstance(item["id"], int) else None
        if old is None:
            problems.add(f"{path}.id", f"unknown change {item['id']}, or named twice")
            return None
        check_concurrency(old, item, "change")
        if not item.keys() & {"type", "data"}:
            return old
        return self.updated(old, item, path, adding=False)

    def added(self, item: dict[str, Any], path: str) -> dict[str, Any] | None:
        """Return a new change."""
        if not self._checked(item, path, adding=True):
            return None
        return {"id": self._store.mint(), "type": item["type"], "data": item["data"], "_rev": self._store.revision()}

    def updated(self, old: dict[str, Any], item: dict[str, Any], path: str, *, adding: bool) -> dict[str, Any] | None:
        """Return an existing change with new data; `adding` asks for everything that a new one needs."""
        if not self._checked(item, path, adding=adding):
            return None
        if item["type"] != old["type"]:
            self._problems.add(_dotted(path, "type"), f"cannot be changed from {old['type']}")
            return None
        missing = dict.fromkeys(sorted(DATA[old["type"]].required - item["data"].keys()))
        data = {**missing, **item["data"]}
        if data == old["data"]:
            return old
        return {**old, "data": data, "_rev": self._store.revision()}

    def _checked(self, item: dict[str, Any], path: str, *, adding: bool) -> bool:
        mine = Problems()
        record("type data", id=ANYTHING, concurrency_key=ANYTHING, type=_TYPES, data=ANYTHING).check(item, path, mine)
        if not mine:
            allowed = ALLOWED[self._type]
            if item["type"] not in allowed:
                mine.add(_dotted(path, "type"), f"experiences of type {self._type} take {', '.join(sorted(allowed))}")
            shape = DATA[item["type"]]
            (shape if adding else shape.optional()).check(item["data"], _dotted(path, "data"), mine)
            if not mine and item["type"] == "fullStackFeature":
                self._check_feature(item["data"], _dotted(path, "data"), mine)
        self._problems.extend(mine)
        return not mine

    def _check_feature(self, data: dict[str, Any], path: str, problems: Problems) -> None:
        if "feature_id" not in data:
            return
        feature = self._part.get("features", data["feature_id"])
        if feature is None:
            problems.add(f"{path}.feature_id", f"unknown feature {data['feature_id']}")
            return
        types = {variable["key"]: variable["type"] for variable in feature["variables"]}
        for name, value in data.get("variables_data", {}).items():
            place = f"{path}.variables_data.{name}"
            if name not in types:
                problems.add(place, "the feature has no such variable")
            elif value is not None:
                check_variable(types[name], value, place, problems)


_TYPES = Text(choices=frozenset(DATA))


def _dotted(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
