from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.convert_client import CODE, SITE, TWO, Api, kept, read, shares, update


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
    ({"multipage_pages": [{"id": "p1", "name": "x", "url": SITE}]}, "multipage_pages"),
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
    body = {"name": "Test", "type": "a/b", "status": "draft", "url": SITE, **more}
    answer = Api()("POST", "P/experiences/add", body, 422)
    fields = answer["fields"] if isinstance(answer["fields"], list) else [answer["fields"]]
    assert fields[0] == field


@pytest.mark.parametrize("missing", ["name", "type", "status", "url"])
def test_what_a_new_experience_must_have(missing: str) -> None:
    body = {"name": "Test", "type": "a/b", "status": "draft", "url": SITE}
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
        "url": SITE,
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
    body = {"name": "T", "type": "a/b", "status": "draft", "url": SITE, "variations": thirds}
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
