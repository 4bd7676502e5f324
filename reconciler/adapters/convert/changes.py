"""Changes: what a variation, or a version of a section, does to the page.

In a list sent to the platform `{id}` keeps a change, `{id, type, data}` updates it, `{type, data}` adds one, and what
is not there is deleted (Convert API v2, variation changes).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.convert.jsontext import json_or_text, to_json_text
from reconciler.adapters.convert.kind import Body
from reconciler.model.kind import Problem
from reconciler.model.markers import Attributes, Canonical, ChildReference, Children, Code, Reference, Short, Wire
from reconciler.model.values import Path

ChangeType = Literal[
    "defaultCode", "defaultCodeMultipage", "customCode", "richStructure", "defaultRedirect", "fullStackFeature"
]

MEMBERS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    # type: (members that must be there and may be null, members that must be there, further members)
    "defaultCode": (("css", "js", "custom_js"), (), ()),
    "defaultCodeMultipage": ((), ("page_id",), ("css", "js", "custom_js")),
    "customCode": (("css", "js"), (), ("page_id",)),
    "richStructure": (("js",), (), ("selector", "page_id")),
    "defaultRedirect": ((), ("original_pattern", "variation_pattern"), ("case_sensitive",)),
    "fullStackFeature": ((), ("feature_id", "variables_data"), ()),
}


def expand_change(change: Any) -> Any:
    """Fill in the members that the platform wants to see even when they are null."""
    if not isinstance(change, dict) or not isinstance(change.get("data"), dict):
        return change
    nulls = MEMBERS.get(str(change.get("type")), ((), (), ()))[0]
    missing = {name: None for name in nulls if name not in change["data"]}
    return {**change, "data": {**change["data"], **missing}} if missing else change


def shorten_change(change: Any) -> Any:
    """Leave out the members that `expand_change` would fill in."""
    if not isinstance(change, dict) or not isinstance(change.get("data"), dict):
        return change
    nulls = MEMBERS.get(str(change.get("type")), ((), (), ()))[0]
    kept = {name: value for name, value in change["data"].items() if value is not None or name not in nulls}
    return {**change, "data": kept}


class ChangeData(Attributes):
    """What a change consists of; which members apply depends on its type."""

    css: Annotated[str | None, Code("css")] = None
    js: Annotated[str | None, Code("javascript")] = None
    custom_js: Annotated[str | None, Code("javascript")] = None
    selector: str = ""
    page_id: Annotated[str, ChildReference("multipage_pages")] = ""
    original_pattern: str = ""
    variation_pattern: str = ""
    case_sensitive: bool = False
    feature_id: Annotated[str, Reference("features", wire="integer")] = ""
    variables_data: dict[str, Annotated[Any | None, Canonical(json_or_text), Wire(to_json_text, json_or_text)]] = Field(
        default_factory=dict
    )


class Change(Attributes):
    """One change. Its type is fixed: another type is another change."""

    type: ChangeType
    data: ChangeData


Changes = Annotated[list[Annotated[Change, Short(expand_change, shorten_change)]], Children(ordered=True)]


def check_changes(changes: Any, path: Path, allowed: frozenset[str], experience_type: str | None) -> Iterator[Problem]:
    """Check declared changes: types that the experience can have, members that go with the type."""
    if not isinstance(changes, Mapping):
        return
    for name, change in changes.items():
        change_type = change.get("type")
        if not isinstance(change_type, str) or change_type not in MEMBERS:
            continue
        here = (*path, name)
        if experience_type is not None and change_type not in allowed:
            yield Problem(
                (*here, "type"),
                f"{change_type} is not possible in an experience of type {experience_type}",
                f"one of {', '.join(sorted(allowed))}",
            )
        data = change.get("data")
        if isinstance(data, Mapping):
            yield from _check_data(data, (*here, "data"), change_type)


def _check_data(data: Mapping[str, Any], path: Path, change_type: str) -> Iterator[Problem]:
    nulls, needed, more = MEMBERS[change_type]
    possible = (*nulls, *needed, *more)
    for name in needed:
        if data.get(name) is None:
            yield Problem(path, f"{name} is missing, {change_type} needs it", f"add {name}: …")
    for name in data:
        if name not in possible and not name.startswith("$"):
            yield Problem((*path, name), f"{name} does not go with {change_type}", f"it takes {', '.join(possible)}")


def wire_id(value: Any) -> Any:
    """Return the id of a child as the wire wants it, however it was read."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


def wire_changes(changes: list[Any], live: Any) -> list[Any]:
    """Return the list of changes to send: what did not change by its id alone, a change of another type as a new one.

    A change that was read without its `data` is never written back as an update: that would empty it.
    """
    before = {item["id"]: item for item in live if isinstance(item, dict) and "id" in item} if live else {}
    return [_wire_change(change, before) for change in changes]


def _wire_change(change: Any, before: Mapping[Any, Body]) -> Any:
    if not isinstance(change, dict):
        return {"id": wire_id(change)}
    known_id = change.get("id")
    if known_id is None:
        return {"type": change.get("type"), "data": change.get("data")}
    old = before.get(known_id)
    if "data" not in change or old == change:
        return {"id": wire_id(known_id)}
    if old is not None and old.get("type") != change.get("type"):
        return {"type": change.get("type"), "data": _of_type(change)}
    out = {"id": wire_id(known_id), "type": change.get("type"), "data": change["data"]}
    if change.get("concurrency_key") is not None:
        out["concurrency_key"] = change["concurrency_key"]
    return out


def _of_type(change: Body) -> Body:
    """Return the data of a change whose type is new: nothing carried over from its old type, null where it must be."""
    nulls, needed, more = MEMBERS.get(str(change.get("type")), ((), (), ()))
    kept = {name: value for name, value in change["data"].items() if name in (*nulls, *needed, *more)}
    return {**dict.fromkeys(nulls), **kept}


__all__ = [
    "MEMBERS",
    "Change",
    "ChangeData",
    "Changes",
    "check_changes",
    "expand_change",
    "shorten_change",
    "wire_changes",
    "wire_id",
]
