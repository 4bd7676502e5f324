"""What the platform refuses of an experience is told before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.adapters.convert.experiences import EXPERIENCES
from reconciler.adapters.convert.goals import GOALS
from tests.adapters.convert.declaring import problems_of, warnings_of
from tests.adapters.convert.test_checks import URL, change, experience, rule, without


def shares(*values: float, **first: Any) -> dict[str, Any]:
    out: dict[str, Any] = {f"v{i}": {"traffic_distribution": value} for i, value in enumerate(values)}
    out["v0"] |= {"is_baseline": True, **first}
    return out


INVALID_EXPERIENCES: list[tuple[dict[str, Any], str]] = [
    (experience(goals=["a"], primary_goal="b"), "primary_goal: primary_goal b is not among goals"),
    (experience(type="deploy", goals=["a"]), "goals: a deploy has no goals"),
    (experience(url="www.nordlicht.example"), 'url: url "www.nordlicht.example" does not match ^(?i:https?)://\\S+$'),
    (experience(type="banner"), 'type: type cannot be "banner"'),
    (experience(status="deleted"), 'status: status cannot be "deleted"'),
    (experience(traffic_distribution=101), "traffic_distribution: traffic_distribution is 101, the most is 100"),
    (
        experience(start_time=5),
        "start_time: start_time is set by the platform when the experience runs, unless its status is scheduled",
    ),
    (
        experience(variations=shares(50, 40)),
        "variations: traffic_distribution of the variations adds up to 90, not to 100",
    ),
    (
        experience(variations={"a": {"is_baseline": True, "traffic_distribution": 50}, "b": {}}),
        (
            "variations: traffic_distribution is missing in b: "
            "unless all variations have it, the platform deals it out anew"
        ),
    ),
    (experience(variations={"a": {}, "b": {}}), "variations: no variation is the baseline"),
    (
        experience(variations={"a": {"is_baseline": True}, "b": {"is_baseline": True}}),
        "variations.b.is_baseline: only one variation can be the baseline, and a already is",
    ),
    (
        experience(variations={"a": {"is_baseline": True, "key": "k"}, "b": {"key": "k"}}),
        "variations.b.key: key k is taken by variation a",
    ),
    (
        experience(variations={"a": {"is_baseline": True}, "b": {"status": "paused"}}),
        'variations.b.status: status cannot be "paused"',
    ),
    (
        experience(
            variations={
                "a": {
                    "is_baseline": True,
                    "changes": [change("defaultRedirect", original_pattern="a", variation_pattern="b")],
                }
            }
        ),
        'variations.a.changes["#0"].type: defaultRedirect is not possible in an experience of type a/b',
    ),
    (
        experience(
            type="split_url",
            variations={"a": {"is_baseline": True, "changes": [change("defaultRedirect", original_pattern="a")]}},
        ),
        'variations.a.changes["#0"].data: variation_pattern is missing, defaultRedirect needs it',
    ),
    (
        experience(variations={"a": {"is_baseline": True, "changes": [change("customCode", selector="p")]}}),
        'variations.a.changes["#0"].data.selector: selector does not go with customCode',
    ),
    (
        experience(type="feature_rollout", variations={"a": {"changes": [change("customCode", js="x")]}}),
        'variations.a.changes["#0"].type: customCode is not possible in an experience of type feature_rollout',
    ),
    (
        experience(
            type="a/b_fullstack",
            variations={"a": {"is_baseline": True, "changes": [change("fullStackFeature", feature_id="f")]}},
        ),
        'variations.a.changes["#0"].data: variables_data is missing, fullStackFeature needs it',
    ),
    (
        experience(multipage_pages={"p1": {"name": "P", "url": URL}}),
        "multipage_pages: an experience of type a/b has no pages",
    ),
    (experience(sections={"a": {"versions": {"a1": {}}}}), "sections: an experience of type a/b has no sections"),
    (
        experience(settings={"split_url_settings": {"split_regex_support": True}}),
        "settings.split_url_settings: an experience of type a/b takes no split_url_settings",
    ),
    (
        experience(settings={"stats_engine_processing": {"stats_type": "bayesian", "power": 80}}),
        "settings.stats_engine_processing.power: power does not go with stats_type bayesian",
    ),
    (
        experience(
            settings={"stats_engine_processing": {"stats_type": "bayesian", "mab_settings": {"exploration_rate": 0.25}}}
        ),
        (
            "settings.stats_engine_processing.mab_settings.exploration_rate: "
            "exploration_rate 0.25 must be a multiple of 0.1"
        ),
    ),
    (
        experience(settings={"outliers": {"order_value": {"detection_type": "percentile", "min": 3, "max": 95}}}),
        "settings.outliers.order_value.min: min 3 is no percentile that Convert takes",
    ),
    (
        experience(settings={"visual_editor": {"screen_width": 100}}),
        "settings.visual_editor.screen_width: screen_width is 100, the least is 240",
    ),
    (experience(integrations={"hotjar": {"evar": "1"}}), "integrations.hotjar.evar: evar does not go with hotjar"),
    (
        experience(integrations={"sitecatalyst": {}}),
        "integrations.sitecatalyst: evar is missing, sitecatalyst needs it",
    ),
    (
        experience(integrations={"google_analytics": {"enabled": True}}),
        "integrations.google_analytics: type is missing, google_analytics needs it",
    ),
    (
        experience(locations=["pdp"], site_area={"include": [rule("url", "contains", "/")]}),
        "site_area: site_area and locations do not go together",
    ),
    (
        experience(site_area={"exclude": [rule("country", "equals", "DE")]}),
        "site_area.exclude[0].rule_type: country is not possible in site_area",
    ),
]


@pytest.mark.parametrize(
    ("body", "problem"), INVALID_EXPERIENCES, ids=[problem[:50] for _, problem in INVALID_EXPERIENCES]
)
def test_invalid_experiences_are_told_what_is_wrong(body: dict[str, Any], problem: str) -> None:
    assert problems_of(EXPERIENCES, body) == [problem]


def pages(**changes: list[dict[str, Any]]) -> dict[str, Any]:
    variations = {name: {"changes": items} for name, items in changes.items()}
    variations["a"]["is_baseline"] = True  # type: ignore[assignment]  # a second type of value
    return experience(
        type="multipage",
        variations=variations,
        multipage_pages={"p1": {"name": "One", "url": URL}, "p2": {"name": "Two", "url": URL}},
    )


def on(page: str) -> dict[str, Any]:
    return change("defaultCodeMultipage", page_id=page, js="x()")


def test_every_variation_has_a_change_for_every_page() -> None:
    both = [on("p1"), on("p2")]
    assert problems_of(EXPERIENCES, pages(a=both, b=both)) == []
    assert problems_of(EXPERIENCES, pages(a=both, b=[on("p2")])) == [
        "variations.b: no change for page p1: every variation needs one for every page"
    ]
    assert problems_of(EXPERIENCES, pages(a=both, b=[*both, on("p3")])) == [
        'variations.b.changes["#2"].data.page_id: p3 is not one of multipage_pages'
    ]


def test_mvt_has_sections_instead_of_variations() -> None:
    body = without(experience(type="mvt"), "variations")
    versions = {"a1": {"name": "A"}, "a2": {"name": "B"}}

    assert problems_of(EXPERIENCES, body) == [": sections is missing, an mvt is made of sections"]
    assert problems_of(EXPERIENCES, {**body, "sections": {"a": {"versions": versions}}}) == []
    twice = {"a": {"versions": versions}, "b": {"versions": {"a1": {}}}}
    assert problems_of(EXPERIENCES, {**body, "sections": twice}) == [
        "sections.b.versions.a1: version a1 is also one of section a"
    ]
    long = {"headline": {"versions": versions}}
    assert problems_of(EXPERIENCES, {**body, "sections": long}) == [
        'sections.headline.id: id "headline" does not match ^[0-9a-z]{1,2}$'
    ]
    assert "variations: the platform makes the variations of an mvt from its sections" in problems_of(
        EXPERIENCES, experience(type="mvt", sections={"a": {"versions": versions}})
    )


def test_warnings_say_what_may_be_meant() -> None:
    assert warnings_of(GOALS, {"name": "G", "type": "visits_page"}) == [": without triggering_rule no page counts"]
    assert warnings_of(EXPERIENCES, experience(settings={"primary_metric": "average_order_value"})) == [
        "settings.primary_metric: reports compute no statistics for average_order_value"
    ]
    assert warnings_of(EXPERIENCES, without(experience(), "variations")) == [": no variations are declared"]
    assert warnings_of(EXPERIENCES, experience(status="active")) == [
        ": an active experience of type a/b without goals measures nothing"
    ]


def test_shares_of_three_may_round_and_stopped_ones_do_not_count() -> None:
    assert problems_of(EXPERIENCES, experience(variations=shares(33.33, 33.33, 33.34))) == []
    assert problems_of(EXPERIENCES, experience(variations=shares(33.33, 33.33, 33.33))) == []
    stopped = shares(50, 50, 20)
    stopped["v2"]["status"] = "stopped"
    assert problems_of(EXPERIENCES, experience(variations=stopped)) == []


def test_open_variations_are_not_counted() -> None:
    variations = {"$others": "keep", "a": {"traffic_distribution": 10}}

    assert problems_of(EXPERIENCES, experience(variations=variations)) == []
