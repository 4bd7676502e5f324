"""Locations: where on a site an experience runs, and what starts it there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.convert.kind import (
    ACTIVE,
    ACTIVE_OR_ARCHIVED,
    ARCHIVED,
    Body,
    ConvertKind,
    InProject,
    in_project,
    is_archived,
    is_preset,
    keep_only,
    surplus,
)
from reconciler.adapters.convert.rules import TREE, RuleTree, check_tree
from reconciler.adapters.convert.ruletypes import IN_LOCATION
from reconciler.adapters.convert.usage import usage_risks
from reconciler.model.kind import HintKey, Problem
from reconciler.model.markers import Attributes, Code, Computed, ServerDefault, SetLike, Switch, Unset

TRIGGERS: Mapping[str, frozenset[str]] = {
    "upon_run": frozenset(),
    "manual": frozenset(),
    "dom_element": frozenset({"selector", "events"}),
    "callback": frozenset({"js"}),
}


class Trigger(Attributes):
    """What starts an experience at the location; which members apply depends on the type."""

    type: Annotated[Literal["upon_run", "manual", "dom_element", "callback"], ServerDefault("upon_run")]
    selector: str = ""
    events: Annotated[list[Literal["click", "hover", "in_view", "change"]], SetLike(), Field(min_length=1)] = Field(
        default_factory=list
    )
    js: Annotated[str, Code("javascript")] = ""


class Location(InProject):
    """Pages, told by rules."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    rules: Annotated[RuleTree | None, TREE]
    trigger: Trigger = Trigger(type="upon_run")
    description: Annotated[str | None, Field(max_length=500), ServerDefault(""), Unset("")] = None
    status: Annotated[Literal["active", "archived"], Switch()] = "active"
    selected_default: bool = False
    preset: Annotated[bool, Computed()] = False


def check_location(declared: Mapping[str, Any]) -> Sequence[Problem]:
    """Check the rules, and the trigger's members against its type."""
    problems = [*check_tree(declared.get("rules"), ("rules",), IN_LOCATION, "a location")]
    trigger = declared.get("trigger")
    if isinstance(trigger, Mapping) and trigger.get("type") in TRIGGERS:
        members = TRIGGERS[trigger["type"]]
        what = f"trigger {trigger['type']}"
        problems += surplus(trigger, members | {"type"}, ("trigger",), what)
        problems += [
            Problem(("trigger",), f"{name} is missing, {what} needs it", f"add {name}: …")
            for name in sorted(members)
            if name not in trigger
        ]
    return problems


def tidy_location(body: Body) -> None:
    """Drop members of the trigger that were carried over from another type: the platform takes no others."""
    trigger = body.get("trigger")
    if isinstance(trigger, dict) and trigger.get("type") in TRIGGERS:
        keep_only(trigger, TRIGGERS[trigger["type"]] | {"type"})


LOCATIONS = ConvertKind(
    platform="convert",
    name="locations",
    title="location",
    model=Location,
    key=HintKey("name"),
    endpoints=in_project("locations", "Location", "Locations"),
    on_remove="archive",
    removals=("archive", "delete", "forget"),
    archive_with=ARCHIVED,
    restore_with=ACTIVE,
    parent="projects",
    is_preset=is_preset,
    is_archived=is_archived,
    checks=(check_location,),
    risks=(usage_risks("location", frozenset({"rules", "trigger"})),),
    has_history=True,
    include=("rules", "trigger"),
    filters=ACTIVE_OR_ARCHIVED,
    history_object="location",
    history_filter="locations",
    tidy=tidy_location,
)

__all__ = ["LOCATIONS"]
