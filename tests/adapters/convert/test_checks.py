"""What a kind refuses, and the exact words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.adapters.base.declare import Declare
from reconciler.adapters.convert import PLATFORM
from reconciler.adapters.convert.experiences import EXPERIENCES
from reconciler.adapters.convert.goals import GOALS
from reconciler.adapters.convert.kind import ConvertKind
from reconciler.adapters.convert.rules import (
    expand_matching,
    expand_tree,
    shorten_matching,
    shorten_tree,
)
from tests.adapters.convert.declaring import Names, declare, problems_of, warnings_of

URL = "https://www.nordlicht.example/"


def kind(name: str) -> ConvertKind:
    found = PLATFORM.kinds[name]
    assert isinstance(found, ConvertKind)
    return found


def rule(rule_type: str, matching: Any, value: Any = None, **more: Any) -> dict[str, Any]:
    body = {"rule_type": rule_type, "matching": matching, **more}
    return body if value is None else {**body, "value": value}


def experience(**more: Any) -> dict[str, Any]:
    variations = {
        "original": {"name": "Original", "is_baseline": True, "traffic_distribution": 50},
        "other": {"name": "Other", "traffic_distribution": 50},
    }
    return {"name": "E", "type": "a/b", "status": "draft", "url": URL, "variations": variations, **more}


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in names}


VALID: list[tuple[str, dict[str, Any]]] = [
    ("projects", {"name": "Shop", "environments": {"production": {"label": "Production", "is_default": True}}}),
    ("projects", {"name": "Shop", "settings": {"tracking_script": {"release": {"type": "latest"}}}}),
    ("domains", {"url": "https://*.nordlicht.example"}),
    ("tags", {"name": "q1", "description": None}),
    ("goals", {"name": "G", "type": "code_trigger"}),
    ("goals", {"name": "G", "type": "revenue", "settings": {"triggering_type": "ga"}}),
    ("audiences", {"name": "A", "type": "segmentation", "rules": rule("url", "contains", "/p/")}),
    ("audiences", {"name": "A", "type": "transient", "rules": None}),
    ("locations", {"name": "L", "rules": None, "trigger": {"type": "callback", "js": "go()"}}),
    ("features", {"name": "F", "variables": {}}),
    ("experiences", experience()),
    ("experiences", experience(status="scheduled", start_time=1_767_225_600, goals=["g"])),
    ("experiences", experience(site_area={"include": [rule("url", "contains", "/p/")]})),
]


@pytest.mark.parametrize(("name", "body"), VALID)
def test_valid_bodies_have_no_problems(name: str, body: dict[str, Any]) -> None:
    assert problems_of(kind(name), body) == []


MISSING: list[tuple[str, set[str]]] = [
    ("projects", {"name"}),
    ("domains", {"url"}),
    ("tags", {"name"}),
    ("goals", {"name", "type"}),
    ("audiences", {"name", "type", "rules"}),
    ("locations", {"name", "rules"}),
    ("features", {"name", "variables"}),
    ("experiences", {"name", "type", "status", "url"}),
    (
        "hypotheses",
        {"name", "status", "prioritization_score_type", "prioritization_score_attributes"},
    ),
]


@pytest.mark.parametrize(("name", "attributes"), MISSING)
def test_what_a_create_requires(name: str, attributes: set[str]) -> None:
    wanted = {f": {attribute} is missing, the platform requires it" for attribute in attributes}

    assert set(problems_of(kind(name), {})) == wanted
    assert problems_of(kind(name), {}, creating=False) == []


INVALID: list[tuple[str, dict[str, Any], str]] = [
    ("projects", {"name": "x" * 201}, "name: name is 201 characters long, the platform takes 200"),
    ("projects", {"name": "S", "status": "suspended"}, 'status: status cannot be "suspended"'),
    ("projects", {"name": "S", "domains": []}, "domains: unknown attribute domains"),
    (
        "projects",
        {"name": "S", "environments": {"a": {"label": "A", "is_default": False}}},
        "environments: exactly one environment must be the default, none is",
    ),
    (
        "projects",
        {"name": "S", "integrations_settings": {"crazyegg": {"api_secret": "clear"}}},
        "integrations_settings.crazyegg.api_secret: api_secret is a secret and stands here in clear text",
    ),
    (
        "projects",
        {"name": "S", "settings": {"tracking_script": {"release": {"type": "scheduled"}}}},
        "settings.tracking_script.release: automatic_apply_on is missing, a scheduled release needs it",
    ),
    (
        "projects",
        {"name": "S", "settings": {"utc_offset": 60000}},
        "settings.utc_offset: utc_offset is 60000, the most is 50400",
    ),
    ("domains", {"url": "nordlicht.example"}, 'url: url "nordlicht.example" does not match ^(?i:https?)://.+'),
    (
        "domains",
        {"url": URL, "code_installed": True},
        "code_installed: code_installed is told by the platform and cannot be declared",
    ),
    ("goals", {"name": "G", "type": "click"}, 'type: type cannot be "click"'),
    (
        "goals",
        {"name": "G", "type": "code_trigger", "key": "12345"},
        "key: key '12345' is made of digits only, the platform would take it for an id",
    ),
    (
        "goals",
        {"name": "G", "type": "code_trigger", "key": "k" * 33},
        "key: key is 33 characters long, the platform takes 32",
    ),
    ("goals", {"name": "G", "type": "clicks_link"}, ": settings is missing, type clicks_link needs href"),
    (
        "goals",
        {"name": "G", "type": "clicks_element", "settings": {}},
        "settings: selector is missing, type clicks_element needs it",
    ),
    (
        "goals",
        {"name": "G", "type": "clicks_element", "settings": {"selector": "a", "href": "/x"}},
        "settings.href: href does not go with type clicks_element",
    ),
    ("goals", {"name": "G", "type": "advanced"}, ": triggering_rule is missing, type advanced needs it"),
    (
        "goals",
        {
            "name": "G",
            "type": "revenue",
            "settings": {"triggering_type": "manual"},
            "triggering_rule": rule("url", "contains", "/thanks"),
        },
        "triggering_rule: a rule would take the place of the manual revenue call",
    ),
    (
        "goals",
        {"name": "G", "type": "advanced", "triggering_rule": rule("visitor_id", "matches", "1")},
        "triggering_rule.OR[0].AND[0].OR_WHEN[0].rule_type: visitor_id is not possible in a goal's triggering_rule",
    ),
    (
        "audiences",
        {"name": "A", "type": "permanent", "rules": rule("url", "contains", "/p")},
        "rules.OR[0].AND[0].OR_WHEN[0].rule_type: url is not possible in an audience of type permanent",
    ),
    (
        "audiences",
        {"name": "A", "type": "transient", "rules": rule("country", "contains", "DE")},
        "rules.OR[0].AND[0].OR_WHEN[0].matching: country cannot be matched by contains",
    ),
    (
        "audiences",
        {"name": "A", "type": "transient", "rules": rule("country", "equals", "Germany")},
        "rules.OR[0].AND[0].OR_WHEN[0].value: country must be a code of 2 letters, not Germany",
    ),
    (
        "audiences",
        {"name": "A", "type": "transient", "rules": rule("os", "equals", "beos")},
        "rules.OR[0].AND[0].OR_WHEN[0].value: os cannot be beos",
    ),
    (
        "audiences",
        {"name": "A", "type": "transient", "rules": rule("cookie", "matches", "gold")},
        "rules.OR[0].AND[0].OR_WHEN[0]: cookie needs a key",
    ),
    (
        "audiences",
        {"name": "A", "type": "transient", "rules": rule("keyword", "matches")},
        "rules.OR[0].AND[0].OR_WHEN[0]: keyword needs a value",
    ),
    (
        "audiences",
        {"name": "A", "type": "transient", "rules": rule("local_time_hour_of_day", "less", 25)},
        "rules.OR[0].AND[0].OR_WHEN[0].value: local_time_hour_of_day must be between 0 and 24, not 25",
    ),
    (
        "audiences",
        {"name": "A", "type": "transient", "rules": rule("is_mobile", "equals", "yes")},
        'rules.OR[0].AND[0].OR_WHEN[0].value: value must be true or false, not "yes"',
    ),
    (
        "audiences",
        {"name": "A", "type": "transient", "rules": rule("weather_condition", "matches", "Raining frogs")},
        "rules.OR[0].AND[0].OR_WHEN[0].value: Raining frogs is part of no weather condition that Convert knows",
    ),
    (
        "audiences",
        {"name": "A", "type": "transient", "rules": rule("keyword", "isIn", "a")},
        'rules.OR[0].AND[0].OR_WHEN[0].matching.match_type: match_type cannot be "isIn"',
    ),
    (
        "audiences",
        {"name": "A", "type": "transient", "rules": {"AND": []}},
        "rules.OR[0].AND: AND must have at least 1 item(s)",
    ),
    (
        "locations",
        {"name": "L", "rules": rule("country", "equals", "DE")},
        "rules.OR[0].AND[0].OR_WHEN[0].rule_type: country is not possible in a location",
    ),
    (
        "locations",
        {"name": "L", "rules": None, "trigger": {"type": "dom_element", "selector": "#a"}},
        "trigger: events is missing, trigger dom_element needs it",
    ),
    (
        "locations",
        {"name": "L", "rules": None, "trigger": {"type": "manual", "js": "x"}},
        "trigger.js: js does not go with trigger manual",
    ),
    (
        "features",
        {"name": "F", "variables": {"n": {"type": "integer", "default_value": "many"}}},
        'variables.n.default_value: default_value must be a whole number, not "many"',
    ),
    (
        "features",
        {"name": "F", "variables": {"n" * 33: {"type": "integer"}}},
        f"variables.{'n' * 33}.key: key is 33 characters long, the platform takes 32",
    ),
    (
        "hypotheses",
        {
            "name": "H",
            "status": "draft",
            "prioritization_score_type": "PIE",
            "prioritization_score_attributes": {"potential": 6, "importance": 1, "ease": 1},
        },
        "prioritization_score_attributes.potential: potential is 6, the most is 5",
    ),
    (
        "hypotheses",
        {
            "name": "H",
            "status": "draft",
            "prioritization_score_type": "ICE",
            "prioritization_score_attributes": {"impact": 1, "confidence": 1, "potential": 1, "ease": 1},
        },
        "prioritization_score_attributes.potential: potential does not go with score type ICE",
    ),
]


@pytest.mark.parametrize(("name", "body", "problem"), INVALID)
def test_invalid_bodies_are_told_what_is_wrong(name: str, body: dict[str, Any], problem: str) -> None:
    assert problems_of(kind(name), body) == [problem]


def change(change_type: str, **data: Any) -> dict[str, Any]:
    return {"type": change_type, "data": data}


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


def test_required_null_keys_are_filled() -> None:
    body = experience(variations={"a": {"is_baseline": True, "changes": [change("defaultCode", js="x()\r\n")]}})
    declared, _ = declare(EXPERIENCES, body)

    assert declared["variations"]["a"]["changes"]["#0"]["data"] == {"js": "x()", "css": None, "custom_js": None}


def test_bucketed_into_experience_is_a_flag_or_a_reference() -> None:
    names = Names()
    audience = {"name": "A", "type": "transient"}
    shape = kind("audiences").shape
    for value in (True, "sticky"):
        body = {**audience, "rules": rule("bucketed_into_experience", "equals", value)}
        declared = Declare(names, creating=True).body(shape, body)
        found = declared["rules"]["OR"][0]["AND"][0]["OR_WHEN"][0]["value"]
        assert found is True or str(found) == "⟨convert.experiences.sticky⟩"
    assert names.problems == []


RULE = st.fixed_dictionaries(
    {
        "rule_type": st.sampled_from(["keyword", "medium"]),
        "matching": st.fixed_dictionaries(
            {"match_type": st.sampled_from(["contains", "matches"]), "negated": st.booleans()}
        ),
        "value": st.text(max_size=5),
    }
)
TREE = st.fixed_dictionaries(
    {
        "OR": st.lists(
            st.fixed_dictionaries(
                {
                    "AND": st.lists(
                        st.fixed_dictionaries({"OR_WHEN": st.lists(RULE, min_size=1, max_size=3)}),
                        min_size=1,
                        max_size=3,
                    )
                }
            ),
            min_size=1,
            max_size=3,
        )
    }
)


@given(TREE)
def test_short_trees_mean_the_same_as_full_ones(tree: dict[str, Any]) -> None:
    short = shorten_tree(tree)

    assert expand_tree(short) == tree
    assert shorten_tree(short) == short
    assert expand_tree(tree) == tree


@given(st.sampled_from(["equals", "startsWith"]), st.booleans())
def test_short_matching_means_the_same(match_type: str, negated: bool) -> None:
    full = {"match_type": match_type, "negated": negated}

    assert expand_matching(shorten_matching(full)) == full
    assert shorten_matching(shorten_matching(full)) == shorten_matching(full)


def test_a_bare_rule_stays_bare_and_levels_out_of_place_are_refused() -> None:
    bare = rule("keyword", "matches", "a")

    assert shorten_tree(bare) == bare
    assert expand_tree(bare) == {"OR": [{"AND": [{"OR_WHEN": [bare]}]}]}
    body = {"name": "A", "type": "transient", "rules": {"AND": [{"OR": [bare]}]}}
    assert any("unknown attribute OR" in text for text in problems_of(kind("audiences"), body))
    assert problems_of(kind("audiences"), {**body, "rules": [bare]}) == [
        "rules: rules must be a map of attributes, not a list"
    ]
