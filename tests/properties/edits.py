"""What somebody may do to an object at the platform's own user interface, and what of it a plan has to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Raw = dict[str, Any]
Body = Mapping[str, Any]


@dataclass(frozen=True)
class Edit:
    """One edit of one object: `values` are set on it, None deletes it."""

    what: str
    values: Raw | None


Maker = Callable[[Body, Raw], Iterator[Edit]]


def edits(kind: str, declared: Body, stored: Raw) -> list[Edit]:
    """Return the edits that a declared resource must notice."""
    found = [Edit("renamed", {"name": f"Renamed {stored['id']}"})] if kind != "routers" else []
    found += [
        Edit(f"{name} emptied", {name: ""})
        for name in ("description", "objective")
        if isinstance(declared.get(name), str) and declared[name]
    ]
    found += _MAKERS.get(kind, _nothing)(declared, stored)
    if kind not in {"projects", "routers"}:
        found.append(Edit("deleted", None))
    return found


def _nothing(_declared: Body, _stored: Raw) -> Iterator[Edit]:
    return iter(())


def _tree(value: Any) -> Any:
    rule = {"rule_type": "js_condition", "matching": {"match_type": "equals", "negated": False}, "value": "by.hand()"}
    del value
    return {"OR": [{"AND": [{"OR_WHEN": [rule]}]}]}


def _goal(declared: Body, stored: Raw) -> Iterator[Edit]:
    if "triggering_rule" in declared:
        yield Edit("other rules", {"triggering_rule": _tree(stored)})
    if stored["type"] == "scroll_percentage":
        yield Edit("other percentage", {"settings": {"percentage": 99}})
    if stored["type"] == "dom_interaction":
        yield Edit("one element more", {"settings.tracked_items.0.selector": "#by-hand"})


def _rules(declared: Body, stored: Raw) -> Iterator[Edit]:
    yield Edit("other rules", {"rules": _tree(stored)})
    if "trigger" in declared:
        other = "manual" if stored["trigger"]["type"] != "manual" else "upon_run"
        yield Edit("other trigger", {"trigger": {"type": other}})


def _experience(declared: Body, stored: Raw) -> Iterator[Edit]:
    if declared.get("goals") and len(stored["goals"]) > 1:
        left = [one for one in stored["goals"] if one != stored.get("primary_goal")]
        yield Edit("one goal less", {"goals": [one for one in stored["goals"] if one != left[-1]]})
    if declared.get("settings"):
        yield Edit("other setting", {"settings.min_running_time": 31})
    if stored["variations"] and "variations" in declared:
        yield Edit("other share", {"url": "https://by.hand.example/"})
        last = len(stored["variations"]) - 1
        if any("changes" in one for one in declared["variations"].values()):
            first = next(i for i, one in enumerate(declared["variations"].values()) if "changes" in one)
            if stored["variations"][first]["changes"]:
                yield Edit(
                    "one change less", {f"variations.{first}.changes": stored["variations"][first]["changes"][1:]}
                )
        if "description" in list(declared["variations"].values())[last]:
            yield Edit("other description", {f"variations.{last}.description": "by hand"})
    if declared.get("integrations"):
        yield Edit("an integration less", {"integrations": stored["integrations"][1:]})


def _flow(declared: Body, stored: Raw) -> Iterator[Edit]:
    if "acceptance_criteria" in declared:
        yield Edit(
            "other outcome",
            {"acceptance_criteria.reason": "by hand"}
            if declared["acceptance_criteria"].get("reason")
            else {"acceptance_criteria.outcome": "success"},
        )
    yield Edit("one field", {"fields": ["gender"]})
    if stored["steps"]:
        yield Edit("a step less", {"steps": stored["steps"][1:]})
        rules = {"op": "and", "rules": [{"lhv": "lead.city", "op": "is blank"}]}
        yield Edit(
            "a step more", {"steps": [*stored["steps"], {"type": "filter", "outcome": "error", "rule_set": rules}]}
        )
    if stored["sources"]:
        yield Edit("a source less", {"sources": stored["sources"][1:]})
    if stored.get("caps"):
        yield Edit("another cap", {"caps.0.maximum": 5001})
    if (stored.get("pricing") or {}).get("prices"):
        yield Edit("another price", {"pricing.prices.0.amount": 1234.5})


def _field(declared: Body, stored: Raw) -> Iterator[Edit]:
    yield Edit("other type", {"type": "url"})
    if "see" in declared:
        yield Edit("no replacement", {"see": ""})


def _entity(declared: Body, stored: Raw) -> Iterator[Edit]:
    if "website" in declared:
        yield Edit("other site", {"website": "https://by.hand.example"})
    yield Edit("a module more", {"module_ids": [*stored["module_ids"], "leadconduit-default.outbound"]})


def _router(_declared: Body, stored: Raw) -> Iterator[Edit]:
    if stored["routes"]:
        yield Edit("a route less", {"routes": stored["routes"][1:]})


def _report(declared: Body, stored: Raw) -> Iterator[Edit]:
    if declared.get("columns"):
        yield Edit("other columns", {"columns": [*stored["columns"], "profit"]})
    if declared.get("rules"):
        yield Edit("no rules", {"rules": []})


def _feature(declared: Body, stored: Raw) -> Iterator[Edit]:
    yield Edit("a variable more", {"variables": [*stored["variables"], {"key": "by_hand", "type": "string"}]})
    if len(declared["variables"]) > 1:
        yield Edit("a variable less", {"variables": stored["variables"][1:]})


def _hypothesis(_declared: Body, stored: Raw) -> Iterator[Edit]:
    points = stored["prioritization_score_attributes"]
    yield Edit("more points", {"prioritization_score_attributes.ease": points["ease"] % 5 + 1})


def _project(declared: Body, _stored: Raw) -> Iterator[Edit]:
    if "settings" in declared:
        yield Edit("other zone", {"settings.time_zone": "America/New_York"})


_MAKERS: dict[str, Maker] = {
    "goals": _goal,
    "audiences": _rules,
    "locations": _rules,
    "experiences": _experience,
    "features": _feature,
    "hypotheses": _hypothesis,
    "projects": _project,
    "flows": _flow,
    "fields": _field,
    "entities": _entity,
    "routers": _router,
    "reports": _report,
}
