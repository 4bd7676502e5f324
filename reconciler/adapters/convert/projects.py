"""Projects: the sites and apps of an account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.convert.kind import ACCOUNT, PAGE_SIZE, Body, ConvertKind, keep_only
from reconciler.adapters.convert.project_settings import (
    Integrations,
    ProjectReporting,
    ProjectSettings,
    check_settings,
    tidy_integrations,
    tidy_settings,
)
from reconciler.adapters.convert.reporting import check_reporting, tidy_reporting
from reconciler.model.kind import Endpoints, HintKey, Method, Problem
from reconciler.model.markers import (
    Attributes,
    Children,
    Code,
    Computed,
    Deferrable,
    Immutable,
    KeyedBy,
    Reference,
    ServerDefault,
    SetLike,
    Switch,
    Unset,
)


class Environment(Attributes):
    """An environment of a project; exactly one is the default."""

    label: str
    is_default: bool
    js: Annotated[str | None, Code("javascript"), ServerDefault(None)] = None


class CustomDomain(Attributes):
    """The domain that serves the tracking script."""

    domain: Annotated[str, Field(max_length=150, pattern=r"^.+\..+$")]


class Project(Attributes):
    """A site or app. Its domains are a kind of their own, so the project's list of them is never sent."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    project_type: Annotated[Literal["web", "fullstack"], Immutable(), ServerDefault("web")] = "web"
    status: Annotated[Literal["active", "inactive"], Switch()] = "active"
    global_javascript: Annotated[str | None, Code("javascript")] = None
    environments: Annotated[dict[str, Environment], KeyedBy("name", wire_map=True), Children(id=None)] = Field(
        default_factory=dict
    )
    default_goals: Annotated[
        list[str] | None, SetLike(), Reference("goals", wire="integer"), Deferrable(), Unset(())
    ] = None
    default_audiences: Annotated[
        list[str] | None, SetLike(), Reference("audiences", wire="integer"), Deferrable(), Unset(())
    ] = None
    default_locations: Annotated[
        list[str] | None, SetLike(), Reference("locations", wire="integer"), Deferrable(), Unset(())
    ] = None
    custom_domain: CustomDomain | None = None
    settings: ProjectSettings = ProjectSettings()
    reporting_settings: ProjectReporting = ProjectReporting()
    integrations_settings: Integrations = Integrations()
    sdk_key: Annotated[str, Computed()] = ""
    tracking_snippet: Annotated[str, Computed()] = ""


def check_project(declared: Mapping[str, Any]) -> Sequence[Problem]:
    """Check the environments' default and the settings."""
    problems: list[Problem] = []
    environments = declared.get("environments")
    if isinstance(environments, Mapping) and not getattr(environments, "open", False):
        defaults = [name for name, environment in environments.items() if environment.get("is_default") is True]
        if len(defaults) != 1:
            found = f"{', '.join(defaults)} are" if defaults else "none is"
            problems.append(Problem(("environments",), f"exactly one environment must be the default, {found}"))
    problems += check_settings(declared)
    problems += check_reporting(declared.get("reporting_settings"), ("reporting_settings",))
    return problems


def project_risks(live: Mapping[str, Any], declared: Mapping[str, Any], touched: frozenset[str]) -> Sequence[str]:
    """Say what changes on every page of the site at once."""
    texts: list[str] = []
    if "status" in touched and declared.get("status") == "inactive":
        texts.append("an inactive project stops everything in it")
    if "global_javascript" in touched:
        texts.append("global_javascript runs on every tracked page, from the moment it is saved")
    if "environments" in touched:
        before, after = live.get("environments"), declared.get("environments")
        if isinstance(before, Mapping) and isinstance(after, Mapping) and not getattr(after, "open", False):
            gone = sorted(set(before) - set(after))
            if gone:
                texts.append(f"removes environment {', '.join(gone)}: experiences and SDK keys may be bound to it")
        texts.append("environments hold code that runs on every page of the environment")
    if "settings" in touched:
        texts.append("settings of a project reach every page of the site at once")
    return texts


def tidy_project(body: Body) -> None:
    """Drop what the platform computes, and never send the final list of domains."""
    body.pop("domains", None)
    if isinstance(body.get("custom_domain"), dict):
        keep_only(body["custom_domain"], frozenset({"domain"}))
    if isinstance(body.get("settings"), dict):
        tidy_settings(body["settings"])
    if isinstance(body.get("reporting_settings"), dict):
        tidy_reporting(body["reporting_settings"])
    if isinstance(body.get("integrations_settings"), dict):
        tidy_integrations(body["integrations_settings"])


PROJECTS = ConvertKind(
    platform="convert",
    name="projects",
    title="project",
    model=Project,
    key=HintKey("name"),
    endpoints=Endpoints(
        list=Method("POST", f"{ACCOUNT}/projects", reads=True, source="Convert API v2, List Projects"),
        get=Method("GET", f"{ACCOUNT}/projects/{{id}}", source="Convert API v2, Get Project"),
        create=Method("POST", f"{ACCOUNT}/projects/add", source="Convert API v2, Create Project"),
        update=Method("POST", f"{ACCOUNT}/projects/{{id}}/update", source="Convert API v2, Update Project"),
        delete=Method("DELETE", f"{ACCOUNT}/projects/{{id}}/delete", source="Convert API v2, Delete Project"),
        page_size=PAGE_SIZE,
    ),
    on_remove="refuse",
    removals=("refuse", "forget", "archive"),
    archive_with={"status": "inactive"},
    checks=(check_project,),
    risks=(project_risks,),
    has_history=True,
    destroy_keeps="deleting a project deletes everything in it, also what is not managed here",
    include=("global_javascript", "default_goals", "default_audiences", "default_locations"),
    filters={"status": ["active", "inactive"], "project_type": ["web", "fullstack"]},
    history_object="project",
    history_filter="projects",
    tidy=tidy_project,
    assumptions=("environments are replaced as a whole", "project_type cannot be changed"),
)

__all__ = ["PROJECTS"]
