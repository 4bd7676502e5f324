from __future__ import annotations

from typing import Any

from tests.emulator.convert_client import CODE, Api

A = {
    "id": "a",
    "name": "Headline",
    "versions": [{"id": "a1", "name": "Old"}, {"id": "a2", "name": "New", "changes": [CODE]}],
}
B = {"id": "b", "name": "Hero", "versions": [{"id": "b1", "name": "Old"}, {"id": "b2", "name": "Family"}]}
FULL = "include[]=versions&include[]=versions.changes"


def mvt(api: Api) -> tuple[int, str]:
    made = api.experience(type="mvt", name="home", goals=[api.goal()])
    return made["id"], f"P/experiences/{made['id']}/sections"


def variations(api: Api, experience: int) -> list[dict[str, Any]]:
    query = "include[]=variations&include[]=variations.changes"
    found: list[dict[str, Any]] = api("GET", f"P/experiences/{experience}?{query}")["variations"]
    return found


def test_the_server_makes_every_combination() -> None:
    api = Api()
    experience, path = mvt(api)
    answer = api("POST", f"{path}/update", {"sections": [A, B]})
    assert [one["id"] for one in answer["data"]] == ["a", "b"]
    made = variations(api, experience)
    assert [one["name"] for one in made] == ["Old + Old", "Old + Family", "New + Old", "New + Family"]
    assert [one["is_baseline"] for one in made] == [True, False, False, False]
    assert [one["traffic_distribution"] for one in made] == [25, 25, 25, 25]
    assert [len(one["changes"]) for one in made] == [0, 0, 1, 1]
    listed = api("GET", f"{path}?{FULL}")
    version = listed["data"][0]["versions"][1]
    assert version["variations"] == [made[2]["id"], made[3]["id"]]
    assert version["changes"][0]["data"] == CODE["data"]
    assert "versions" not in api("GET", path)["data"][0]
    slim = api("GET", f"{path}?include[]=versions")["data"][0]["versions"][1]["changes"][0]
    assert slim.keys() == {"id", "type"}
    change = version["changes"][0]["id"]
    after = api(
        "PUT", f"P/experiences/{experience}/changes/{change}", {"type": "customCode", "data": {"css": "x", "js": None}}
    )
    assert after["data"]["css"] == "x"
    assert variations(api, experience)[2]["changes"][0]["data"]["css"] == "x"


def test_the_list_of_sections_is_final_and_keeps_what_stays() -> None:
    api = Api()
    experience, path = mvt(api)
    api("POST", f"{path}/add", A, 201)
    api("POST", f"{path}/add", B, 201)
    before = variations(api, experience)
    fewer = [A, {**B, "versions": B["versions"][:1]}]
    first = api("GET", f"{path}?{FULL}")
    fewer[0] = {**A, "versions": [{"id": "a1"}, {"id": "a2"}]}
    answer = api("POST", f"{path}/update", {"sections": fewer, "concurrency_key": first["concurrency_key"]})
    assert [one["id"] for one in variations(api, experience)] == [before[0]["id"], before[2]["id"]]
    assert answer["data"][0]["name"] == "Headline"
    assert len(answer["data"][0]["versions"][1]["changes"]) == 1
    api("POST", f"{path}/update", {"sections": [A], "concurrency_key": first["concurrency_key"]}, 409)
    assert api("POST", f"{path}/update", {"sections": []})["data"] == []
    assert variations(api, experience) == []


def test_versions() -> None:
    api = Api()
    experience, path = mvt(api)
    api("POST", f"{path}/update", {"sections": [A, B]})
    added = api("POST", f"{path}/a/versions/add", {"id": "a3", "name": "Third"}, 201)["data"]
    assert len(added["variations"]) == 2
    assert len(variations(api, experience)) == 6
    updated = api("POST", f"{path}/a/versions/a3/update", {"changes": [CODE]})["data"]
    assert updated["name"] == "Third"
    stale = updated["concurrency_key"]
    api("POST", f"{path}/a/versions/a3/update", {"name": "x", "concurrency_key": stale})
    api("POST", f"{path}/a/versions/a3/update", {"name": "y", "concurrency_key": stale}, 409)
    api("DELETE", f"{path}/a/versions/a3/delete")
    assert len(variations(api, experience)) == 4
    api("DELETE", f"{path}/a/versions/a3/delete", None, 404)
    api("DELETE", f"{path}/a/versions/a2/delete")
    api("DELETE", f"{path}/a/versions/a1/delete", None, 422)
    replaced = api("POST", f"{path}/b/update", {"versions": [{"id": "b1"}, {"id": "b9", "name": "Nine"}]})
    assert [one["id"] for one in replaced["data"][1]["versions"]] == ["b1", "b9"]


def test_sections_that_are_refused() -> None:
    api = Api()
    experience, path = mvt(api)
    for bad in (
        {**A, "id": "sec"},
        {**A, "id": "A"},
        {"id": "a", "versions": []},
        {"id": "a"},
        {"name": "x", "versions": A["versions"]},
        {**A, "versions": [{"id": "a1"}, {"id": "a1"}]},
        {**A, "colour": 1},
        {**A, "versions": [{"id": "a1", "changes": [{"type": "customCode", "data": {}}]}]},
    ):
        api("POST", f"{path}/add", bad, 422)
    api("POST", f"{path}/add", A, 201)
    api("POST", f"{path}/add", A, 422)
    api("POST", f"{path}/add", {**B, "versions": A["versions"]}, 422)
    api("POST", f"P/experiences/{experience}/update", {"variations": [{"name": "x"}]}, 422)
    other = api.experience()["id"]
    api("POST", f"P/experiences/{other}/sections/add", A, 422)


def test_loaded_sections_get_their_variations() -> None:
    api = Api()
    place = {"_account": "10001", "project_id": 10002}
    body = {**place, "id": 7, "name": "m", "type": "mvt", "status": "draft", "url": "https://x.example"}
    api.platform.load({"experiences": [{**body, "sections": [A, B]}]})
    assert [len(one["changes"]) for one in variations(api, 7)] == [0, 0, 1, 1]


def test_a_running_mvt_keeps_its_sections_but_not_their_code() -> None:
    api = Api()
    experience, path = mvt(api)
    api("POST", f"P/experiences/{experience}/update", {"status": "active"}, 422)
    api("POST", f"{path}/update", {"sections": [A, B]})
    api("POST", f"P/experiences/{experience}/update", {"status": "active"})
    api("POST", f"{path}/a/versions/add", {"id": "a3"}, 422)
    api("POST", f"{path}/update", {"sections": [A]}, 422)
    api("POST", f"{path}/b/versions/b2/update", {"changes": [CODE]})
    assert [len(one["changes"]) for one in variations(api, experience)] == [0, 1, 1, 2]
