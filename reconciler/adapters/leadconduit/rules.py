"""Rules: the criteria of flows, sources, steps, caps, prices, mappings and routes (LeadConduit API, Rule Set).

A rule set is `{op: and|or, rules: […]}`; each of its rules compares one variable, or is a rule set itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.leadconduit.templates import in_template, in_variable
from reconciler.model.kind import Problem
from reconciler.model.markers import Attributes, Canonical, Short, TextReference
from reconciler.model.values import Path, Sensitive, Template

BINARY = (
    "is equal to",
    "is not equal to",
    "is less than",
    "is less than or equal to",
    "is greater than",
    "is greater than or equal to",
    "is included in",
    "is not included in",
    "includes",
    "does not include",
    "is between",
    "is not between",
    "matches pattern",
    "does not match pattern",
)
UNARY = (
    "is blank",
    "is not blank",
    "is true",
    "is false",
    "is not true",
    "is not false",
    "format is valid",
    "format is invalid",
    "is obscene",
    "is not obscene",
)
LISTS = frozenset({"is included in", "is not included in"})
Outcome = Literal["success", "failure", "error"]


def texts_in_list(value: Any) -> Any:
    """Spell the numbers and booleans of a list as text: the API takes lists of texts only. Null stays null."""
    if not isinstance(value, list):
        return value
    return [_text(item) for item in value]


def _text(item: Any) -> Any:
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, int | float):
        return repr(item)
    return str(item) if type(item) is not str and isinstance(item, str) else item


class Rule(Attributes):
    """A comparison (`lhv`, `op`, `rhv`), or a nested rule set (`op`, `rules`)."""

    lhv: Annotated[str, Field(min_length=1), TextReference(in_variable)] = ""
    op: Literal[
        "is equal to",
        "is not equal to",
        "is less than",
        "is less than or equal to",
        "is greater than",
        "is greater than or equal to",
        "is included in",
        "is not included in",
        "includes",
        "does not include",
        "is between",
        "is not between",
        "matches pattern",
        "does not match pattern",
        "is blank",
        "is not blank",
        "is true",
        "is false",
        "is not true",
        "is not false",
        "format is valid",
        "format is invalid",
        "is obscene",
        "is not obscene",
        "and",
        "or",
    ]
    rhv: Annotated[Any, Short(texts_in_list), Canonical(texts_in_list), TextReference(in_template)] = None
    rule_set: RuleSet | None = None
    rules: list[Rule] = Field(default=[], min_length=1)


class RuleSet(Attributes):
    """Criteria: all of the rules, or any of them. Never empty: criteria that ask nothing are left out."""

    op: Literal["and", "or"]
    rules: Annotated[list[Rule], Field(min_length=1)]


Rule.model_rebuild()
RuleSet.model_rebuild()


class AcceptanceCriteria(Attributes):
    """Which leads are taken at all; the submitter is told the outcome and the reason at once."""

    rule_set: RuleSet
    outcome: Outcome
    reason: Annotated[str | None, TextReference(in_template)] = None


def check_rule_sets(value: Any, path: Path = ()) -> Iterator[Problem]:
    """Yield what the API refuses about the rule sets anywhere inside a declared value."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            here = (*path, key)
            if key == "rule_set" and isinstance(item, Mapping):
                yield from _rule_set(item, here)
            else:
                yield from check_rule_sets(item, here)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from check_rule_sets(item, (*path, index))


def _rule_set(value: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    rules = value.get("rules")
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        if isinstance(rule, Mapping):
            yield from _rule(rule, (*path, "rules", index))


def _rule(rule: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    op = rule.get("op")
    if op in {"and", "or"} or "rules" in rule:
        yield from _nested(rule, path)
        return
    if "lhv" not in rule:
        yield Problem(path, "lhv is missing, the platform requires it", "add lhv: lead.<field>")
    if op in UNARY and "rhv" in rule:
        yield Problem((*path, "rhv"), f"{op} compares with nothing, so it takes no rhv", "remove the line")
    elif op in BINARY:
        yield from _right_hand(str(op), rule, path)
    nested = rule.get("rule_set")
    if isinstance(nested, Mapping):
        yield from _rule_set(nested, (*path, "rule_set"))


def _nested(rule: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    if rule.get("op") not in {"and", "or"}:
        yield Problem((*path, "op"), f"a rule set within a rule set is joined by and or or, not by {rule.get('op')}")
    if "rules" not in rule:
        yield Problem(path, f"{rule.get('op')} joins rules, and there are none", "add rules: […]")
    for key in ("lhv", "rhv", "rule_set"):
        if key in rule:
            yield Problem((*path, key), f"a rule set within a rule set takes no {key}", "remove the line")
    yield from _rule_set(rule, path)


def _right_hand(op: str, rule: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    if "rhv" not in rule or rule["rhv"] is None:
        yield Problem(path, f"rhv is missing: {op} compares with something", "add rhv: …")
        return
    rhv, here = rule["rhv"], (*path, "rhv")
    if isinstance(rhv, Template | Sensitive):
        return
    if op in LISTS:
        if isinstance(rhv, list):
            yield from _texts(rhv, here)
        elif not (isinstance(rhv, str) and "{{" in rhv):
            yield Problem(here, f"{op} takes a list", f"write [{rhv}]")
    elif isinstance(rhv, list):
        yield from _texts(rhv, here)
    elif isinstance(rhv, Mapping):
        yield Problem(here, "rhv must be text, a number, true or false, or a list of texts, not a map")
    elif op in {"is between", "is not between"} and not isinstance(rhv, str):
        yield Problem(here, f"{op} takes a range as text", 'write "<least>-<most>", for example "78700-78799"')


def _texts(rhv: list[Any], path: Path) -> Iterator[Problem]:
    for index, item in enumerate(rhv):
        if not isinstance(item, str | Template | Sensitive):
            yield Problem((*path, index), "a list to compare with holds texts only")


def without_right_hand_of_unary(value: Any) -> None:
    """Drop in place the `rhv` that a rule kept from the time before its operator became a unary one."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if item.get("op") in UNARY:
                item.pop("rhv", None)
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
