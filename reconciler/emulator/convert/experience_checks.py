"""What a table cannot say about an experience: references, pages, integrations, settings of its type."""

from __future__ import annotations

from typing import Any

from reconciler.emulator.convert import rules, settings
from reconciler.emulator.convert.call import Call
from reconciler.emulator.convert.compass import check_tags
from reconciler.emulator.convert.experience_shapes import ANALYTICS, FULLSTACK_TYPES, is_scalar
from reconciler.emulator.convert.kind import check_ids
from reconciler.emulator.convert.problems import Problems
from reconciler.emulator.convert.store import Partition
from reconciler.emulator.platform import Stored

_LISTS = ("goals", "audiences", "locations")


def check_type(part: Partition, new: Stored, old: Stored | None, problems: Problems) -> None:
    """Note a type that does not fit the project, or another than before."""
    if old is not None and new["type"] != old["type"]:
        problems.add("type", "cannot be changed")
    elif (new["type"] in FULLSTACK_TYPES) is not part.fullstack:
        kind = "fullstack" if part.fullstack else "web"
        problems.add("type", f"experiences of type {new['type']} do not exist in a {kind} project")


def check_references(call: Call, new: Stored, old: Stored | None, body: dict[str, Any], problems: Problems) -> None:
    """Validate goals, audiences, locations, tags and environment; adds the project's defaults to a new experience."""
    part = call.part
    for kind in _LISTS:
        if kind in body:
            check_ids(part, kind, body[kind], kind, problems)
            new[kind] = list(dict.fromkeys(body[kind]))
        if old is None:
            new[kind] = list(dict.fromkeys([*new[kind], *part.project[f"default_{kind}"]]))
    if new["type"] == "deploy":
        if body.get("goals"):
            problems.add("goals", "an experience of type deploy has no goals")
        new["goals"] = []
    _check_primary(new, old, body, problems)
    check_tags(call, body.get("tags"), problems)
    _check_environment(part, new, body, problems)


def _check_primary(new: Stored, old: Stored | None, body: dict[str, Any], problems: Problems) -> None:
    goals = new["goals"]
    if body.get("primary_goal") is not None:
        if body["primary_goal"] not in goals:
            problems.add("primary_goal", "must be one of the goals of the experience")
        return
    current = old["primary_goal"] if old is not None else None
    if current is not None and current not in goals:
        problems.add("goals", f"the primary goal {current} cannot be removed, only replaced by another one")
    new["primary_goal"] = current if current is not None else (goals[0] if goals else None)


def _check_environment(part: Partition, new: Stored, body: dict[str, Any], problems: Problems) -> None:
    environments = part.project["environments"]
    listed = body.get("environments") or ()
    for name in {*listed, *([body["environment"]] if "environment" in body else [])}:
        if name not in environments:
            problems.add("environment", f"the project has no environment {name}")
    if listed and "environment" not in body:
        new["environment"] = listed[0]
    if not new.get("environment"):
        new["environment"] = next((name for name, one in environments.items() if one["is_default"]), "production")
    new.pop("environments", None)


def check_pages(new: Stored, problems: Problems) -> None:
    """Note pages without a change in every variation, and changes for pages that do not exist."""
    pages = [page["id"] for page in new["multipage_pages"]]
    if pages and new["type"] != "multipage":
        problems.add("multipage_pages", "only experiences of type multipage have pages")
        return
    if len(set(pages)) != len(pages):
        problems.add("multipage_pages", "the ids of the pages must be unique")
    for position, one in enumerate(new["variations"]):
        named = {change["data"].get("page_id") for change in one["changes"]} - {None, ""}
        for page in sorted(named - set(pages)):
            problems.add(f"variations.{position}.changes", f"there is no page {page}")
        if new["type"] == "multipage":
            for page in pages:
                if page not in named:
                    problems.add(f"variations.{position}.changes", f"there is no change for page {page}")


def check_integrations(new: Stored, old: Stored | None, sent: list[dict[str, Any]], problems: Problems) -> None:
    """Validate the integrations and complete them: one that does not say `enabled` is off after an update."""
    seen: set[str] = set()
    complete = []
    before = {one["provider"]: one for one in (old or {}).get("integrations", ())}
    for position, one in enumerate(sent):
        provider = one["provider"]
        if provider in seen:
            problems.add(f"integrations.{position}.provider", "is named twice")
        seen.add(provider)
        filled = {"enabled": old is None, **one}
        if provider == "google_analytics":
            rest = {name: value for name, value in one.items() if name != "provider"}
            ANALYTICS.check(rest, f"integrations.{position}", problems)
            if one.get("type") == "ga4":
                filled["audiences"] = before.get(provider, {}).get("audiences", {})
        complete.append(filled)
    new["integrations"] = complete


def fill_analytics(new: Stored) -> None:
    """Give a Google Analytics 4 integration its audience for each variation."""
    for position, one in enumerate(new["integrations"]):
        if one["provider"] == "google_analytics" and one.get("type") == "ga4":
            audiences = {str(variation["id"]): f"convert-{variation['id']}" for variation in new["variations"]}
            if audiences != one.get("audiences"):
                new["integrations"] = list(new["integrations"])
                new["integrations"][position] = {**one, "audiences": audiences}


def check_rest(new: Stored, body: dict[str, Any], problems: Problems) -> None:
    """Validate site area, customizations and the settings that belong to one type only."""
    if body.get("site_area"):
        for name in ("include", "exclude"):
            if name in body["site_area"]:
                rules.check_flat(body["site_area"][name], rules.FOR_SITE_AREA, f"site_area.{name}", problems)
    for position, one in enumerate(body.get("customizations") or ()):
        if not is_scalar(one["value"]):
            problems.add(f"customizations.{position}.value", "must be a short text, a number, a boolean or null")
    if "settings" in body:
        if "split_url_settings" in body["settings"] and new["type"] != "split_url":
            problems.add("settings.split_url_settings", "only experiences of type split_url have them")
        new["settings"] = settings.complete_experience(body["settings"])
