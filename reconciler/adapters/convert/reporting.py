"""Statistics and reporting settings: flat in an experience's `settings`, project-wide in `reporting_settings`.

Source: Convert API v2, experience settings and project reporting settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.convert.kind import Body, keep_only, known, surplus
from reconciler.model.kind import Problem
from reconciler.model.markers import Attributes, ServerDefault
from reconciler.model.values import Path

Count = Annotated[int, Field(ge=0)]
Days = Annotated[int, Field(ge=0, le=999)]
PERCENTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99)

UserAgent = Literal[
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


class MabSettings(Attributes):
    """Multi-armed bandit: the platform moves traffic by itself."""

    strategy: Annotated[Literal["epsilon_greedy", "ucb", "thompson_sampling"], ServerDefault("thompson_sampling")] = (
        "thompson_sampling"
    )
    exploration_rate: Annotated[float, Field(ge=0, le=1), ServerDefault(0.3)] = 0.3


class StatsEngine(Attributes):
    """How results are computed; which members apply depends on `stats_type`."""

    stats_type: Literal["frequentist", "bayesian"]
    confidence: Annotated[int, Field(ge=50, le=99)] = 95
    power: Annotated[int, Field(ge=10, le=99)] = 80
    test_type: Annotated[
        Literal["one_tail", "one_tail_left", "one_tail_right", "two_tails", "sequential"], ServerDefault("two_tails")
    ] = "two_tails"
    multiple_comparison_correction: Literal["none", "bonferroni", "sidak"] = "none"
    power_calculation_type: Annotated[Literal["dynamic_mde", "fixed_mde"], ServerDefault("dynamic_mde")] = "dynamic_mde"
    fixed_mde: Annotated[float, Field(ge=0, le=10000)] = 0
    decision_threshold: Annotated[int, Field(ge=50, le=99)] = 95
    risk_threshold: Annotated[int, Field(ge=1, le=100)] = 1
    mab_settings: MabSettings | None = None


ENGINE_MEMBERS = {
    "frequentist": frozenset(
        {
            "stats_type",
            "confidence",
            "power",
            "test_type",
            "multiple_comparison_correction",
            "power_calculation_type",
            "fixed_mde",
            "mab_settings",
        }
    ),
    "bayesian": frozenset({"stats_type", "decision_threshold", "risk_threshold", "mab_settings"}),
}


class Outlier(Attributes):
    """What counts as an outlier; `min` and `max` are values, or percentiles with `percentile`."""

    detection_type: Literal["none", "min_max", "percentile"]
    min: float = 0
    max: float = 0


class Outliers(Attributes):
    """Outliers per metric."""

    order_value: Outlier = Outlier(detection_type="none")
    products_ordered_count: Outlier = Outlier(detection_type="none")


class VisualEditor(Attributes):
    """How the visual editor opens pages."""

    selector_blacklist: str | None = None
    screen_width: Annotated[int | None, Field(ge=240, le=7680)] = None
    user_agent: UserAgent | None = None


class Reporting(Attributes):
    """Fields that an experience and a project share; an experience's override the project's."""

    primary_metric: Annotated[
        Literal[
            "conversion_rate",
            "avg_revenue_visitor",
            "avg_products_ordered_visitor",
            "average_order_value",
            "average_products_per_order",
        ],
        ServerDefault("conversion_rate"),
    ] = "conversion_rate"
    keep_winner: bool = False
    stop_loser: bool = False
    keep_running_until_confidence: bool = False
    min_running_time: Days = 0
    max_running_time: Days = 0
    max_experience_visitors: Count = 0
    min_variation_visitors: Count = 0
    min_variation_conversions: Count = 0
    srm_check: bool | None = None
    outliers: Outliers = Outliers()
    visual_editor: VisualEditor = VisualEditor()
    stats_engine_processing: StatsEngine = StatsEngine(stats_type="frequentist")
    confidence: float | None = None
    min_order_value: float | None = None
    max_order_value: float | None = None
    max_variation_visitors: float | None = None
    min_conversion_value: float | None = None


WITHOUT_STATISTICS = frozenset({"average_order_value", "average_products_per_order"})


def check_reporting(settings: Any, path: Path) -> Iterator[Problem]:
    """Check the members that depend on each other."""
    if not isinstance(settings, Mapping):
        return
    if settings.get("primary_metric") in WITHOUT_STATISTICS:
        yield Problem(
            (*path, "primary_metric"),
            f"reports compute no statistics for {settings['primary_metric']}",
            "use avg_revenue_visitor or avg_products_ordered_visitor to get a verdict",
            "warning",
        )
    shortest, longest = settings.get("min_running_time"), settings.get("max_running_time")
    if isinstance(shortest, int) and isinstance(longest, int) and 0 < longest < shortest:
        yield Problem(
            (*path, "max_running_time"), f"max_running_time {longest} is less than min_running_time {shortest}"
        )
    engine = settings.get("stats_engine_processing")
    if isinstance(engine, Mapping):
        yield from _check_engine(engine, (*path, "stats_engine_processing"))
    outliers = settings.get("outliers")
    if isinstance(outliers, Mapping):
        for metric, outlier in outliers.items():
            if isinstance(outlier, Mapping):
                yield from _check_outlier(outlier, (*path, "outliers", metric))


def _check_engine(engine: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    stats_type = engine.get("stats_type")
    if isinstance(stats_type, str) and stats_type in ENGINE_MEMBERS:
        yield from surplus(engine, ENGINE_MEMBERS[stats_type], path, f"stats_type {stats_type}")
    if engine.get("power_calculation_type") == "fixed_mde" and "fixed_mde" not in engine:
        yield Problem(path, "fixed_mde is missing, power_calculation_type fixed_mde needs it", "add fixed_mde: …")
    bandit = engine.get("mab_settings")
    rate = bandit.get("exploration_rate") if isinstance(bandit, Mapping) else None
    if isinstance(rate, int | float) and abs(rate * 10 - round(rate * 10)) > 1e-9:
        yield Problem((*path, "mab_settings", "exploration_rate"), f"exploration_rate {rate} must be a multiple of 0.1")


def _check_outlier(outlier: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    detection = outlier.get("detection_type")
    limits = [name for name in ("min", "max") if name in outlier]
    if detection == "none":
        yield from surplus(outlier, frozenset({"detection_type"}), path, "detection_type none")
        return
    for name in ("min", "max"):
        if name not in limits:
            yield Problem(path, f"{name} is missing, detection_type {detection} needs it", f"add {name}: …")
    if detection == "percentile":
        for name in limits:
            if known(outlier[name]) and outlier[name] not in PERCENTILES:
                yield Problem(
                    (*path, name),
                    f"{name} {outlier[name]} is no percentile that Convert takes",
                    f"one of {', '.join(map(str, PERCENTILES))}",
                )
    low, high = outlier.get("min"), outlier.get("max")
    if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
        yield Problem((*path, "min"), f"min {low} is more than max {high}")


def tidy_reporting(settings: Body) -> None:
    """Drop, in place, what was carried over from another statistics engine or outlier detection."""
    engine = settings.get("stats_engine_processing")
    if isinstance(engine, dict) and engine.get("stats_type") in ENGINE_MEMBERS:
        keep_only(engine, ENGINE_MEMBERS[engine["stats_type"]])
    outliers = settings.get("outliers")
    if isinstance(outliers, dict):
        for outlier in outliers.values():
            if isinstance(outlier, dict) and outlier.get("detection_type") == "none":
                keep_only(outlier, frozenset({"detection_type"}))


__all__ = ["Count", "Reporting", "StatsEngine", "check_reporting", "tidy_reporting"]
