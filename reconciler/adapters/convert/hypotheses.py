"""Hypotheses: what an experience is to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.convert.kind import (
    ARCHIVED,
    Body,
    ConvertKind,
    InProject,
    in_project,
    is_archived,
    keep_only,
    surplus,
)
from reconciler.model.kind import HintKey, Problem
from reconciler.model.markers import Attributes, Computed, Reference, ServerDefault, SetLike, Switch, Unset

SCORES: Mapping[str, frozenset[str]] = {
    "PIE": frozenset({"potential", "importance", "ease"}),
    "ICE": frozenset({"impact", "confidence", "ease"}),
}
STATUSES = ("draft", "completed", "applied", "proven", "disproven", "archived")
Points = Annotated[int, Field(ge=1, le=5)]
Day = Annotated[str | None, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class Score(Attributes):
    """Points from 1 to 5; which ones depends on the type of score."""

    potential: Points = 1
    importance: Points = 1
    impact: Points = 1
    confidence: Points = 1
    ease: Points = 1


class Hypothesis(InProject):
    """A hypothesis with its priority."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    status: Annotated[Literal["draft", "completed", "applied", "proven", "disproven", "archived"], Switch()]
    prioritization_score_type: Literal["PIE", "ICE"]
    prioritization_score_attributes: Score
    url: Annotated[str | None, Field(max_length=2048)] = None
    objective: Annotated[str | None, Field(max_length=5000), ServerDefault(""), Unset("")] = None
    summary: Annotated[str | None, Field(max_length=500), ServerDefault(""), Unset("")] = None
    description: Annotated[str | None, Field(max_length=5000)] = None
    start_date: Day = None
    end_date: Day = None
    experiences: Annotated[
        list[str] | None, Field(max_length=100), SetLike(), Reference("experiences", wire="integer"), Unset(())
    ] = None
    tags: Annotated[list[str] | None, SetLike(), Reference("tags", wire="integer"), Unset(())] = None
    prioritization_score: Annotated[str, Computed()] = ""


def check_hypothesis(declared: Mapping[str, Any]) -> Sequence[Problem]:
    """Check the points against the type of score, and the dates against each other."""
    problems: list[Problem] = []
    score_type = str(declared.get("prioritization_score_type"))
    points = declared.get("prioritization_score_attributes")
    if score_type in SCORES and isinstance(points, Mapping):
        here = ("prioritization_score_attributes",)
        problems += surplus(points, SCORES[score_type], here, f"score type {score_type}")
        problems += [
            Problem(here, f"{name} is missing, score type {score_type} needs it", f"add {name}: 1 to 5")
            for name in sorted(SCORES[score_type])
            if name not in points
        ]
    start, end = declared.get("start_date"), declared.get("end_date")
    if isinstance(start, str) and isinstance(end, str) and end < start:
        problems.append(Problem(("end_date",), f"end_date {end} is before start_date {start}"))
    return problems


def tidy_hypothesis(body: Body) -> None:
    """Drop points that were carried over from the other type of score."""
    points = body.get("prioritization_score_attributes")
    if isinstance(points, dict) and body.get("prioritization_score_type") in SCORES:
        keep_only(points, SCORES[body["prioritization_score_type"]])


HYPOTHESES = ConvertKind(
    platform="convert",
    name="hypotheses",
    title="hypothesis",
    model=Hypothesis,
    key=HintKey("name"),
    endpoints=in_project("hypotheses", "Hypothesis", "Hypotheses"),
    on_remove="archive",
    removals=("archive", "delete", "forget"),
    archive_with=ARCHIVED,
    restore_with={"status": "draft"},
    parent="projects",
    is_archived=is_archived,
    checks=(check_hypothesis,),
    has_history=True,
    filters={"status": list(STATUSES)},
    together=(frozenset({"prioritization_score_type", "prioritization_score_attributes"}),),
    history_object="hypothesis",
    history_filter="hypotheses",
    tidy=tidy_hypothesis,
)

__all__ = ["HYPOTHESES"]
