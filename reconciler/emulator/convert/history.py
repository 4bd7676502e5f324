"""The change history: who changed what, when, and from what to what (Convert API v2, "Change History")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from starlette.responses import Response

from reconciler.emulator.convert.call import Actor, Call, Endpoint
from reconciler.emulator.convert.listing import cut_page, page_fields
from reconciler.emulator.convert.problems import Problems
from reconciler.emulator.convert.shapes import ANYTHING, FLAG, Items, Record, Shape, choice, ids
from reconciler.emulator.convert.store import Account, Partition, now
from reconciler.emulator.platform import Stored
from reconciler.emulator.wire import raw

_ACCOUNT_OBJECTS = (
    "account audience feature collaborator domain goal hypothesis experience report change variation project tag"
)
_PROJECT_OBJECTS = "audience feature domain goal hypothesis experience tag location"
_ID_FILTERS = {
    "audiences": "audience",
    "goals": "goal",
    "locations": "location",
    "hypotheses": "hypothesis",
    "domains": "domain",
    "tags": "tag",
    "experiences": "experience",
}
_CHILD_FILTERS = {"variations": "variation", "changes": "change"}
_HIDDEN = frozenset({"project_id", "variations", "sections", "integrations_settings"})
_STATUS_EVENTS = {"active": "activate", "paused": "pause", "completed": "complete", "archived": "archive"}


def snapshot(stored: Stored) -> dict[str, Any]:
    """Return what a history record shows of an object: no internals, no code, no credentials."""
    shown = {name: value for name, value in stored.items() if name[0] != "_" and name not in _HIDDEN}
    if "variations" in stored:
        shown["variations"] = [
            {name: value for name, value in one.items() if name[0] != "_" and name != "changes"}
            for one in stored["variations"]
        ]
    return shown


def event_of(old: Stored | None, new: Stored | None) -> str:
    """Return the event that a write is recorded as."""
    if old is None:
        return "create"
    if new is None:
        return "delete"
    if old.get("status") != new.get("status"):
        return _STATUS_EVENTS.get(new.get("status", ""), "update")
    return "update"


def record(
    account: Account,
    part: Partition | None,
    what: str,
    old: Stored | None,
    new: Stored | None,
    actor: Actor,
    *,
    object_id: object = None,
    parent: int | None = None,
    event: str | None = None,
) -> None:
    """Write one record; an update that changes nothing leaves none."""
    before = snapshot(old) if old is not None else None
    after = snapshot(new) if new is not None else None
    if before is not None and after is not None:
        names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        if not names and old == new:
            return
        before = {name: before.get(name) for name in names}
        after = {name: after.get(name) for name in names}
    some = new if new is not None else old
    assert some is not None
    account.history.append(
        {
            "event": event or event_of(old, new),
            "object": what,
            "object_id": str(some["id"] if object_id is None else object_id),
            "parent_object_id": parent,
            "user": actor.user,
            "method": actor.method,
            "timestamp": now(),
            "request_id": None,
            "project": part.id if part is not None else None,
            "changes": {"old": before, "new": after},
        }
    )


def _fields(objects: str, sort: str, **more: Shape) -> Record:
    return Record(
        {
            **page_fields(),
            "onlyCount": FLAG,
            "methods": Items(choice("api", "app"), null=True),
            "objects": Items(choice(*objects.split()), null=True),
            "sort_by": choice(*sort.split(), null=True),
            "sort_direction": choice("asc", "desc", null=True),
            "expand": Items(choice("project"), null=True),
            **more,
        }
    )


_HUNDRED = ids(100, null=True)
_AT_ACCOUNT = _fields(_ACCOUNT_OBJECTS, "timestamp project_id event object", projects=_HUNDRED)
_AT_PROJECT = _fields(_PROJECT_OBJECTS, "timestamp project_id event object", **dict.fromkeys(_ID_FILTERS, _HUNDRED))
_AT_EXPERIENCE = _fields(
    "report variation change",
    "timestamp event object",
    author_id=ANYTHING,
    **dict.fromkeys(_CHILD_FILTERS, _HUNDRED),
)


def _listed(call: Call, fields: Record, within: Callable[[dict[str, Any]], bool]) -> Response:
    body = call.filter_body()
    problems = Problems()
    fields.check(body, "", problems)
    problems.stop()
    found = [one for one in call.account.history if within(one)]
    for attribute, name in (("methods", "method"), ("objects", "object")):
        if body.get(attribute):
            found = [one for one in found if one[name] in body[attribute]]
    if body.get("projects"):
        found = [one for one in found if one["project"] in body["projects"]]
    if body.get("author_id") is not None:
        found = [one for one in found if one["user"] == str(body["author_id"])]
    # the id filters of several kinds add up: each lets its own objects pass
    wanted = {
        (what, str(one))
        for attribute, what in {**_ID_FILTERS, **_CHILD_FILTERS}.items()
        for one in body.get(attribute) or ()
    }
    if wanted:
        found = [one for one in found if (one["object"], one["object_id"]) in wanted]
    sort = body.get("sort_by") or "timestamp"
    column = {"project_id": "project"}.get(sort, sort)
    if column != "timestamp":
        found.sort(key=lambda one: str(one[column]))
    if (body.get("sort_direction") or "desc") == "desc":
        found.reverse()
    rows, extra = cut_page(found, body)
    if body.get("onlyCount"):
        return raw(orjson.dumps({"extra": extra}))
    if "project" in (body.get("expand") or ()):
        rows = [{**one, "project": _project(call, one["project"])} for one in rows]
    return raw(orjson.dumps({"data": rows, "extra": extra}))


def _project(call: Call, project_id: int | None) -> Any:
    project = call.account.get("projects", project_id) if project_id is not None else None
    return {"id": project["id"], "name": project["name"]} if project else project_id


def _of_account(call: Call) -> Response:
    return _listed(call, _AT_ACCOUNT, lambda _one: True)


def _of_project(call: Call) -> Response:
    here = call.part.id
    objects = frozenset(_PROJECT_OBJECTS.split())
    return _listed(call, _AT_PROJECT, lambda one: one["project"] == here and one["object"] in objects)


def _of_experience(call: Call) -> Response:
    here, experience = call.part.id, call.number("experience_id", "experience")
    objects = {"report", "variation", "change"}
    return _listed(
        call,
        _AT_EXPERIENCE,
        lambda one: one["project"] == here and one["parent_object_id"] == experience and one["object"] in objects,
    )


ENDPOINTS = [
    Endpoint("POST", "A/change-history", _of_account),
    Endpoint("POST", "P/change-history", _of_project),
    Endpoint("POST", "E/change-history", _of_experience),
]
