from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.convert_client import CODE, SITE, TWO, Api, kept, read, running, tree, update

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
        "url": SITE,
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
    body = {"name": "D", "type": "deploy", "status": "draft", "url": SITE}
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
    page = {"id": "p1", "name": "Cart", "url": SITE}

    def change(name: str) -> dict[str, Any]:
        return {"type": "defaultCodeMultipage", "data": {"page_id": name}}

    body = {"name": "M", "type": "multipage", "status": "draft", "url": SITE, "multipage_pages": [page]}
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
    body = {"name": "R", "type": "feature_rollout", "status": "active", "url": SITE, "traffic_distribution": 10}

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
