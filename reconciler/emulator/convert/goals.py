"""Goals: ten types, each with settings of its own (Convert API v2, "Goals")."""

from __future__ import annotations

from typing import Any, ClassVar

from reconciler.emulator.convert import rules
from reconciler.emulator.convert.call import Call, Endpoint
from reconciler.emulator.convert.kind import Kind, used_message
from reconciler.emulator.convert.listing import Keep, Listing
from reconciler.emulator.convert.problems import Problems, Refusal, refuse
from reconciler.emulator.convert.render import Ref, Want
from reconciler.emulator.convert.shapes import ANYTHING, FLAG, TEXT, Items, Number, Record, Text, choice, ids, record
from reconciler.emulator.convert.store import Partition, Space
from reconciler.emulator.disguise import Loose
from reconciler.emulator.platform import Stored

SETTINGS: dict[str, Record] = {
    "advanced": record(),
    "visits_page": record(),
    "code_trigger": record(),
    "revenue": record("triggering_type", triggering_type=choice("manual", "ga")),
    "clicks_link": record("href", href=TEXT),
    "submits_form": record("action", action=TEXT),
    "clicks_element": record("selector", selector=TEXT, only_where_experience_runs=FLAG),
    "dom_interaction": record(
        "tracked_items", tracked_items=Items(record("selector event", selector=TEXT, event=TEXT))
    ),
    "scroll_percentage": record("percentage", percentage=Number()),
    "ga_import": record(ga_event=TEXT),
}
"""The settings of each goal type; nothing else is taken."""
BARE = frozenset({"advanced", "visits_page", "code_trigger"})

_STATUS = choice("active", "archived")
_FIELDS = record(
    "name type",
    name=Text(most=100, least=1),
    key=Text(most=32, least=1),
    description=Text(most=500),
    type=choice(*SETTINGS),
    status=_STATUS,
    selected_default=FLAG,
    triggering_rule=ANYTHING,
    settings=ANYTHING,
)

RULE_SETS = ("OR", "*.OR", "*.AND", "*.OR_WHEN")
"""Where the members of a rule tree stand: their order means nothing."""


def usage_keep(part: Partition, kind: str, usage: str | None) -> list[Keep]:
    """Return the condition of the filter `usage`."""
    if usage is None:
        return []
    return [lambda stored: bool(part.used_by(kind, stored["id"], "experiences")) is (usage == "used")]


def default_keep(body: dict[str, Any]) -> list[Keep]:
    """Return the condition of the filter `is_default`."""
    wanted = body.get("is_default")
    return [] if wanted is None else [lambda stored: bool(stored.get("selected_default")) is wanted]


def experiences_keep(part: Partition, attribute: str, body: dict[str, Any]) -> list[Keep]:
    """Return the condition of the filter `experiences`: only what those experiences use."""
    wanted = body.get("experiences")
    if not wanted:
        return []
    found = [part.get("experiences", one) for one in wanted]
    used = {one for experience in found if experience for one in experience[attribute]}
    return [lambda stored: stored["id"] in used]


def sync_default(part: Partition, attribute: str, old: Stored | None, new: Stored | None) -> None:
    """Keep the project's list of defaults and `selected_default` of the object two views of one fact."""
    is_default = bool(new and new.get("selected_default"))
    if bool(old and old.get("selected_default")) is is_default and (old is not None or not is_default):
        return
    some = new if new is not None else old
    assert some is not None
    project = part.project
    without = [one for one in project[attribute] if one != some["id"]]
    listed = [*without, some["id"]] if is_default else without
    if listed != project[attribute]:
        part.account.put("projects", {**project, attribute: listed})


class Goals(Kind):
    """Goals of a project."""

    name = "goals"
    word = "goal"
    segment = "goals"
    create = _FIELDS
    update = _FIELDS.optional(required=("type",))
    include = frozenset({"triggering_rule", "stats"})
    keyed = True
    bulk_statuses = ("active", "archived")
    defaults: ClassVar[dict[str, Any]] = {
        "description": "",
        "status": "active",
        "selected_default": False,
        "triggering_rule": None,
        "is_system": False,
    }
    columns: ClassVar[dict[str, str]] = {"goal_tracking_status": "status", "times_used": "id"}
    listing = Listing(
        sort=("id", "goal_tracking_status", "name", "times_used", "type", "key", "status"),
        filters={
            "status": Items(_STATUS, null=True),
            "goal_type": Items(choice(*SETTINGS), null=True),
            "experiences": ids(100, null=True),
            "is_default": FLAG,
            "tracking": choice("tracked", "not_tracked", null=True),
            "usage": choice("used", "not_used", null=True),
        },
        searched=("name", "description", "key"),
        pick=200,
        hides_archived=True,
        include=include,
    )
    loose = Loose(
        sets=(*(f"triggering_rule.{one}" for one in RULE_SETS), "triggering_rule.OR", "settings.tracked_items"),
        defaults={"*.matching.negated": False, "description": "", "settings": {}},
    )

    def show(self, space: Space, stored: Stored, want: Want, ref: Ref) -> dict[str, Any]:
        """Return a goal as answers show it."""
        shown = super().show(space, stored, want, ref)
        if "stats" in want.include:
            assert isinstance(space, Partition)
            active = [one for one in space.used_by("goals", stored["id"], "experiences") if one["status"] == "active"]
            shown["stats"] = {"conversions_last_48h": 0, "times_used": len(active)}
        return shown

    def endpoints(self) -> list[Endpoint]:
        """Return the operations of goals."""
        return [*super().endpoints(), Endpoint("POST", "P/goals/{goal_id}/clone", self.clone, writes=True)]

    def keeps(self, space: Space, body: dict[str, Any]) -> list[Keep]:
        """Return the conditions of a list's filter."""
        assert isinstance(space, Partition)
        keeps = [*super().keeps(space, body), *default_keep(body)]
        if "stats" in (body.get("include") or ()) and len(body.get("only") or ()) > 50:
            raise refuse("only", "must have at most 50 items when stats are included")
        if types := body.get("goal_type"):
            keeps.append(lambda stored: stored["type"] in types)
        if body.get("tracking") == "tracked":
            # nothing is ever tracked here: no visitor comes by
            keeps.append(lambda _stored: False)
        return [*keeps, *usage_keep(space, "goals", body.get("usage")), *experiences_keep(space, "goals", body)]

    def dress(self, shown: Any, names: frozenset[str]) -> Any:
        """Show the ids in the rule as text, where that is asked for."""
        if "numbers_as_text" in names:
            rules.references_as_text(shown.get("triggering_rule"))
        return shown

    def guard(self, stored: Stored) -> None:
        """Refuse writes to system goals."""
        if stored["is_system"]:
            raise Refusal(422, "System goals cannot be changed or deleted")

    def check(self, call: Call, new: Stored, old: Stored | None, body: dict[str, Any]) -> None:
        """Validate settings and rule against the type."""
        problems = Problems()
        kind = new["type"]
        if kind in BARE and not body.get("settings"):
            new.pop("settings", None)
        elif kind == "ga_import" and body.get("settings") is None and (old is None or old["type"] != kind):
            new["settings"] = {}
        elif "settings" in body:
            SETTINGS[kind].check(new["settings"], "settings", problems)
        elif old is None or old["type"] != kind:
            problems.add("settings", f"is required for goals of type {kind}")
        if old is None and kind == "advanced" and "triggering_rule" not in body:
            problems.add("triggering_rule", "is required for goals of type advanced")
        rules.check_tree(call.part, new["triggering_rule"], rules.FOR_GOAL, "triggering_rule", problems)
        problems.stop()
        self.claim_key(call, new, old)

    def in_use(self, part: Partition, stored: Stored) -> None:
        """Refuse to delete what experiences or rules need."""
        users = {
            "experience": len(part.used_by("goals", stored["id"], "experiences")),
            "audience": len(part.used_by("goals", stored["id"], "audiences")),
            "goal": len(part.used_by("goals", stored["id"], "goals")),
        }
        if any(users.values()):
            raise Refusal(422, used_message("goal", users))

    def written(self, part: Partition, old: Stored | None, new: Stored | None) -> None:
        """Keep the project's default goals in step."""
        sync_default(part, "default_goals", old, new)

    def loaded(self, part: Partition, stored: Stored) -> None:
        """Keep the project's default goals in step."""
        sync_default(part, "default_goals", None, stored)
