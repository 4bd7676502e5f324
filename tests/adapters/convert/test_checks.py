"""What a kind refuses, and the exact words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.adapters.base.declare import Declare
from reconciler.adapters.convert import PLATFORM
from reconciler.adapters.convert.experiences import EXPERIENCES
from reconciler.adapters.convert.kind import ConvertKind
from reconciler.adapters.convert.rules import (
    expand_matching,
    expand_tree,
    shorten_matching,
    shorten_tree,
)
from tests.adapters.convert.declaring import Names, declare, problems_of

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


def change(change_type: str, **data: Any) -> dict[str, Any]:
    return {"type": change_type, "data": data}


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
