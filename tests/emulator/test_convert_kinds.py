from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.convert_client import RULE, TREE, Api, tree

GOOD_GOALS: list[dict[str, Any]] = [
    {"type": "advanced", "triggering_rule": TREE},
    {"type": "advanced", "triggering_rule": None},
    {"type": "visits_page", "triggering_rule": tree("url", "endsWith", "/thanks")},
    {"type": "code_trigger"},
    {"type": "code_trigger", "settings": {}},
    {"type": "revenue", "settings": {"triggering_type": "manual"}},
    {"type": "clicks_link", "settings": {"href": "/x"}},
    {"type": "submits_form", "settings": {"action": "/x"}},
    {"type": "clicks_element", "settings": {"selector": "#x", "only_where_experience_runs": True}},
    {"type": "dom_interaction", "settings": {"tracked_items": [{"selector": "#x", "event": "click"}]}},
    {"type": "scroll_percentage", "settings": {"percentage": 75}},
    {"type": "ga_import"},
    {"type": "ga_import", "settings": {"ga_event": "purchase"}},
]


@pytest.mark.parametrize("body", GOOD_GOALS, ids=lambda body: body["type"])
def test_goals_of_every_type(body: dict[str, Any]) -> None:
    api = Api()
    goal = api("POST", "P/goals/add", {"name": "Add to Cart!", **body}, 201)
    assert goal["key"] == "add-to-cart"
    assert (goal["status"], goal["is_system"], goal["selected_default"]) == ("active", False, False)
    assert goal["triggering_rule"] == body.get("triggering_rule")
    if body.get("settings"):
        assert goal["settings"] == body["settings"]
    plain = api("GET", f"P/goals/{goal['id']}")
    assert "triggering_rule" not in plain
    assert api("GET", "P/goals/add-to-cart?include[]=stats")["stats"] == {"conversions_last_48h": 0, "times_used": 0}


BAD_GOALS: list[tuple[dict[str, Any], str]] = [
    ({"type": "code_trigger"}, "name"),
    ({"name": "x"}, "type"),
    ({"name": "x", "type": "nothing"}, "type"),
    ({"name": "x" * 101, "type": "code_trigger"}, "name"),
    ({"name": "x", "type": "code_trigger", "key": "k" * 33}, "key"),
    ({"name": "x", "type": "code_trigger", "description": "d" * 501}, "description"),
    ({"name": "x", "type": "code_trigger", "status": "deleted"}, "status"),
    ({"name": "x", "type": "code_trigger", "settings": {"a": 1}}, "settings.a"),
    ({"name": "x", "type": "code_trigger", "colour": 1}, "colour"),
    ({"name": "x", "type": "code_trigger", "id": 1}, "id"),
    ({"name": "x", "type": "code_trigger", "is_system": True}, "is_system"),
    ({"name": "x", "type": "advanced"}, "triggering_rule"),
    ({"name": "x", "type": "revenue"}, "settings"),
    ({"name": "x", "type": "revenue", "settings": {}}, "settings.triggering_type"),
    ({"name": "x", "type": "revenue", "settings": {"triggering_type": "auto"}}, "settings.triggering_type"),
    ({"name": "x", "type": "clicks_link", "settings": {"href": 1}}, "settings.href"),
    ({"name": "x", "type": "scroll_percentage", "settings": {"percentage": "75"}}, "settings.percentage"),
    (
        {"name": "x", "type": "dom_interaction", "settings": {"tracked_items": [{"selector": "a"}]}},
        "settings.tracked_items.0.event",
    ),
    (
        {"name": "x", "type": "advanced", "triggering_rule": tree("visitor_id", "matches")},
        "triggering_rule.OR.0.AND.0.OR_WHEN.0.rule_type",
    ),
]


@pytest.mark.parametrize(("body", "field"), BAD_GOALS)
def test_goals_that_are_refused(body: dict[str, Any], field: str) -> None:
    answer = Api()("POST", "P/goals/add", body, 422)
    assert answer["code"] == 422
    assert answer["fields"] == field
    assert field in answer["message"]


def test_several_faults_are_told_together() -> None:
    answer = Api()("POST", "P/goals/add", {"name": 1, "type": "x"}, 422)
    assert answer["fields"] == ["name", "type"]
    assert len(answer["message"]) == 2


def test_goal_update_is_a_merge_that_needs_the_type() -> None:
    api = Api()
    goal = api("POST", "P/goals/add", {"name": "A", "type": "revenue", "settings": {"triggering_type": "ga"}}, 201)
    path = f"P/goals/{goal['id']}/update"
    assert api("POST", path, {"name": "B"}, 422)["fields"] == "type"
    updated = api("POST", path, {"name": "B", "type": "revenue"})
    assert (updated["name"], updated["key"], updated["settings"]) == ("B", "a", {"triggering_type": "ga"})
    assert api("POST", path, {"type": "clicks_link"}, 422)["fields"] == "settings"
    changed = api("POST", path, {"type": "clicks_link", "settings": {"href": "/"}})
    assert changed["settings"] == {"href": "/"}
    assert "settings" not in api("POST", path, {"type": "code_trigger"})


def test_keys_are_unique_in_the_project_and_made_of_names() -> None:
    api = Api()
    first = api.goal("Größe & Préis")
    assert api("GET", f"P/goals/{first}")["key"] == "groe-preis"
    second = api.goal("Größe & Préis")
    assert api("GET", f"P/goals/{second}")["key"] == "groe-preis-2"
    long = api("GET", f"P/goals/{api.goal('x' * 60)}")["key"]
    assert long == "x" * 32
    assert api("GET", f"P/goals/{api.goal('x' * 60)}")["key"] == "x" * 30 + "-2"
    body = {"name": "Other", "type": "code_trigger", "key": "groe-preis"}
    assert api("POST", "P/goals/add", body, 422)["fields"] == "key"
    assert (
        api("POST", f"P/goals/{second}/update", {"type": "code_trigger", "key": "groe-preis"}, 422)["fields"] == "key"
    )
    # the key of a deleted goal is free again
    api("DELETE", f"P/goals/{first}/delete")
    api("POST", "P/goals/add", body, 201)


def test_system_goals_and_presets_are_read_only() -> None:
    api = Api()
    place = {"_account": "10001", "project_id": 10002}
    api.platform.load(
        {
            "goals": [{**place, "id": 5, "name": "Bounce", "type": "code_trigger", "is_system": True}],
            "audiences": [{**place, "id": 6, "name": "New", "type": "transient", "preset": True}],
            "locations": [{**place, "id": 7, "name": "All", "preset": True}],
        }
    )
    api("POST", "P/goals/5/update", {"type": "code_trigger", "name": "x"}, 422)
    api("DELETE", "P/goals/5/delete", None, 422)
    api("POST", "P/audiences/6/update", {"type": "transient", "name": "x"}, 422)
    api("DELETE", "P/locations/7/delete", None, 422)
    assert api("POST", "P/locations/bulk-delete", {"id": [7]})["errors"][0]["id"] == 7
    assert all(one["preset"] for one in api("GET", "P/audiences-presets")["data"])
    assert all(one["preset"] for one in api("GET", "P/locations-presets")["data"])


RULES: list[tuple[str, str, str, Any, dict[str, Any], bool]] = [
    # where, rule type, match type, value, more, taken
    ("permanent", "country", "equals", "DE", {}, True),
    ("permanent", "country", "equals", "DEU", {}, False),
    ("permanent", "url", "contains", "/p", {}, False),
    ("transient", "query_string", "contains", "a", {}, False),
    ("segmentation", "url", "contains", "/p", {}, True),
    ("transient", "is_mobile", "equals", True, {}, True),
    ("transient", "is_mobile", "equals", "true", {}, False),
    ("transient", "visits_count", "less", 3, {}, True),
    ("transient", "visits_count", "greater", 3, {}, False),
    ("transient", "visits_count", "equals", 3, {}, False),
    ("transient", "visits_count", "less", True, {}, False),
    ("transient", "local_time_day_of_week", "equalsNumber", 7, {}, True),
    ("transient", "local_time_day_of_week", "equalsNumber", 8, {}, False),
    ("transient", "project_time_hour_of_day", "less", 24, {}, True),
    ("transient", "project_time_minute_of_hour", "less", 0, {}, False),
    ("transient", "browser_name", "equals", "chrome", {}, True),
    ("transient", "browser_name", "equals", "netscape", {}, False),
    ("transient", "os", "equals", "ios", {}, False),
    ("transient", "visitor_type", "equals", "new", {}, True),
    ("transient", "weather_condition", "contains", "rain", {}, True),
    ("transient", "cookie", "matches", "gold", {"key": "tier"}, True),
    ("transient", "cookie", "matches", "gold", {}, False),
    ("transient", "city", "contains", "x", {"key": "tier"}, False),
    ("transient", "goal_triggered", "equals", 99, {}, False),
    ("transient", "bucketed_into_experience", "equals", True, {}, True),
    ("transient", "unknown_rule", "equals", True, {}, False),
    ("transient", "js_condition", "equals", "true", {}, True),
    ("location", "url", "regexMatches", "^x", {}, True),
    ("location", "page_tag_custom_4", "contains", "x", {}, True),
    ("location", "page_tag_product_price", "less", 10.5, {}, True),
    ("location", "generic_bool_key_value", "equals", False, {"key": "a"}, True),
    ("location", "country", "equals", "DE", {}, False),
    ("location", "cookie", "matches", "x", {"key": "a"}, False),
]


@pytest.mark.parametrize(("where", "rule_type", "match", "value", "more", "taken"), RULES)
def test_which_rule_may_stand_where(
    where: str, rule_type: str, match: str, value: Any, more: dict[str, Any], taken: bool
) -> None:
    rules = tree(rule_type, match, value, **more)
    body = {"name": "x", "rules": rules} if where == "location" else {"name": "x", "type": where, "rules": rules}
    path = "P/locations/add" if where == "location" else "P/audiences/add"
    answer = Api()("POST", path, body, 201 if taken else 422)
    if taken:
        assert answer["rules"] == rules


@pytest.mark.parametrize(
    "rules",
    [
        {},
        [],
        {"OR": []},
        {"AND": [{"OR_WHEN": [RULE]}]},
        {"OR": [{"AND": [RULE]}]},
        {"OR": [{"AND": [{"OR_WHEN": [{**RULE, "matching": {}}]}]}]},
        {"OR": [{"AND": [{"OR_WHEN": [{**RULE, "colour": 1}]}]}]},
        {"OR": [{"AND": [{"OR_WHEN": [{"rule_type": "js_condition", "matching": RULE["matching"]}]}]}]},
    ],
)
def test_rule_trees_of_a_wrong_form(rules: Any) -> None:
    Api()("POST", "P/audiences/add", {"name": "x", "type": "transient", "rules": rules}, 422)


def test_a_cookie_that_exists_needs_no_value() -> None:
    rule = {"rule_type": "cookie", "key": "a", "matching": {"match_type": "exists"}}
    body = {"name": "x", "type": "transient", "rules": {"OR": [{"AND": [{"OR_WHEN": [rule]}]}]}}
    Api()("POST", "P/audiences/add", body, 201)


def test_rules_must_be_present_on_create_and_may_be_null() -> None:
    api = Api()
    assert api("POST", "P/audiences/add", {"name": "x", "type": "transient"}, 422)["fields"] == "rules"
    made = api("POST", "P/audiences/add", {"name": "x", "type": "transient", "rules": None}, 201)
    assert (made["rules"], made["preset"], made["status"]) == (None, False, "active")
    assert api("POST", f"P/audiences/{made['id']}/update", {"rules": TREE}, 422)["fields"] == "type"
    api("POST", f"P/audiences/{made['id']}/update", {"rules": TREE, "type": "transient"})
    assert api("POST", "P/locations/add", {"name": "x"}, 422)["fields"] == "rules"


def test_rules_refer_to_goals_and_segments_of_the_project() -> None:
    api = Api()
    goal = api.goal()
    plain = api("POST", "P/audiences/add", {"name": "x", "type": "transient", "rules": None}, 201)["id"]
    uses = {"name": "u", "type": "transient", "rules": tree("goal_triggered", "equals", goal)}
    user = api("POST", "P/audiences/add", uses, 201)["id"]
    bad = {"name": "u", "type": "transient", "rules": tree("bucketed_into_segment", "equals", plain)}
    api("POST", "P/audiences/add", bad, 422)
    assert "1 audience" in api("DELETE", f"P/goals/{goal}/delete", None, 422)["message"]
    api("DELETE", f"P/audiences/{user}/delete")
    api("DELETE", f"P/goals/{goal}/delete")


@pytest.mark.parametrize(
    ("trigger", "status"),
    [
        ({"type": "upon_run"}, 201),
        ({"type": "manual"}, 201),
        ({"type": "manual", "js": "x"}, 422),
        ({"type": "dom_element", "selector": "#a", "events": ["in_view"]}, 201),
        ({"type": "dom_element", "selector": "#a"}, 422),
        ({"type": "dom_element", "selector": "#a", "events": ["touch"]}, 422),
        ({"type": "callback", "js": "x"}, 201),
        ({"type": "callback"}, 422),
        ({"type": "never"}, 422),
    ],
)
def test_triggers_of_locations(trigger: dict[str, Any], status: int) -> None:
    Api()("POST", "P/locations/add", {"name": "x", "rules": None, "trigger": trigger}, status)


def test_trigger_and_rules_of_a_location_must_be_asked_for() -> None:
    api = Api()
    made = api("POST", "P/locations/add", {"name": "x", "rules": None}, 201)
    assert made["trigger"] == {"type": "upon_run"}
    assert not {"rules", "trigger"} & api("GET", f"P/locations/{made['id']}").keys()
    assert "rules" in api("GET", f"P/locations/{made['id']}?include[]=rules")
    assert api("POST", "P/locations", {"include": ["trigger"]})["data"][0]["trigger"] == {"type": "upon_run"}


def test_fullstack_projects() -> None:
    api = Api()
    api("POST", "P/features/add", {"name": "x", "variables": []}, 422)
    assert api("POST", "P/features", {})["data"] == []
    api.fullstack()
    api("POST", "P/audiences/add", {"name": "x", "type": "permanent", "rules": None}, 422)
    api("POST", "P/locations/add", {"name": "x", "rules": None, "trigger": {"type": "manual"}}, 422)


@pytest.mark.parametrize(
    ("kind", "value", "taken"),
    [
        ("boolean", False, True),
        ("boolean", "false", False),
        ("integer", 20, True),
        ("integer", 2.5, False),
        ("integer", True, False),
        ("float", 2.5, True),
        ("string", "x", True),
        ("string", 1, False),
        ("json", '{"mode":"light"}', True),
        ("json", {"mode": "light"}, False),
        ("json", "{", False),
        ("json", None, True),
        ("object", None, False),
    ],
)
def test_variables_of_features(kind: str, value: Any, taken: bool) -> None:
    api = Api()
    api.fullstack()
    body = {"name": "New Checkout", "variables": [{"key": "v", "type": kind, "default_value": value}]}
    made = api("POST", "P/features/add", body, 201 if taken else 422)
    if taken:
        assert made["key"] == "new-checkout"
        assert api("GET", "P/features/new-checkout")["variables"] == body["variables"]


def test_archived_features_are_found_by_key_only() -> None:
    api = Api()
    api.fullstack()
    one = api("POST", "P/features/add", {"name": "Flag", "variables": [{"key": "a", "type": "string"}]}, 201)
    assert one["variables"] == [{"key": "a", "type": "string", "default_value": None}]
    again = [{"key": "a", "type": "string"}, {"key": "a", "type": "json"}]
    api("POST", f"P/features/{one['id']}/update", {"variables": again}, 422)
    api("POST", f"P/features/{one['id']}/update", {"status": "archived"})
    assert api("POST", "P/features", {})["data"] == []
    assert api("GET", "P/features/flag")["status"] == "archived"
    assert api("POST", "P/features/add", {"name": "x", "key": "flag", "variables": []}, 422)["fields"] == "key"


def test_domains() -> None:
    api = Api()
    one = api("POST", "P/domains/add", {"url": "https://WWW.Example.com/", "code_installed": True}, 201)
    assert (one["url"], one["code_installed"]) == ("https://www.example.com", False)
    api("POST", "P/domains/add", {"url": "https://www.example.com"}, 422)
    api("POST", "P/domains/add", {"url": "ftp://x"}, 422)
    api("POST", "P/domains/add", {"url": "https://" + "x" * 150}, 422)
    wild = api("POST", "P/domains/add", {"url": "https://*.example.org"}, 201)
    assert api("POST", "P/domains/by_url", {"url": "https://a.example.org"})["id"] == wild["id"]
    api("POST", "P/domains/by_url", {"url": "https://none.example"}, 404)
    assert api("POST", f"P/domains/{one['id']}/check_code", {})["code_installed"] is True
    api("POST", "P/domains", {"sort_by": "id"}, 422)
    api("POST", "P/domains", {"search": "x"}, 422)
    assert len(api("POST", "P/domains", {})["data"]) == 2


def test_tags_may_repeat_and_leave_with_their_associations() -> None:
    api = Api()
    tag = api("POST", "P/tags/add", {"name": "q1"}, 201)
    assert api("POST", "P/tags/add", {"name": "q1", "description": "again"}, 201)["id"] != tag["id"]
    made = api("POST", "P/observations/add", {"name": "Drop-off", "tags": [tag["id"], {"name": "fresh"}]}, 201)
    names = {one["id"]: one["name"] for one in api("POST", "P/tags", {})["data"]}
    assert [names[one] for one in made["tags"]] == ["q1", "fresh"]
    api("DELETE", f"P/tags/{tag['id']}/delete")
    assert api("GET", f"P/observations/{made['id']}")["tags"] == made["tags"][1:]
    api("POST", "P/tags", {"sort_direction": "asc"}, 422)
    api("POST", "P/tags", {"onlyCount": True}, 422)
    api("POST", "P/tags", {"search": "x" * 101}, 422)


def test_placeholders_are_unique() -> None:
    api = Api()
    one = api("POST", "P/visitors-data/placeholders/add", {"placeholder": "city", "default_value": "x"}, 201)
    api("POST", "P/visitors-data/placeholders/add", {"placeholder": "city"}, 422)
    api("POST", f"P/visitors-data/placeholders/{one['id']}/update", {"placeholder": "town"})
    assert api("POST", "P/visitors-data/placeholders", {"search": "TOW"})["data"][0]["placeholder"] == "town"
    api("POST", "P/visitors-data/placeholders", {"only": [1]}, 422)
    api("DELETE", f"P/visitors-data/placeholders/{one['id']}/delete")


SCORE = {
    "prioritization_score_type": "ICE",
    "prioritization_score_attributes": {"impact": 4, "confidence": 3, "ease": 5},
}


def test_hypotheses() -> None:
    api = Api()
    experience = api.experience()["id"]
    body = {"name": "H", "status": "applied", **SCORE, "experiences": [experience]}
    one = api("POST", "P/hypotheses/add", body, 201)
    assert one["prioritization_score"] == "4.00"
    assert one["project"] == 10002
    path = f"P/hypotheses/{one['id']}"
    api("POST", f"{path}/update", {"prioritization_score_type": "PIE"}, 422)
    api("POST", f"{path}/update", {"prioritization_score_attributes": {"impact": 6, "confidence": 3, "ease": 5}}, 422)
    api("POST", f"{path}/update", {"start_date": "01.02.2026"}, 422)
    assert api("POST", f"{path}/update", {"start_date": "2026-02-01"})["start_date"] == "2026-02-01"
    assert api("POST", f"{path}/update-status", {"status": "proven"})["status"] == "proven"
    assert api("GET", f"{path}?expand[]=experiences")["experiences"][0]["name"] == "Test"
    assert api("POST", "P/hypotheses", {"scoreMin": 5})["data"] == []
    assert api("POST", "P/hypotheses", {"scoreMax": 4, "sort_by": "score"})["data"][0]["id"] == one["id"]
    entry = api("POST", f"{path}/convert", {}, 201)
    assert api("GET", f"P/knowledge-bases/{entry['id']}")["name"] == "H"
    assert api("DELETE", f"{path}/delete")["name"] == "H"
    api("GET", path, None, 404)


def test_only_the_status_of_the_knowledge_base_can_be_changed() -> None:
    api = Api()
    one = api("POST", "P/knowledge-bases/add", {"name": "K", "summary": "s"}, 201)
    path = f"P/knowledge-bases/{one['id']}"
    api("POST", f"{path}/update", {"name": "L"}, 404)
    api("POST", f"{path}/update-status", {"status": "archived", "name": "L"}, 422)
    assert api("POST", f"{path}/update-status", {"status": "archived"})["status"] == "archived"
    api("POST", "P/knowledge-bases", {"sort_by": "id"}, 422)
    assert api("POST", "P/knowledge-bases", {"status": ["archived"]})["data"][0]["id"] == one["id"]
    assert api("DELETE", f"{path}/delete")["id"] == one["id"]


def test_observations() -> None:
    api = Api()
    picture = {"url": "https://x.example/a.png", "name": "a"}
    api("POST", "P/observations/add", {"name": "x", "images": [picture] * 4}, 422)
    one = api("POST", "P/observations/add", {"name": "x", "images": [picture], "url": None}, 201)
    assert (one["status"], one["created_by"]) == ("active", "emulator-convert")
    assert api("POST", f"P/observations/{one['id']}/update", {"status": "archived"})["status"] == "archived"
    api("POST", "P/observations/bulk-update", {"id": [one["id"]], "status": "draft"}, 422)
    assert api("POST", "P/observations/bulk-update", {"id": [one["id"]], "status": "active"})["errors"] == []
    assert api("DELETE", f"P/observations/{one['id']}/delete")["id"] == one["id"]


def test_clones() -> None:
    api = Api()
    goal = api.goal("A")
    clone = api("POST", f"P/goals/{goal}/clone", {}, 201)
    assert clone["id"] != goal
    assert clone["key"] == "a-copy"
    audience = api("POST", "P/audiences/add", {"name": "x", "type": "transient", "rules": None}, 201)["id"]
    assert api("POST", f"P/audiences/{audience}/clone", {}, 201)["name"] == "x - copy"
