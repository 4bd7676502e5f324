"""LeadConduit: fields, entities, credentials, reports, routers, change history, disguises."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from reconciler.emulator.disguise import NAMES
from reconciler.emulator.server import EmulatorServer
from tests.emulator import leadconduit_bodies as made
from tests.emulator.test_leadconduit_flows import control, dump, rule

GOOD = {
    "fields": made.field(),
    "entities": made.entity(),
    "credentials": made.credential(),
    "reports": made.report(),
}


def is_mask(value: Any) -> bool:
    return isinstance(value, str) and value != "" and set(value) == {"*"}


@pytest.mark.parametrize(
    ("kind", "change", "tree"),
    [
        ("fields", {"id": "Roof"}, {"id": ["is invalid"]}),
        ("fields", {"id": "x" * 241}, {"id": ["is too long (maximum is 240 characters)"]}),
        ("fields", {"id": "first_name"}, {"id": ["has already been taken"]}),
        ("fields", {"type": "array"}, {"type": ["is not included in the list"]}),
        ("fields", {"name": None}, {"name": ["must be a string"]}),
        ("entities", {"source": "seller?"}, {"source": ["is not included in the list"]}),
        ("entities", {"module_ids": ["leadconduit-nope"]}, {"module_ids": {"0": ["Unknown module"]}}),
        ("entities", {"field_suffix": "ab"}, {"field_suffix": ["is too short (minimum is 3 characters)"]}),
        ("entities", {"field_suffix": "a_b_c"}, {"field_suffix": ["is invalid"]}),
        ("entities", {"colour": "red"}, {"colour": ["is not a known attribute"]}),
        ("entities", {"time_zone": "New York"}, {"time_zone": ["is invalid"]}),
        ("credentials", {"token": ""}, {"token": ["can't be blank"]}),
        ("credentials", {"type": "basic"}, {"type": ["is not included in the list"]}),
        ("credentials", {"type": "user"}, {"username": ["is required"], "password": ["is required"]}),
        ("credentials", {"type": "oauth2"}, {"access_token": ["is required"]}),
        ("credentials", {"package": "leadconduit-nope"}, {"package": ["Unknown package"]}),
        ("reports", {"columns": ["clicks"]}, {"columns": {"0": ["is invalid"]}}),
        (
            "reports",
            {"rules": [{"lhv": "a", "op": "is less than or equal to", "rhv": "1"}]},
            {"rules": {"0": {"op": ["is not included in the list"]}}},
        ),
        (
            "reports",
            {"rules": [{"lhv": "a", "op": "is true", "rhv": "1"}]},
            {"rules": {"0": {"rhv": ["is not allowed with this operator"]}}},
        ),
        ("reports", {"rules": [{"lhv": "a", "op": "is equal to"}]}, {"rules": {"0": {"rhv": ["is required"]}}}),
    ],
)
def test_create_refuses(leadconduit: httpx.Client, kind: str, change: dict[str, Any], tree: dict[str, Any]) -> None:
    answer = leadconduit.post(f"/{kind}", json={**GOOD[kind], **change})
    assert (answer.status_code, answer.json()) == (422, tree)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("fields", name) for name in ("id", "name", "type")),
        *(("entities", name) for name in ("name", "source", "recipient", "module_ids")),
        *(("credentials", name) for name in ("name", "type", "package", "token")),
        ("reports", "name"),
    ],
)
def test_create_requires(leadconduit: httpx.Client, kind: str, name: str) -> None:
    body = {key: value for key, value in GOOD[kind].items() if key != name}
    answer = leadconduit.post(f"/{kind}", json=body)
    assert (answer.status_code, answer.json()) == (422, {name: ["is required"]})


@pytest.mark.parametrize("kind", ["fields", "entities", "reports"])
def test_create_read_update_delete(leadconduit: httpx.Client, kind: str) -> None:
    created = made.create(leadconduit, kind, GOOD[kind])
    path = f"/{kind}/{created['id']}"
    assert leadconduit.get(path).json() == created
    assert created in leadconduit.get(f"/{kind}").json()
    changed = leadconduit.put(path, json={**created, "name": "Other"})
    assert (changed.status_code, changed.json()["name"]) == (200, "Other")
    assert changed.json()["created_at"] == created["created_at"]
    assert leadconduit.put(path, json=created).status_code == 409
    assert leadconduit.delete(path).status_code == 200
    assert leadconduit.get(path).status_code == 404


def test_field_put_replaces(leadconduit: httpx.Client) -> None:
    made.create(leadconduit, "fields", made.field(description="Years", aggregate=False))
    changed = leadconduit.put("/fields/roof_age_brsol", json={"name": "Roof", "type": "range"}).json()
    assert "description" not in changed
    assert (changed["aggregate"], changed["standard"]) == (True, False)


def test_entity_ids_and_computed_attributes_are_the_servers(leadconduit: httpx.Client) -> None:
    created = made.create(leadconduit, "entities", made.entity(id="0" * 24, standard=True, flow_ids=["x"]))
    assert created["id"] != "0" * 24
    assert (created["standard"], created["flow_ids"]) == (False, None)
    twin = made.create(leadconduit, "entities", made.entity())
    assert twin["id"] != created["id"], "names may repeat"
    gone = leadconduit.delete(f"/entities/{twin['id']}")
    assert (gone.status_code, gone.content) == (200, b"")


def test_credentials_are_masked(leadconduit: httpx.Client) -> None:
    body = {"name": "S3", "type": "user", "package": "leadconduit-default", "username": "AKIA", "password": "pw"}
    created = leadconduit.post("/credentials/", json=body).json()
    assert (created["username"], created["password"]) == ("AKIA", "pw"), "the create answer is in clear"
    path = f"/credentials/{created['id']}"
    lengths = set()
    for seen in (*(leadconduit.get(path).json() for _ in range(5)), leadconduit.get("/credentials").json()[0]):
        assert is_mask(seen["username"])
        assert is_mask(seen["password"])
        assert seen["package"] == "leadconduit-default"
        lengths.add(len(seen["password"]))
    assert len(lengths) > 1, "lengths say nothing"
    assert is_mask(leadconduit.put(path, json={**body, "name": "S4"}).json()["password"])
    assert dump(leadconduit)["credentials"][0]["password"] == "pw"


def test_a_mask_sent_back_is_stored(leadconduit: httpx.Client) -> None:
    created = made.create(leadconduit, "credentials", made.credential())
    path = f"/credentials/{created['id']}"
    assert leadconduit.put(path, json=leadconduit.get(path).json()).status_code == 200
    assert is_mask(dump(leadconduit)["credentials"][0]["token"])


@pytest.mark.parametrize(
    "change", [{"type": "user", "username": "u", "password": "p"}, {"package": "leadconduit-default"}]
)
def test_credential_keeps_type_and_package(leadconduit: httpx.Client, change: dict[str, str]) -> None:
    created = made.create(leadconduit, "credentials", made.credential())
    assert leadconduit.put(f"/credentials/{created['id']}", json=made.credential(**change)).status_code == 422
    assert leadconduit.put(f"/credentials/{created['id']}", json={"name": "x"}).status_code == 422


def test_credential_has_no_history(leadconduit: httpx.Client) -> None:
    created = made.create(leadconduit, "credentials", made.credential())
    gone = leadconduit.delete(f"/credentials/{created['id']}")
    assert (gone.status_code, gone.content) == (200, b"")
    assert leadconduit.get("/changelogs").json() is None


def test_report_put_keeps_what_is_left_out(leadconduit: httpx.Client) -> None:
    created = made.create(leadconduit, "reports", made.report())
    changed = leadconduit.put(f"/reports/{created['id']}", json={"columns": ["cost"], "token": "mine"}).json()
    assert (changed["columns"], changed["group_by"], changed["token"]) == (["cost"], ["vars.source.id"], None)


def test_shared_report(leadconduit: httpx.Client, leadconduit_server: EmulatorServer) -> None:
    created = made.create(leadconduit, "reports", made.report())
    path = f"/reports/{created['id']}"
    first = leadconduit.put(f"{path}/share").json()["token"]
    token = leadconduit.put(f"{path}/share").json()["token"]
    assert first != token
    assert leadconduit.get(path).json()["token"] == token
    public = httpx.Client(base_url=leadconduit_server.url + "/leadconduit", headers={"Accept": "application/json"})
    with public:
        assert public.get(f"/reports/{first}").status_code == 401
        assert public.get(f"/reports/{token}").json()["id"] == created["id"]
        assert public.get(f"/reports/{token}/meta").json()["account_name"] == "Bright Solar"
        assert public.get(f"/reports/{token}/run").status_code == 422
        assert public.get(f"/reports/{token}/run?start=2026-01-01&end=2026-01-02").json() == []
        assert leadconduit.put(f"{path}/unshare").json() == {"token": None}
        assert public.get(f"/reports/{token}").status_code == 401
    assert leadconduit.delete(path).json()["id"] == created["id"]


def router(client: httpx.Client, flow_id: str, **more: Any) -> dict[str, Any]:
    one = {"flow_id": flow_id, "source_id": made.own_id(client), "rule_set": rule()}
    return {"module_id": "leadconduit-facebook.inbound.apfacebook", "routes": [one], **more}


def test_router(leadconduit: httpx.Client) -> None:
    flow = made.create(leadconduit, "flows", made.flow(leadconduit))
    body = router(leadconduit, flow["id"])
    created = made.create(leadconduit, "routers", body)
    path = f"/routers/{created['id']}"
    assert len(created["routes"][0]["id"]) == 6
    assert leadconduit.get(path).json() == created
    assert leadconduit.get("/routers").json() == [created]
    second = leadconduit.post("/routers", json=body)
    assert (second.status_code, second.json()) == (422, {"module_id": ["has already been taken"]})
    moved = leadconduit.put(path, json={**created, "routes": [*body["routes"], *created["routes"]]}).json()
    assert moved["routes"][1]["id"] == created["routes"][0]["id"]
    assert leadconduit.put(path, json={**moved, "module_id": "leadconduit-default.inbound"}).status_code == 422
    assert leadconduit.put(path, json={**moved, "routes": []}).json()["routes"] == []
    assert leadconduit.delete(path).status_code == 405


def test_router_leads_to_sources_of_flows(leadconduit: httpx.Client) -> None:
    flow = made.create(leadconduit, "flows", made.flow(leadconduit))
    unknown = leadconduit.post("/routers", json=router(leadconduit, "0" * 24))
    assert unknown.json() == {"routes": {"0": {"flow_id": ["Unknown flow"]}}}
    body = router(leadconduit, flow["id"])
    body["routes"][0]["source_id"] = made.entity_id(leadconduit, "Facebook")
    assert leadconduit.post("/routers", json=body).json() == {"routes": {"0": {"source_id": ["Unknown source"]}}}
    created = made.create(leadconduit, "routers", router(leadconduit, flow["id"]))
    assert leadconduit.delete(f"/flows/{flow['id']}").status_code == 200
    dangling = leadconduit.get(f"/routers/{created['id']}").json()
    assert dangling["routes"][0]["flow_id"] == flow["id"], "the server leaves it dangling"
    assert leadconduit.put(f"/routers/{created['id']}", json=dangling).status_code == 422


def test_standard_router_is_read_only(leadconduit: httpx.Client) -> None:
    standard = {"id": "1" * 24, "module_id": "leadconduit-google.inbound.lead_form", "routes": [], "standard": True}
    control(leadconduit, "load", leadconduit={"routers": [standard]})
    assert leadconduit.put(f"/routers/{'1' * 24}", json=standard).status_code == 403


def test_history_says_who_and_what(leadconduit: httpx.Client) -> None:
    flow = made.create(leadconduit, "flows", made.flow(leadconduit))
    edit = {"platform": "leadconduit", "kind": "flows", "id": flow["id"], "user": "kim.lee@example.com"}
    control(leadconduit, "edit", **edit, set={"steps.1.outcome": "error", "fields": ["email"]})
    latest, first = leadconduit.get(f"/flows/{flow['id']}/changelogs").json()
    assert (first["action"], first["type"], first["user"]["api_key"]) == ("create", "flow", "emulator-leadconduit")
    assert (latest["action"], latest["user"]["email"], latest["user"]["first_name"]) == (
        "update",
        "kim.lee@example.com",
        "Kim",
    )
    assert latest["user"]["api_key"], "the real one leaks it, too"
    assert latest["current_revision"]["_id"] == flow["id"]
    assert "id" not in latest["current_revision"]
    changes = {one["delta_path"]: one for one in latest["changes"]}
    assert changes["steps.1.outcome"] == {
        "action": "changed",
        "target": "outcome",
        "delta_path": "steps.1.outcome",
        "previous": {"value": "failure"},
        "current": {"value": "error"},
    }
    assert changes["fields.0"]["action"] == "removed"
    assert leadconduit.get(f"/flows/{flow['id']}/changelogs?limit=1").json() == [latest]
    assert leadconduit.get(f"/changelogs/{latest['id']}").json() == latest


def test_history_sees_moves_and_additions(leadconduit: httpx.Client) -> None:
    flow = made.create(leadconduit, "flows", made.flow(leadconduit))
    steps = [made.filter_step(), flow["steps"][1], flow["steps"][0]]
    leadconduit.put(f"/flows/{flow['id']}", json={**flow, "steps": steps})
    (latest,) = leadconduit.get(f"/flows/{flow['id']}/changelogs?limit=1").json()
    seen = [(one["action"], one["delta_path"]) for one in latest["changes"]]
    assert seen == [("added", "steps.0"), ("moved", "steps.2")]


def test_history_filters_and_pages(leadconduit: httpx.Client) -> None:
    for number in range(5):
        made.create(leadconduit, "fields", made.field(f"f{number}_brsol"))
    made.create(leadconduit, "entities", made.entity())
    leadconduit.delete("/fields/f0_brsol")
    everything = leadconduit.get("/changelogs?sort=asc").json()
    assert len(everything) == 7
    assert leadconduit.get("/changelogs").json() == everything[::-1]

    def ids(query: str) -> list[str]:
        return [one["id"] for one in leadconduit.get(f"/changelogs?{query}").json() or []]

    every = [one["id"] for one in everything]
    assert ids("type=entity") == [every[5]]
    assert ids("action=delete") == [every[6]]
    assert ids("field_id=f0_brsol") == [every[6], every[0]]
    assert ids("user_id=null") == []
    assert ids(f"sort=asc&limit=2&after_id={every[2]}") == every[3:5]
    assert ids(f"limit=2&before_id={every[2]}") == [every[1], every[0]]
    assert ids(f"sort=asc&start={everything[3]['created_at']}&end={everything[4]['created_at']}") == every[3:5]
    assert leadconduit.get("/changelogs?limit=1001").status_code == 422
    assert leadconduit.get("/changelogs?flow_id=1&field_id=2").status_code == 422
    assert leadconduit.get("/fields/f0_brsol/changelogs").status_code == 404


def test_times_grow_with_every_write(leadconduit: httpx.Client) -> None:
    times = [made.create(leadconduit, "fields", made.field(f"f{number}_brsol"))["updated_at"] for number in range(20)]
    assert times == sorted(set(times))


def test_edit_and_delete_at_the_ui(leadconduit: httpx.Client) -> None:
    made.create(leadconduit, "fields", made.field())
    edit = {"platform": "leadconduit", "kind": "fields", "id": "roof_age_brsol"}
    assert control(leadconduit, "edit", **edit, set={"name": "By hand"}).status_code == 200
    assert leadconduit.get("/fields/roof_age_brsol").json()["name"] == "By hand"
    assert control(leadconduit, "edit", **edit, delete=True).status_code == 200
    assert leadconduit.get("/fields/roof_age_brsol").status_code == 404
    assert control(leadconduit, "edit", **edit, delete=True).status_code == 404
    assert control(leadconduit, "edit", **{**edit, "id": "first_name"}, set={"name": "x"}).status_code == 404
    assert control(leadconduit, "edit", **{**edit, "kind": "nope"}, set={}).status_code == 404


def test_edit_names_the_account(leadconduit: httpx.Client) -> None:
    with httpx.Client(
        base_url=leadconduit.base_url,
        auth=("X", "emulator-leadconduit-acme"),
        headers={"Accept": "application/json"},
    ) as acme:
        for client in (leadconduit, acme):
            made.create(client, "fields", made.field())
        edit = {"platform": "leadconduit", "kind": "fields", "id": "roof_age_brsol", "account": "leadconduit-acme"}
        control(leadconduit, "edit", **edit, set={"name": "Acme's"})
        assert acme.get("/fields/roof_age_brsol").json()["name"] == "Acme's"
        assert leadconduit.get("/fields/roof_age_brsol").json()["name"] == "Roof age"


def test_dump_loads_into_the_same(leadconduit: httpx.Client) -> None:
    made.create(leadconduit, "fields", made.field())
    token = made.create(leadconduit, "credentials", made.credential())
    flow = made.create(leadconduit, "flows", made.flow(leadconduit, fields=["roof_age_brsol"]))
    leadconduit.post(f"/flows/{flow['id']}/deploy")
    made.create(leadconduit, "routers", router(leadconduit, flow["id"]))
    shared = made.create(leadconduit, "reports", made.report())
    opened = leadconduit.put(f"/reports/{shared['id']}/share").json()["token"]
    before = dump(leadconduit)
    control(leadconduit, "reset")
    assert leadconduit.get("/flows").json() == []
    assert control(leadconduit, "load", leadconduit=before).status_code == 200
    assert dump(leadconduit) == before
    assert leadconduit.get(f"/flows/{flow['id']}").json() == flow
    assert leadconduit.get(f"/reports/{opened}").status_code == 200
    assert leadconduit.post("/routers", json=router(leadconduit, flow["id"])).status_code == 422
    assert leadconduit.delete("/fields/roof_age_brsol").status_code == 202, "who uses what is known again"
    assert is_mask(leadconduit.get(f"/credentials/{token['id']}").json()["token"])
    assert control(leadconduit, "load", leadconduit={"nope": []}).status_code == 422


def test_hand_written_data_is_completed(leadconduit: httpx.Client) -> None:
    seed = {"name": "By hand", "steps": [made.filter_step()]}
    assert control(leadconduit, "load", leadconduit={"flows": [seed]}).status_code == 200
    (flow,) = leadconduit.get("/flows").json()
    assert len(flow["steps"][0]["rule_set"]["rules"][0]["id"]) == 6
    assert flow["updated_at"]


@pytest.mark.parametrize("names", [[one] for one in sorted(NAMES)] + [sorted(NAMES)])
def test_what_is_shown_in_disguise_may_be_sent_back(leadconduit: httpx.Client, names: list[str]) -> None:
    flow = made.create(leadconduit, "flows", made.flow(leadconduit))
    bodies = {"fields": made.field(), "entities": made.entity(), "reports": made.report(description="d")}
    created = {kind: made.create(leadconduit, kind, body) for kind, body in bodies.items()}
    created["routers"] = made.create(leadconduit, "routers", router(leadconduit, flow["id"]))
    created["flows"] = flow
    plain = dump(leadconduit)
    assert control(leadconduit, "faults", disguise=names).status_code == 200
    for kind, one in created.items():
        shown = leadconduit.get(f"/{kind}/{one['id']}").json()
        listed = [row for row in leadconduit.get(f"/{kind}").json() if row["id"].lower() == one["id"]]
        assert len(listed) == 1
        answer = leadconduit.put(f"/{kind}/{shown['id']}", json=shown)
        assert answer.status_code == 200, answer.text
    control(leadconduit, "faults")
    after = dump(leadconduit)
    ignored = {"updated_at", "flow_ids"}
    for kind in created:
        for was, now in zip(plain[kind], after[kind], strict=True):
            for name in was.keys() - ignored - {"fields", "sources", "steps", "module_ids"}:
                assert now[name] == was[name], (kind, name)
            for name in ("fields", "module_ids"):
                assert sorted(now.get(name) or ()) == sorted(was.get(name) or ())
            assert [one["id"] for one in now.get("steps", ())] == [one["id"] for one in was.get("steps", ())]
            caps = [[cap["id"], cap["maximum"]] for one in was.get("sources", ()) for cap in one["caps"]]
            assert [[cap["id"], cap["maximum"]] for one in now.get("sources", ()) for cap in one["caps"]] == caps
