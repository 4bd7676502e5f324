from __future__ import annotations

import time
from typing import Any

import orjson
import pytest

from reconciler.emulator.convert import ConvertPlatform
from tests.emulator.convert_client import CODE, TWO, Api


def names(answer: dict[str, Any]) -> list[str]:
    return [one["name"] for one in answer["data"]]


def test_pages() -> None:
    api = Api()
    for number in range(33):
        api.goal(f"g{number:02}")
    first = api("POST", "P/goals", None)
    assert len(first["data"]) == 30
    assert names(first)[0] == "g32"
    assert first["extra"]["pagination"] == {
        "current_page": 1,
        "items_count": 33,
        "items_per_page": 30,
        "pages_count": 2,
    }
    second = api("POST", "P/goals", {"page": 2, "sort_by": "id", "sort_direction": "asc", "results_per_page": 20})
    assert names(second) == [f"g{number:02}" for number in range(20, 33)]
    assert api("POST", "P/goals", {"page": 9})["data"] == []
    assert len(api("POST", "P/goals", {"results_per_page": None})["data"]) == 30
    counted = api("POST", "P/goals", {"onlyCount": True})
    assert "data" not in counted
    assert counted["extra"]["pagination"]["items_count"] == 33


@pytest.mark.parametrize(
    ("segment", "body", "field"),
    [
        ("goals", {"results_per_page": 51}, "results_per_page"),
        ("goals", {"page": 0}, "page"),
        ("goals", {"sort_by": "created"}, "sort_by"),
        ("goals", {"sort_direction": "up"}, "sort_direction"),
        ("goals", {"colour": 1}, "colour"),
        ("goals", {"include": ["rules"]}, "include.0"),
        ("goals", {"include": "stats"}, "include"),
        ("goals", {"except": None}, "except"),
        ("goals", {"search": "x" * 201}, "search"),
        ("audiences", {"type": ["transient"]}, "type"),
        ("audiences", {"only": list(range(101))}, "only"),
        ("features", {"status": ["active"]}, "status"),
        ("observations", {"sort_by": "id"}, "sort_by"),
        ("experiences", {"status": ["running"]}, "status.0"),
        ("experiences", {"expand": ["hypotheses"]}, "expand.0"),
    ],
)
def test_filters_that_are_refused(segment: str, body: dict[str, Any], field: str) -> None:
    assert Api()("POST", f"P/{segment}", body, 422)["fields"] == field


def test_include_of_a_query_is_an_array() -> None:
    api = Api()
    goal = api.goal()
    assert api("GET", f"P/goals/{goal}?include=stats", None, 422)["parameters"] == "include"
    assert api("GET", f"P/goals/{goal}?include[]=rules", None, 422)["parameters"] == "include"
    both = api("GET", f"P/goals/{goal}?include[]=stats&include[]=triggering_rule")
    assert {"stats", "triggering_rule"} <= both.keys()
    encoded = api("GET", f"P/goals/{goal}?include%5B%5D=stats")
    assert "stats" in encoded


@pytest.mark.parametrize(
    ("segment", "body"),
    [
        ("goals", {"type": "code_trigger"}),
        ("audiences", {"type": "transient", "rules": None}),
        ("locations", {"rules": None}),
        ("experiences", {"type": "a/b", "status": "draft", "url": "https://x.example/"}),
    ],
)
def test_a_list_without_status_leaves_out_what_is_archived(segment: str, body: dict[str, Any]) -> None:
    api = Api()
    api("POST", f"P/{segment}/add", {"name": "kept", **body}, 201)
    gone = api("POST", f"P/{segment}/add", {"name": "gone", **body}, 201)["id"]
    update = {"status": "archived"} | ({"type": body["type"]} if segment in {"goals", "audiences"} else {})
    api("POST", f"P/{segment}/{gone}/update", update)
    assert names(api("POST", f"P/{segment}", {})) == ["kept"]
    assert names(api("POST", f"P/{segment}", {"status": ["archived"]})) == ["gone"]


def test_filters_of_goals() -> None:
    api = Api()
    used, default = api.goal("used"), api.goal("default", selected_default=True)
    experience = api.experience(goals=[used], variations=TWO)["id"]
    api("POST", "P/goals/add", {"name": "money", "type": "revenue", "settings": {"triggering_type": "ga"}}, 201)
    assert names(api("POST", "P/goals", {"goal_type": ["revenue"]})) == ["money"]
    assert names(api("POST", "P/goals", {"is_default": True})) == ["default"]
    assert names(api("POST", "P/goals", {"usage": "not_used"})) == ["money"]
    assert sorted(names(api("POST", "P/goals", {"experiences": [experience]}))) == ["default", "used"]
    assert names(api("POST", "P/goals", {"only": [used]})) == ["used"]
    assert names(api("POST", "P/goals", {"except": [used, default]})) == ["money"]
    assert names(api("POST", "P/goals", {"search": "MON"})) == ["money"]
    assert names(api("POST", "P/goals", {"sort_by": "name", "sort_direction": "asc"})) == ["default", "money", "used"]


def test_projects_list_shows_web_projects_unless_told_otherwise() -> None:
    api = Api()
    api("POST", "A/projects/add", {"name": "Web"}, 201)
    api("POST", "A/projects/add", {"name": "Mobile API", "project_type": "fullstack"}, 201)
    assert names(api("POST", "A/projects", {})) == ["Web"]
    both = {"project_type": ["web", "fullstack"], "sort_by": "project_name", "sort_direction": "asc"}
    assert names(api("POST", "A/projects", both)) == ["Mobile API", "Web"]
    assert "domains" in api("POST", "A/projects", {"include": ["domains"]})["data"][0]


def test_variations_of_a_list_come_in_three_forms() -> None:
    api = Api()
    made = api.experience(variations=TWO, goals=[api.goal()])
    ids = [one["id"] for one in made["variations"]]

    def listed(**body: Any) -> dict[str, Any]:
        found: dict[str, Any] = api("POST", "P/experiences", body)["data"][0]
        return found

    assert listed()["variations"] == ids
    assert "goals" not in listed()
    slim = listed(include=["variations"])["variations"][1]
    assert (slim["name"], slim["changes"][0].keys()) == ("B", {"id", "type"})
    changes = listed(include=["variations.changes"])["variations"][1]
    assert changes.keys() == {"id", "changes"}
    assert changes["changes"][0]["data"] == CODE["data"]
    full = listed(include=["variations", "variations.changes"])["variations"][1]
    assert full["changes"][0]["data"] == CODE["data"]
    # what is included and can be expanded comes expanded
    assert listed(include=["goals"])["goals"][0]["name"] == "Goal"
    assert listed(expand=["project"])["project"]["name"] == "Project 10002"


def test_filters_of_experiences_and_the_list_across_projects() -> None:
    api = Api()
    goal = api.goal()
    one = api.experience(name="one", goals=[goal], tags=[{"name": "t"}], status="active", variations=TWO)
    api.experience(name="two", type="a/a")
    hypothesis = {
        "name": "h",
        "status": "draft",
        "prioritization_score_type": "PIE",
        "prioritization_score_attributes": {"potential": 1, "importance": 1, "ease": 1},
        "experiences": [one["id"]],
    }
    linked = api("POST", "P/hypotheses/add", hypothesis, 201)["id"]
    for body in (
        {"goals": [goal]},
        {"tags": one["tags"]},
        {"type": ["a/b"]},
        {"status": ["active"]},
        {"hypotheses": [linked]},
        {"search": "ON"},
    ):
        assert names(api("POST", "P/experiences", body)) == ["one"], body
    assert len(names(api("POST", "P/experiences", {"environments": ["production"]}))) == 2
    assert names(api("POST", "A/experiences", {})) == ["one"]
    assert api("POST", "A/experiences", {"projects": [1]})["data"] == []
    api("POST", "A/experiences", {"only": [1]}, 422)


def test_bytes_follow_writes_to_what_is_expanded() -> None:
    api = Api()
    goal = api.goal("before")
    made = api.experience(goals=[goal])
    body = {"include": ["goals"]}
    assert api("POST", "P/experiences", body)["data"][0]["goals"][0]["name"] == "before"
    api("POST", f"P/goals/{goal}/update", {"type": "code_trigger", "name": "after"})
    assert api("POST", "P/experiences", body)["data"][0]["goals"][0]["name"] == "after"
    assert api("GET", f"P/experiences/{made['id']}?include[]=goals")["goals"][0]["name"] == "after"


def test_lists_may_lag_behind_writes() -> None:
    api = Api()
    api.goal("first")
    api.stale(answers=1)
    late = api.goal("late")
    assert names(api("POST", "P/goals", {})) == ["first"]
    assert names(api("POST", "P/goals", {})) == ["late", "first"]
    assert api("GET", f"P/goals/{late}")["name"] == "late"


def test_bulk_operations_tell_failures_in_a_200() -> None:
    api = Api()
    used, free = api.goal("used"), api.goal("free")
    api.experience(goals=[used])
    answer = api("POST", "P/goals/bulk-delete", {"id": [used, free, 99]})
    assert answer["code"] == 200
    assert [one["id"] for one in answer["errors"]] == [used, 99]
    assert "1 experience" in answer["errors"][0]["message"]
    assert api("POST", "P/goals/bulk-update", {"id": [used], "status": "archived"})["errors"] == []
    assert api("GET", f"P/goals/{used}")["status"] == "archived"
    api("POST", "P/goals/bulk-update", {"id": [], "status": "archived"}, 422)
    api("POST", "P/goals/bulk-update", {"id": list(range(101)), "status": "archived"}, 422)
    api("POST", "P/tags/bulk-update", {"id": [1], "status": "archived"}, 405)


def test_a_page_of_many_objects_is_cheap() -> None:
    platform = ConvertPlatform()
    place = {"_account": "10001", "project_id": 10002}
    goals = [{**place, "id": 100 + n, "name": f"Goal {n}", "type": "code_trigger"} for n in range(5_000)]
    platform.load({"goals": goals})
    partition = platform._store.account("10001").partition(10002)
    kind = platform._kinds["goals"]
    body = {"results_per_page": 50, "sort_by": "id", "sort_direction": "asc", "include": ["triggering_rule"]}
    for page in range(1, 101):
        kind.renderer.page(kind, partition, {**body, "page": page})
    started = time.process_time()
    for page in range(1, 101):
        answer = kind.renderer.page(kind, partition, {**body, "page": page})
    spent = (time.process_time() - started) / 100
    assert len(orjson.loads(answer.body)["data"]) == 50
    assert spent < 0.0015
