"""Goals: what counts as a conversion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.convert.kind import (
    ACTIVE,
    ACTIVE_OR_ARCHIVED,
    ARCHIVED,
    KEY_LENGTH,
    ConvertKind,
    InProject,
    check_key,
    in_project,
    is_archived,
    is_preset,
    surplus,
)
from reconciler.adapters.convert.rules import TREE, RuleTree, check_tree
from reconciler.adapters.convert.ruletypes import IN_GOAL
from reconciler.adapters.convert.usage import usage_risks
from reconciler.model.kind import Problem, UniqueKey
from reconciler.model.markers import Attributes, Computed, Deferrable, Immutable, ServerDefault, SetLike, Switch, Unset

GoalType = Literal[
    "advanced",
    "visits_page",
    "code_trigger",
    "revenue",
    "clicks_link",
    "submits_form",
    "clicks_element",
    "dom_interaction",
    "scroll_percentage",
    "ga_import",
]

MEMBERS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    # type: (settings that must be there, settings that may be)
    "advanced": (frozenset(), frozenset()),
    "visits_page": (frozenset(), frozenset()),
    "code_trigger": (frozenset(), frozenset()),
    "revenue": (frozenset({"triggering_type"}), frozenset()),
    "clicks_link": (frozenset({"href"}), frozenset()),
    "submits_form": (frozenset({"action"}), frozenset()),
    "clicks_element": (frozenset({"selector"}), frozenset({"only_where_experience_runs"})),
    "dom_interaction": (frozenset({"tracked_items"}), frozenset()),
    "scroll_percentage": (frozenset({"percentage"}), frozenset()),
    "ga_import": (frozenset(), frozenset({"ga_event"})),
}


class TrackedItem(Attributes):
    """An element and the event on it that counts."""

    selector: str
    event: str


class GoalSettings(Attributes):
    """Settings of a goal; which members apply depends on its type."""

    triggering_type: Literal["manual", "ga"] = "manual"
    href: str = ""
    action: str = ""
    selector: str = ""
    only_where_experience_runs: bool = False
    tracked_items: Annotated[list[TrackedItem], SetLike()] = Field(default_factory=list)
    percentage: Annotated[float, Field(ge=0, le=100)] = 0
    ga_event: str = ""


class Goal(InProject):
    """A conversion. The type is fixed: another type is another goal."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    key: Annotated[str, Field(min_length=1, max_length=KEY_LENGTH)] = ""
    type: Annotated[GoalType, Immutable()]
    description: Annotated[str | None, Field(max_length=500), ServerDefault(""), Unset("")] = None
    status: Annotated[Literal["active", "archived"], Switch()] = "active"
    selected_default: bool = False
    settings: GoalSettings = Field(default_factory=GoalSettings)
    triggering_rule: Annotated[RuleTree | None, TREE, Deferrable(None)] = None
    is_system: Annotated[bool, Computed()] = False


def check_goal(declared: Mapping[str, Any]) -> Sequence[Problem]:
    """Check settings and rule against the type.

    What is only required on create is looked for where the attributes of a create are all there.
    """
    problems = [*check_tree(declared.get("triggering_rule"), ("triggering_rule",), IN_GOAL, "a goal's triggering_rule")]
    goal_type = declared.get("type")
    if not isinstance(goal_type, str) or goal_type not in MEMBERS:
        return problems
    needed, possible = MEMBERS[goal_type]
    settings = declared.get("settings")
    if isinstance(settings, Mapping):
        problems += surplus(settings, needed | possible, ("settings",), f"type {goal_type}")
        problems += [
            Problem(("settings",), f"{name} is missing, type {goal_type} needs it", f"add {name}: …")
            for name in sorted(needed)
            if name not in settings
        ]
        if settings.get("triggering_type") == "manual" and declared.get("triggering_rule") is not None:
            problems.append(
                Problem(
                    ("triggering_rule",),
                    "a rule would take the place of the manual revenue call",
                    "remove triggering_rule, or use triggering_type: ga",
                )
            )
    elif needed:
        text = f"settings is missing, type {goal_type} needs {', '.join(sorted(needed))}"
        problems.append(Problem((), text, "add settings: …", create_only=True))
    rule = declared.get("triggering_rule")
    if rule is None:
        if goal_type == "advanced":
            text = "triggering_rule is missing, type advanced needs it"
            problems.append(Problem((), text, "add triggering_rule: {AND: [ … ]}", create_only=True))
        elif goal_type == "visits_page" and "triggering_rule" not in declared:
            text = "without triggering_rule no page counts"
            problems.append(Problem((), text, "add a rule with the page's url", "warning", create_only=True))
    return problems


GOALS = ConvertKind(
    platform="convert",
    name="goals",
    title="goal",
    model=Goal,
    key=UniqueKey("key"),
    endpoints=in_project("goals", "Goal", "Goals", always=("type",)),
    on_remove="archive",
    removals=("archive", "delete", "forget"),
    archive_with=ARCHIVED,
    restore_with=ACTIVE,
    parent="projects",
    is_preset=is_preset,
    is_archived=is_archived,
    checks=(check_key, check_goal),
    risks=(usage_risks("goal", frozenset({"triggering_rule", "settings"})),),
    has_history=True,
    include=("triggering_rule",),
    filters=ACTIVE_OR_ARCHIVED,
    history_object="goal",
    history_filter="goals",
    assumptions=("a goal's type cannot be changed without spoiling its reports, so it is replaced",),
)

__all__ = ["GOALS", "MEMBERS"]
