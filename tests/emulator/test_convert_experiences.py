from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.convert_client import CODE, TWO, Api, tree

URL = "https://www.example.com/"
ALL = "include[]=variations&include[]=variations.changes&include[]=goals&include[]=audiences&include[]=locations"


def read(api: Api, made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = api("GET", f"P/experiences/{made['id']}?{ALL}")
    return found


def update(api: Api, made: dict[str, Any], body: dict[str, Any], expect: int = 200) -> dict[str, Any]:
    found: dict[str, Any] = api("POST", f"P/experiences/{made['id']}/update", body, expect)
    return found


def running(api: Api, **more: Any) -> dict[str, Any]:
    return api.experience(status="active", goals=[api.goal()], variations=TWO, **more)


def shares(made: dict[str, Any]) -> list[float]:
    return [one["traffic_distribution"] for one in made["variations"]]


def kept(made: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": one["id"]} for one in made["variations"]]


def test_a_new_experience_is_filled_in() -> None:
    api = Api()
    goal = api.goal()
    made = api.experience(name="Free Shipping Bar", goals=[goal], variations=TWO)
    assert made["key"] == "free-shipping-bar"
    assert (made["status"], made["environment"], made["traffic_distribution"]) == ("draft", "production", 100)
    assert made["primary_goal"] == goal
    assert made["goals"][0]["id"] == goal
    assert made["settings"]["matching_options"] == {"audiences": "any", "locations": "any"}
    original, other = made["variations"]
    assert (original["is_baseline"], other["is_baseline"]) == (True, False)
    assert (original["key"], original["status"], original["traffic_distribution"]) == ("original", "running", 50)
    assert other["changes"][0]["data"] == CODE["data"]
    assert made["project"] == 10002
    assert "start_time" in made
    plain = api("GET", "P/experiences/free-shipping-bar")
    assert plain["variations"] == [original["id"], other["id"]]
    assert not {"goals", "audiences", "locations", "stats", "alerts"} & plain.keys()


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": "x" * 101}, "name"),
    ({"type": "split"}, "type"),
    ({"type": "feature_rollout"}, "type"),
    ({"status": "deleted"}, "status"),
    ({"status": "active"}, "variations"),
    ({"url": "www.example.com"}, "url"),
    ({"colour": 1}, "colour"),
    ({"alerts": []}, "alerts"),
    ({"goals": [99]}, "goals"),
    ({"goals": "99"}, "goals"),
    ({"audiences": [99]}, "audiences"),
    ({"tags": [99]}, "tags"),
    ({"tags": [{"label": "x"}]}, "tags.0.name"),
    ({"primary_goal": 99}, "primary_goal"),
    ({"environment": "staging"}, "environment"),
    ({"traffic_distribution": 101}, "traffic_distribution"),
    ({"settings": {"colour": 1}}, "settings.colour"),
    ({"settings": {"visitor_insights": {}}}, "settings.visitor_insights"),
    ({"settings": {"min_running_time": 1000}}, "settings.min_running_time"),
    ({"settings": {"matching_options": {"audiences": "some"}}}, "settings.matching_options.audiences"),
    ({"settings": {"split_url_settings": {}}}, "settings.split_url_settings"),
    ({"settings": {"stats_engine_processing": {"stats_type": "magic"}}}, "settings.stats_engine_processing.stats_type"),
    (
        {"settings": {"stats_engine_processing": {"stats_type": "bayesian", "confidence": 95}}},
        "settings.stats_engine_processing.confidence",
    ),
    (
        {"settings": {"stats_engine_processing": {"stats_type": "frequentist", "confidence": 100}}},
        "settings.stats_engine_processing.confidence",
    ),
    (
        {"settings": {"outliers": {"order_value": {"detection_type": "x"}}}},
        "settings.outliers.order_value.detection_type",
    ),
    ({"integrations": [{"provider": "nobody"}]}, "integrations.0.provider"),
    ({"integrations": [{"provider": "baidu"}]}, "integrations.0.custom_dimension"),
    ({"integrations": [{"provider": "hotjar", "evar": "1"}]}, "integrations.0.evar"),
    ({"integrations": [{"provider": "google_analytics"}]}, "integrations.0.type"),
    ({"integrations": [{"provider": "hotjar"}, {"provider": "hotjar"}]}, "integrations.1.provider"),
    ({"customizations": [{"key": "k" * 21, "value": 1}]}, "customizations.0.key"),
    ({"customizations": [{"key": "k", "value": {}}]}, "customizations.0.value"),
    ({"multipage_pages": [{"id": "p1", "name": "x", "url": URL}]}, "multipage_pages"),
    ({"variations": [{}]}, "variations.0.name"),
    ({"variations": [{"name": "x", "status": "stopped"}]}, "variations.0.status"),
    ({"variations": [{"name": "x", "id": 5}]}, "variations.0.id"),
    ({"variations": [{"name": "a", "is_baseline": True}, {"name": "b", "is_baseline": True}]}, "variations"),
    (
        {"variations": [{"name": "a", "traffic_distribution": 50}, {"name": "b", "traffic_distribution": 40}]},
        "variations",
    ),
    ({"variations": [{"name": "a", "key": "k"}, {"name": "b", "key": "k"}]}, "variations.1.key"),
    ({"site_area": {"include": [{"rule_type": "country"}], "exclude": []}}, "site_area.include.0.rule_type"),
]


@pytest.mark.parametrize(("more", "field"), BAD)
def test_experiences_that_are_refused(more: dict[str, Any], field: str) -> None:
    body = {"name": "Test", "type": "a/b", "status": "draft", "url": URL, **more}
    answer = Api()("POST", "P/experiences/add", body, 422)
    fields = answer["fields"] if isinstance(answer["fields"], list) else [answer["fields"]]
    assert fields[0] == field


@pytest.mark.parametrize("missing", ["name", "type", "status", "url"])
def test_what_a_new_experience_must_have(missing: str) -> None:
    body = {"name": "Test", "type": "a/b", "status": "draft", "url": URL}
    del body[missing]
    assert Api()("POST", "P/experiences/add", body, 422)["fields"] == missing


CHANGES: list[tuple[str, dict[str, Any], bool]] = [
    ("a/b", {"type": "customCode", "data": {"css": None, "js": "x"}}, True),
    ("a/b", {"type": "customCode", "data": {"js": "x"}}, False),
    ("a/b", {"type": "customCode", "data": {"css": "", "js": "", "colour": 1}}, False),
    ("a/b", {"type": "customCode"}, False),
    ("a/b", {"data": {}}, False),
    ("a/b", {"type": "defaultCode", "data": {"css": None, "js": None, "custom_js": None}}, True),
    ("a/b", {"type": "defaultCode", "data": {"css": None, "js": None}}, False),
    ("a/b", {"type": "richStructure", "data": {"js": "x", "selector": "#a", "text": "b"}}, True),
    ("a/b", {"type": "richStructure", "data": {"js": "x", "n": 1}}, False),
    ("a/b", {"type": "defaultRedirect", "data": {"original_pattern": "a", "variation_pattern": "b"}}, False),
    ("split_url", {"type": "defaultRedirect", "data": {"original_pattern": "a", "variation_pattern": "b"}}, True),
    ("split_url", {"type": "defaultRedirect", "data": {"original_pattern": "a"}}, False),
    ("a/b", {"type": "defaultCodeMultipage", "data": {"page_id": "p1"}}, False),
    ("a/b", {"type": "fullStackFeature", "data": {"feature_id": 1, "variables_data": {}}}, False),
    ("a/b", {"type": "magic", "data": {}}, False),
    ("a/b", {"type": "customCode", "data": {"css": "", "js": ""}, "name": "x"}, False),
]


@pytest.mark.parametrize(("kind", "change", "taken"), CHANGES)
def test_changes_of_every_type(kind: str, change: dict[str, Any], taken: bool) -> None:
    api = Api()
    body = {
        "name": "T",
        "type": kind,
        "status": "draft",
        "url": URL,
        "variations": [{"name": "a", "changes": [change]}],
    }
    made = api("POST", "P/experiences/add", body, 201 if taken else 422)
    if taken:
        stored = made["variations"][0]["changes"][0]
        assert (stored["type"], stored["data"]) == (change["type"], change["data"])
        assert api("GET", f"P/experiences/{made['id']}/changes/{stored['id']}")["data"] == change["data"]


def test_lists_of_changes_keep_update_add_and_delete() -> None:
    api = Api()
    second = {"type": "customCode", "data": {"css": "b", "js": None}}
    made = api.experience(variations=[{"name": "a", "changes": [CODE, second]}])
    one = made["variations"][0]
    first, other = one["changes"]
    sent = [{"id": other["id"]}, {"type": "customCode", "data": {"css": "c", "js": None}}]
    after = update(api, made, {"variations": [{"id": one["id"], "changes": sent}]})["variations"][0]["changes"]
    assert [change["data"]["css"] for change in after] == ["b", "c"]
    assert after[0]["id"] == other["id"]
    assert after[0]["concurrency_key"] == other["concurrency_key"]
    api("GET", f"P/experiences/{made['id']}/changes/{first['id']}", None, 404)
    changed = [{"id": other["id"], "type": "customCode", "data": {"css": "d"}}]
    after = update(api, made, {"variations": [{"id": one["id"], "changes": changed}]})["variations"][0]["changes"]
    assert [change["data"] for change in after] == [{"css": "d", "js": None}]
    for bad in (
        [{"id": other["id"], "type": "customCode"}],
        [{"id": other["id"], "type": "defaultCode", "data": {}}],
        [{"id": 5}],
        [{"id": other["id"]}, {"id": other["id"]}],
    ):
        update(api, made, {"variations": [{"id": one["id"], "changes": bad}]}, 422)
    # without the attribute they stay, an empty list empties
    assert len(update(api, made, {"variations": kept(made)})["variations"][0]["changes"]) == 1
    assert update(api, made, {"variations": [{"id": one["id"], "changes": []}]})["variations"][0]["changes"] == []


def test_the_list_of_variations_is_final() -> None:
    api = Api()
    made = api.experience(variations=[*TWO, {"name": "C"}])
    a, b, c = made["variations"]
    assert shares(made) == [33.34, 33.33, 33.33]
    after = update(api, made, {"variations": [{"id": c["id"], "name": "C2"}, {"id": a["id"]}]})
    assert [one["name"] for one in after["variations"]] == ["C2", "Original"]
    assert shares(after) == [50, 50]
    assert after["variations"][0]["key"] == c["key"]
    update(api, made, {"variations": [{"id": b["id"]}]}, 422)
    assert len(update(api, made, {"name": "renamed"})["variations"]) == 2
    grown = update(api, made, {"variations": [*kept(after), {"name": "D", "traffic_distribution": 20}]})
    assert shares(grown) == [33.34, 33.33, 33.33]
    given = [
        {"id": one["id"], "traffic_distribution": share}
        for one, share in zip(grown["variations"], (20, 30, 50), strict=True)
    ]
    assert shares(update(api, made, {"variations": given})) == [20, 30, 50]
    assert update(api, made, {"variations": []})["variations"] == []


def test_traffic_is_rounded_to_two_decimals() -> None:
    api = Api()
    thirds = [
        {"name": n, "traffic_distribution": share} for n, share in zip("abc", (33.3333, 33.3333, 33.3334), strict=True)
    ]
    body = {"name": "T", "type": "a/b", "status": "draft", "url": URL, "variations": thirds}
    api("POST", "P/experiences/add", body, 422)
    thirds[2]["traffic_distribution"] = 33.3411
    made = api("POST", "P/experiences/add", {**body, "traffic_distribution": 79.999}, 201)
    assert shares(made) == [33.33, 33.33, 33.34]
    assert made["traffic_distribution"] == 80
    # a part of the list says its share: everything is worked out again
    part = [{"name": "a", "traffic_distribution": 90}, {"name": "b"}]
    assert shares(api.experience(variations=part)) == [50, 50]


def test_variation_keys_are_unique_in_the_project() -> None:
    api = Api()
    first = api.experience(variations=TWO)
    second = api.experience(variations=TWO)
    assert [one["key"] for one in second["variations"]] == ["original-2", "b-2"]
    taken = [{"name": "x", "key": first["variations"][0]["key"]}]
    update(api, second, {"variations": [*kept(second), *taken]}, 422)


def test_one_variation_by_its_own_path() -> None:
    api = Api()
    made = api.experience(variations=[*TWO, {"name": "C"}])
    a, b, c = made["variations"]
    path = f"P/experiences/{made['id']}/variations"
    after = api("PUT", f"{path}/{b['id']}/update", {"name": "B2", "traffic_distribution": 50, "status": "running"})
    assert (after["name"], after["traffic_distribution"]) == ("B2", 50)
    assert shares(read(api, made)) == [25, 50, 25]
    api("PUT", f"{path}/{a['id']}/update", {"is_baseline": False}, 422)
    api("PUT", f"{path}/{c['id']}/update", {"is_baseline": True})
    assert [one["is_baseline"] for one in read(api, made)["variations"]] == [False, False, True]
    api("DELETE", f"{path}/{c['id']}/delete", None, 422)
    api("DELETE", f"{path}/{b['id']}/delete")
    assert shares(read(api, made)) == [50, 50]
    api("PUT", f"{path}/99/update", {"name": "x"}, 404)
    change = b["changes"][0]
    api("GET", f"P/experiences/{made['id']}/changes/{change['id']}", None, 404)


def test_a_change_by_its_own_path_needs_everything() -> None:
    api = Api()
    made = api.experience(variations=TWO)
    change = made["variations"][1]["changes"][0]
    path = f"P/experiences/{made['id']}/changes/{change['id']}"
    api("PUT", path, {"type": "customCode", "data": {"js": "y()"}}, 422)
    api("PUT", path, {"data": {"js": "y()", "css": None}}, 422)
    api("PUT", path, {"type": "defaultCode", "data": {"js": None, "css": None, "custom_js": None}}, 422)
    after = api("PUT", path, {"type": "customCode", "data": {"js": "y()", "css": None}})
    assert after["data"]["js"] == "y()"
    assert read(api, made)["variations"][1]["changes"][0]["data"]["js"] == "y()"
    api("PUT", path, {"type": "customCode", "data": CODE["data"], "concurrency_key": change["concurrency_key"]}, 409)


def test_stale_concurrency_keys_are_conflicts() -> None:
    api = Api()
    made = api.experience(variations=TWO)
    key = made["concurrency_key"]
    after = update(api, made, {"description": "x", "concurrency_key": key})
    assert after["concurrency_key"] != key
    assert update(api, made, {"description": "y", "concurrency_key": key}, 409)["code"] == 409
    assert read(api, made)["description"] == "x"
    same = update(api, made, {"description": "x"})
    assert same["concurrency_key"] == after["concurrency_key"]
    stale = made["variations"][1]["concurrency_key"]
    path = f"P/experiences/{made['id']}/variations/{made['variations'][1]['id']}/update"
    api("PUT", path, {"name": "B2", "concurrency_key": stale})
    api("PUT", path, {"name": "B3", "concurrency_key": stale}, 409)
    api("PUT", path, {"name": "B3", "concurrency_key": None})
    assert read(api, made)["concurrency_key"] != after["concurrency_key"]


MOVES: list[tuple[list[str], str, int]] = [
    ([], "active", 200),
    ([], "paused", 422),
    ([], "archived", 200),
    ([], "completed", 422),
    ([], "draft", 200),
    ([], "scheduled", 200),
    (["active"], "paused", 200),
    (["active"], "archived", 422),
    (["active"], "completed", 200),
    (["active"], "draft", 422),
    (["active", "paused"], "active", 200),
    (["active", "paused"], "archived", 200),
    (["active", "completed"], "active", 200),
    (["active", "completed"], "archived", 200),
    (["archived"], "active", 422),
    (["archived"], "draft", 422),
    ([], "deleted", 422),
]


@pytest.mark.parametrize(("way", "status", "expect"), MOVES)
def test_the_life_of_an_experience(way: list[str], status: str, expect: int) -> None:
    api = Api()
    made = api.experience(goals=[api.goal()], variations=TWO)
    for step in way:
        update(api, made, {"status": step})
    update(api, made, {"status": status}, expect)
    assert read(api, made)["status"] == (status if expect == 200 else ([*way] or ["draft"])[-1])


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"variations": []}, "variations"),
        ({"variations": TWO[1:]}, "variations"),
        ({"variations": [TWO[0], {"name": "B"}]}, "variations"),
        ({"goals": []}, "goals"),
    ],
)
def test_what_an_active_experience_needs(more: dict[str, Any], field: str) -> None:
    api = Api()
    body = {
        "name": "T",
        "type": "a/b",
        "status": "active",
        "url": URL,
        "goals": [api.goal()],
        "variations": TWO,
        **more,
    }
    assert api("POST", "P/experiences/add", body, 422)["fields"] == field
    made = api("POST", "P/experiences/add", {**body, "status": "draft"}, 201)
    assert update(api, made, {"status": "active"}, 422)["fields"] == field


def test_start_and_stop_are_stamped() -> None:
    api = Api()
    made = running(api, start_time=5)
    assert made["start_time"] > 1_700_000_000
    assert made["end_time"] == 0
    stopped = update(api, made, {"status": "paused"})
    assert stopped["start_time"] == made["start_time"]
    assert stopped["end_time"] >= made["start_time"]


def test_a_started_experience_keeps_its_variations() -> None:
    api = Api()
    made = running(api)
    update(api, made, {"variations": [*kept(made), {"name": "C"}]}, 422)
    update(api, made, {"variations": kept(made)[:1]}, 422)
    api("DELETE", f"P/experiences/{made['id']}/variations/{made['variations'][1]['id']}/delete", None, 422)
    changed = [{**one, "name": "New name"} for one in kept(made)]
    assert update(api, made, {"variations": changed})["variations"][0]["name"] == "New name"
    update(api, made, {"status": "paused"})
    update(api, made, {"variations": kept(made)[:1]}, 422)


def test_goals_and_the_primary_goal() -> None:
    api = Api()
    a, b = api.goal("a"), api.goal("b")
    made = api.experience(goals=[a, b])
    assert made["primary_goal"] == a
    assert update(api, made, {"goals": [b]}, 422)["fields"] == "goals"
    after = update(api, made, {"goals": [b], "primary_goal": b})
    assert (after["primary_goal"], [one["id"] for one in after["goals"]]) == (b, [b])
    body = {"name": "D", "type": "deploy", "status": "draft", "url": URL}
    assert api("POST", "P/experiences/add", {**body, "goals": [a]}, 422)["fields"] == "goals"
    deploy = {**body, "status": "active", "variations": [{"name": "x", "changes": [CODE]}]}
    assert api("POST", "P/experiences/add", deploy, 201)["primary_goal"] is None


def test_defaults_of_the_project_join_new_experiences() -> None:
    api = Api()
    default, own = api.goal("default", selected_default=True), api.goal("own")
    place = api("POST", "P/locations/add", {"name": "l", "rules": None, "selected_default": True}, 201)["id"]
    assert api("GET", "P?include[]=default_goals")["default_goals"] == [{"id": default, "name": "default"}]
    made = api.experience(goals=[own])
    assert [one["id"] for one in made["goals"]] == [own, default]
    assert [one["id"] for one in made["locations"]] == [place]
    api("POST", "P/update", {"default_goals": []}, 201)
    assert api("GET", f"P/goals/{default}")["selected_default"] is False
    after = update(api, made, {"goals": [own]})
    assert [one["id"] for one in after["goals"]] == [own]


def test_nested_objects_are_replaced_as_a_whole() -> None:
    api = Api()
    made = api.experience(settings={"min_running_time": 14, "matching_options": {"audiences": "all"}})
    assert made["settings"]["matching_options"] == {"audiences": "all", "locations": "any"}
    after = update(api, made, {"settings": {"stats_engine_processing": {"stats_type": "frequentist", "power": 80}}})
    assert after["settings"]["min_running_time"] == 0
    assert after["settings"]["matching_options"]["audiences"] == "any"
    assert after["settings"]["stats_engine_processing"]["test_type"] == "two_tails"


def test_integrations() -> None:
    api = Api()
    analytics = {"provider": "google_analytics", "type": "ga4", "measurementId": "G-1"}
    made = api.experience(integrations=[{"provider": "hotjar"}, {**analytics, "enabled": True}], variations=TWO)
    assert {one["provider"]: one["enabled"] for one in made["integrations"]} == {
        "hotjar": True,
        "google_analytics": True,
    }
    assert len(made["integrations"][1]["audiences"]) == 2
    after = update(api, made, {"integrations": [analytics]})
    assert [(one["provider"], one["enabled"]) for one in after["integrations"]] == [("google_analytics", False)]
    assert update(api, made, {"name": "x"})["integrations"] == after["integrations"]


def test_tags_are_made_on_the_fly() -> None:
    api = Api()
    made = api.experience(tags=[{"name": "q1"}])
    assert api("GET", f"P/experiences/{made['id']}?expand[]=tags")["tags"][0]["name"] == "q1"
    assert update(api, made, {"tags": []})["tags"] == []


def test_multipage_pages_and_changes_belong_together() -> None:
    api = Api()
    page = {"id": "p1", "name": "Cart", "url": URL}

    def change(name: str) -> dict[str, Any]:
        return {"type": "defaultCodeMultipage", "data": {"page_id": name}}

    body = {"name": "M", "type": "multipage", "status": "draft", "url": URL, "multipage_pages": [page]}
    half: list[dict[str, Any]] = [{"name": "a", "changes": [change("p1")]}, {"name": "b"}]
    assert api("POST", "P/experiences/add", {**body, "variations": half}, 422)["fields"] == "variations.1.changes"
    wrong = [{"name": "a", "changes": [change("p1"), change("p2")]}]
    api("POST", "P/experiences/add", {**body, "variations": wrong}, 422)
    twice = {**body, "multipage_pages": [page, page]}
    api("POST", "P/experiences/add", {**twice, "variations": [half[0]]}, 422)
    api("POST", "P/experiences/add", {**body, "multipage_pages": [{**page, "id": "P-1"}]}, 422)
    made = api("POST", "P/experiences/add", {**body, "variations": [half[0], {**half[0], "name": "b"}]}, 201)
    assert made["multipage_pages"] == [page]
    more = [page, {**page, "id": "p2"}]
    update(api, made, {"multipage_pages": more}, 422)
    both = [{"id": one["id"], "changes": [*one["changes"], change("p2")]} for one in made["variations"]]
    for one in both:
        one["changes"] = [{"id": one["changes"][0]["id"]}, one["changes"][1]]
    assert len(update(api, made, {"multipage_pages": more, "variations": both})["multipage_pages"]) == 2


def test_fullstack_experiences() -> None:
    api = Api()
    api.fullstack()
    variables = [{"key": "enabled", "type": "boolean"}, {"key": "max", "type": "integer"}]
    feature = api("POST", "P/features/add", {"name": "F", "variables": variables}, 201)["id"]
    body = {"name": "R", "type": "feature_rollout", "status": "active", "url": URL, "traffic_distribution": 10}

    def with_data(data: dict[str, Any]) -> dict[str, Any]:
        return {**body, "variations": [{"name": "On", "changes": [{"type": "fullStackFeature", "data": data}]}]}

    good = {"feature_id": feature, "variables_data": {"enabled": True, "max": 50}}
    made = api("POST", "P/experiences/add", with_data(good), 201)
    assert made["variations"][0]["traffic_distribution"] == 100
    api("POST", "P/experiences/add", with_data({**good, "feature_id": 99}), 422)
    api("POST", "P/experiences/add", with_data({**good, "variables_data": {"colour": 1}}), 422)
    api("POST", "P/experiences/add", with_data({**good, "variables_data": {"max": "50"}}), 422)
    api("POST", "P/experiences/add", {**body, "type": "a/b", "status": "draft"}, 422)
    assert "1 experience" in api("DELETE", f"P/features/{feature}/delete", None, 422)["message"]
    assert len(api("POST", "P/experiences", {"features": [feature]})["data"]) == 1


def test_what_is_in_use_cannot_be_deleted() -> None:
    api = Api()
    goal = api.goal()
    audience = api("POST", "P/audiences/add", {"name": "a", "type": "transient", "rules": None}, 201)["id"]
    location = api("POST", "P/locations/add", {"name": "l", "rules": tree("url")}, 201)["id"]
    made = api.experience(goals=[goal], audiences=[audience], locations=[location])
    api.experience(goals=[goal])
    assert "used by 2 experiences" in api("DELETE", f"P/goals/{goal}/delete", None, 422)["message"]
    assert "used by 1 experience" in api("DELETE", f"P/audiences/{audience}/delete", None, 422)["message"]
    api("DELETE", f"P/locations/{location}/delete", None, 422)
    assert api("DELETE", f"P/experiences/{made['id']}/delete")["code"] == 200
    api("GET", f"P/experiences/{made['id']}", None, 404)
    assert api("POST", "P/experiences", {"status": ["deleted"]})["data"] == []
    api("DELETE", f"P/audiences/{audience}/delete")
    api("DELETE", f"P/locations/{location}/delete")


def test_bulk_status_of_experiences() -> None:
    api = Api()
    good, draft = running(api), api.experience()
    api("POST", "P/experiences/bulk-update", {"id": [1], "status": "completed"}, 422)
    answer = api("POST", "P/experiences/bulk-update", {"id": [good["id"], draft["id"]], "status": "paused"})
    assert [one["id"] for one in answer["errors"]] == [draft["id"]]
    assert read(api, good)["status"] == "paused"


def test_type_cannot_be_changed_and_clones_are_drafts() -> None:
    api = Api()
    made = running(api)
    assert update(api, made, {"type": "a/a"}, 422)["fields"] == "type"
    update(api, made, {"type": "a/b"})
    clone = api("POST", f"P/experiences/{made['id']}/clone", {"name": "Again"}, 201)
    assert (clone["status"], clone["name"], clone["key"], clone["start_time"]) == ("draft", "Again", "again", 0)
    assert not {one["id"] for one in clone["variations"]} & {one["id"] for one in made["variations"]}
    assert clone["variations"][1]["changes"][0]["data"] == CODE["data"]
