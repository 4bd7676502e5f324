from __future__ import annotations

from typing import Any

import pytest

from reconciler.emulator.app import create_app
from reconciler.emulator.convert import ConvertPlatform
from reconciler.emulator.disguise import NAMES
from tests.emulator.convert_client import CODE, TREE, TWO, Api, tree


def newest(api: Api, path: str = "P", **body: Any) -> dict[str, Any]:
    found: dict[str, Any] = api("POST", f"{path}/change-history", body)["data"][0]
    return found


def test_history_of_a_goal() -> None:
    api = Api()
    goal, other = api.goal("A"), api.goal("B")
    api("POST", f"P/goals/{goal}/update", {"type": "code_trigger", "name": "A2"})
    api("POST", f"P/goals/{goal}/update", {"type": "code_trigger", "name": "A2"})
    records = api("POST", "P/change-history", {"goals": [goal]})["data"]
    assert [one["event"] for one in records] == ["update", "create"]
    update = records[0]
    assert update["object_id"] == str(goal)
    assert update["changes"] == {"old": {"name": "A"}, "new": {"name": "A2"}}
    assert (update["user"], update["method"], update["project"]) == ("emulator-convert", "api", 10002)
    assert records[1]["changes"]["old"] is None
    api("DELETE", f"P/goals/{other}/delete")
    gone = newest(api, goals=[other])
    assert (gone["event"], gone["changes"]["new"]) == ("delete", None)
    assert newest(api, expand=["project"])["project"]["name"] == "Project 10002"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("P", {"objects": ["variation"]}),
        ("P", {"methods": ["ui"]}),
        ("P", {"projects": [1]}),
        ("P", {"from": 1}),
        ("P", {"results_per_page": 51}),
        ("A", {"objects": ["location"]}),
        ("P/experiences/1", {"sort_by": "project_id"}),
    ],
)
def test_filters_of_the_history_that_are_refused(path: str, body: dict[str, Any]) -> None:
    Api()("POST", f"{path}/change-history", body, 422)


def test_history_of_an_experience_and_its_parts() -> None:
    api = Api()
    made = api.experience(variations=TWO, goals=[api.goal()])
    variation = made["variations"][1]
    path = f"P/experiences/{made['id']}"
    api("PUT", f"{path}/variations/{variation['id']}/update", {"name": "B2"})
    record = newest(api, path, variations=[variation["id"]])
    assert (record["object"], record["parent_object_id"]) == ("variation", made["id"])
    assert record["changes"] == {"old": {"name": "B"}, "new": {"name": "B2"}}
    change = variation["changes"][0]
    sent = {"type": "customCode", "data": {"css": "a{}", "js": None}}
    api("PUT", f"{path}/changes/{change['id']}", sent)
    assert newest(api, path, objects=["change"])["changes"]["new"] == {"data": sent["data"]}
    api("POST", f"{path}/update", {"status": "active"})
    assert newest(api, experiences=[made["id"]])["event"] == "activate"
    assert newest(api, objects=["experience"])["changes"]["new"]["status"] == "active"


def test_the_app_writes_history_under_the_name_of_its_user() -> None:
    api = Api()
    made = api.experience(variations=TWO, goals=[api.goal()], status="active")
    api.platform.edit("experiences", str(made["id"]), {"status": "paused"}, "anna@agency.example")
    record = newest(api, methods=["app"])
    assert (record["user"], record["method"], record["event"]) == ("anna@agency.example", "app", "pause")
    after = api("GET", f"P/experiences/{made['id']}")
    assert after["status"] == "paused"
    assert after["concurrency_key"] != made["concurrency_key"]
    api.platform.edit("experiences", str(made["id"]), {"status": "active"}, "anna")
    api.platform.edit("experiences", str(made["id"]), {"status": "completed", "_engine": True}, "anna")
    record = newest(api, methods=["app"])
    assert (record["user"], record["event"]) == ("Convert", "complete")
    assert "_engine" not in str(api.platform.dump()["experiences"])


def test_the_app_reaches_inside() -> None:
    api = Api()
    made = api.experience(variations=TWO)
    variation = made["variations"][1]
    edit = api.platform.edit
    edit("experiences", str(made["id"]), {"settings.min_running_time": 21, "variations.0.name": "Zero"}, "anna")
    edit("variations", str(variation["id"]), {"status": "stopped", "_engine": True}, "anna")
    edit("changes", str(variation["changes"][0]["id"]), {"data.js": "z()"}, "anna")
    edit("projects", "10002", {"settings.time_zone": "Europe/Berlin"}, "anna")
    found = api("GET", f"P/experiences/{made['id']}?include[]=variations&include[]=variations.changes")
    assert found["settings"]["min_running_time"] == 21
    assert found["variations"][0]["name"] == "Zero"
    assert found["variations"][1]["status"] == "stopped"
    assert found["variations"][1]["concurrency_key"] != variation["concurrency_key"]
    assert found["variations"][1]["changes"][0]["data"]["js"] == "z()"
    assert api("GET", "P")["settings"]["time_zone"] == "Europe/Berlin"
    record = newest(api, f"P/experiences/{made['id']}", objects=["variation"])
    assert record["user"] == "Convert"
    edit("variations", str(variation["id"]), None, "anna")
    assert len(api("GET", f"P/experiences/{made['id']}")["variations"]) == 1


def test_the_app_deletes_what_is_in_use() -> None:
    api = Api()
    goal, other = api.goal("a"), api.goal("b")
    made = api.experience(goals=[goal, other])
    api.platform.edit("goals", str(goal), None, "anna")
    after = api("GET", f"P/experiences/{made['id']}?include[]=goals")
    assert ([one["id"] for one in after["goals"]], after["primary_goal"]) == ([other], other)
    assert newest(api, goals=[goal])["user"] == "anna"
    for kind, wanted in (("goals", goal), ("goals", "x"), ("nothing", 1), ("variations", 1)):
        with pytest.raises(LookupError):
            api.platform.edit(kind, str(wanted), {"name": "x"}, "anna")
    with pytest.raises(LookupError):
        api.platform.edit("goals", str(other), {"name.deep.er": "x"}, "anna")


def test_projects_are_replaced_inside_and_merged_at_the_top() -> None:
    api = Api()
    body = {
        "name": "Nordlicht",
        "environments": {
            "production": {"label": "P", "is_default": True},
            "staging": {"label": "S", "is_default": False},
        },
        "domains": [{"url": "https://www.nordlicht.example"}],
        "integrations_settings": {"crazyegg": {"api_key": "k", "api_secret": "s3cret"}, "hotjar": {"enabled": True}},
        "settings": {"time_zone": "Europe/Berlin", "do_not_track": "EU ONLY"},
    }
    made = api("POST", "A/projects/add", body, 201)
    assert "s3cret" not in str(made)
    assert made["settings"]["do_not_track"] == "EU ONLY"
    assert made["settings"]["utc_offset"] == 0
    path = f"A/projects/{made['id']}"
    after = api("POST", f"{path}/update", {"settings": {"time_zone": "UTC"}, "global_javascript": "g()"}, 201)
    assert after["settings"]["do_not_track"] == "OFF"
    assert (after["name"], after["global_javascript"]) == ("Nordlicht", "g()")
    assert "global_javascript" not in api("GET", path)
    assert after["settings"]["version"] != made["settings"]["version"]
    api("POST", f"{path}/update", {"settings": after["settings"]}, 422)
    api("POST", f"{path}/update", {"integrations_settings": {"crazyegg": {"api_key": "k2"}}}, 201)
    stored = next(one for one in api.platform.dump()["projects"] if one["id"] == made["id"])
    assert stored["integrations_settings"] == {"crazyegg": {"api_key": "k2", "api_secret": "s3cret"}}
    assert "s3cret" not in str(api("POST", "A/change-history", {}))


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"status": "suspended"},
        {"project_type": "fullstack"},
        {"environments": {}},
        {"environments": {"a": {"label": "A", "is_default": True}, "b": {"label": "B", "is_default": True}}},
        {"environments": {"a": {"label": "A"}}},
        {"default_goals": [99]},
        {"domains": [99]},
        {"settings": {"colour": 1}},
        {"settings": {"utc_offset": 60_000}},
        {"settings": {"tracking_script": {"release": {"type": "scheduled"}}}},
        {"reporting_settings": {"stop_tracking_goals_after_days": "2 days"}},
        {"integrations_settings": {"google_analytics": {"type": "ga5"}}},
        {"custom_domain": {}},
        {"include": ["everything"]},
        {"modified_at": 1},
    ],
)
def test_updates_of_a_project_that_are_refused(body: dict[str, Any]) -> None:
    Api()("POST", "P/update", body, 422)


def test_the_list_of_domains_of_a_project_is_final() -> None:
    api = Api()
    first = api("POST", "P/domains/add", {"url": "https://a.example"}, 201)["id"]
    api("POST", "P/domains/add", {"url": "https://b.example"}, 201)
    after = api("POST", "P/update", {"domains": [first, {"url": "https://c.example/"}]}, 201)
    assert [one["url"] for one in after["domains"]] == ["https://a.example", "https://c.example"]
    assert len(api("POST", "P/update", {"name": "x"}, 201)["domains"]) == 2


def test_an_environment_in_use_stays() -> None:
    api = Api()
    both = {"production": {"label": "P", "is_default": True}, "staging": {"label": "S", "is_default": False}}
    api("POST", "P/update", {"environments": both}, 201)
    made = api.experience(environment="staging")
    only = {"production": both["production"]}
    assert "staging" in api("POST", "P/update", {"environments": only}, 422)["message"]
    api("POST", f"P/experiences/{made['id']}/update", {"environment": "production"})
    assert api("POST", "P/update", {"environments": only}, 201)["environments"] == only


def everything() -> Api:
    api = Api()
    api("GET", "P")
    goal = api.goal(selected_default=True, triggering_rule=TREE)
    audience = api(
        "POST",
        "P/audiences/add",
        {"name": "a", "type": "transient", "rules": tree("goal_triggered", "equals", goal)},
        201,
    )["id"]
    api("POST", "P/locations/add", {"name": "l", "rules": tree("url")}, 201)
    api("POST", "P/domains/add", {"url": "https://www.example.com"}, 201)
    made = api.experience(goals=[goal], audiences=[audience], tags=[{"name": "t"}], variations=TWO)
    api("POST", "P/experiences/add", {"name": "m", "type": "mvt", "status": "draft", "url": "https://x.example"}, 201)
    api("POST", "P/observations/add", {"name": "o", "tags": made["tags"]}, 201)
    api("POST", "P/sdk-keys/create", {"name": "k", "environment": "production"}, 201)
    api("POST", "A/api-keys/add", {"name": "k"}, 201)
    api("GET", "A/users-accesses")
    api("GET", "A/details")
    return api


def test_a_dump_can_be_loaded() -> None:
    api = everything()
    dumped = api.platform.dump()
    again = ConvertPlatform()
    again.load(dumped)
    assert again.dump() == dumped
    other = Api(again)
    query = {"include": ["variations", "variations.changes", "goals", "audiences"]}
    assert other("POST", "P/experiences", query) == api("POST", "P/experiences", query)
    assert other("POST", "P/change-history", {}) == api("POST", "P/change-history", {})
    known = {one["id"] for rows in dumped.values() for one in rows if "id" in one}
    assert other.goal("fresh") not in known
    again.reset()
    assert not any(again.dump().values())


def test_little_data_is_filled_in() -> None:
    platform = ConvertPlatform()
    data = {
        "projects": [{"id": 10007, "project_type": "fullstack"}],
        "features": [{"project_id": 10007, "name": "Flag One"}],
        "experiences": [
            {
                "project_id": 10007,
                "id": 500,
                "name": "R",
                "type": "feature_rollout",
                "status": "active",
                "url": "https://x.example",
                "variations": [{"name": "On"}, {"name": "Off"}],
            }
        ],
    }
    create_app([platform], {"convert": data})
    api = Api(platform)
    for account in ("10001", "20001"):
        path = f"/accounts/{account}/projects/10007"
        assert api("GET", path)["project_type"] == "fullstack"
        assert api("GET", path)["account_id"] == int(account)
        assert api("GET", f"{path}/features/flag-one")["status"] == "active"
        one = api("GET", f"{path}/experiences/500?include[]=variations")
        assert [variation["traffic_distribution"] for variation in one["variations"]] == [50, 50]
        assert one["variations"][0]["is_baseline"] is True
    assert api("GET", "/accounts/10001/projects/10008")["project_type"] == "web"
    listed = api("POST", "/accounts/30001/projects", {"project_type": ["fullstack"]})["data"]
    assert [one["id"] for one in listed] == [10007]


@pytest.mark.parametrize(
    "data", [{"nothing": []}, {"goals": [{"name": "x"}]}, {"projects": [{"name": "x"}]}], ids=["kind", "place", "id"]
)
def test_data_that_cannot_be_loaded(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"convert|project_id|id is required"):
        ConvertPlatform().load(data)


def test_disguises_change_the_answer_and_not_the_data() -> None:
    api = everything()
    before = api.platform.dump()
    plain = api("POST", "P/experiences", {"include": ["goals", "variations", "variations.changes"]})["data"][-1]
    api.disguise(*NAMES)
    shown = api("POST", "P/experiences", {"include": ["goals", "variations", "variations.changes"]})["data"][-1]
    assert shown["primary_goal"] == str(plain["primary_goal"])
    assert shown["tags"] == [str(one) for one in plain["tags"]]
    assert shown["id"] == plain["id"]
    assert "x_served_by" in shown
    assert "x_served_by" in shown["variations"][0]
    assert [one["id"] for one in shown["variations"]] == [one["id"] for one in plain["variations"]]
    assert shown["variations"][1]["changes"][0]["data"] == CODE["data"]
    assert "x_served_by" not in api("GET", "P")["environments"]
    assert api("POST", "P/domains", {})["data"][0]["url"] == "https://WWW.EXAMPLE.COM"
    rule = api("POST", "P/audiences", {"include": ["rules"]})["data"][0]["rules"]["OR"][0]["AND"][0]["OR_WHEN"][0]
    assert rule["rule_type"] == "goal_triggered"
    assert rule["value"] == str(plain["primary_goal"])
    for path in ("P/sdk-keys", "A/api-keys", "A/users-accesses", "P"):
        api("GET", path)
    assert api.platform.dump() == before


def test_credentials_are_told() -> None:
    lines = "\n".join(ConvertPlatform().credentials())
    assert "emulator-secret-" in lines
    assert "readonly-emulator-" in lines
