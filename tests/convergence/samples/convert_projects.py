"""The sample of Convert's projects."""

from __future__ import annotations

from typing import Any

from tests.convergence.sample import GONE, Kids, Sample, Vary, beneath, vary
from tests.convergence.samples.convert_targets import URL, tree

_OUTLIER_NEEDED = "this type of detection needs it"
_BAYES: dict[str, Any] = {"stats_type": "bayesian"}
_FIXED = {"power_calculation_type": "fixed_mde", "fixed_mde": 5}


def outlier(prefix: str, metric: str) -> dict[str, Vary]:
    """Return values for the outlier detection of one metric."""
    here = f"{prefix}.outliers.{metric}"
    limits = {here: {"detection_type": "min_max", "min": 1, "max": 500}}
    shares = {here: {"detection_type": "percentile", "min": 5, "max": 95}}
    return {
        f"{here}.detection_type": vary("min_max", "percentile", given=shares, needed="required"),
        f"{here}.min": vary(1, 2.5, given=limits, needed=_OUTLIER_NEEDED),
        f"{here}.max": vary(500, 600.5, given=limits, needed=_OUTLIER_NEEDED),
    }


def reporting(prefix: str) -> dict[str, Vary]:
    """Return values for what settings of experiences and projects have in common."""
    engine = f"{prefix}.stats_engine_processing"
    bandit = {engine: {"stats_type": "bayesian", "mab_settings": {"strategy": "ucb", "exploration_rate": 0.3}}}
    short: dict[str, Vary] = {
        "primary_metric": vary("conversion_rate", "avg_revenue_visitor"),
        "keep_winner": vary(False, True),
        "stop_loser": vary(False, True),
        "keep_running_until_confidence": vary(False, True),
        "min_running_time": vary(7, 14),
        "max_running_time": vary(60, 90),
        "max_experience_visitors": vary(1000, 2000),
        "min_variation_visitors": vary(100, 200),
        "min_variation_conversions": vary(10, 20),
        "srm_check": vary(True, False),
        "visual_editor.selector_blacklist": vary(".a", ".b"),
        "visual_editor.screen_width": vary(1280, 1440),
        "visual_editor.user_agent": vary("chrome_desktop", "safari_iphone"),
        "confidence": vary(95, 97.5),
        "min_order_value": vary(1, 2.5),
        "max_order_value": vary(1000, 2000),
        "max_variation_visitors": vary(1000, 2000),
        "min_conversion_value": vary(1, 2.5),
    }
    return {
        **beneath(prefix, short),
        **outlier(prefix, "order_value"),
        **outlier(prefix, "products_ordered_count"),
        f"{engine}.stats_type": vary("frequentist", "bayesian", given={engine: _BAYES}),
        f"{engine}.confidence": vary(95, 90),
        f"{engine}.power": vary(80, 90),
        f"{engine}.test_type": vary("two_tails", "one_tail", "sequential"),
        f"{engine}.multiple_comparison_correction": vary("none", "bonferroni", "sidak"),
        f"{engine}.power_calculation_type": vary("fixed_mde", "dynamic_mde", given={f"{engine}.fixed_mde": 5}),
        f"{engine}.fixed_mde": vary(
            5, 7.5, given={engine: {"stats_type": "frequentist", **_FIXED}}, needed="with fixed_mde"
        ),
        f"{engine}.decision_threshold": vary(95, 90, given={engine: _BAYES}),
        f"{engine}.risk_threshold": vary(1, 5, given={engine: _BAYES}),
        f"{engine}.mab_settings.strategy": vary("ucb", "thompson_sampling", "epsilon_greedy", given=bandit),
        f"{engine}.mab_settings.exploration_rate": vary(0.3, 0.5, given=bandit),
    }


def google(kind: str) -> dict[str, Any]:
    """Set the generation of Google Analytics."""
    return {"integrations_settings.google_analytics": {"type": kind, "enabled": True}}


_SCRIPT = "settings.tracking_script"
_SCHEDULED = {f"{_SCRIPT}.release": {"type": "scheduled", "automatic_apply_on": {"day": 2, "time": "9:30"}}}
_SETTINGS: dict[str, Vary] = {
    "allow_crossdomain_tracking": vary(False, True),
    "allow_gdpr": vary(False, True),
    "data_anonymization": vary(False, True),
    "do_not_track": vary("OFF", "EU ONLY", "Worldwide"),
    "global_privacy_control": vary("OFF", "EEA ONLY"),
    "include_jquery": vary(False, True),
    "include_jquery_v1": vary(False, True),
    "disable_spa_functionality": vary(False, True),
    "do_not_track_referral": vary(False, True),
    "time_zone": vary("Europe/Berlin", "America/New_York"),
    "utc_offset": vary(3600, -18000),
    "time_format": vary("24h", "12h"),
    "disable_default_config": vary(False, True),
    "include_experience_collaborators": vary(False, True),
    "legacy_script": vary(False, True),
    "ignore_unused_locations": vary(False, True),
    "personalization.enabled": vary(True, False),
    "visitor_insights.enabled": vary(False, True),
    "visitor_insights.obfuscate_text": vary(True, False),
    "visitor_insights.sampling_rate": vary(5, 10, 50),
    "tracking_script.current_version": vary("2.0.1", "2.1.0"),
    "tracking_script.release.type": vary(
        "manual", "latest", given={f"{_SCRIPT}.current_version": GONE}, needed="required"
    ),
    "tracking_script.release.automatic_apply_on.day": vary(2, 3, given=_SCHEDULED, needed="required"),
    "tracking_script.release.automatic_apply_on.time": vary("9:30", "23:05", given=_SCHEDULED, needed="required"),
}

PROJECTS = Sample(
    "convert",
    "projects",
    {
        "name": "Shop",
        "project_type": "web",
        "status": "active",
        "global_javascript": "window.shop = 1;",
        "environments": {
            "production": {"label": "Production", "is_default": True},
            "staging": {"label": "Staging", "is_default": False, "js": "staging = 1"},
        },
        "custom_domain": {"domain": "cdn.shop.example"},
        "settings": {
            "time_zone": "Europe/Berlin",
            "tracking_script": {"current_version": "2.0.1", "release": {"type": "manual"}},
            "personalization": {"enabled": True},
        },
        "reporting_settings": {
            "currency_symbol": "€",
            "stats_engine_processing": {"stats_type": "frequentist", "confidence": 95},
        },
        "integrations_settings": {"google_analytics": {"type": "ga4", "enabled": True, "measurementId": "G-1"}},
        "default_goals": ["bought"],
    },
    {
        "name": vary("Shop", "The shop"),
        "project_type": vary("fullstack", effect="refuse", says="project_type"),
        "status": vary("active", "inactive"),
        "global_javascript": vary("window.shop = 1;", "window.shop = 2;\nrun();"),
        "environments.staging.label": vary("Staging", "Stage"),
        "environments.staging.js": vary("staging = 1", "staging = 2"),
        "environments.staging.is_default": vary(True, effect="refuse", says="exactly one"),
        "default_goals": vary(["bought"], ["bought", "seen"], [], ["seen"]),
        "default_audiences": vary(["big"], ["big", "small"]),
        "default_locations": vary(["here"], ["there"]),
        "custom_domain.domain": vary("cdn.shop.example", "cdn2.shop.example"),
        **beneath("settings", _SETTINGS),
        **reporting("reporting_settings"),
        "reporting_settings.tested_visitors_quota": vary(1000, 2000),
        "reporting_settings.currency_symbol": vary("€", "CHF"),
        "reporting_settings.blocked_ips.single": vary(
            [{"value": "10.0.0.1"}], [{"value": "10.0.0.2", "name": "Office"}]
        ),
        "reporting_settings.blocked_ips.range": vary(
            [{"start": "10.0.0.1", "end": "10.0.0.9"}], [{"start": "10.0.1.1", "end": "10.0.1.9", "name": "Home"}]
        ),
        "reporting_settings.stop_tracking_goals_after_days": vary("OFF", "30 days"),
        "reporting_settings.smart_recommendations": vary(True, False),
        "integrations_settings.crazyegg.api_key": vary("abc", "def"),
        "integrations_settings.crazyegg.api_secret": vary(
            "${secret.egg}", "${secret.egg_two}", hidden="the platform never returns it"
        ),
        "integrations_settings.google_analytics.type": vary("ga3", "ga4", given=google("ga3"), needed="required"),
        "integrations_settings.google_analytics.enabled": vary(True, False),
        "integrations_settings.google_analytics.auto_revenue_tracking": vary(True, False),
        "integrations_settings.google_analytics.property_UA": vary("UA-1", "UA-2", given=google("ga3")),
        "integrations_settings.google_analytics.measurementId": vary("G-1", "G-2"),
        "integrations_settings.google_analytics.propertyId": vary("1", "2"),
        "integrations_settings.google_analytics.no_wait_pageview": vary(True, False),
        "integrations_settings.kissmetrics.enabled": vary(True, False, needed="required"),
        "integrations_settings.hotjar.enabled": vary(True, False, needed="required"),
    },
    others={
        "convert.goals.bought": {"name": "Bought", "type": "code_trigger", "project_id": "sample"},
        "convert.goals.seen": {"name": "Seen", "type": "code_trigger", "project_id": "sample"},
        "convert.audiences.big": {"name": "Big", "type": "transient", "rules": None, "project_id": "sample"},
        "convert.audiences.small": {"name": "Small", "type": "transient", "rules": None, "project_id": "sample"},
        "convert.locations.here": {"name": "Here", "rules": {"OR": tree(URL)}, "project_id": "sample"},
        "convert.locations.there": {"name": "There", "rules": {"OR": tree(URL)}, "project_id": "sample"},
    },
    kids={"environments": Kids("test", {"label": "Test", "is_default": False})},
    environ={"RECONCILER_SECRET_EGG": "egg-1", "RECONCILER_SECRET_EGG_TWO": "egg-2"},
)

SAMPLES = (PROJECTS,)
