"""The rule types of Convert's targeting rules: how each is matched, what its value is, where it may stand.

Source: Convert API v2, rule objects of goals, audiences, locations and `site_area`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from reconciler.model.markers import Reference

TextType = Literal[
    "url",
    "url_with_query",
    "query_string",
    "campaign",
    "keyword",
    "medium",
    "source_name",
    "city",
    "region",
    "browser_version",
    "user_agent",
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
    "visitor_id",
    "weather_condition",
]
NumericType = Literal[
    "avg_time_page",
    "days_since_last_visit",
    "pages_visited_count",
    "visit_duration",
    "visits_count",
    "page_tag_product_price",
    "local_time_day_of_week",
    "project_time_day_of_week",
    "local_time_hour_of_day",
    "project_time_hour_of_day",
    "local_time_minute_of_hour",
    "project_time_minute_of_hour",
]
BooleanType = Literal["is_desktop", "is_mobile", "is_tablet", "visitor_data_exists"]
ChoiceType = Literal["country", "language", "visitor_type", "browser_name", "os"]
ReferenceType = Literal["goal_triggered", "bucketed_into_segment", "bucketed_into_experience"]
KeyedType = Literal["cookie", "generic_text_key_value", "generic_numeric_key_value", "generic_bool_key_value"]
RuleType = Literal[TextType, NumericType, BooleanType, ChoiceType, ReferenceType, KeyedType, "js_condition"]
MatchType = Literal[
    "matches",
    "regexMatches",
    "contains",
    "endsWith",
    "startsWith",
    "equalsNumber",
    "less",
    "lessEqual",
    "equals",
    "exists",
    "doesNotExist",
]

TEXT_MATCHES = ("matches", "regexMatches", "contains", "endsWith", "startsWith")
NUMERIC_MATCHES = ("equalsNumber", "less", "lessEqual")
EXISTENCE = ("exists", "doesNotExist")
EQUALS = ("equals",)

WEATHER = (
    "Blizzard",
    "Blowing snow",
    "Cloudy",
    "Fog",
    "Freezing drizzle",
    "Freezing fog",
    "Heavy freezing drizzle",
    "Heavy rain",
    "Heavy rain at times",
    "Light drizzle",
    "Light freezing rain",
    "Light rain",
    "Mist",
    "Moderate rain",
    "Moderate rain at times",
    "Overcast",
    "Partly cloudy",
    "Patchy freezing drizzle possible",
    "Patchy light drizzle",
    "Patchy light rain",
    "Patchy rain possible",
    "Patchy sleet possible",
    "Patchy snow possible",
    "Sunny",
    "Thundery outbreaks possible",
)


@dataclass(frozen=True)
class Sort:
    """What goes with one rule type."""

    matches: tuple[str, ...]
    value: str | Reference
    """`text`, `number`, `integer`, `boolean`, or what the value refers to."""
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()
    letters: int | None = None
    """Length of a code of letters (countries, languages)."""
    keyed: bool = False
    """Whether `key` says which cookie or value is meant."""


def _sorts() -> dict[str, Sort]:
    out: dict[str, Sort] = {name: Sort(TEXT_MATCHES, "text") for name in get_args(TextType)}
    out.update({name: Sort(NUMERIC_MATCHES, "number") for name in get_args(NumericType)})
    for clock in ("local_time", "project_time"):
        out[f"{clock}_day_of_week"] = Sort(NUMERIC_MATCHES, "integer", least=1, most=7)
        out[f"{clock}_hour_of_day"] = Sort(NUMERIC_MATCHES, "integer", least=0, most=24)
        out[f"{clock}_minute_of_hour"] = Sort(NUMERIC_MATCHES, "integer", least=1, most=60)
    out.update({name: Sort(EQUALS, "boolean") for name in get_args(BooleanType)})
    out["country"] = out["language"] = Sort(EQUALS, "text", letters=2)
    out["visitor_type"] = Sort(EQUALS, "text", choices=("new", "returning"))
    out["browser_name"] = Sort(
        EQUALS,
        "text",
        choices=("chrome", "microsoft_ie", "firefox", "microsoft_edge", "mozilla", "opera", "safari"),
    )
    out["os"] = Sort(EQUALS, "text", choices=("android", "iphone", "ipod", "ipad", "windows", "macos", "linux"))
    out["goal_triggered"] = Sort(EQUALS, Reference("goals", wire="integer"))
    out["bucketed_into_segment"] = Sort(EQUALS, Reference("audiences", wire="integer"))
    out["bucketed_into_experience"] = Sort(EQUALS, Reference("experiences", wire="integer"))
    out["js_condition"] = Sort(EQUALS, "text")
    out["cookie"] = Sort((*TEXT_MATCHES, *EXISTENCE), "text", keyed=True)
    out["generic_text_key_value"] = Sort(TEXT_MATCHES, "text", keyed=True)
    out["generic_numeric_key_value"] = Sort(NUMERIC_MATCHES, "number", keyed=True)
    out["generic_bool_key_value"] = Sort(EQUALS, "boolean", keyed=True)
    return out


SORTS = _sorts()
ALL_TYPES = frozenset(SORTS)
URL_TYPES = frozenset({"url", "url_with_query", "query_string"})
PAGE_TAGS = frozenset(name for name in SORTS if name.startswith("page_tag_"))

IN_AUDIENCE = ALL_TYPES - URL_TYPES
"""Permanent and transient audiences."""
IN_SEGMENT = ALL_TYPES
IN_GOAL = ALL_TYPES - {"visitor_id", "visitor_data_exists"}
IN_LOCATION = (
    URL_TYPES
    | PAGE_TAGS
    | {"generic_text_key_value", "generic_numeric_key_value", "generic_bool_key_value", "js_condition"}
)
IN_SITE_AREA = URL_TYPES | PAGE_TAGS


def value_type(rule: Any) -> str | Reference:
    """Say what the value of a rule is, from the rule as written or as read."""
    sort = SORTS.get(str(rule.get("rule_type"))) if isinstance(rule, Mapping) else None
    if sort is None:
        return "any"
    if rule.get("rule_type") == "bucketed_into_experience" and isinstance(rule.get("value"), bool):
        return "boolean"
    return sort.value


__all__ = [
    "ALL_TYPES",
    "EXISTENCE",
    "IN_AUDIENCE",
    "IN_GOAL",
    "IN_LOCATION",
    "IN_SEGMENT",
    "IN_SITE_AREA",
    "SORTS",
    "WEATHER",
    "MatchType",
    "RuleType",
    "Sort",
    "value_type",
]
