"""Experiences: tests, personalisations and rollouts, with their variations, pages and sections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.convert.changes import Changes
from reconciler.adapters.convert.experience_bodies import tidy_experience
from reconciler.adapters.convert.experience_checks import check_experience
from reconciler.adapters.convert.experience_life import LIFECYCLE, STATUSES, experience_risks
from reconciler.adapters.convert.integrations import Integration
from reconciler.adapters.convert.kind import (
    ARCHIVED,
    KEY_LENGTH,
    ConvertKind,
    InProject,
    check_key,
    in_project,
    is_archived,
)
from reconciler.adapters.convert.reporting import Reporting
from reconciler.adapters.convert.rules import SiteArea
from reconciler.model.kind import Facet, UniqueKey
from reconciler.model.markers import (
    Attributes,
    Children,
    Code,
    Deferrable,
    EngineOwned,
    Immutable,
    KeyedBy,
    Named,
    Reference,
    ServerDefault,
    ServerRounds,
    SetLike,
    Switch,
    Unset,
)

ShortId = Annotated[str, Field(pattern=r"^[0-9a-z]{1,2}$")]
"""Ids of pages, sections and versions are chosen by the client."""
Share = Annotated[float, Field(ge=0, le=100), ServerRounds(2)]
"""Percent; the platform keeps two decimals."""


def by_bandit(root: Mapping[str, Any], before: Any, after: Any) -> bool:
    """Tell whether a multi-armed bandit moves the traffic of this experience."""
    del before, after
    settings = root.get("settings")
    engine = settings.get("stats_engine_processing") if isinstance(settings, Mapping) else None
    return isinstance(engine, Mapping) and bool(engine.get("mab_settings"))


def by_stop_loser(root: Mapping[str, Any], before: Any, after: Any) -> bool:
    """Tell whether the platform stopped a losing variation by itself."""
    settings = root.get("settings")
    stops = isinstance(settings, Mapping) and settings.get("stop_loser") is True
    return stops and before != "stopped" and after == "stopped"


def by_running(root: Mapping[str, Any], before: Any, after: Any) -> bool:
    """Tell whether start or end were set by the experience's running, not by a schedule."""
    del before, after
    return root.get("status") != "scheduled"


class MatchingOptions(Attributes):
    """Whether any or all audiences, and any or all locations, must match."""

    audiences: Annotated[Literal["any", "all"], ServerDefault("any")] = "any"
    locations: Annotated[Literal["any", "all"], ServerDefault("any")] = "any"


class SplitUrlSettings(Attributes):
    """How addresses of a split URL test are rewritten."""

    split_regex_support: bool = False
    split_add_query_params: bool = False
    split_query_params_hide_regex: bool = False


class ExperienceSettings(Reporting):
    """Settings of an experience, statistics and reporting included."""

    matching_options: MatchingOptions = MatchingOptions()
    split_url_settings: SplitUrlSettings = SplitUrlSettings()


class Variation(Attributes):
    """One version that visitors see. A variation that ran can be stopped but not deleted."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: Annotated[str | None, Field(max_length=2000)] = None
    is_baseline: Annotated[bool, ServerDefault(False)] = False
    traffic_distribution: Annotated[Share, EngineOwned(by_bandit)] = 0
    key: Annotated[str, Field(min_length=1, max_length=KEY_LENGTH)] = ""
    status: Annotated[Literal["running", "stopped"], Switch(), EngineOwned(by_stop_loser)] = "running"
    changes: Changes = Field(default_factory=list)


class Page(Attributes):
    """A page of a multipage experience."""

    id: ShortId
    name: Annotated[str, Field(max_length=200)]
    url: Annotated[str, Field(max_length=2048)]


class Version(Attributes):
    """A version of a section."""

    id: ShortId
    name: Annotated[str, Field(max_length=200)] = ""
    changes: Changes = Field(default_factory=list)


class Section(Attributes):
    """A part of the page that a multivariate test varies."""

    id: ShortId
    name: Annotated[str, Field(max_length=200)] = ""
    versions: Annotated[dict[str, Version], KeyedBy("id"), Children(ordered=True), Field(min_length=1)]


class Customization(Attributes):
    """A setting of the user interface."""

    key: Annotated[str, Field(max_length=20)]
    value: str | float | bool | None


class Experience(InProject):
    """An experience. A multivariate one has sections, and its variations are made by the platform."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    key: Annotated[str, Field(min_length=1, max_length=KEY_LENGTH)] = ""
    type: Annotated[
        Literal["a/b", "a/a", "mvt", "split_url", "multipage", "deploy", "a/b_fullstack", "feature_rollout"],
        Immutable(),
    ]
    status: Annotated[Literal["draft", "active", "paused", "completed", "scheduled", "archived"], Switch()]
    url: Annotated[str, Field(max_length=2048, pattern=r"^(?i:https?)://\S+$")]
    description: Annotated[str | None, Field(max_length=500), ServerDefault(""), Unset("")] = None
    objective: Annotated[str | None, Field(max_length=5000)] = None
    start_time: Annotated[int | None, Field(ge=0), ServerDefault(0), EngineOwned(by_running)] = None
    end_time: Annotated[int | None, Field(ge=0), ServerDefault(0), EngineOwned(by_running)] = None
    traffic_distribution: Share = 100
    environment: str = ""
    goals: Annotated[list[str], SetLike(), Reference("goals", wire="integer")] = Field(default_factory=list)
    primary_goal: Annotated[str, Reference("goals", wire="integer")] = ""
    audiences: Annotated[
        list[str] | None, SetLike(), Reference("audiences", wire="integer"), Deferrable(), Unset(())
    ] = None
    locations: Annotated[list[str] | None, SetLike(), Reference("locations", wire="integer"), Unset(())] = None
    tags: Annotated[list[str] | None, SetLike(), Reference("tags", wire="integer"), Unset(())] = None
    site_area: SiteArea | None = None
    global_js: Annotated[str | None, Code("javascript"), ServerDefault(""), Unset("")] = None
    global_css: Annotated[str | None, Code("css"), ServerDefault(""), Unset("")] = None
    settings: ExperienceSettings = ExperienceSettings()
    integrations: Annotated[dict[str, Integration], KeyedBy("provider"), Children(id=None)] = Field(
        default_factory=dict
    )
    multipage_pages: Annotated[dict[str, Page], KeyedBy("id"), Children(ordered=True)] = Field(default_factory=dict)
    variations: Annotated[dict[str, Variation], Named(), Children(match=("key", "name"))] = Field(default_factory=dict)
    sections: Annotated[dict[str, Section], KeyedBy("id"), Children(ordered=True)] = Field(default_factory=dict)
    customizations: Annotated[list[Customization], Field(max_length=100), SetLike()] = Field(default_factory=list)


EXPERIENCES = ConvertKind(
    platform="convert",
    name="experiences",
    title="experience",
    model=Experience,
    key=UniqueKey("key"),
    endpoints=in_project("experiences", "Experience", "Experiences"),
    on_remove="archive",
    removals=("archive", "delete", "forget"),
    archive_with=ARCHIVED,
    parent="projects",
    is_archived=is_archived,
    lifecycle=LIFECYCLE,
    facets=(
        Facet("sections", ("sections",), effect="write sections, of which the platform makes the variations"),
        Facet("schedule", ("start_time", "end_time"), phase="publish", effect="schedule experience"),
    ),
    checks=(check_key, check_experience),
    risks=(experience_risks,),
    has_history=True,
    include=("goals", "audiences", "locations", "variations", "variations.changes"),
    filters={"status": list(STATUSES)},
    writes_include=True,
    history_object="experience",
    history_filter="experiences",
    tidy=tidy_experience,
    assumptions=(
        "type cannot be changed",
        "an archived experience cannot be made active again",
        "a variation runs as soon as it is created",
        "an integration that is missing from the list is removed",
    ),
)

__all__ = ["EXPERIENCES"]
