"""Samples of Convert's goals (one for each type), audiences and locations."""

from __future__ import annotations

from typing import Any

from tests.convergence.sample import GONE, Sample, Vary, vary


def rule(rule_type: str, match: str, value: Any, **more: Any) -> dict[str, Any]:
    """Return one condition."""
    return {"rule_type": rule_type, "matching": {"match_type": match}, "value": value, **more}


def tree(*rules: dict[str, Any]) -> list[Any]:
    """Return the OR level of a tree in which all conditions must hold."""
    return [{"AND": [{"OR_WHEN": [one]} for one in rules]}]


URL = rule("url", "endsWith", "/thanks")
OTHER_URL = rule("url_with_query", "regexMatches", "^https://www\\.shop\\.example/p/[0-9]+\\?x=1$")
MOBILE = rule("is_mobile", "equals", value=True)
COOKIE = rule("cookie", "contains", "gold", key="tier")
COUNTRY = rule("country", "equals", "DE")
VISITS = {"rule_type": "visits_count", "matching": {"match_type": "less", "negated": True}, "value": 3}
BOTH = [{"AND": [{"OR_WHEN": [MOBILE, COUNTRY]}, {"OR_WHEN": [VISITS]}]}, {"AND": [{"OR_WHEN": [COOKIE]}]}]

COMMON: dict[str, Vary] = {
    "name": vary("Purchase", "Purchase made"),
    "description": vary("Paid", "Paid in full"),
    "status": vary("active", "archived"),
    "selected_default": vary(False, True),
}


def goal(goal_type: str, settings: dict[str, Any] | None, more: dict[str, Vary], rules: Any = GONE) -> Sample:
    """Return a sample of a goal of one type."""
    body: dict[str, Any] = {
        "name": "Purchase",
        "key": "purchase",
        "type": goal_type,
        "description": "Paid",
        "status": "active",
        "selected_default": False,
    }
    if settings is not None:
        body["settings"] = settings
    if rules is not GONE:
        body["triggering_rule"] = rules
    values = {"name": COMMON["name"], "description": COMMON["description"], **more}
    return Sample("convert", "goals", body, values, variant=goal_type)


_NEEDED = "this type of goal needs it"
_TREE = vary(tree(URL), tree(URL, MOBILE), [*tree(OTHER_URL), *tree(URL)])

GOALS = (
    goal(
        "code_trigger",
        None,
        {
            **COMMON,
            "key": vary("purchase", "paid", needed="the name of the resource stands for it then"),
            "type": vary("ga_import", effect="replace", needed="required"),
        },
    ),
    goal(
        "advanced",
        None,
        {"triggering_rule.OR": vary(tree(URL), tree(MOBILE), tree(URL, COOKIE), not_null="this type of goal needs it")},
        {"OR": tree(URL)},
    ),
    goal("visits_page", None, {"triggering_rule.OR": _TREE}, {"OR": tree(URL)}),
    goal(
        "revenue",
        {"triggering_type": "manual"},
        {"settings.triggering_type": vary("manual", "ga", needed=_NEEDED)},
    ),
    goal("clicks_link", {"href": "/buy"}, {"settings.href": vary("/buy", "/buy-now", needed=_NEEDED)}),
    goal("submits_form", {"action": "/send"}, {"settings.action": vary("/send", "/send-it", needed=_NEEDED)}),
    goal(
        "clicks_element",
        {"selector": "#buy", "only_where_experience_runs": False},
        {
            "settings.selector": vary("#buy", ".btn > a[href='x']", needed=_NEEDED),
            "settings.only_where_experience_runs": vary(False, True),
        },
    ),
    goal(
        "dom_interaction",
        {"tracked_items": [{"selector": "#a", "event": "click"}]},
        {
            "settings.tracked_items": vary(
                [{"selector": "#a", "event": "click"}],
                [{"selector": "#b", "event": "focus"}, {"selector": "#a", "event": "click"}],
                [{"selector": "#b", "event": "change"}],
                needed=_NEEDED,
            )
        },
    ),
    goal(
        "scroll_percentage",
        {"percentage": 50},
        {"settings.percentage": vary(50, 75.5, 100, needed=_NEEDED), "triggering_rule.OR": _TREE},
        {"OR": tree(URL)},
    ),
    goal("ga_import", {"ga_event": "purchase"}, {"settings.ga_event": vary("purchase", "refund")}),
)

AUDIENCES = (
    Sample(
        "convert",
        "audiences",
        {
            "name": "Mobile",
            "type": "transient",
            "rules": {"OR": tree(MOBILE)},
            "description": "Paid",
            "status": "active",
            "selected_default": False,
        },
        {
            **COMMON,
            "type": vary("transient", "permanent", "segmentation"),
            "rules.OR": vary(
                tree(MOBILE),
                BOTH,
                tree(rule("goal_triggered", "equals", "bought")),
                tree(rule("bucketed_into_segment", "equals", "big"), COUNTRY),
            ),
        },
        others={
            "convert.goals.bought": {"name": "Bought", "type": "code_trigger"},
            "convert.audiences.big": {"name": "Big", "type": "segmentation", "rules": {"OR": tree(COOKIE)}},
        },
    ),
    Sample(
        "convert",
        "audiences",
        {"name": "Readers", "type": "segmentation", "rules": {"OR": tree(URL)}},
        {"rules.OR": vary(tree(URL), tree(OTHER_URL, COUNTRY))},
        variant="segmentation",
    ),
)

LOCATIONS = (
    Sample(
        "convert",
        "locations",
        {
            "name": "Product pages",
            "rules": {"OR": tree(URL)},
            "trigger": {"type": "dom_element", "selector": "#drawer", "events": ["in_view"]},
            "description": "Paid",
            "status": "active",
            "selected_default": False,
        },
        {
            **COMMON,
            "rules.OR": vary(tree(URL), tree(OTHER_URL)),
            "trigger.type": vary("manual", "upon_run", given={"trigger": {"type": "upon_run"}}),
            "trigger.selector": vary("#drawer", ".drawer", needed="a trigger of this type needs it"),
            "trigger.events": vary(
                ["in_view"], ["click", "hover"], ["change"], needed="a trigger of this type needs it"
            ),
        },
    ),
    Sample(
        "convert",
        "locations",
        {"name": "Basket", "rules": None, "trigger": {"type": "callback", "js": "function(run) { run() }"}},
        {"trigger.js": vary("function(run) { run() }", "function(go) {\n  go(`${x}`)\n}", needed="needed by its type")},
        variant="callback",
    ),
)

SAMPLES = (*GOALS, *AUDIENCES, *LOCATIONS)
