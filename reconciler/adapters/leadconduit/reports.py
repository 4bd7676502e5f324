"""Saved reports (LeadConduit API, Report). Sharing is a call of its own, and makes a new token each time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.leadconduit.rules import texts_in_list
from reconciler.adapters.leadconduit.templates import in_report_value, in_variable
from reconciler.model.kind import Endpoints, Facet, HintKey, Kind, Method, Problem
from reconciler.model.markers import Attributes, Canonical, Computed, ServerDefault, Short, TextReference, Virtual
from reconciler.model.values import Path, Sensitive, Template

UNARY = frozenset({"is blank", "is not blank", "is true", "is false"})
NUMERIC = frozenset({"is less than", "is less than or equal", "is greater than", "is greater than or equal"})
_COLUMN = (
    r"^((source|recipient|filter|feedback|feedback-received|feedback-sent|retry|return-received|return-sent"
    r"|conversion-received|conversion-sent)(-(submitted|success|failure|error|skip|continue|stop))?"
    r"|ping-(submitted|success|success-rate|win-rate)|cost|revenue|profit|cost-per-conversion-received-success"
    r"|avg-(cost|revenue)-per-lead)$"
)


class ReportRule(Attributes):
    """A restriction of a report. Its operators are spelt without the final "to" that those of flows have."""

    lhv: Annotated[str, Field(min_length=1), TextReference(in_variable)]
    op: Literal[
        "is equal to",
        "is not equal to",
        "is less than",
        "is less than or equal",
        "is greater than",
        "is greater than or equal",
        "is blank",
        "is not blank",
        "is true",
        "is false",
        "is included in",
        "includes",
        "does not include",
    ]
    rhv: Annotated[Any, Short(texts_in_list), Canonical(texts_in_list), TextReference(in_report_value)] = None


class Report(Attributes):
    """What may be declared of a report. The time it covers is said when it is run."""

    name: Annotated[str, Field(min_length=1)]
    description: str | None = None
    columns: list[Annotated[str, Field(pattern=_COLUMN)]] | None = None
    rules: list[ReportRule] | None = None
    group_by: list[Annotated[str, Field(min_length=1), TextReference(in_variable)]] | None = None
    shared: Annotated[bool, Virtual(), ServerDefault(False)] = False
    """Whether anybody who has the token may read it."""
    token: Annotated[str | None, Computed(secret=True)] = None
    """Opens the shared report without signing in."""


def _check(report: Mapping[str, Any]) -> Sequence[Problem]:
    return list(_problems(report))


def _problems(report: Mapping[str, Any]) -> Iterator[Problem]:
    rules = report.get("rules")
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        yield from _rule(rule, ("rules", index))


def _rule(rule: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    op, rhv, here = rule.get("op"), rule.get("rhv"), (*path, "rhv")
    if op in UNARY:
        if "rhv" in rule:
            yield Problem(here, f"{op} compares with nothing, so it takes no rhv", "remove the line")
        return
    if rhv is None:
        yield Problem(path, f"rhv is missing: {op} compares with something", "add rhv: …")
    elif isinstance(rhv, Template | Sensitive):
        return
    elif isinstance(rhv, Mapping):
        yield Problem(here, "rhv must be text, a number, true or false, or a list of texts, not a map")
    elif op == "is included in" and not isinstance(rhv, list):
        yield Problem(here, f"{op} takes a list", f"write [{rhv}]")
    elif op in NUMERIC and not _numeric(rhv):
        yield Problem(here, f"{op} compares numbers", "write a number")


def _numeric(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True


def _risks(live: Mapping[str, Any], declared: Mapping[str, Any], touched: frozenset[str]) -> Sequence[str]:
    if "shared" not in touched:
        return ()
    if declared.get("shared") is True:
        return ("anybody who has the link can read the report",)
    return ("the public link of the report stops working; sharing it again makes another",) if live.get("token") else ()


REPORTS = Kind(
    platform="leadconduit",
    name="reports",
    title="report",
    model=Report,
    key=HintKey("name"),
    endpoints=Endpoints(
        list=Method("GET", "/reports", source="LeadConduit API, List reports"),
        get=Method("GET", "/reports/{id}", source="LeadConduit API, Get a report"),
        create=Method("POST", "/reports", source="LeadConduit API, Create a report"),
        update=Method("PUT", "/reports/{id}", source="LeadConduit API, Update a report"),
        delete=Method("DELETE", "/reports/{id}", source="LeadConduit API, Delete a report"),
        style="full",
        read_only=frozenset({"id", "token", "shared", "created_at", "updated_at"}),
    ),
    facets=(Facet("shared", ("shared",), effect="make or withdraw the public link"),),
    checks=(_check,),
    consistency=5.0,
    risks=(_risks,),
    has_history=True,
    assumptions=("a rule that compares with a list takes the list of texts that rules of flows take",),
)

SHARE = Method("PUT", "/reports/{id}/share", source="LeadConduit API, Share a report")
UNSHARE = Method("PUT", "/reports/{id}/unshare", source="LeadConduit API, Unshare a report")
