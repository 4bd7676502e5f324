"""Experiences: the tests themselves (Convert API v2, "Experiences")."""

from __future__ import annotations

from typing import Any, ClassVar

from starlette.responses import Response

from reconciler.emulator.convert import experience_checks as checks
from reconciler.emulator.convert import experience_shapes as shapes
from reconciler.emulator.convert import history, settings
from reconciler.emulator.convert.call import Actor, Call, Endpoint
from reconciler.emulator.convert.changes import check_concurrency, concurrency_key
from reconciler.emulator.convert.compass import make_tags
from reconciler.emulator.convert.experience_fill import copied, filled
from reconciler.emulator.convert.goals import RULE_SETS
from reconciler.emulator.convert.kind import Kind, project_of
from reconciler.emulator.convert.lifecycle import STARTED, check_transition, stamp_times
from reconciler.emulator.convert.listing import Keep, Listing, among, sharing
from reconciler.emulator.convert.problems import Problems
from reconciler.emulator.convert.references import changes_of
from reconciler.emulator.convert.render import Ref, Want, asked_in_query
from reconciler.emulator.convert.shapes import Items, Number, Text, choice, ids, record
from reconciler.emulator.convert.store import Partition, Space
from reconciler.emulator.convert.variations import VariationList, show_variations
from reconciler.emulator.disguise import Loose
from reconciler.emulator.platform import Stored

_REFERENCES = ("goals", "audiences", "locations")
_STATUS_FILTER = choice(*shapes.STATUSES, "deleted")
_COMPUTED = {"start_time", "end_time", "version", "concurrency_key"}
_APART = frozenset({"project_id", "variations", "sections", *_REFERENCES})

DEFAULTS: dict[str, Any] = {
    "description": "",
    "objective": None,
    "start_time": 0,
    "end_time": 0,
    "traffic_distribution": 100,
    "environment": "",
    "primary_goal": None,
    "goals": [],
    "audiences": [],
    "locations": [],
    "tags": [],
    "site_area": None,
    "global_js": "",
    "global_css": "",
    "variations": [],
    "sections": [],
    "multipage_pages": [],
    "integrations": [],
    "customizations": [],
    "settings": settings.complete_experience(None),
    "version": 1,
}


class Experiences(Kind):
    """Experiences of a project, with their variations and changes."""

    name = "experiences"
    word = "experience"
    segment = "experiences"
    create = shapes.CREATE
    update = shapes.UPDATE
    include = frozenset(
        [
            "alerts",
            "goals",
            "stats",
            "variations",
            "variations.changes",
            "min_running_timestamp",
            "max_running_timestamp",
            "audiences",
            "locations",
            "collaborators",
        ]
    )
    expand = frozenset(["project", "audiences", "goals", "locations", "variations", "variations.changes", "tags"])
    keyed = True
    write_include = True
    write_expand = True
    bulk_statuses = ("active", "paused", "archived")
    defaults = DEFAULTS
    columns: ClassVar[dict[str, str]] = {"conversions": "id", "improvement": "id"}
    listing = Listing(
        sort=(
            "id",
            "conversions",
            "improvement",
            "name",
            "start_time",
            "end_time",
            "status",
            "primary_goal",
            "key",
            "environment",
        ),
        filters={
            "status": Items(_STATUS_FILTER, null=True),
            "type": Items(choice(*shapes.TYPES), null=True),
            **{name: ids(null=True) for name in ["tags", "audiences", "goals", "features", "hypotheses", "locations"]},
            "environments": Items(Text(), null=True),
            "goal_id": Number(whole=True, null=True),
        },
        searched=("name", "description"),
        hides_archived=True,
        include=include,
        expand=expand,
    )
    loose = Loose(
        sets=(*_REFERENCES, "tags", "integrations", *(f"*.{one}" for one in RULE_SETS if "." not in one)),
        numbers=(
            *_REFERENCES,
            "tags",
            "primary_goal",
            "project",
            "project.id",
            "*.feature_id",
            "tags.id",
            *tuple(f"{one}.id" for one in _REFERENCES),
        ),
        opaque=("*.variables_data", "integrations.audiences", "variations.changes.data"),
        defaults={"*.matching.negated": False, "description": "", "settings.srm_check": None},
    )

    def endpoints(self) -> list[Endpoint]:
        """Return the operations of experiences."""
        return [
            *super().endpoints(),
            Endpoint("POST", "E/clone", self.clone, writes=True),
            Endpoint("POST", "A/experiences", self.across),
        ]

    def show(self, space: Space, stored: Stored, want: Want, ref: Ref) -> dict[str, Any]:
        """Return an experience as answers show it."""
        shown = {name: value for name, value in stored.items() if name[0] != "_" and name not in _APART}
        shown["project"] = project_of(space, want)
        shown["environments"] = [stored["environment"]]
        shown["screenshots_info"] = []
        shown["settings"] = {**stored["settings"], "visitor_insights": {"heatmaps": []}}
        shown["concurrency_key"] = concurrency_key(stored)
        for kind in _REFERENCES:
            if want.expands(kind):
                shown[kind] = [ref(kind, one) for one in stored[kind]]
        if "tags" in want.expand:
            shown["tags"] = [ref("tags", one) for one in stored["tags"]]
        shown["variations"] = show_variations(stored, want)
        if stored["type"] != "multipage":
            del shown["multipage_pages"]
        if "alerts" in want.include:
            shown["alerts"] = _alerts(stored)
        if "stats" in want.include:
            shown["stats"] = {"visitors": 0, "conversions": 0}
        if "collaborators" in want.include:
            shown["collaborators"] = []
        for name, days in (
            ("min_running_timestamp", "min_running_time"),
            ("max_running_timestamp", "max_running_time"),
        ):
            if name in want.include:
                length = stored["settings"].get(days) or 0
                shown[name] = stored["start_time"] + 86_400 * length if length and stored["start_time"] else None
        return shown

    def stamp(self, space: Space, stored: Stored, want: Want) -> int:
        """Return what the bytes of an experience depend on: what is expanded in it."""
        del stored
        outside = want.expand & {"project", "tags"} or any(want.expands(kind) for kind in _REFERENCES)
        return space.version if outside else -1

    def keeps(self, space: Space, body: dict[str, Any]) -> list[Keep]:
        """Return the conditions of a list's filter."""
        assert isinstance(space, Partition)
        keeps = [*super().keeps(space, body), *among(body, "type", "type")]
        keeps += among(body, "environments", "environment")
        for kind in (*_REFERENCES, "tags"):
            keeps += sharing(body, kind, kind)
        if wanted := set(body.get("features") or ()):
            keeps.append(lambda stored: any(one["data"].get("feature_id") in wanted for one in changes_of(stored)))
        if body.get("hypotheses"):
            found = [space.get("hypotheses", one) for one in body["hypotheses"]]
            linked = {one for hypothesis in found if hypothesis for one in hypothesis["experiences"]}
            keeps.append(lambda stored: stored["id"] in linked)
        return keeps

    def across(self, call: Call) -> Response:
        """Answer the active and completed experiences of all projects of an account."""
        return self.renderer.across(self, call.account, call.filter_body())

    def check(self, call: Call, new: Stored, old: Stored | None, body: dict[str, Any]) -> None:
        """Validate and complete a new or updated experience."""
        part, problems = call.part, Problems()
        if old is not None:
            check_concurrency(old, body, "experience")
        for name in _COMPUTED:
            new.pop(name, None)
            if name in (old or DEFAULTS):
                new[name] = (old or DEFAULTS)[name]
        if new["status"] == "scheduled":
            new |= {name: body[name] or 0 for name in ("start_time", "end_time") if name in body}
        checks.check_type(part, new, old, problems)
        problems.stop()
        checks.check_references(call, new, old, body, problems)
        checks.check_rest(new, body, problems)
        if "traffic_distribution" in body:
            new["traffic_distribution"] = round(body["traffic_distribution"], 2)
        if "integrations" in body:
            checks.check_integrations(new, old, body["integrations"], problems)
        if "variations" in body:
            self._check_variations(call, new, old, body["variations"], problems)
        if not problems:
            checks.check_pages(new, problems)
            check_transition(old, new, problems)
        problems.stop()
        self.claim_key(call, new, old)
        checks.fill_analytics(new)
        if "tags" in body:
            new["tags"] = make_tags(self, call, body["tags"])
        stamp_times(old, new)
        if old is None:
            new["_rev"] = call.store.revision()
        elif new != old:
            new["version"] = old["version"] + 1
            new["_rev"] = call.store.revision()

    def _check_variations(
        self, call: Call, new: Stored, old: Stored | None, sent: list[Any], problems: Problems
    ) -> None:
        before = old["variations"] if old is not None else []
        named = [one.get("id") for one in sent if isinstance(one, dict)]
        changed = len(named) != len(before) or set(named) != {one["id"] for one in before}
        if changed and new["type"] == "mvt":
            problems.add("variations", "the variations of a multivariate experience are made of its sections")
        elif changed and old is not None and old["status"] in STARTED:
            problems.add("variations", "variations cannot be added or removed once the experience has started")
        else:
            new["variations"] = VariationList(call.store, call.part, new, problems).merge(before, sent)

    def store(self, part: Partition, old: Stored | None, new: Stored | None, actor: Actor) -> None:
        """Store a write, and record it for the experience and for each of its variations and changes."""
        if new == old:
            return
        super().store(part, old, new, actor)
        some = new if new is not None else old
        assert some is not None
        record_children(part, some["id"], old, new, actor)

    def written(self, part: Partition, old: Stored | None, new: Stored | None) -> None:
        """Take a deleted experience out of hypotheses and knowledge base."""
        if new is None and old is not None:
            for user, user_id in list(part.uses.get(("experiences", old["id"]), {})):
                stored = part.get(user, user_id)
                if stored is not None and "experiences" in stored:
                    part.put(user, {**stored, "experiences": [x for x in stored["experiences"] if x != old["id"]]})

    def clone(self, call: Call) -> Response:
        """Copy an experience as a draft, without its past (201)."""
        stored, body = self.found(call), call.filter_body()
        want = asked_in_query(call, self.include, self.expand)
        self._shaped(record(name=Text(most=100, least=1)), body)
        fresh = copied(call.store, call.part, stored, body.get("name") or f"{stored['name']} - copy"[:100])
        self.save(call, None, fresh)
        return self.renderer.one(self, call.part, fresh["id"], Want(self.include, want.expand), 201)

    def fill(self, part: Partition, stored: Stored) -> Stored:
        """Return an experience that was loaded, with everything that is missing."""
        return filled(part, super().fill(part, {**DEFAULTS, **stored}))


def record_children(part: Partition, experience: int, old: Stored | None, new: Stored | None, actor: Actor) -> None:
    """Record what became of the variations and changes of an experience."""
    before, after = old or {}, new or {}
    pairs = (
        ("variation", _by_id(before.get("variations", ())), _by_id(after.get("variations", ()))),
        ("change", _by_id(changes_of(before)), _by_id(changes_of(after))),
    )
    for word, was, now in pairs:
        for one in {**was, **now}:
            if was.get(one) != now.get(one):
                history.record(
                    part.account, part, word, _bare(was.get(one)), _bare(now.get(one)), actor, parent=experience
                )


def _by_id(many: Any) -> dict[int, dict[str, Any]]:
    return {one["id"]: one for one in many}


def _bare(one: dict[str, Any] | None) -> dict[str, Any] | None:
    # a change has a record of its own; its variation has one only when it changed itself
    return None if one is None else {k: v for k, v in one.items() if k != "changes" and k[0] != "_"}


def _alerts(stored: Stored) -> list[dict[str, str]]:
    if stored["goals"] or stored["type"] == "deploy":
        return []
    return [{"code": "no_goals_set_up", "title": "No goals", "description": "The experience has no goals"}]
