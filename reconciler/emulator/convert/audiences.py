"""Audiences and locations: who and where, by rule trees (Convert API v2, "Audiences", "Locations")."""

from __future__ import annotations

from typing import Any, ClassVar

from reconciler.emulator.convert import rules
from reconciler.emulator.convert.call import Call, Endpoint
from reconciler.emulator.convert.goals import RULE_SETS, default_keep, experiences_keep, sync_default, usage_keep
from reconciler.emulator.convert.kind import Kind, used_message
from reconciler.emulator.convert.listing import Keep, Listing
from reconciler.emulator.convert.problems import Problems, Refusal
from reconciler.emulator.convert.render import Ref, Want
from reconciler.emulator.convert.shapes import ANYTHING, FLAG, TEXT, Items, Tagged, Text, choice, ids, record
from reconciler.emulator.convert.store import Partition, Space
from reconciler.emulator.disguise import Loose
from reconciler.emulator.platform import Stored
from reconciler.emulator.wire import answer

_STATUS = choice("active", "archived")
_TYPES = ("permanent", "transient", "segmentation")
_USAGE = choice("used", "not_used", null=True)
_LOOSE = Loose(
    sets=(*(f"rules.{one}" for one in RULE_SETS), "rules.OR"),
    defaults={"*.matching.negated": False, "description": ""},
)

TRIGGER = Tagged(
    "type",
    {
        "upon_run": record(),
        "manual": record(),
        "dom_element": record(
            "selector events", selector=TEXT, events=Items(choice("click", "hover", "in_view", "change"), least=1)
        ),
        "callback": record("js", js=TEXT),
    },
)


def _rule(rule_type: str, match: str, value: Any) -> dict[str, Any]:
    rule = {"rule_type": rule_type, "matching": {"match_type": match, "negated": False}, "value": value}
    return {"OR": [{"AND": [{"OR_WHEN": [rule]}]}]}


class _Targeting(Kind):
    """What audiences and locations share."""

    write_include = False
    default_list: ClassVar[str]
    presets: ClassVar[tuple[Stored, ...]]

    def endpoints(self) -> list[Endpoint]:
        """Return the operations of the kind."""
        one = f"P/{self.segment}/{{{self.parameter}}}"
        return [
            *super().endpoints(),
            Endpoint("POST", f"{one}/clone", self.clone, writes=True),
            Endpoint("GET", f"P/{self.segment}-presets", lambda _call: answer({"data": list(self.presets)})),
        ]

    def show(self, space: Space, stored: Stored, want: Want, ref: Ref) -> dict[str, Any]:
        """Return an object as answers show it."""
        shown = super().show(space, stored, want, ref)
        if "stats.experiences_usage" in want.include:
            assert isinstance(space, Partition)
            used = space.used_by(self.name, stored["id"], "experiences")
            count = sum(1 for one in used if one["status"] == "active")
            shown["stats"] = {"experiences_usage": count}
        return shown

    def keeps(self, space: Space, body: dict[str, Any]) -> list[Keep]:
        """Return the conditions of a list's filter."""
        assert isinstance(space, Partition)
        keeps = [*super().keeps(space, body), *default_keep(body)]
        if wanted := body.get("type"):
            keeps.append(lambda stored: stored["type"] == wanted)
        return [*keeps, *usage_keep(space, self.name, body.get("usage")), *experiences_keep(space, self.name, body)]

    def dress(self, shown: Any, names: frozenset[str]) -> Any:
        """Show the ids in the rules as text, where that is asked for."""
        if "numbers_as_text" in names:
            rules.references_as_text(shown.get("rules"))
        return shown

    def guard(self, stored: Stored) -> None:
        """Refuse writes to presets."""
        if stored["preset"]:
            raise Refusal(422, f"Preset {self.name} cannot be changed or deleted")

    def in_use(self, part: Partition, stored: Stored) -> None:
        """Refuse to delete what experiences or rules need."""
        users = {
            "experience": len(part.used_by(self.name, stored["id"], "experiences")),
            "audience": len(part.used_by(self.name, stored["id"], "audiences")),
            "goal": len(part.used_by(self.name, stored["id"], "goals")),
        }
        if any(users.values()):
            raise Refusal(422, used_message(self.word, users))

    def written(self, part: Partition, old: Stored | None, new: Stored | None) -> None:
        """Keep the project's defaults in step."""
        sync_default(part, self.default_list, old, new)

    def loaded(self, part: Partition, stored: Stored) -> None:
        """Keep the project's defaults in step."""
        sync_default(part, self.default_list, None, stored)


class Audiences(_Targeting):
    """Audiences of a project."""

    name = "audiences"
    word = "audience"
    segment = "audiences"
    default_list = "default_audiences"
    create = record(
        "name type rules",
        name=Text(most=100, least=1),
        type=choice(*_TYPES),
        rules=ANYTHING,
        description=Text(most=500),
        status=_STATUS,
        selected_default=FLAG,
    )
    update = create.optional(required=("type",))
    include = frozenset({"rules", "stats.experiences_usage"})
    bulk_statuses = ("active", "archived")
    defaults: ClassVar[dict[str, Any]] = {
        "description": "",
        "status": "active",
        "selected_default": False,
        "rules": None,
        "preset": False,
    }
    columns: ClassVar[dict[str, str]] = {"usage": "id", "key": "name"}
    listing = Listing(
        sort=("id", "type", "name", "usage", "status", "key"),
        filters={
            "status": Items(_STATUS, null=True),
            "type": choice(*_TYPES, null=True),
            "experiences": ids(100, null=True),
            "is_default": FLAG,
            "usage": _USAGE,
        },
        searched=("name", "description"),
        hides_archived=True,
        include=include,
    )
    loose = _LOOSE
    presets = (
        {"id": 11, "name": "New visitors", "type": "transient", "preset": True, "status": "active",
         "rules": _rule("visitor_type", "equals", "new")},
        {"id": 12, "name": "Mobile visitors", "type": "transient", "preset": True, "status": "active",
         "rules": _rule("is_mobile", "equals", True)},
    )  # fmt: skip

    def check(self, call: Call, new: Stored, old: Stored | None, body: dict[str, Any]) -> None:
        """Validate type and rules."""
        del old, body
        problems = Problems()
        if call.part.fullstack and new["type"] == "permanent":
            problems.add("type", "must be transient or segmentation in a fullstack project")
        allowed = rules.FOR_SEGMENT if new["type"] == "segmentation" else rules.FOR_AUDIENCE
        rules.check_tree(call.part, new["rules"], allowed, "rules", problems)
        problems.stop()


class Locations(_Targeting):
    """Locations of a project."""

    name = "locations"
    word = "location"
    segment = "locations"
    default_list = "default_locations"
    create = record(
        "name rules",
        name=Text(most=100, least=1),
        rules=ANYTHING,
        trigger=TRIGGER,
        description=Text(most=500),
        status=_STATUS,
        selected_default=FLAG,
    )
    update = create.optional()
    include = frozenset({"rules", "trigger", "stats.experiences_usage"})
    bulk_statuses = ("active", "archived")
    defaults: ClassVar[dict[str, Any]] = {
        "description": "",
        "status": "active",
        "selected_default": False,
        "rules": None,
        "trigger": {"type": "upon_run"},
        "preset": False,
    }
    columns: ClassVar[dict[str, str]] = {"usage": "id", "key": "name"}
    listing = Listing(
        sort=("id", "name", "usage", "status", "key"),
        filters={"status": Items(_STATUS, null=True), "is_default": FLAG, "usage": _USAGE},
        searched=("name", "description"),
        hides_archived=True,
        include=include,
    )
    loose = Loose(sets=(*_LOOSE.sets, "trigger.events"), defaults=_LOOSE.defaults)
    presets = (
        {"id": 21, "name": "All pages", "preset": True, "status": "active", "trigger": {"type": "upon_run"},
         "rules": _rule("url", "contains", "/")},
        {"id": 22, "name": "Home page", "preset": True, "status": "active", "trigger": {"type": "upon_run"},
         "rules": _rule("url", "regexMatches", "^https?://[^/]+/?$")},
    )  # fmt: skip

    def check(self, call: Call, new: Stored, old: Stored | None, body: dict[str, Any]) -> None:
        """Validate rules and trigger."""
        del old, body
        problems = Problems()
        rules.check_tree(call.part, new["rules"], rules.FOR_LOCATION, "rules", problems)
        if call.part.fullstack and new["trigger"]["type"] != "upon_run":
            problems.add("trigger.type", "must be upon_run in a fullstack project")
        problems.stop()
