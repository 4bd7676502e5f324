"""Integrations of an experience with analytics tools, one per provider (Convert API v2, experience integrations)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.convert.kind import Body, keep_only, surplus
from reconciler.model.kind import Problem
from reconciler.model.markers import Attributes
from reconciler.model.values import Path

Provider = Literal[
    "baidu",
    "clicktale",
    "clicky",
    "cnzz",
    "crazyegg",
    "econda",
    "eulerian",
    "google_analytics",
    "gosquared",
    "heapanalytics",
    "hotjar",
    "microsoft_clarity",
    "mixpanel",
    "mouseflow",
    "piwik",
    "segmentio",
    "sitecatalyst",
    "woopra",
    "ysance",
]

BASE = frozenset({"provider", "enabled"})
NEEDED: Mapping[str, str] = {
    "baidu": "custom_dimension",
    "cnzz": "custom_dimension",
    "piwik": "custom_dimension",
    "ysance": "custom_dimension",
    "sitecatalyst": "evar",
}
GOOGLE: Mapping[str, frozenset[str]] = {
    "ga3": frozenset({"type", "property_UA", "custom_dimension"}),
    "ga4": frozenset({"type", "measurementId", "propertyId"}),
}


class Integration(Attributes):
    """One integration; which members apply depends on the provider."""

    provider: Provider
    enabled: bool | None = None
    type: Literal["ga3", "ga4"] = "ga4"
    property_ua: Annotated[str | None, Field(alias="property_UA", max_length=150)] = None
    measurement_id: Annotated[str, Field(alias="measurementId")] = ""
    property_id: Annotated[str, Field(alias="propertyId")] = ""
    custom_dimension: str = ""
    evar: str = ""


def members_of(integration: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the members that go with an integration's provider and type; None when they are not known."""
    provider = integration.get("provider")
    if provider == "google_analytics":
        more = GOOGLE.get(str(integration.get("type")))
        return None if more is None else BASE | more
    needed = NEEDED.get(str(provider))
    return BASE if needed is None else BASE | {needed}


def check_integrations(integrations: Any, path: Path) -> Iterator[Problem]:
    """Check each integration's members against its provider."""
    if not isinstance(integrations, Mapping):
        return
    for name, integration in integrations.items():
        provider = integration.get("provider")
        here = (*path, name)
        if provider != name:
            yield Problem(here, f"provider is the key of the map, {name}", "remove the line, or rename the key")
            continue
        members = members_of(integration)
        if provider == "google_analytics" and members is None:
            if "type" not in integration:
                yield Problem(here, "type is missing, google_analytics needs it", "add type: ga4")
            continue
        what = f"google_analytics of type {integration['type']}" if provider == "google_analytics" else str(provider)
        yield from surplus(integration, members or BASE, here, what)
        needed = NEEDED.get(str(provider))
        if needed is not None and needed not in integration:
            yield Problem(here, f"{needed} is missing, {provider} needs it", f"add {needed}: …")


def tidy_integrations(integrations: list[Any]) -> None:
    """Say of each, in place, whether it is on: one that does not say so would be switched off by an update."""
    for integration in integrations:
        if isinstance(integration, dict):
            integration.setdefault("enabled", True)
            _drop_other_type(integration)


def _drop_other_type(integration: Body) -> None:
    members = members_of(integration)
    if integration.get("provider") == "google_analytics" and members is not None:
        # `audiences` is filled in by the platform for ga4 and goes back as it came
        keep_only(integration, members | ({"audiences"} if integration["type"] == "ga4" else frozenset()))


__all__ = ["Integration", "check_integrations", "tidy_integrations"]
