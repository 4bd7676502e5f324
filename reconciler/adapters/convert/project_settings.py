"""Settings of a project: general, reporting, integrations (Convert API v2, project schema)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.convert.kind import Body, keep_only, surplus
from reconciler.adapters.convert.reporting import Count, Reporting
from reconciler.model.kind import Problem
from reconciler.model.markers import Attributes, Secret, ServerDefault, SetLike

Privacy = Literal["OFF", "EU ONLY", "EEA ONLY", "Worldwide"]
Off = Annotated[bool, ServerDefault(False)]


class Personalization(Attributes):
    """Personalisation of a project."""

    enabled: Off = False


class VisitorInsights(Attributes):
    """Recording of visitors."""

    enabled: bool = False
    obfuscate_text: Annotated[bool, ServerDefault(True)] = True
    sampling_rate: Annotated[Literal[5, 10, 20, 30, 40, 50], ServerDefault(5)] = 5


class AutomaticApply(Attributes):
    """When a scheduled release of the tracking script is taken; which day is the first is not documented."""

    day: Annotated[int, Field(ge=1, le=7)]
    time: Annotated[str, Field(pattern=r"^([01]?\d|2[0-3]):[0-5]\d$")]


class Release(Attributes):
    """How new versions of the tracking script are taken."""

    type: Literal["manual", "latest", "scheduled"]
    automatic_apply_on: AutomaticApply = AutomaticApply(day=1, time="0:00")


class TrackingScript(Attributes):
    """The version of the tracking script; with a manual release it changes only here."""

    current_version: str | None = None
    release: Release = Release(type="manual")


class ProjectSettings(Attributes):
    """General settings."""

    allow_crossdomain_tracking: bool = False
    allow_gdpr: bool = False
    data_anonymization: bool = False
    do_not_track: Privacy = "OFF"
    global_privacy_control: Privacy = "OFF"
    include_jquery: bool = False
    include_jquery_v1: Off = False
    disable_spa_functionality: Off = False
    do_not_track_referral: Off = False
    time_zone: str = ""
    utc_offset: Annotated[int, Field(ge=-43200, le=50400), ServerDefault(0)] = 0
    time_format: Literal["12h", "24h"] = "12h"
    disable_default_config: Off = False
    include_experience_collaborators: Off = False
    legacy_script: Off = False
    ignore_unused_locations: Off = False
    personalization: Personalization | None = None
    visitor_insights: VisitorInsights = VisitorInsights()
    tracking_script: TrackingScript | None = None


class BlockedIp(Attributes):
    """One address whose visits do not count."""

    value: str
    name: Annotated[str | None, Field(max_length=64)] = None


class BlockedRange(Attributes):
    """A range of addresses whose visits do not count."""

    start: str
    end: str
    name: Annotated[str | None, Field(max_length=64)] = None


class BlockedIps(Attributes):
    """Addresses whose visits do not count."""

    single: Annotated[list[BlockedIp], SetLike()] = Field(default_factory=list)
    range: Annotated[list[BlockedRange], SetLike()] = Field(default_factory=list)


class ProjectReporting(Reporting):
    """Reporting settings: project-wide defaults of what an experience's settings say."""

    tested_visitors_quota: Count = 0
    currency_symbol: Annotated[str, Field(max_length=10)] = ""
    blocked_ips: BlockedIps | None = None
    stop_tracking_goals_after_days: Literal["OFF", "1 day", "15 days", "30 days", "60 days"] = "OFF"
    smart_recommendations: Annotated[bool, ServerDefault(True)] = True


class CrazyEgg(Attributes):
    """Crazy Egg; the secret is never returned by the platform."""

    api_key: Annotated[str | None, Field(max_length=100)] = None
    api_secret: Annotated[str | None, Field(max_length=100), Secret("hidden")] = None


class GoogleAnalytics(Attributes):
    """Google Analytics; which members apply depends on the type."""

    type: Literal["ga3", "ga4"]
    enabled: bool = False
    auto_revenue_tracking: bool = False
    property_ua: Annotated[str | None, Field(alias="property_UA", max_length=150)] = None
    measurement_id: Annotated[str | None, Field(alias="measurementId")] = None
    property_id: Annotated[str | None, Field(alias="propertyId")] = None
    no_wait_pageview: bool = False


class Toggle(Attributes):
    """An integration that is on or off."""

    enabled: bool


class Integrations(Attributes):
    """Integrations of a project with other tools."""

    crazyegg: CrazyEgg = CrazyEgg()
    google_analytics: GoogleAnalytics = GoogleAnalytics(type="ga4")
    kissmetrics: Toggle = Toggle(enabled=False)
    hotjar: Toggle = Toggle(enabled=False)


GOOGLE_MEMBERS = {
    "ga3": frozenset({"type", "enabled", "auto_revenue_tracking", "property_UA"}),
    "ga4": frozenset({"type", "enabled", "auto_revenue_tracking", "measurementId", "propertyId", "no_wait_pageview"}),
}


def check_settings(declared: Mapping[str, Any]) -> Iterator[Problem]:
    """Check members that depend on a type beside them."""
    script = _member(declared, "settings", "tracking_script")
    release = script.get("release")
    if isinstance(release, Mapping):
        here = ("settings", "tracking_script", "release")
        if release.get("type") == "scheduled" and "automatic_apply_on" not in release:
            yield Problem(here, "automatic_apply_on is missing, a scheduled release needs it", "add {day: …, time: …}")
        if release.get("type") in ("manual", "latest"):
            yield from surplus(release, frozenset({"type"}), here, f"release {release['type']}")
        if release.get("type") == "latest" and "current_version" in script:
            yield Problem(
                ("settings", "tracking_script", "current_version"),
                "a release of type latest moves current_version by itself",
                "remove the line, or use release: {type: manual}",
                "warning",
            )
    google = _member(declared, "integrations_settings", "google_analytics")
    if google.get("type") in GOOGLE_MEMBERS:
        members = GOOGLE_MEMBERS[google["type"]]
        yield from surplus(google, members, ("integrations_settings", "google_analytics"), f"type {google['type']}")


def _member(declared: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    node: Any = declared
    for part in path:
        node = node.get(part) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else {}


def tidy_settings(settings: Body) -> None:
    """Drop, in place, what the platform computes in the general settings."""
    for name in ("version", "debug_token"):
        settings.pop(name, None)
    if isinstance(settings.get("visitor_insights"), dict):
        settings["visitor_insights"].pop("id", None)
    script = settings.get("tracking_script")
    if isinstance(script, dict):
        for name in ("previous_version", "available_versions"):
            script.pop(name, None)
        release = script.get("release")
        if isinstance(release, dict) and release.get("type") in ("manual", "latest"):
            keep_only(release, frozenset({"type"}))


def tidy_integrations(integrations: Body) -> None:
    """Drop, in place, members of the other generation of Google Analytics."""
    google = integrations.get("google_analytics")
    if isinstance(google, dict) and google.get("type") in GOOGLE_MEMBERS:
        keep_only(google, GOOGLE_MEMBERS[google["type"]])


__all__ = [
    "Integrations",
    "ProjectReporting",
    "ProjectSettings",
    "check_settings",
    "tidy_integrations",
    "tidy_settings",
]
