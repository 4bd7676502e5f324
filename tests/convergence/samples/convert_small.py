"""Samples of Convert's small kinds: domains, tags, features, hypotheses."""

from __future__ import annotations

from tests.convergence.sample import Kids, Sample, vary

DOMAINS = Sample(
    "convert",
    "domains",
    {"url": "https://www.shop.example"},
    {"url": vary("https://www.shop.example", "https://*.shop.example", "http://shop.example/en")},
)

TAGS = Sample(
    "convert",
    "tags",
    {"name": "Checkout", "description": "All of the checkout"},
    {"name": vary("Checkout", "Check-out"), "description": vary("All of the checkout", "Its last page")},
)

FEATURES = Sample(
    "convert-app",
    "features",
    {
        "name": "New checkout",
        "key": "new_checkout",
        "description": "One page",
        "status": "active",
        "variables": {
            "enabled": {"type": "boolean", "default_value": False},
            "max_items": {"type": "integer", "default_value": 20},
            "theme": {"type": "json", "default_value": {"mode": "light", "sizes": [1, 2]}},
        },
    },
    {
        "name": vary("New checkout", "Newer checkout"),
        "key": vary("new_checkout", "newer_checkout", needed="the name of the resource stands for it then"),
        "description": vary("One page", "Two pages"),
        "status": vary("active", "archived"),
        "variables.enabled.default_value": vary(False, True),
        "variables.max_items.default_value": vary(20, 25),
        "variables.theme.default_value": vary({"mode": "light"}, {"mode": "dark", "deep": {"a": [1]}}),
        "variables.max_items.type": vary("integer", "float"),
    },
    kids={"variables": Kids("ratio", {"type": "float", "default_value": 0.5})},
)

_TEST = {
    "name": "Bar",
    "type": "a/b",
    "status": "draft",
    "url": "https://www.shop.example/",
    "variations": {"original": {"name": "Original", "is_baseline": True}, "bar": {"name": "Bar"}},
}

HYPOTHESES = Sample(
    "convert",
    "hypotheses",
    {
        "name": "A bar helps",
        "status": "draft",
        "prioritization_score_type": "ICE",
        "prioritization_score_attributes": {"impact": 4, "confidence": 3, "ease": 5},
        "url": "https://www.shop.example/",
        "objective": "More baskets",
        "summary": "A bar that says what is missing",
        "description": "Long",
        "start_date": "2026-02-01",
        "end_date": "2026-03-01",
        "experiences": ["first"],
        "tags": ["first"],
    },
    {
        "name": vary("A bar helps", "A bar hurts"),
        "status": vary("draft", "applied", "proven", "completed", "disproven", "archived"),
        "prioritization_score_type": vary(
            "ICE",
            "PIE",
            given={"prioritization_score_attributes": {"ease": 5}},
            says="score type",
            effect="refuse",
        ),
        "prioritization_score_attributes.impact": vary(1, 5, needed="the score type needs it"),
        "prioritization_score_attributes.confidence": vary(1, 5, needed="the score type needs it"),
        "prioritization_score_attributes.ease": vary(1, 4, needed="the score type needs it"),
        "url": vary("https://www.shop.example/", "https://www.shop.example/en"),
        "objective": vary("More baskets", "Larger baskets"),
        "summary": vary("Short", "Shorter"),
        "description": vary("Long", "Longer"),
        "start_date": vary("2026-02-01", "2026-02-02"),
        "end_date": vary("2026-03-01", "2026-03-02"),
        "experiences": vary(["first"], ["first", "second"], [], ["second"]),
        "tags": vary(["first"], [], ["second"]),
    },
    others={
        "convert.experiences.first": _TEST,
        "convert.experiences.second": _TEST,
        "convert.tags.first": {"name": "First"},
        "convert.tags.second": {"name": "Second"},
    },
)

HYPOTHESES_PIE = Sample(
    "convert",
    "hypotheses",
    {
        "name": "A bar helps",
        "status": "draft",
        "prioritization_score_type": "PIE",
        "prioritization_score_attributes": {"potential": 4, "importance": 3, "ease": 5},
    },
    {
        "prioritization_score_attributes.potential": vary(1, 5, needed="the score type needs it"),
        "prioritization_score_attributes.importance": vary(1, 5, needed="the score type needs it"),
    },
    variant="PIE",
)

SAMPLES = (DOMAINS, TAGS, FEATURES, HYPOTHESES, HYPOTHESES_PIE)
