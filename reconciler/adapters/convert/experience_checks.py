"""What Convert refuses in an experience, beyond types and limits of single attributes (Convert API v2, experiences)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.adapters.convert.changes import check_changes
from reconciler.adapters.convert.integrations import check_integrations
from reconciler.adapters.convert.kind import known
from reconciler.adapters.convert.reporting import check_reporting
from reconciler.adapters.convert.rules import check_flat
from reconciler.adapters.convert.ruletypes import IN_SITE_AREA
from reconciler.model.kind import Problem
from reconciler.model.values import Template

PAGE_CODE = frozenset({"defaultCode", "customCode", "richStructure"})
CHANGES: Mapping[str, frozenset[str]] = {
    "a/b": PAGE_CODE,
    "a/a": PAGE_CODE,
    "mvt": PAGE_CODE,
    "deploy": PAGE_CODE,
    "split_url": PAGE_CODE | {"defaultRedirect"},
    "multipage": PAGE_CODE | {"defaultCodeMultipage"},
    "a/b_fullstack": frozenset({"fullStackFeature"}),
    "feature_rollout": frozenset({"fullStackFeature"}),
}
"""Types of changes by type of experience."""
ALONE = frozenset({"deploy", "feature_rollout"})
"""Types that may have one variation only, which need not be called the baseline."""
WITHOUT_GOALS = frozenset({"deploy", "feature_rollout"})
TOLERANCE = 0.05
"""How far the shares of variations may miss 100 percent: three-way splits round."""


def check_experience(declared: Mapping[str, Any]) -> Sequence[Problem]:
    """Run all checks of an experience."""
    return [
        *_check_goals(declared),
        *_check_places(declared),
        *_check_schedule(declared),
        *_check_variations(declared),
        *_check_pages(declared),
        *_check_sections(declared),
        *_check_settings(declared),
        *_check_ready(declared),
        *check_integrations(declared.get("integrations"), ("integrations",)),
    ]


def _check_goals(declared: Mapping[str, Any]) -> Iterator[Problem]:
    goals, primary = declared.get("goals"), declared.get("primary_goal")
    if declared.get("type") == "deploy":
        if goals:
            yield Problem(("goals",), "a deploy has no goals", "remove goals")
        if primary is not None:
            yield Problem(("primary_goal",), "a deploy has no goals", "remove primary_goal")
    elif isinstance(goals, list) and primary is not None and primary not in goals:
        yield Problem(("primary_goal",), f"primary_goal {_shown(primary)} is not among goals", "add it to goals")


def _shown(value: Any) -> str:
    if isinstance(value, Template):
        return ", ".join(ref.address.rsplit(".", 1)[-1] for ref in value.refs) or str(value)
    return str(value)


def _check_places(declared: Mapping[str, Any]) -> Iterator[Problem]:
    area = declared.get("site_area")
    if isinstance(area, Mapping):
        for side in ("include", "exclude"):
            yield from check_flat(area.get(side), ("site_area", side), IN_SITE_AREA, "site_area")
        if declared.get("locations"):
            yield Problem(("site_area",), "site_area and locations do not go together", "keep one of them")


def _check_schedule(declared: Mapping[str, Any]) -> Iterator[Problem]:
    start, end = declared.get("start_time"), declared.get("end_time")
    if isinstance(start, int) and isinstance(end, int) and 0 < end <= start:
        yield Problem(("end_time",), f"end_time {end} is not after start_time {start}")
    status = declared.get("status")
    if status != "scheduled":
        for name in ("start_time", "end_time"):
            if name in declared:
                yield Problem(
                    (name,),
                    f"{name} is set by the platform when the experience runs, unless its status is scheduled",
                    "remove the line, or write status: scheduled",
                )
    elif not start and "start_time" in declared:
        yield Problem(
            ("start_time",), "status scheduled needs a start_time", "write the start in seconds since 1970, UTC"
        )


def _check_variations(declared: Mapping[str, Any]) -> Iterator[Problem]:
    variations, kind = declared.get("variations"), declared.get("type")
    if not isinstance(variations, Mapping):
        if "name" in declared and kind not in (None, "mvt"):
            yield Problem(
                (), "no variations are declared", "add variations, one of them with is_baseline: true", "warning"
            )
        return
    if kind == "mvt":
        yield Problem(("variations",), "the platform makes the variations of an mvt from its sections", "use sections")
        return
    allowed = CHANGES.get(str(kind), frozenset())
    for name, variation in variations.items():
        here = ("variations", name)
        key = variation.get("key")
        if isinstance(key, str) and key.isdigit():
            yield Problem((*here, "key"), f"key {key!r} is made of digits only, the platform would take it for an id")
        yield from check_changes(
            variation.get("changes"), (*here, "changes"), allowed, kind if isinstance(kind, str) else None
        )
    yield from _check_keys(variations)
    if not getattr(variations, "open", False):
        yield from _check_baseline(variations, kind)
        yield from _check_shares(variations)


def _check_keys(variations: Mapping[str, Any]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, variation in variations.items():
        key = variation.get("key")
        if not isinstance(key, str):
            continue
        if key in seen:
            yield Problem(("variations", name, "key"), f"key {key} is taken by variation {seen[key]}")
        seen.setdefault(key, name)


def _check_baseline(variations: Mapping[str, Any], kind: Any) -> Iterator[Problem]:
    baselines = [name for name, variation in variations.items() if variation.get("is_baseline") is True]
    if len(baselines) > 1:
        yield Problem(
            ("variations", baselines[1], "is_baseline"),
            f"only one variation can be the baseline, and {baselines[0]} already is",
            "keep is_baseline: true on one",
        )
    elif not baselines and kind not in ALONE:
        yield Problem(("variations",), "no variation is the baseline", "add is_baseline: true to the original")


def _check_shares(variations: Mapping[str, Any]) -> Iterator[Problem]:
    declared = {name: variation for name, variation in variations.items() if "traffic_distribution" in variation}
    if not declared:
        return
    if len(declared) < len(variations):
        rest = ", ".join(name for name in variations if name not in declared)
        yield Problem(
            ("variations",),
            f"traffic_distribution is missing in {rest}: unless all variations have it, the platform deals it out anew",
            "write it in every variation, or in none",
        )
        return
    shares = [v["traffic_distribution"] for v in variations.values() if v.get("status") != "stopped"]
    if not shares or not all(isinstance(share, int | float) for share in shares):
        return
    total = sum(shares)
    if abs(total - 100) > TOLERANCE:
        yield Problem(("variations",), f"traffic_distribution of the variations adds up to {total:g}, not to 100")


def _check_pages(declared: Mapping[str, Any]) -> Iterator[Problem]:
    pages, kind, variations = declared.get("multipage_pages"), declared.get("type"), declared.get("variations")
    if not isinstance(kind, str):
        return
    if kind != "multipage":
        if pages:
            yield Problem(("multipage_pages",), f"an experience of type {kind} has no pages", "remove multipage_pages")
        for path, _variation, change in _changes(variations):
            if change["data"].get("page_id") is not None:
                yield Problem(
                    (*path, "data", "page_id"), f"an experience of type {kind} has no pages", "remove page_id"
                )
        return
    if not isinstance(pages, Mapping):
        return
    covered: dict[str, set[Any]] = {name: set() for name in variations} if isinstance(variations, Mapping) else {}
    for path, name, change in _changes(variations):
        page = change["data"].get("page_id")
        covered[name].add(page)
        if isinstance(page, str) and page not in pages:
            yield Problem(
                (*path, "data", "page_id"), f"{page} is not one of multipage_pages", f"one of {', '.join(pages)}"
            )
    for name, have in covered.items():
        missing = [page for page in pages if page not in have]
        if missing and all(known(page) for page in have if page is not None):
            yield Problem(
                ("variations", name),
                f"no change for page {', '.join(missing)}: every variation needs one for every page",
                "add {type: defaultCodeMultipage, data: {page_id: " + missing[0] + ", …}}",
            )


def _changes(variations: Any) -> Iterator[tuple[tuple[str, ...], str, Mapping[str, Any]]]:
    if isinstance(variations, Mapping):
        for name, variation in variations.items():
            changes = variation.get("changes")
            for label, change in changes.items() if isinstance(changes, Mapping) else ():
                if isinstance(change.get("data"), Mapping):
                    yield ("variations", name, "changes", label), name, change


def _check_sections(declared: Mapping[str, Any]) -> Iterator[Problem]:
    sections, kind = declared.get("sections"), declared.get("type")
    if not isinstance(sections, Mapping):
        if kind == "mvt" and "name" in declared:
            yield Problem((), "sections is missing, an mvt is made of sections", "add sections")
        return
    if isinstance(kind, str) and kind != "mvt":
        yield Problem(("sections",), f"an experience of type {kind} has no sections", "use variations")
        return
    seen: dict[str, str] = {}
    for name, section in sections.items():
        versions = section.get("versions")
        for label, version in versions.items() if isinstance(versions, Mapping) else ():
            here = ("sections", name, "versions", label)
            if label in seen:
                yield Problem(
                    here, f"version {label} is also one of section {seen[label]}", "give each version its own id"
                )
            seen.setdefault(label, name)
            yield from check_changes(version.get("changes"), (*here, "changes"), CHANGES["mvt"], "mvt")


def _check_ready(declared: Mapping[str, Any]) -> Iterator[Problem]:
    """Say what an experience that is to be active still lacks; goals and variations may come from elsewhere."""
    kind, variations = declared.get("type"), declared.get("variations")
    if declared.get("status") not in ("active", "scheduled") or not isinstance(kind, str):
        return
    if kind not in WITHOUT_GOALS and not declared.get("goals"):
        yield Problem((), f"an active experience of type {kind} without goals measures nothing", "add goals", "warning")
    if kind in ALONE or kind == "mvt" or not isinstance(variations, Mapping) or getattr(variations, "open", False):
        return
    if len(variations) < 2:
        yield Problem(
            ("variations",), f"an active experience of type {kind} needs two or more variations", "add one", "warning"
        )


def _check_settings(declared: Mapping[str, Any]) -> Iterator[Problem]:
    settings, kind = declared.get("settings"), declared.get("type")
    yield from check_reporting(settings, ("settings",))
    if (
        isinstance(settings, Mapping)
        and "split_url_settings" in settings
        and isinstance(kind, str)
        and kind != "split_url"
    ):
        yield Problem(
            ("settings", "split_url_settings"), f"an experience of type {kind} takes no split_url_settings", "remove it"
        )


__all__ = ["CHANGES", "check_experience"]
