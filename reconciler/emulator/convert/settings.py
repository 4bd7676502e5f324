"""Closed settings objects of projects and experiences, and what the server fills into them."""

from __future__ import annotations

import re
from typing import Any

from reconciler.emulator.convert.shapes import (
    COUNT,
    FLAG,
    NULL_TEXT,
    TEXT,
    Flag,
    Items,
    Number,
    Record,
    Shape,
    Tagged,
    Text,
    choice,
    record,
)

_PERCENTILES = Number(choices=frozenset({1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0}))
_OUTLIER = Tagged(
    "detection_type",
    {
        "none": record(),
        "min_max": record(min=Number(null=True), max=Number(null=True)),
        "percentile": record(min=_PERCENTILES, max=_PERCENTILES),
    },
)
_AGENTS = [
    "chrome_desktop",
    "chrome_ipad",
    "chrome_iphone",
    "chrome_android",
    "safari_mac",
    "safari_ipad",
    "safari_iphone",
    "firefox_desktop",
    "firefox_ipad",
    "firefox_iphone",
    "firefox_android",
    "edge_desktop",
    "edge_tablet",
    "brave_desktop",
    "brave_ipad",
    "brave_iphone",
    "brave_android",
    "opera_desktop",
    "opera_ipad",
    "opera_iphone",
    "opera_android",
]
_MAB = Record(
    {
        "strategy": choice("epsilon_greedy", "ucb", "thompson_sampling"),
        "exploration_rate": Number(choices=frozenset(round(one / 10, 1) for one in range(11))),
    },
    null=True,
)
_STATS_ENGINE = Tagged(
    "stats_type",
    {
        "frequentist": record(
            confidence=Number(50, 99, whole=True),
            power=Number(10, 99, whole=True),
            test_type=choice("one_tail", "one_tail_left", "one_tail_right", "two_tails", "sequential"),
            multiple_comparison_correction=choice("none", "bonferroni", "sidak"),
            power_calculation_type=choice("dynamic_mde", "fixed_mde"),
            fixed_mde=Number(0, 10_000, null=True),
            mab_settings=_MAB,
        ),
        "bayesian": record(
            decision_threshold=Number(50, 99, whole=True), risk_threshold=Number(1, 100, whole=True), mab_settings=_MAB
        ),
    },
)
_DAYS = Number(0, 999, whole=True)
REPORTING: dict[str, Shape] = {
    "primary_metric": choice(
        "conversion_rate",
        "avg_revenue_visitor",
        "avg_products_ordered_visitor",
        "average_order_value",
        "average_products_per_order",
    ),
    "keep_winner": FLAG,
    "stop_loser": FLAG,
    "keep_running_until_confidence": FLAG,
    "min_running_time": _DAYS,
    "max_running_time": _DAYS,
    "max_experience_visitors": COUNT,
    "min_variation_visitors": COUNT,
    "min_variation_conversions": COUNT,
    "srm_check": Flag(null=True),
    "outliers": record(order_value=_OUTLIER, products_ordered_count=_OUTLIER),
    "visual_editor": record(
        selector_blacklist=NULL_TEXT,
        screen_width=Number(240, 7680, null=True),
        user_agent=choice(*_AGENTS, null=True),
    ),
    "stats_engine_processing": _STATS_ENGINE,
    "confidence": Number(null=True),
    "min_order_value": Number(null=True),
    "max_order_value": Number(null=True),
    "max_variation_visitors": Number(null=True),
    "min_conversion_value": Number(null=True),
}

_MATCHING = choice("any", "all")
EXPERIENCE = Record(
    {
        "matching_options": record(audiences=_MATCHING, locations=_MATCHING),
        "split_url_settings": record(
            split_regex_support=FLAG, split_add_query_params=FLAG, split_query_params_hide_regex=FLAG
        ),
        **REPORTING,
    }
)
"""Settings of an experience."""

_PRIVACY = choice("OFF", "EU ONLY", "EEA ONLY", "Worldwide")
_APPLY_ON = record("day time", day=Number(1, 7, whole=True), time=Text(pattern=re.compile(r"\d{1,2}:\d\d")))
_RELEASE = Tagged(
    "type",
    {
        "manual": record(),
        "latest": record(),
        "scheduled": record("automatic_apply_on", automatic_apply_on=_APPLY_ON),
    },
)
PROJECT = record(
    allow_crossdomain_tracking=FLAG,
    allow_gdpr=FLAG,
    data_anonymization=FLAG,
    do_not_track=_PRIVACY,
    global_privacy_control=_PRIVACY,
    include_jquery=FLAG,
    include_jquery_v1=FLAG,
    disable_spa_functionality=FLAG,
    do_not_track_referral=FLAG,
    time_zone=TEXT,
    utc_offset=Number(-43_200, 50_400, whole=True),
    time_format=choice("12h", "24h"),
    disable_default_config=FLAG,
    include_experience_collaborators=FLAG,
    legacy_script=FLAG,
    ignore_unused_locations=FLAG,
    personalization=Record({"enabled": FLAG}, null=True),
    visitor_insights=record(
        enabled=FLAG,
        obfuscate_text=FLAG,
        sampling_rate=Number(choices=frozenset({5.0, 10.0, 20.0, 30.0, 40.0, 50.0})),
    ),
    tracking_script=Record({"current_version": NULL_TEXT, "release": _RELEASE}, null=True),
)
"""General settings of a project."""
PROJECT_DEFAULTS: dict[str, Any] = {
    "allow_crossdomain_tracking": False,
    "allow_gdpr": False,
    "data_anonymization": False,
    "do_not_track": "OFF",
    "global_privacy_control": "OFF",
    "include_jquery": False,
    "include_jquery_v1": False,
    "disable_spa_functionality": False,
    "do_not_track_referral": False,
    "time_zone": "UTC",
    "utc_offset": 0,
    "time_format": "12h",
    "disable_default_config": False,
    "include_experience_collaborators": False,
    "legacy_script": False,
    "ignore_unused_locations": False,
    "personalization": None,
    "tracking_script": None,
}

BLOCKED_IPS = Record(
    {
        "single": Items(record("value", value=TEXT, name=Text(most=64, null=True))),
        "range": Items(record("start end", start=TEXT, end=TEXT, name=Text(most=64, null=True))),
    },
    null=True,
)
PROJECT_REPORTING = Record(
    {
        "tested_visitors_quota": COUNT,
        "currency_symbol": Text(most=10),
        "blocked_ips": BLOCKED_IPS,
        "stop_tracking_goals_after_days": choice("OFF", "1 day", "15 days", "30 days", "60 days"),
        "smart_recommendations": FLAG,
        **REPORTING,
    }
)
"""Reporting settings of a project."""
PROJECT_REPORTING_DEFAULTS: dict[str, Any] = {
    "tested_visitors_quota": 0,
    "currency_symbol": "$",
    "blocked_ips": None,
    "stop_tracking_goals_after_days": "OFF",
    "smart_recommendations": True,
    "primary_metric": "conversion_rate",
}

_GOOGLE = Tagged(
    "type",
    {
        "ga3": record(enabled=FLAG, auto_revenue_tracking=FLAG, property_UA=Text(most=150, null=True)),
        "ga4": record(
            enabled=FLAG,
            auto_revenue_tracking=FLAG,
            measurementId=NULL_TEXT,
            propertyId=NULL_TEXT,
            no_wait_pageview=FLAG,
        ),
    },
)
PROJECT_INTEGRATIONS = record(
    crazyegg=record(api_key=Text(most=100, null=True), api_secret=Text(most=100, null=True)),
    google_analytics=_GOOGLE,
    kissmetrics=record(enabled=FLAG),
    hotjar=record(enabled=FLAG),
)
"""Integrations of a project."""


def complete_experience(settings: dict[str, Any] | None) -> dict[str, Any]:
    """Return the settings of an experience with what the server fills in."""
    filled: dict[str, Any] = {"min_running_time": 0, "max_running_time": 0, **(settings or {})}
    filled["matching_options"] = {"audiences": "any", "locations": "any", **filled.get("matching_options", {})}
    if (filled.get("keep_winner") or filled.get("stop_loser")) and "keep_running_until_confidence" not in filled:
        filled["keep_running_until_confidence"] = True
    engine = filled.get("stats_engine_processing")
    if engine:
        filled["stats_engine_processing"] = complete_engine(engine)
    return filled


def complete_engine(engine: dict[str, Any]) -> dict[str, Any]:
    """Return a statistics engine with what the server fills in."""
    filled = {"mab_settings": None, **engine}
    if filled["stats_type"] == "frequentist":
        defaults = {
            "test_type": "two_tails",
            "power_calculation_type": "dynamic_mde",
            "multiple_comparison_correction": "none",
        }
        filled = {**defaults, **filled}
    if filled["mab_settings"] is not None:
        filled["mab_settings"] = {"strategy": "thompson_sampling", "exploration_rate": 0.3, **filled["mab_settings"]}
    return filled


def complete_project(settings: dict[str, Any] | None) -> dict[str, Any]:
    """Return the general settings of a project with what the server fills in."""
    filled = {**PROJECT_DEFAULTS, **(settings or {})}
    insights = {"enabled": False, "obfuscate_text": True, "sampling_rate": 5, **filled.get("visitor_insights", {})}
    return {**filled, "visitor_insights": insights}


def complete_reporting(settings: dict[str, Any] | None) -> dict[str, Any]:
    """Return the reporting settings of a project with what the server fills in."""
    filled = {**PROJECT_REPORTING_DEFAULTS, **(settings or {})}
    if filled.get("stats_engine_processing"):
        filled["stats_engine_processing"] = complete_engine(filled["stats_engine_processing"])
    return filled
