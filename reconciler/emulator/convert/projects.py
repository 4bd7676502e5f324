"""Projects of an account (Convert API v2, "Projects")."""

from __future__ import annotations

from typing import Any, ClassVar

from starlette.responses import Response

from reconciler.emulator.convert import history, settings
from reconciler.emulator.convert.call import Actor, Call, Endpoint
from reconciler.emulator.convert.kind import Kind, check_ids, done
from reconciler.emulator.convert.listing import Keep, Listing, among, picked, searching
from reconciler.emulator.convert.problems import Problems, refuse
from reconciler.emulator.convert.render import Ref, Want, asked_in_body, asked_in_query
from reconciler.emulator.convert.shapes import (
    ANYTHING,
    COUNT,
    FLAG,
    NULL_TEXT,
    TEXT,
    Either,
    Items,
    Record,
    Text,
    choice,
    record,
)
from reconciler.emulator.convert.site import DOMAIN_URL, normal_url
from reconciler.emulator.convert.store import Account, Partition, Space, now
from reconciler.emulator.disguise import Loose
from reconciler.emulator.platform import Stored

_TYPES = ("web", "fullstack")
_STATS = (
    "stats.usage",
    "stats.active_experiences_count",
    "stats.active_experiments_count",
    "stats.experiences_count",
    "stats.segments_count",
    "stats.active_segments_count",
    "stats.active_goals_count",
    "stats.google_analytics",
)
_INCLUDE = frozenset(
    {"global_javascript", "domains", "default_goals", "default_audiences", "default_locations", *_STATS}
)
_DEFAULT_LISTS = {"default_goals": "goals", "default_audiences": "audiences", "default_locations": "locations"}
_EXPAND = frozenset(_DEFAULT_LISTS)
_NEW_DOMAIN = record("url", url=DOMAIN_URL, code_installed=FLAG)
_DEFAULTS = Items(Either((COUNT, record("id", id=COUNT, name=ANYTHING))))
_FIELDS = record(
    "name",
    name=Text(most=200, least=1),
    project_type=choice(*_TYPES),
    status=choice("active", "inactive"),
    global_javascript=NULL_TEXT,
    settings=settings.PROJECT,
    reporting_settings=settings.PROJECT_REPORTING,
    integrations_settings=settings.PROJECT_INTEGRATIONS,
    custom_domain=Record({"domain": Text(most=150)}, frozenset({"domain"}), null=True),
    environments=Record({}, others=record("label is_default", label=TEXT, is_default=FLAG, js=NULL_TEXT)),
    default_goals=_DEFAULTS,
    default_audiences=_DEFAULTS,
    default_locations=_DEFAULTS,
    domains=Items(_NEW_DOMAIN),
    include=Items(choice(*_INCLUDE), null=True),
    expand=Items(choice(*_EXPAND), null=True),
)


def new_project(account: Account, project_id: int, **given: Any) -> Stored:
    """Return a project with everything that the server fills in."""
    moment = now()
    stored: Stored = {
        "id": project_id,
        "name": f"Project {project_id}",
        "project_type": "web",
        "status": "active",
        "global_javascript": None,
        "custom_domain": None,
        "environments": {"production": {"label": "Production", "is_default": True}},
        "default_goals": [],
        "default_audiences": [],
        "default_locations": [],
        "created_at": moment,
        "modified_at": moment,
        **given,
        "_account": account.id,
    }
    stored["settings"] = settings.complete_project(stored.get("settings"))
    stored["reporting_settings"] = settings.complete_reporting(stored.get("reporting_settings"))
    stored.setdefault("integrations_settings", {})
    return stored


class Projects(Kind):
    """Projects of an account."""

    name = "projects"
    word = "project"
    segment = "projects"
    create = _FIELDS
    update = _FIELDS.optional(domains=Items(Either((COUNT, _NEW_DOMAIN))))
    include = _INCLUDE
    expand = _EXPAND
    columns: ClassVar[dict[str, str]] = {"project_name": "name", "active_tests": "id", "used_visitors": "id"}
    listing = Listing(
        sort=("id", "active_tests", "project_name", "project_type", "status", "used_visitors"),
        filters={
            "status": Items(choice("active", "inactive"), null=True),
            "project_type": Items(choice(*_TYPES), null=True),
            "legacy_script": FLAG,
            "tracking_script_release_type": ANYTHING,
            "tracking_script_version": ANYTHING,
        },
        searched=("name",),
        include=include,
        expand=expand,
    )
    loose = Loose(
        sets=("default_goals", "default_audiences", "default_locations", "domains"),
        numbers=("default_goals", "default_audiences", "default_locations", "*.id", "account_id"),
        opaque=("environments",),
        defaults={"custom_domain": None},
    )

    def endpoints(self) -> list[Endpoint]:
        """Return the operations of projects."""
        return [
            Endpoint("POST", "A/projects", self.index),
            Endpoint("POST", "A/projects/add", self.add, writes=True),
            Endpoint("GET", "P", self.get),
            Endpoint("POST", "P/update", self.change, writes=True),
            Endpoint("DELETE", "P/delete", self.remove, writes=True),
        ]

    def show(self, space: Space, stored: Stored, want: Want, ref: Ref) -> dict[str, Any]:
        """Return a project as answers show it."""
        del ref
        assert isinstance(space, Account)
        part = space.partition(stored["id"])
        hidden = _INCLUDE - want.include
        shown = {name: value for name, value in stored.items() if name[0] != "_" and name not in hidden}
        shown["settings"] = {**stored["settings"], "version": f"{part.version + 1}"}
        integrations = dict(stored["integrations_settings"])
        if "crazyegg" in integrations:
            integrations["crazyegg"] = {k: v for k, v in integrations["crazyegg"].items() if k != "api_secret"}
        shown["integrations_settings"] = integrations
        shown["account_id"] = space.number
        shown["accessRole"] = "owner"
        shown["owner_email"] = "owner@emulator.example"
        shown["type"] = "own"
        shown["sdk_key"] = f"{space.number}/{stored['id']}"
        shown["tracking_snippet"] = f'<script src="//cdn.emulator.example/{space.number}-{stored["id"]}.js"></script>'
        for attribute, kind in _DEFAULT_LISTS.items():
            if want.expands(attribute):
                shown[attribute] = [_simple(part, kind, one) for one in stored[attribute]]
        if "domains" in want.include:
            shown["domains"] = [
                {"id": one["id"], "url": one["url"], "code_installed": one["code_installed"]}
                for one in part.all("domains")
            ]
        if stats := {one.partition(".")[2] for one in want.include if one.startswith("stats.")}:
            shown["stats"] = {name: value for name, value in _stats(part).items() if name in stats}
        return shown

    def stamp(self, space: Space, stored: Stored, want: Want) -> int:
        """Return what the bytes of a project depend on: everything in it."""
        del want
        assert isinstance(space, Account)
        return space.partition(stored["id"]).version

    def keeps(self, space: Space, body: dict[str, Any]) -> list[Keep]:
        """Return the conditions of a list's filter; without `project_type` only web projects are listed."""
        del space
        types = body.get("project_type") or ["web"]
        return [
            *picked(body),
            *searching(body, ("name",)),
            *among(body, "status", "status"),
            lambda stored: stored["project_type"] in types,
        ]

    def index(self, call: Call) -> Response:
        """Answer a list."""
        call.store.adopt_all(call.account)
        return self.renderer.page(self, call.account, call.filter_body())

    def get(self, call: Call) -> Response:
        """Answer one project."""
        want = asked_in_query(call, self.include, self.expand)
        return self.renderer.one(self, call.account, call.part.id, want)

    def add(self, call: Call) -> Response:
        """Create a project."""
        body = call.body()
        self._shaped(self.create, body)
        part = call.account.partition(call.store.mint())
        given = {name: value for name, value in body.items() if name not in {"include", "expand", "domains"}}
        self._complete(part, given, None)
        _check_domains(part, body.get("domains") or ())
        stored = new_project(call.account, part.id, **given)
        self._save(part, None, stored, call.actor)
        self._set_domains(call, part, body.get("domains") or [])
        want = Want(self.include, asked_in_body(body).expand)
        return self.renderer.one(self, call.account, part.id, want, 201)

    def change(self, call: Call) -> Response:
        """Update a project (answered with 201, other than all other updates)."""
        part, stored, body = call.part, call.part.project, call.body()
        self._shaped(self.update, body)
        given = {name: value for name, value in body.items() if name not in {"include", "expand", "domains"}}
        if given.get("project_type", stored["project_type"]) != stored["project_type"]:
            raise refuse("project_type", "cannot be changed")
        self._complete(part, given, stored)
        if "domains" in body:
            _check_domains(part, body["domains"])
        merged = {**stored, **given}
        if merged != stored:
            merged["modified_at"] = now()
            self._save(part, stored, merged, call.actor)
        if "domains" in body:
            self._set_domains(call, part, body["domains"])
        want = Want(self.include, asked_in_body(body).expand)
        return self.renderer.one(self, call.account, part.id, want, 201)

    def remove(self, call: Call) -> Response:
        """Delete a project and everything in it."""
        self.delete(call.part, call.actor)
        return done("The project was deleted")

    def delete(self, part: Partition, actor: Actor) -> None:
        """Delete a project and everything in it; the id is not served again."""
        stored, account = part.project, part.account
        account.drop("projects", part.id)
        account.partitions.pop(part.id, None)
        account.deleted.add(part.id)
        history.record(account, part, "project", stored, None, actor)

    def save_edit(self, part: Partition, old: Stored, new: Stored, actor: Actor) -> None:
        """Store what somebody changed in the app."""
        self._save(part, old, {**new, "modified_at": now()}, actor)

    def _save(self, part: Partition, old: Stored | None, new: Stored, actor: Actor) -> None:
        part.account.put("projects", new)
        part.version += 1
        for attribute, kind in _DEFAULT_LISTS.items():
            for one in list(part.all(kind)):
                is_default = one["id"] in new[attribute]
                if bool(one.get("selected_default")) is not is_default:
                    part.put(kind, {**one, "selected_default": is_default})
        history.record(part.account, part, "project", old, new, actor)

    def _complete(self, part: Partition, given: dict[str, Any], old: Stored | None) -> None:
        """Validate what a shape cannot say, and fill in what the server does, in `given`."""
        problems = Problems()
        if "environments" in given:
            _check_environments(part, given["environments"], problems)
        for attribute, kind in _DEFAULT_LISTS.items():
            if attribute in given:
                wanted = [one["id"] if isinstance(one, dict) else one for one in given[attribute]]
                check_ids(part, kind, wanted, attribute, problems)
                given[attribute] = list(dict.fromkeys(wanted))
        problems.stop()
        if "settings" in given:
            given["settings"] = settings.complete_project(given["settings"])
        if "reporting_settings" in given:
            given["reporting_settings"] = settings.complete_reporting(given["reporting_settings"])
        before = (old or {}).get("integrations_settings", {})
        crazy = given.get("integrations_settings", {}).get("crazyegg")
        if crazy is not None and "api_secret" not in crazy and "api_secret" in before.get("crazyegg", {}):
            # the secret is never shown, so nobody could send it back
            secret = before["crazyegg"]["api_secret"]
            given["integrations_settings"] = {
                **given["integrations_settings"],
                "crazyegg": {**crazy, "api_secret": secret},
            }
        if given.get("custom_domain"):
            domain = given["custom_domain"]["domain"]
            given["custom_domain"] = {"domain": domain, "status": "pending", "ownership_verification": [], "version": 1}

    def _set_domains(self, call: Call, part: Partition, wanted: list[Any]) -> None:
        """Make the list of domains the final one: what it does not name is deleted."""
        kind = self.renderer.kind("domains")
        by_url = {one["url"]: one["id"] for one in part.all("domains")}
        kept = {one if isinstance(one, int) else by_url.get(normal_url(one["url"])) for one in wanted}
        for one in list(part.all("domains")):
            if one["id"] not in kept:
                kind.store(part, one, None, call.actor)
        for item in wanted:
            if isinstance(item, dict) and normal_url(item["url"]) not in by_url:
                fresh = {"id": call.store.mint(), "url": normal_url(item["url"]), "code_installed": False}
                fresh |= {"project_id": part.id, "_account": call.account.id}
                by_url[fresh["url"]] = fresh["id"]
                kind.store(part, None, fresh, call.actor)


def _check_domains(part: Partition, wanted: Any) -> None:
    problems = Problems()
    check_ids(part, "domains", [one for one in wanted if isinstance(one, int)], "domains", problems)
    problems.stop()


def _check_environments(part: Partition, environments: dict[str, Any], problems: Problems) -> None:
    if sum(1 for one in environments.values() if one["is_default"]) != 1:
        problems.add("environments", "exactly one environment must be the default")
    for kind, name in list(part.uses):
        if kind == "environments" and name not in environments:
            users = len(part.uses[kind, name])
            if users:
                problems.add("environments", f"the environment {name} cannot be removed: it is used by {users} objects")


def _simple(part: Partition, kind: str, object_id: int) -> Any:
    stored = part.get(kind, object_id)
    return object_id if stored is None else {"id": object_id, "name": stored["name"]}


def _stats(part: Partition) -> dict[str, Any]:
    experiences = list(part.all("experiences"))
    active = [one for one in experiences if one["status"] == "active"]
    segments = [one for one in part.all("audiences") if one["type"] == "segmentation"]
    return {
        "usage": 0,
        "active_experiences_count": len(active),
        "active_experiments_count": sum(1 for one in active if one["type"] != "deploy"),
        "experiences_count": len(experiences),
        "segments_count": len(segments),
        "active_segments_count": sum(1 for one in segments if one["status"] == "active"),
        "active_goals_count": sum(1 for one in part.all("goals") if one["status"] == "active"),
        "google_analytics": {},
    }
