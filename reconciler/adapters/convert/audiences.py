"""Audiences: who sees an experience."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.convert.kind import (
    ACTIVE,
    ACTIVE_OR_ARCHIVED,
    ARCHIVED,
    ConvertKind,
    InProject,
    in_project,
    is_archived,
    is_preset,
)
from reconciler.adapters.convert.rules import TREE, RuleTree, check_tree
from reconciler.adapters.convert.ruletypes import IN_AUDIENCE, IN_SEGMENT
from reconciler.adapters.convert.usage import usage_risks
from reconciler.model.kind import HintKey, Problem
from reconciler.model.markers import Computed, Deferrable, ServerDefault, Switch, Unset


class Audience(InProject):
    """Conditions on visitors: checked once (`permanent`), every time (`transient`), or kept (`segmentation`)."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    type: Literal["permanent", "transient", "segmentation"]
    rules: Annotated[RuleTree | None, TREE, Deferrable(None)]
    description: Annotated[str | None, Field(max_length=500), ServerDefault(""), Unset("")] = None
    status: Annotated[Literal["active", "archived"], Switch()] = "active"
    selected_default: bool = False
    preset: Annotated[bool, Computed()] = False


def check_audience(declared: Mapping[str, Any]) -> Sequence[Problem]:
    """Check the rules against the audience's type: only segments may look at URLs."""
    audience_type = declared.get("type")
    allowed = IN_AUDIENCE if audience_type in ("permanent", "transient") else IN_SEGMENT
    return check_tree(declared.get("rules"), ("rules",), allowed, f"an audience of type {audience_type}")


AUDIENCES = ConvertKind(
    platform="convert",
    name="audiences",
    title="audience",
    model=Audience,
    key=HintKey("name"),
    endpoints=in_project("audiences", "Audience", "Audiences", always=("type",)),
    on_remove="archive",
    removals=("archive", "delete", "forget"),
    archive_with=ARCHIVED,
    restore_with=ACTIVE,
    parent="projects",
    is_preset=is_preset,
    is_archived=is_archived,
    checks=(check_audience,),
    risks=(usage_risks("audience", frozenset({"rules", "type"})),),
    has_history=True,
    include=("rules",),
    filters=ACTIVE_OR_ARCHIVED,
    history_object="audience",
    history_filter="audiences",
    assumptions=("rules may be null on create",),
)

__all__ = ["AUDIENCES"]
