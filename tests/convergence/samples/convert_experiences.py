"""Samples of Convert's experiences, one for each type, and of running and scheduled ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.convergence.sample import GONE, Kids, Sample, Vary, beneath, vary
from tests.convergence.samples.convert_projects import reporting
from tests.convergence.samples.convert_targets import MOBILE, OTHER_URL, URL, rule, tree

URL_RULE = rule("url", "contains", "/p/")
WEB: Mapping[str, Mapping[str, Any]] = {
    "convert.goals.bought": {"name": "Bought", "type": "code_trigger"},
    "convert.goals.seen": {"name": "Seen", "type": "code_trigger"},
    "convert.audiences.big": {"name": "Big", "type": "transient", "rules": {"OR": tree(MOBILE)}},
    "convert.audiences.small": {"name": "Small", "type": "transient", "rules": {"OR": tree(MOBILE)}},
    "convert.locations.here": {"name": "Here", "rules": {"OR": tree(URL)}},
    "convert.locations.there": {"name": "There", "rules": {"OR": tree(OTHER_URL)}},
    "convert.tags.first": {"name": "First"},
    "convert.tags.second": {"name": "Second"},
}
APP: Mapping[str, Mapping[str, Any]] = {
    "convert-app.goals.bought": {"name": "Bought", "type": "code_trigger"},
    "convert-app.features.checkout": {
        "name": "Checkout",
        "variables": {
            "enabled": {"type": "boolean", "default_value": False},
            "theme": {"type": "json", "default_value": {"mode": "light"}},
        },
    },
    "convert-app.features.basket": {
        "name": "Basket",
        "variables": {"enabled": {"type": "boolean", "default_value": False}},
    },
}
BASE: Mapping[str, Any] = {
    "name": "Free shipping bar",
    "key": "free_shipping",
    "status": "draft",
    "url": "https://www.shop.example/",
}


ANOTHER = "a change of another type is another one, with an id of its own"
NULL = "left out, it is null: the platform requires it"


def code(name: str, sort: str = "customCode", **data: Any) -> dict[str, Any]:
    """Return a change."""
    return {"$name": name, "type": sort, "data": data}


_CODE: dict[str, Vary] = {
    "changes.code.data.js": vary("one();", "two();\nthree(`${x}`);", needed=NULL),
    "changes.code.data.css": vary(".a {}", ".b {\n  color: red;\n}", needed=NULL),
}

AB = Sample(
    "convert",
    "experiences",
    {
        **BASE,
        "type": "a/b",
        "description": "A bar on top",
        "objective": "More baskets",
        "traffic_distribution": 80,
        "environment": "production",
        "goals": ["bought", "seen"],
        "primary_goal": "bought",
        "audiences": ["big"],
        "locations": ["here"],
        "tags": ["first"],
        "global_js": "before();",
        "global_css": "body {}",
        "settings": {
            "matching_options": {"audiences": "any", "locations": "any"},
            "stats_engine_processing": {"stats_type": "frequentist", "confidence": 95},
        },
        "integrations": {
            "google_analytics": {"type": "ga4", "enabled": True, "measurementId": "G-1"},
            "piwik": {"enabled": True, "custom_dimension": "3"},
            "sitecatalyst": {"enabled": True, "evar": "7"},
        },
        "variations": {
            "original": {"name": "Original", "is_baseline": True, "traffic_distribution": 50},
            "bar": {
                "name": "With bar",
                "description": "On top",
                "key": "bar",
                "traffic_distribution": 50,
                "changes": [
                    code("code", js="one();", css=".a {}"),
                    code("rich", "richStructure", js="rich();", selector="#bar"),
                    code("plain", "defaultCode", js="plain();", custom_js="own();"),
                ],
            },
        },
        "customizations": [{"key": "color", "value": "red"}],
    },
    {
        "name": vary("Free shipping bar", "Free shipping"),
        "key": vary("free_shipping", "free_shipping_2", needed="the name of the resource stands for it then"),
        "type": vary("a/a", effect="replace"),
        "url": vary("https://www.shop.example/", "https://www.shop.example/p/1?x=ü"),
        "description": vary("A bar on top", "A bar below"),
        "objective": vary("More baskets", "Larger baskets"),
        "traffic_distribution": vary(80, 33.33, 100),
        "environment": vary("production", "staging"),
        "goals": vary(["bought", "seen"], ["bought"]),
        "primary_goal": vary("seen", "bought", given={"goals": ["bought", "seen"]}),
        "audiences": vary(["big"], ["big", "small"], [], ["small"]),
        "locations": vary(["here"], ["there", "here"], [], ["there"]),
        "tags": vary(["first"], [], ["second"]),
        "site_area.include": vary(
            [URL], [OTHER_URL, URL_RULE], given={"locations": [], "site_area": {"include": [], "exclude": [URL]}}
        ),
        "site_area.exclude": vary(
            [URL], [URL_RULE], given={"locations": [], "site_area": {"include": [URL], "exclude": []}}
        ),
        "global_js": vary("before();", "before();\nafter();"),
        "global_css": vary("body {}", "html {}"),
        **reporting("settings"),
        "settings.matching_options.audiences": vary("any", "all"),
        "settings.matching_options.locations": vary("any", "all"),
        "integrations.google_analytics.enabled": vary(True, False),
        "integrations.google_analytics.type": vary(
            "ga3",
            "ga4",
            given={"integrations.google_analytics": {"type": "ga4", "enabled": True}},
            needed="it needs a type",
        ),
        "integrations.google_analytics.property_UA": vary(
            "UA-1", "UA-2", given={"integrations.google_analytics": {"type": "ga3", "enabled": True}}
        ),
        "integrations.google_analytics.measurementId": vary("G-1", "G-2"),
        "integrations.google_analytics.propertyId": vary("1", "2"),
        "integrations.piwik.custom_dimension": vary("3", "4", needed="this provider needs it"),
        "integrations.sitecatalyst.evar": vary("7", "8", needed="this provider needs it"),
        "variations.bar.name": vary("With bar", "With a bar"),
        "variations.bar.description": vary("On top", "Below"),
        "variations.bar.key": vary("bar", "bar_2"),
        "variations.bar.is_baseline": vary(
            True, False, also={"variations.original.is_baseline": (False, True)}, needed="one is the baseline"
        ),
        "variations.bar.traffic_distribution": vary(
            30, 50, also={"variations.original.traffic_distribution": (70, 50)}, needed="all have it or none"
        ),
        "variations.bar.status": vary(
            "running",
            "stopped",
            given={"variations.original.traffic_distribution": GONE, "variations.bar.traffic_distribution": GONE},
        ),
        **beneath("variations.bar", _CODE),
        "variations.bar.changes.code.type": vary("defaultCode", "customCode", hidden=ANOTHER),
        "variations.bar.changes.rich.data.selector": vary("#bar", ".bar"),
        "variations.bar.changes.plain.data.custom_js": vary("own();", "own(1);", needed=NULL),
        "customizations": vary(
            [{"key": "color", "value": "red"}], [{"key": "size", "value": 3}, {"key": "x", "value": True}]
        ),
    },
    variant="a/b",
    others=WEB,
    kids={
        "variations": Kids(
            "third",
            {"name": "Third", "traffic_distribution": 20},
            given={"variations.original.traffic_distribution": 40, "variations.bar.traffic_distribution": 40},
        ),
        "variations.bar.changes": Kids("more", code("more", js="more();")),
        "integrations": Kids("mixpanel", {"enabled": True}),
    },
)


def plain(sort: str, more: Mapping[str, Any], values: Mapping[str, Vary], **rest: Any) -> Sample:
    """Return a sample of one type of experience."""
    variations = {"original": {"name": "Original", "is_baseline": True}, "bar": {"name": "With bar"}}
    goals = {} if sort in ("deploy", "feature_rollout") else {"goals": ["bought"], "primary_goal": "bought"}
    body = {**BASE, "type": sort, **goals, "variations": variations, **more}
    return Sample("convert", "experiences", body, values, variant=sort, others=WEB, **rest)


AA = plain("a/a", {}, {"name": vary("Free shipping bar", "Nothing new")})

DEPLOY = plain(
    "deploy",
    {"variations": {"only": {"name": "Banner", "changes": [code("code", js="one();", css=".a {}")]}}},
    {"name": vary("Free shipping bar", "Banner"), **beneath("variations.only", _CODE)},
)

_SPLIT = {"original_pattern": "https://www.shop.example/a", "variation_pattern": "https://www.shop.example/b"}
SPLIT = plain(
    "split_url",
    {
        "settings": {"split_url_settings": {"split_regex_support": True}},
        "variations": {
            "original": {"name": "Original", "is_baseline": True, "traffic_distribution": 33.34},
            "b": {
                "name": "B",
                "traffic_distribution": 33.33,
                "changes": [code("go", "defaultRedirect", **_SPLIT, case_sensitive=True)],
            },
            "c": {"name": "C", "traffic_distribution": 33.33, "changes": [code("go", "defaultRedirect", **_SPLIT)]},
        },
    },
    {
        "settings.split_url_settings.split_regex_support": vary(True, False),
        "settings.split_url_settings.split_add_query_params": vary(True, False),
        "settings.split_url_settings.split_query_params_hide_regex": vary(True, False),
        "variations.b.changes.go.data.original_pattern": vary(
            "https://www.shop.example/a", "https://www.shop.example/a(\\?.*)?", needed="a redirect needs it"
        ),
        "variations.b.changes.go.data.variation_pattern": vary(
            "https://www.shop.example/b", "https://www.shop.example/b$1", needed="a redirect needs it"
        ),
        "variations.b.changes.go.data.case_sensitive": vary(True, False),
    },
)


def page(page_id: str, name: str, js: str) -> dict[str, Any]:
    """Return a change of one page."""
    return code(name, "defaultCodeMultipage", page_id=page_id, js=js)


MULTIPAGE = plain(
    "multipage",
    {
        "multipage_pages": {
            "p1": {"name": "Basket", "url": "https://www.shop.example/basket"},
            "p2": {"name": "Checkout", "url": "https://www.shop.example/checkout"},
        },
        "variations": {
            name: {
                "name": name,
                "is_baseline": name == "original",
                "changes": [page("p1", "one", "1"), page("p2", "two", "2")],
            }
            for name in ("original", "bar")
        },
    },
    {
        "multipage_pages.p1.name": vary("Basket", "Cart"),
        "multipage_pages.p1.url": vary("https://www.shop.example/basket", "https://www.shop.example/cart"),
        "variations.bar.changes.one.data.js": vary("1", "3"),
        "variations.bar.changes.one.data.css": vary(".a {}", ".b {}"),
        "variations.bar.changes.one.data.page_id": vary(
            "p2",
            "p1",
            also={"variations.bar.changes.two.data.page_id": ("p1", "p2")},
            needed="this type of change needs it",
        ),
    },
    kids={
        "multipage_pages": Kids(
            "p3",
            {"name": "Thanks", "url": "https://www.shop.example/thanks"},
            given={
                f"variations.{name}.changes": [page("p1", "one", "1"), page("p2", "two", "2"), page("p3", "three", "3")]
                for name in ("original", "bar")
            },
        )
    },
)


def version(name: str, js: str) -> dict[str, Any]:
    """Return a version of a section."""
    return {"name": name, "changes": [code("code", js=js)]}


_B2 = {
    "name": "New",
    "changes": [
        code("rich", "richStructure", js="5", selector="#a"),
        code("plain", "defaultCode", js="4", custom_js="6"),
    ],
}
MVT = plain(
    "mvt",
    {
        "variations": GONE,
        "sections": {
            "a": {"name": "Headline", "versions": {"a1": version("Old", "1"), "a2": version("New", "2")}},
            "b": {"name": "Picture", "versions": {"b1": version("Old", "1"), "b2": _B2}},
        },
    },
    {
        "sections.a.name": vary("Headline", "Title"),
        "sections.a.versions.a2.name": vary("New", "Newer"),
        "sections.a.versions.a2.changes.code.data.js": vary("2", "3", needed=NULL),
        "sections.a.versions.a2.changes.code.data.css": vary(".a {}", ".b {}", needed=NULL),
        "sections.a.versions.a2.changes.code.type": vary("defaultCode", "customCode", hidden=ANOTHER),
        "sections.b.versions.b2.changes.rich.data.selector": vary("#a", ".a"),
        "sections.b.versions.b2.changes.plain.data.custom_js": vary("6", "7", needed=NULL),
    },
    kids={
        "sections": Kids("c", {"name": "Button", "versions": {"c1": version("Old", "1"), "c2": version("New", "2")}}),
        "sections.a.versions": Kids("a3", version("Third", "3")),
        "sections.a.versions.a2.changes": Kids("more", code("more", js="more();")),
    },
)
MVT = Sample(**{**MVT.__dict__, "body": {key: value for key, value in MVT.body.items() if value is not GONE}})


def feature(name: str, **values: Any) -> dict[str, Any]:
    """Return a change that sets variables of a feature."""
    return code("set", "fullStackFeature", feature_id=name, variables_data=values)


_FEATURE: dict[str, Vary] = {
    "changes.set.data.variables_data": vary(
        {"enabled": True}, {"enabled": True, "theme": {"mode": "dark"}}, needed="this type of change needs it"
    ),
    "changes.set.data.feature_id": vary(
        "checkout",
        "basket",
        given={"variations.bar.changes": [feature("checkout", enabled=True)]},
        needed="this type of change needs it",
    ),
}


def fullstack(sort: str, more: Mapping[str, Any], values: Mapping[str, Vary]) -> Sample:
    """Return a sample of an experience in a fullstack project."""
    body = {**BASE, "type": sort, **more}
    return Sample("convert-app", "experiences", body, values, variant=sort, others=APP)


AB_FULLSTACK = fullstack(
    "a/b_fullstack",
    {
        "goals": ["bought"],
        "primary_goal": "bought",
        "variations": {
            "original": {"name": "Original", "is_baseline": True, "changes": [feature("checkout", enabled=False)]},
            "bar": {"name": "With bar", "changes": [feature("checkout", enabled=True)]},
        },
    },
    beneath("variations.bar", _FEATURE),
)
ROLLOUT = fullstack(
    "feature_rollout",
    {
        "traffic_distribution": 10,
        "variations": {"bar": {"name": "On", "changes": [feature("checkout", enabled=True)]}},
    },
    {"traffic_distribution": vary(10, 50, 100), **beneath("variations.bar", _FEATURE)},
)

_LIVE = {
    "locations": ["here"],
    "variations": {
        "original": {"name": "Original", "is_baseline": True},
        "bar": {"name": "With bar", "changes": [code("code", js="one();", css=".a {}")]},
    },
}
RUNNING = plain(
    "a/b",
    {"status": "active", **_LIVE},
    {"status": vary("active", "paused", "active", "completed"), "name": vary("Free shipping bar", "Running")},
)
RUNNING = Sample(**{**RUNNING.__dict__, "variant": "running"})

SCHEDULED = plain(
    "a/b",
    {"status": "scheduled", **_LIVE, "start_time": 2000000000, "end_time": 2000864000},
    {
        "start_time": vary(2000000000, 2000003600, not_null="an experience that is scheduled needs it"),
        "end_time": vary(2000864000, 2000950400),
    },
)
SCHEDULED = Sample(**{**SCHEDULED.__dict__, "variant": "scheduled"})

SAMPLES = (AB, AA, DEPLOY, SPLIT, MULTIPAGE, MVT, AB_FULLSTACK, ROLLOUT, RUNNING, SCHEDULED)
