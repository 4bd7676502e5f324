"""Rule trees: `{"OR": [{"AND": [{"OR_WHEN": [rule, …]}]}]}`, and which rule may stand where.

Convert API v2 maps each `rule_type` to one rule object; that table, not the enumerations in the text, decides which
match types and values a rule takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.emulator.convert.problems import Problems
from reconciler.emulator.convert.references import rule_target, rule_uses, rules_of
from reconciler.emulator.convert.store import Partition

_TEXT_MATCH = frozenset({"matches", "regexMatches", "contains", "endsWith", "startsWith"})
_NUMBER_MATCH = frozenset({"equalsNumber", "less", "lessEqual"})
_EQUALS = frozenset({"equals"})
_COOKIE_MATCH = _TEXT_MATCH | {"exists", "doesNotExist"}

URL_RULES = frozenset({"url", "url_with_query", "query_string"})
_PAGE_TAG_TEXT = frozenset(
    [
        "page_tag_page_type",
        "page_tag_category_id",
        "page_tag_category_name",
        "page_tag_product_sku",
        "page_tag_product_name",
        "page_tag_customer_id",
        "page_tag_custom_1",
        "page_tag_custom_2",
        "page_tag_custom_3",
        "page_tag_custom_4",
    ]
)
PAGE_TAGS = _PAGE_TAG_TEXT | {"page_tag_product_price"}
_GENERIC = frozenset({"generic_text_key_value", "generic_numeric_key_value", "generic_bool_key_value"})


@dataclass(frozen=True)
class _Form:
    match: frozenset[str]
    value: type | tuple[type, ...]
    key: bool = False
    least: float | None = None
    most: float | None = None
    choices: frozenset[str] | None = None
    length: int | None = None


def _forms() -> dict[str, _Form]:
    text = _Form(_TEXT_MATCH, str)
    number = _Form(_NUMBER_MATCH, (int, float))
    forms = dict.fromkeys(
        URL_RULES
        | _PAGE_TAG_TEXT
        | {
            "campaign",
            "keyword",
            "medium",
            "source_name",
            "city",
            "region",
            "browser_version",
            "user_agent",
            "visitor_id",
        },
        text,
    )
    forms["weather_condition"] = text
    for name in ["avg_time_page", "days_since_last_visit", "pages_visited_count", "visit_duration", "visits_count"]:
        forms[name] = number
    forms["page_tag_product_price"] = number
    for clock in ("local_time", "project_time"):
        forms[f"{clock}_day_of_week"] = _Form(_NUMBER_MATCH, int, least=1, most=7)
        forms[f"{clock}_hour_of_day"] = _Form(_NUMBER_MATCH, int, least=0, most=24)
        forms[f"{clock}_minute_of_hour"] = _Form(_NUMBER_MATCH, int, least=1, most=60)
    for name in ("is_desktop", "is_mobile", "is_tablet", "visitor_data_exists"):
        forms[name] = _Form(_EQUALS, bool)
    forms["bucketed_into_experience"] = _Form(_EQUALS, (bool, int))
    forms["country"] = forms["language"] = _Form(_EQUALS, str, length=2)
    forms["visitor_type"] = _Form(_EQUALS, str, choices=frozenset({"new", "returning"}))
    browsers = "chrome microsoft_ie firefox microsoft_edge mozilla opera safari"
    forms["browser_name"] = _Form(_EQUALS, str, choices=frozenset(browsers.split()))
    forms["os"] = _Form(
        _EQUALS, str, choices=frozenset(["android", "iphone", "ipod", "ipad", "windows", "macos", "linux"])
    )
    forms["goal_triggered"] = forms["bucketed_into_segment"] = _Form(_EQUALS, int)
    forms["js_condition"] = _Form(_EQUALS, str)
    forms["cookie"] = _Form(_COOKIE_MATCH, str, key=True)
    forms["generic_text_key_value"] = _Form(_TEXT_MATCH, str, key=True)
    forms["generic_numeric_key_value"] = _Form(_NUMBER_MATCH, (int, float), key=True)
    forms["generic_bool_key_value"] = _Form(_EQUALS, bool, key=True)
    return forms


FORMS = _forms()
EVERY = frozenset(FORMS)
FOR_AUDIENCE = EVERY - URL_RULES
FOR_SEGMENT = EVERY
FOR_GOAL = EVERY - {"visitor_id", "visitor_data_exists"}
FOR_LOCATION = URL_RULES | PAGE_TAGS | _GENERIC | {"js_condition"}
FOR_SITE_AREA = URL_RULES | PAGE_TAGS

_LEVELS = ("OR", "AND", "OR_WHEN")


def check_tree(part: Partition, tree: Any, allowed: frozenset[str], field: str, problems: Problems) -> None:
    """Note what is wrong with a rule tree (None is fine): its form, its rules, and what they refer to."""
    if tree is None:
        return
    _check_level(tree, 0, allowed, field, problems)
    if problems:
        return
    for kind, one in rule_uses(tree):
        target = part.get(kind, one)
        if target is None:
            problems.add(field, f"unknown id {one} ({kind})")
        elif kind == "audiences" and target["type"] != "segmentation":
            problems.add(field, f"audience {one} is not a segment")


def references_as_text(tree: Any) -> None:
    """Turn the ids in the rules of a tree into text, in place: one of the spellings a client must bear."""
    for rule in rules_of(tree):
        if rule_target(rule) is not None:
            rule["value"] = str(rule["value"])


def check_flat(rules: Any, allowed: frozenset[str], field: str, problems: Problems) -> None:
    """Note what is wrong with a flat list of rules."""
    if not isinstance(rules, list):
        problems.add(field, "must be an array")
        return
    for position, rule in enumerate(rules):
        _check_rule(rule, allowed, f"{field}.{position}", problems)


def _check_level(node: Any, depth: int, allowed: frozenset[str], field: str, problems: Problems) -> None:
    level = _LEVELS[depth]
    if not isinstance(node, dict) or node.keys() != {level}:
        problems.add(field, f"must be an object with the one attribute {level}")
        return
    members = node[level]
    if not isinstance(members, list) or not members:
        problems.add(f"{field}.{level}", "must be an array with at least one item")
        return
    for position, member in enumerate(members):
        place = f"{field}.{level}.{position}"
        if depth == 2:
            _check_rule(member, allowed, place, problems)
        else:
            _check_level(member, depth + 1, allowed, place, problems)


def _check_rule(rule: Any, allowed: frozenset[str], field: str, problems: Problems) -> None:
    if not isinstance(rule, dict):
        problems.add(field, "must be an object")
        return
    name = rule.get("rule_type")
    form = FORMS.get(name) if isinstance(name, str) else None
    if form is None:
        problems.add(f"{field}.rule_type", f"unknown rule type {name!r}")
        return
    if name not in allowed:
        problems.add(f"{field}.rule_type", f"the rule type {name} is not allowed here")
    known = {"rule_type", "matching", "value"} | ({"key"} if form.key else set())
    for extra in sorted(rule.keys() - known):
        problems.add(f"{field}.{extra}", "is not allowed here")
    if form.key and not (isinstance(rule.get("key"), str) and rule["key"]):
        problems.add(f"{field}.key", "is required")
    match = _check_matching(rule.get("matching"), form, field, problems)
    if "value" in rule:
        _check_value(rule["value"], form, f"{field}.value", problems)
    elif match not in {"exists", "doesNotExist"}:
        problems.add(f"{field}.value", "is required")


def _check_matching(matching: Any, form: _Form, field: str, problems: Problems) -> str | None:
    if not isinstance(matching, dict):
        problems.add(f"{field}.matching", "is required")
        return None
    for extra in sorted(matching.keys() - {"match_type", "negated"}):
        problems.add(f"{field}.matching.{extra}", "is not allowed here")
    if not isinstance(matching.get("negated", False), bool):
        problems.add(f"{field}.matching.negated", "must be a boolean")
    match = matching.get("match_type")
    if not isinstance(match, str) or match not in form.match:
        problems.add(f"{field}.matching.match_type", f"must be one of {', '.join(sorted(form.match))}")
        return None
    return match


def _check_value(value: Any, form: _Form, field: str, problems: Problems) -> None:
    kinds = form.value if isinstance(form.value, tuple) else (form.value,)
    if not _is_one_of(value, kinds):
        problems.add(field, f"must be of type {' or '.join(one.__name__ for one in kinds)}")
    elif form.choices is not None and value not in form.choices:
        problems.add(field, f"must be one of {', '.join(sorted(form.choices))}")
    elif form.length is not None and len(value) != form.length:
        problems.add(field, f"must have {form.length} characters")
    elif form.least is not None and form.most is not None and not form.least <= value <= form.most:
        problems.add(field, f"must lie within {form.least:g} and {form.most:g}")


def _is_one_of(value: Any, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and (not isinstance(value, bool) or bool in kinds)
