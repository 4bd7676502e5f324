"""Accounts and their collaborators (Convert API v2, "Accounts", "Collaborators")."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from reconciler.emulator.convert import history, settings
from reconciler.emulator.convert.call import Call, Endpoint
from reconciler.emulator.convert.keys import ROLES
from reconciler.emulator.convert.kind import done
from reconciler.emulator.convert.problems import Problems, Refusal, not_found, refuse
from reconciler.emulator.convert.render import asked_in_query
from reconciler.emulator.convert.shapes import (
    ANYTHING,
    FLAG,
    TEXT,
    Items,
    Number,
    Record,
    Shape,
    Text,
    choice,
    record,
)
from reconciler.emulator.convert.store import Account
from reconciler.emulator.disguise import Loose
from reconciler.emulator.faults import active
from reconciler.emulator.platform import Stored
from reconciler.emulator.wire import answer

_DETAILS = record(
    accountType=TEXT,
    name=Text(most=200, least=1),
    settings=Record(
        {"blocked_ips": settings.BLOCKED_IPS, "tracking_script": ANYTHING, "single_sign_on_status": ANYTHING}
    ),
    billing=ANYTHING,
)
_EXPAND = frozenset({"accesses.project"})
_PROJECT = Number(whole=True, null=True)
_ACCESSES = Items(record("role", project=_PROJECT, role=choice(*ROLES), api_access=FLAG), least=1)
_PERSON: dict[str, Shape] = {
    "first_name": Text(most=200),
    "last_name": Text(most=200),
    "custom_message": Text(most=200),
    "expand": Items(choice(*_EXPAND), null=True),
}
_INVITE = record("email accesses", email=Text(most=100, least=3), accesses=_ACCESSES, **_PERSON)
_UPDATE = record(email=TEXT, user_id=Text(null=True), accesses=_ACCESSES, **_PERSON)
_REMOVE = record(
    "accesses", email=TEXT, user_id=Text(null=True), accesses=Items(record(project=_PROJECT, role=ANYTHING))
)
_OWNER = "owner@emulator.example"
_AREAS = [
    "account",
    "project",
    "domain",
    "tag",
    "goal",
    "experience",
    "location",
    "audience",
    "variation",
    "feature",
    "hypothesis",
    "knowledge_base",
    "observation",
    "collaborator",
    "report",
    "history",
]
_LOOSE = Loose(numbers=("accesses.project",), sets=("accesses",))


def new_account(account: Account, **given: Any) -> Stored:
    """Return the details of an account with everything that the server fills in."""
    return {
        "id": account.number,
        "name": f"Account {account.id}",
        "accountType": "main",
        "settings": {"blocked_ips": None, "tracking_script": {"release": {"type": "latest"}}},
        **given,
        "_account": account.id,
    }


def details_of(account: Account) -> Stored:
    """Return the details of an account, which are there once the account is asked for."""
    stored = account.get("accounts", account.number)
    return stored if stored is not None else account.put("accounts", new_account(account))


def owner_of(account: Account) -> Stored:
    """Return the owner of an account among its collaborators."""
    stored = account.get("collaborators", _OWNER)
    if stored is not None:
        return stored
    access = {"project": None, "role": "owner", "api_access": True, "status": "active"}
    person = {"user_id": "owner", "email": _OWNER, "first_name": "Olive", "last_name": "Owner", "accesses": [access]}
    return account.put("collaborators", {**person, "_account": account.id})


def fill_collaborator(stored: Stored) -> Stored:
    """Return a collaborator that was loaded, with everything that is missing."""
    filled = {"user_id": None, "first_name": "", "last_name": "", "accesses": [], **stored}
    status = "active" if filled["user_id"] else "pending"
    defaults = {"project": None, "role": "browse", "api_access": False, "status": status}
    return {**filled, "accesses": [{**defaults, **one} for one in filled["accesses"]]}


class Accounts:
    """The operations on accounts, collaborators and roles."""

    def endpoints(self) -> list[Endpoint]:
        """Return the operations."""
        return [
            Endpoint("GET", "accounts", self.index),
            Endpoint(
                "GET", "access-roles", lambda _call: answer({"data": [_role(name) for name in ("owner", *ROLES)]})
            ),
            Endpoint("GET", "A/details", self.details),
            Endpoint("POST", "A/details", self.update_details, writes=True),
            Endpoint("GET", "A/users-accesses", self.people),
            Endpoint("POST", "A/users-accesses/add", self.invite, writes=True),
            Endpoint("PUT", "A/users-accesses/update", self.update_person, writes=True),
            Endpoint("POST", "A/users-accesses/delete", self.remove_accesses, writes=True),
        ]

    def index(self, call: Call) -> Response:
        """Answer the accounts that have been asked for so far (any account id is served)."""
        found = [details_of(account) for account in list(call.store.accounts.values()) if account.id]
        return answer({"data": [{"id": one["id"], "name": one["name"], "accessRole": "owner"} for one in found]})

    def details(self, call: Call) -> Response:
        """Answer the details of an account."""
        want = asked_in_query(call, frozenset({"stats"}), frozenset())
        shown = _shown(details_of(call.account))
        if "stats" in want.include:
            shown["stats"] = {"projects_count": sum(1 for _ in call.account.all("projects"))}
        return answer({"data": {**shown, "accessRole": "owner"}})

    def update_details(self, call: Call) -> Response:
        """Update name and settings of an account."""
        old, body = details_of(call.account), call.body()
        _shaped(_DETAILS, body)
        new = {**old, **body}
        if new != old:
            call.account.put("accounts", new)
            history.record(call.account, None, "account", old, new, call.actor)
        return answer({"data": {**_shown(new), "accessRole": "owner"}})

    def people(self, call: Call) -> Response:
        """Answer all collaborators."""
        want = asked_in_query(call, frozenset(), _EXPAND)
        owner_of(call.account)
        shown = [_person(call.account, one, bool(want.expand)) for one in call.account.all("collaborators")]
        disguise = active().disguise
        return answer({"data": disguise.dress_list(shown, _LOOSE) if disguise else shown})

    def invite(self, call: Call) -> Response:
        """Give somebody access; a second access to the same project is refused."""
        body = call.body()
        _shaped(_INVITE, body)
        email = body["email"].lower()
        if email == _OWNER:
            raise Refusal(422, "email: the owner has access already", ["email"])
        old = call.account.get("collaborators", email)
        there = old["accesses"] if old is not None else []
        status = "active" if old is not None and old["user_id"] else "pending"
        wanted = _completed(call.account, body["accesses"], status)
        if {one["project"] for one in there} & {one["project"] for one in wanted}:
            raise refuse("accesses", "there is an access to this project already")
        new: Stored = {"user_id": None, "email": email, "first_name": "", "last_name": "", **(old or {})}
        new |= {name: body[name] for name in ("first_name", "last_name") if name in body}
        new |= {"accesses": [*there, *wanted], "_account": call.account.id}
        return self._save(call, old, new, body, 201)

    def update_person(self, call: Call) -> Response:
        """Change the accesses of somebody: by e-mail while invited, by user id afterwards."""
        body = call.body()
        _shaped(_UPDATE, body)
        old = _found(call.account, body)
        new: Stored = {**old, **{name: body[name] for name in ("first_name", "last_name") if name in body}}
        if "accesses" in body:
            status = "active" if old["user_id"] else "pending"
            new["accesses"] = _completed(call.account, body["accesses"], status)
        return self._save(call, old, new, body, 200)

    def remove_accesses(self, call: Call) -> Response:
        """Take accesses away; who has none left is gone."""
        body = call.body()
        _shaped(_REMOVE, body)
        old = _found(call.account, body)
        gone = {one.get("project") for one in body["accesses"]}
        left = [one for one in old["accesses"] if one["project"] not in gone]
        if len(left) == len(old["accesses"]):
            raise refuse("accesses", "there is no such access")
        if left:
            self._save(call, old, {**old, "accesses": left}, body, 200)
        else:
            call.account.drop("collaborators", old["email"])
            history.record(call.account, None, "collaborator", old, None, call.actor, object_id=old["email"])
        return done("The accesses were deleted")

    def _save(self, call: Call, old: Stored | None, new: Stored, body: dict[str, Any], status: int) -> Response:
        if new != old:
            call.account.put("collaborators", new)
            history.record(call.account, None, "collaborator", old, new, call.actor, object_id=new["email"])
        return answer({"data": _person(call.account, new, bool(body.get("expand")))}, status)


def _completed(account: Account, accesses: list[dict[str, Any]], status: str) -> list[dict[str, Any]]:
    found = [{"project": None, "api_access": False, **one, "status": status} for one in accesses]
    projects = [one["project"] for one in found]
    if len(set(projects)) != len(projects):
        raise refuse("accesses", "a project is named twice")
    for project in projects:
        if project is not None and account.get("projects", project) is None:
            raise refuse("accesses", f"unknown project {project}")
    return found


def _found(account: Account, body: dict[str, Any]) -> Stored:
    owner_of(account)
    for one in account.all("collaborators"):
        by_id = body.get("user_id") is not None and one["user_id"] == body["user_id"]
        by_email = body.get("email") is not None and one["email"] == body["email"].lower() and one["user_id"] is None
        if by_id or by_email:
            if one["email"] == _OWNER:
                raise Refusal(422, "The owner cannot be changed")
            return one
    raise not_found("user", body.get("user_id") or body.get("email"))


def _person(account: Account, stored: Stored, expanded: bool) -> dict[str, Any]:  # noqa: FBT001 - private, one caller's flag
    shown = _shown(stored)
    if expanded:
        shown["accesses"] = [{**one, "project": _project(account, one["project"])} for one in stored["accesses"]]
    return shown


def _project(account: Account, project_id: int | None) -> Any:
    project = account.get("projects", project_id) if project_id is not None else None
    return {"id": project["id"], "name": project["name"]} if project else project_id


def _role(name: str) -> dict[str, Any]:
    writes = name not in {"browse", "review"}
    manages = name in {"owner", "account_manager", "admin"}
    areas: dict[str, dict[str, bool]] = {
        area: {"add": writes, "edit": writes, "view": True, "delete": writes} for area in _AREAS
    }
    for area in ("account", "collaborator", "project"):
        areas[area] = {"add": manages, "edit": manages, "view": True, "delete": manages}
    starts = writes and name != "edit"
    areas["experience"] |= {"edit_running": starts, "pauseplay": starts}
    areas["location"]["edit_running"] = areas["audience"]["edit_running"] = starts
    areas["variation"]["changebaseline"] = starts
    areas["project"] |= {"import": manages, "export": manages}
    return {"name": name, "permissions": areas}


def _shown(stored: Stored) -> dict[str, Any]:
    return {name: value for name, value in stored.items() if name[0] != "_"}


def _shaped(shape: Any, body: dict[str, Any]) -> None:
    problems = Problems()
    shape.check(body, "", problems)
    problems.stop()
