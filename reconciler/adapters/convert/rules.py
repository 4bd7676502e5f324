"""Rule trees of goals, audiences and locations, and the flat rules of `site_area`.

A tree is `{OR: [{AND: [{OR_WHEN: [rule, …]}, …]}, …]}`: any AND block, all OR_WHEN blocks in it, any rule in each
(Convert API v2, rule objects). In files a level with one member may be left out, and `matching: not startsWith` stands
for `{match_type: startsWith, negated: true}`. Order means nothing at any level.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, get_args

from pydantic import Field

from reconciler.adapters.convert.kind import known
from reconciler.adapters.convert.ruletypes import EXISTENCE, SORTS, WEATHER, MatchType, RuleType, value_type
from reconciler.model.kind import Problem
from reconciler.model.markers import Attributes, ServerDefault, SetLike, Short, Variant
from reconciler.model.values import Path

LEVELS = ("OR", "AND", "OR_WHEN")
NOT = "not "
MATCH_TYPES = frozenset(get_args(MatchType))


def expand_matching(value: Any) -> Any:
    """Turn `not startsWith` into its full form; a missing `negated` is false."""
    if isinstance(value, str):
        negated = value.startswith(NOT)
        return {"match_type": value.removeprefix(NOT).strip(), "negated": negated}
    return {"negated": False, **value} if isinstance(value, dict) else value


def shorten_matching(value: Any) -> Any:
    """Turn `{match_type, negated}` into one text."""
    if isinstance(value, dict) and isinstance(value.get("match_type"), str) and set(value) <= {"match_type", "negated"}:
        return NOT + value["match_type"] if value.get("negated") is True else value["match_type"]
    return value


def expand_tree(value: Any) -> Any:
    """Put in the levels that were left out."""
    return _level(value, 0) if isinstance(value, dict) else value


def _level(value: Any, depth: int) -> Any:
    if depth == len(LEVELS) or not isinstance(value, dict):
        return value
    name = LEVELS[depth]
    if name in value:
        members = value[name]
        full = [_level(item, depth + 1) for item in members] if isinstance(members, list) else members
        return {**value, name: full}
    if any(upper in value for upper in LEVELS[:depth]):
        return value
    return {name: [_level(value, depth + 1)]}


def shorten_tree(value: Any) -> Any:
    """Leave out OR and OR_WHEN levels with one member; AND stays, so that a tree looks like one."""
    if not isinstance(value, dict):
        return value
    alternatives = value.get("OR")
    if isinstance(alternatives, list) and len(value) == 1:
        if len(alternatives) == 1:
            return shorten_tree(alternatives[0])
        return {"OR": [shorten_tree(item) for item in alternatives]}
    blocks = value.get("AND")
    if isinstance(blocks, list) and len(value) == 1:
        return {"AND": [_bare(item) for item in blocks]}
    return value


def _bare(block: Any) -> Any:
    rules = block.get("OR_WHEN") if isinstance(block, dict) and len(block) == 1 else None
    return rules[0] if isinstance(rules, list) and len(rules) == 1 else block


class Matching(Attributes):
    """How a rule compares; Convert knows no "greater": use `less` or `lessEqual` with `negated`."""

    match_type: MatchType
    negated: Annotated[bool, ServerDefault(False)] = False


class Rule(Attributes):
    """One condition."""

    rule_type: RuleType
    matching: Annotated[Matching, Short(expand_matching, shorten_matching)]
    key: str = ""
    value: Annotated[Any, Variant(value_type)] = None


class OrWhen(Attributes):
    """Any of these rules."""

    OR_WHEN: Annotated[list[Rule], SetLike(), Field(min_length=1)]


class And(Attributes):
    """All of these blocks."""

    AND: Annotated[list[OrWhen], SetLike(), Field(min_length=1)]


class RuleTree(Attributes):
    """Any of these blocks."""

    OR: Annotated[list[And], SetLike(), Field(min_length=1)]


class SiteArea(Attributes):
    """Pages of an experience as two flat lists: the older alternative to locations."""

    include: Annotated[list[Rule], SetLike()] = Field(default_factory=list)
    exclude: Annotated[list[Rule], SetLike()] = Field(default_factory=list)


TREE = Short(expand_tree, shorten_tree)


def rules_of(tree: Any, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield every rule of a canonical tree with its path."""
    frontier: list[tuple[Path, Any]] = [(path, tree)]
    for level in LEVELS:
        following: list[tuple[Path, Any]] = []
        for here, node in frontier:
            members = node.get(level) if isinstance(node, dict) else None
            if isinstance(members, list):
                following.extend(((*here, level, i), item) for i, item in enumerate(members))
        frontier = following
    for here, node in frontier:
        if isinstance(node, dict):
            yield here, node


def check_tree(tree: Any, path: Path, allowed: frozenset[str], place: str) -> Sequence[Problem]:
    """Check every rule of a tree: allowed there, matched as its type can be, with a value that its type takes."""
    return [problem for here, rule in rules_of(tree, path) for problem in check_rule(rule, here, allowed, place)]


def check_flat(rules: Any, path: Path, allowed: frozenset[str], place: str) -> Sequence[Problem]:
    """Check a flat list of rules."""
    if not isinstance(rules, list):
        return ()
    return [
        problem
        for i, rule in enumerate(rules)
        if isinstance(rule, dict)
        for problem in check_rule(rule, (*path, i), allowed, place)
    ]


def check_rule(rule: Mapping[str, Any], path: Path, allowed: frozenset[str], place: str) -> Iterator[Problem]:
    """Check one canonical rule."""
    rule_type = rule.get("rule_type")
    sort = SORTS.get(rule_type) if isinstance(rule_type, str) else None
    if sort is None:
        return
    if rule_type not in allowed:
        yield Problem((*path, "rule_type"), f"{rule_type} is not possible in {place}")
    matching = rule.get("matching")
    match_type = matching.get("match_type") if isinstance(matching, dict) else None
    if match_type in MATCH_TYPES and match_type not in sort.matches:
        yield Problem(
            (*path, "matching"), f"{rule_type} cannot be matched by {match_type}", f"it takes {', '.join(sort.matches)}"
        )
    if sort.keyed and not rule.get("key"):
        yield Problem(path, f"{rule_type} needs a key", "add key: …")
    if not sort.keyed and rule.get("key"):
        yield Problem((*path, "key"), f"{rule_type} takes no key", "remove the line")
    if rule.get("value") is None:
        if match_type not in EXISTENCE:
            yield Problem(path, f"{rule_type} needs a value", "add value: …")
        return
    yield from _check_value(rule["value"], str(rule_type), match_type, (*path, "value"))


def _check_value(value: Any, rule_type: str, match_type: Any, path: Path) -> Iterator[Problem]:
    sort = SORTS[rule_type]
    if not known(value):
        return
    if sort.choices and value not in sort.choices:
        yield Problem(path, f"{rule_type} cannot be {value}", f"one of {', '.join(sort.choices)}")
    if sort.letters is not None and not (len(value) == sort.letters and value.isascii() and value.isalpha()):
        yield Problem(path, f"{rule_type} must be a code of {sort.letters} letters, not {value}")
    if isinstance(value, int | float) and not isinstance(value, bool) and sort.least is not None:
        assert sort.most is not None
        if not sort.least <= value <= sort.most:
            yield Problem(path, f"{rule_type} must be between {sort.least} and {sort.most}, not {value}")
    if (
        rule_type == "weather_condition"
        and match_type != "regexMatches"
        and not any(str(value).lower() in name.lower() for name in WEATHER)
    ):
        yield Problem(path, f"{value} is part of no weather condition that Convert knows")


__all__ = [
    "TREE",
    "And",
    "Matching",
    "OrWhen",
    "Rule",
    "RuleTree",
    "SiteArea",
    "check_flat",
    "check_tree",
    "expand_matching",
    "expand_tree",
    "rules_of",
    "shorten_matching",
    "shorten_tree",
]
