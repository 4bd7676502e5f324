"""LeadConduit: saving, deploying and breaking flows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.emulator import leadconduit_bodies as made

FLOW_ID = "5f0a1b2c3d4e5f6071829304"


def dump(client: httpx.Client) -> dict[str, Any]:
    root = str(client.base_url).removesuffix("/leadconduit/")
    stored: dict[str, Any] = httpx.get(f"{root}/_control/dump").json()["leadconduit"]
    return stored


def control(client: httpx.Client, path: str, **body: Any) -> httpx.Response:
    return httpx.post(str(client.base_url).removesuffix("/leadconduit/") + "/_control/" + path, json=body)


def rule(**more: Any) -> dict[str, Any]:
    return {"op": "and", "rules": [{"lhv": "lead.state", "op": "is equal to", "rhv": "TX", **more}]}


Change = Callable[[dict[str, Any]], Any]


def test_create_fills_in_what_the_server_decides(leadconduit: httpx.Client) -> None:
    sent = made.flow(leadconduit)
    flow = made.create(leadconduit, "flows", sent)
    source, (unique, stop) = flow["sources"][0], flow["steps"]
    assert len(flow["id"]) == 24
    for short in (
        source["id"],
        unique["id"],
        stop["id"],
        stop["rule_set"]["id"],
        stop["rule_set"]["rules"][0]["id"],
        unique["integration"]["mappings"][0]["id"],
        source["pricing"]["prices"][1]["id"],
        flow["acceptance_criteria"]["rule_set"]["id"],
    ):
        assert len(short) == 6
    outer = source["caps"][0]
    assert len(outer["id"]) == len(outer["caps"][0]["id"]) == len(source["ping_limits"][0]["id"]) == 24
    assert outer["caps"][0]["name"] == "Web leads: Bright Solar - Cap 2"
    assert outer["time_zone"] == "America/New_York"
    assert source["entity"] == {
        "id": made.own_id(leadconduit),
        "name": "Bright Solar",
        "time_zone": "America/New_York",
    }
    assert flow["ping_enabled"] is False
    assert "errors" not in flow
    assert leadconduit.get(f"/flows/{flow['id']}").json() == flow
    assert leadconduit.get("/flows").json() == [flow]


def test_client_may_choose_the_id(leadconduit: httpx.Client) -> None:
    flow = made.create(leadconduit, "flows", made.flow(leadconduit, id=FLOW_ID.upper()))
    assert flow["id"] == FLOW_ID, "ids are lower-cased"
    again = leadconduit.post("/flows", json=made.flow(leadconduit, id=FLOW_ID))
    assert (again.status_code, again.json()) == (422, {"id": ["has already been taken"]})
    assert leadconduit.get(f"/flows/{FLOW_ID.upper()}").status_code == 200
    other = "0" * 24
    assert leadconduit.post(f"/flows/{other}", json=made.flow(leadconduit)).json()["id"] == other
    leadconduit.delete(f"/flows/{FLOW_ID}")
    assert made.create(leadconduit, "flows", made.flow(leadconduit, id=FLOW_ID))["id"] == FLOW_ID


def test_put_keeps_ids_that_come_back(leadconduit: httpx.Client) -> None:
    flow = made.create(leadconduit, "flows", made.flow(leadconduit))
    saved = leadconduit.put(f"/flows/{flow['id']}", json={**flow, "name": "Renamed"}).json()
    assert saved["updated_at"] > flow["updated_at"]
    assert {**saved, "name": flow["name"], "updated_at": flow["updated_at"]} == flow


def test_put_gives_fresh_ids_to_what_has_none_or_a_foreign_one(leadconduit: httpx.Client) -> None:
    flow = made.create(leadconduit, "flows", made.flow(leadconduit))
    stop, unique = flow["steps"][1], flow["steps"][0]
    steps = [{**stop, "id": "AAAAAA"}, {key: item for key, item in unique.items() if key != "id"}, stop, stop]
    ids = [one["id"] for one in leadconduit.put(f"/flows/{flow['id']}", json={**flow, "steps": steps}).json()["steps"]]
    assert ids[2] == stop["id"]
    assert len({*ids}) == 4
    assert not {*ids} & {"AAAAAA", unique["id"]}


def test_put_replaces_the_whole(leadconduit: httpx.Client) -> None:
    flow = made.create(leadconduit, "flows", made.flow(leadconduit))
    small = {name: flow[name] for name in ("name", "enabled", "fields", "sources")}
    saved = leadconduit.put(f"/flows/{flow['id']}", json={**small, "steps": []}).json()
    assert saved["steps"] == []
    assert "acceptance_criteria" not in saved
    assert saved["created_at"] == flow["created_at"]


@pytest.mark.parametrize(
    ("change", "tree"),
    [
        ({"name": ""}, {"name": ["can't be blank"]}),
        ({"enabled": "true"}, {"enabled": ["must be a boolean"]}),
        ({"steps": None}, {"steps": ["must be an array"]}),
        ({"caps": []}, {"caps": ["must not be empty"]}),
        ({"caps": [{"maximum": 1}]}, {"caps": {"0": {"duration": ["is required"], "duration_units": ["is required"]}}}),
        ({"colour": "red"}, {"colour": ["is not a known attribute"]}),
        ({"id": "short"}, {"id": ["is invalid"]}),
        ({"fields": ["first_name", "nope"]}, {"fields": {"1": ["Unknown field"]}}),
        ({"ping_limits": None}, {"ping_limits": ["must be an array"]}),
        (
            {"pricing": {"override": True, "prices": [{"amount": 1}]}},
            {"pricing": {"prices": ["must be empty when the price is overridden"]}},
        ),
        (
            {"pricing": {"prices": [{"amount": 0}]}},
            {"pricing": {"prices": {"0": {"amount": ["must be greater than 0"]}}}},
        ),
        (
            {"acceptance_criteria": {"outcome": "failure", "rule_set": {"op": "and", "rules": []}}},
            {"acceptance_criteria": {"rule_set": {"rules": ["must not be empty"]}}},
        ),
        ({"list_checks": {"dupe": {}}}, {"list_checks": {"dupe": ["is not a known attribute"]}}),
        (
            {"list_checks": {"dnc": {"lookback": {"value": 1}}}},
            {"list_checks": {"dnc": {"lookback": {"interval": ["is required"]}}}},
        ),
        (
            {"firehose": {"credential_id": "0" * 24, "bucket": "B", "enabled": True}},
            {"firehose": {"credential_id": ["Unknown credential"], "bucket": ["is invalid"]}},
        ),
        (
            {"pricing_service": {"service_id": "0" * 24, "fallback_price": 1}},
            {"pricing_service": {"service_id": ["Unknown pricing service"]}},
        ),
    ],
)
def test_flow_refuses(leadconduit: httpx.Client, change: dict[str, Any], tree: dict[str, Any]) -> None:
    answer = leadconduit.post("/flows", json={**made.flow(leadconduit), **change})
    assert (answer.status_code, answer.json()) == (422, tree)
    assert leadconduit.get("/flows").json() == []


@pytest.mark.parametrize("name", ["name", "enabled", "fields", "sources", "steps"])
def test_flow_requires(leadconduit: httpx.Client, name: str) -> None:
    flow = made.flow(leadconduit)
    del flow[name]
    answer = leadconduit.post("/flows", json=flow)
    assert (answer.status_code, answer.json()) == (422, {name: ["is required"]})


@pytest.mark.parametrize(
    ("step", "tree"),
    [
        ({"type": "delivery"}, {"type": ["is not included in the list"]}),
        ({}, {"type": ["is required"]}),
        (made.filter_step(outcome="reject"), {"outcome": ["is not included in the list"]}),
        (made.filter_step(description="x" * 121), {"description": ["is too long (maximum is 120 characters)"]}),
        (made.filter_step(notes="x" * 2001), {"notes": ["is too long (maximum is 2000 characters)"]}),
        (made.filter_step(id="AAAAAAA"), {"id": ["is invalid"]}),
        (made.filter_step(retry_enabled=True), {"retry_enabled": ["is not a known attribute"]}),
        ({"type": "filter", "outcome": "failure"}, {"rule_set": ["is required"]}),
        (
            made.filter_step(rule_set=rule(op="is like")),
            {"rule_set": {"rules": {"0": {"op": ["is not included in the list"]}}}},
        ),
        (
            made.filter_step(rule_set=rule(op="is blank")),
            {"rule_set": {"rules": {"0": {"rhv": ["is not allowed with this operator"]}}}},
        ),
        (
            made.filter_step(rule_set={"op": "and", "rules": [{"lhv": "a", "op": "is equal to"}]}),
            {"rule_set": {"rules": {"0": {"rhv": ["is required"]}}}},
        ),
        (
            made.filter_step(rule_set=rule(rhv={"a": 1})),
            {"rule_set": {"rules": {"0": {"rhv": ["must be a string, a number, a boolean or an array of strings"]}}}},
        ),
        (
            made.filter_step(rule_set=rule(op="is included in", rhv=7)),
            {"rule_set": {"rules": {"0": {"rhv": ["must be an array of strings"]}}}},
        ),
        (
            made.filter_step(rule_set={"op": "xor", "rules": [rule()]}),
            {"rule_set": {"op": ["is not included in the list"]}},
        ),
        (
            made.filter_step(rule_set={"op": "or", "rules": [rule(), rule(op="?")]}),
            {"rule_set": {"rules": {"1": {"rules": {"0": {"op": ["is not included in the list"]}}}}}},
        ),
        (made.recipient_step("0" * 24), {"entity": {"id": ["Unknown recipient"]}}),
    ],
)
def test_step_refuses(leadconduit: httpx.Client, step: dict[str, Any], tree: dict[str, Any]) -> None:
    answer = leadconduit.post("/flows", json=made.flow(leadconduit, steps=[made.filter_step(), step]))
    assert (answer.status_code, answer.json()) == (422, {"steps": {"1": tree}})


@pytest.mark.parametrize(
    ("mapping", "tree"),
    [
        ({"property": "", "value": "x"}, {"property": ["can't be blank"]}),
        ({"property": "url"}, {"value": ["is required"]}),
        ({"property": "url", "value": True}, {"value": ["must be a string, a number, null or an array of strings"]}),
        ({"property": "url", "value": []}, {"value": ["must be a non-empty array of strings"]}),
        ({"property": "url", "value": [1]}, {"value": ["must be a non-empty array of strings"]}),
        ({"property": "credential_id", "value": "0" * 24}, {"value": ["Not a valid value"]}),
        ({"property": "url", "value": "x", "note": ""}, {"note": ["is not a known attribute"]}),
    ],
)
def test_mapping_refuses(leadconduit: httpx.Client, mapping: dict[str, Any], tree: dict[str, Any]) -> None:
    step = made.recipient_step(made.entity_id(leadconduit, "Zapier"))
    step["integration"]["mappings"] = [mapping]
    answer = leadconduit.post("/flows", json=made.flow(leadconduit, steps=[step]))
    expected = {"steps": {"0": {"integration": {"mappings": {"0": tree}}}}}
    assert (answer.status_code, answer.json()) == (422, expected)


@pytest.mark.parametrize("value", ["x", "", 1, 1.5, None, ["a", None], "{{lead.email}}"])
def test_mapping_takes(leadconduit: httpx.Client, value: Any) -> None:
    step = made.recipient_step(made.entity_id(leadconduit, "Zapier"))
    step["integration"]["mappings"].append({"property": "json_property.a", "value": value})
    saved = made.create(leadconduit, "flows", made.flow(leadconduit, steps=[step]))
    assert saved["steps"][0]["integration"]["mappings"][1]["value"] == value


@pytest.mark.parametrize(
    ("change", "tree"),
    [
        (
            lambda one: one["integration"].update(module_id="leadconduit-custom.outbound.json"),
            {"integration": {"module_id": ["Unknown inbound module"]}},
        ),
        (lambda one: one["entity"].pop("name"), {"entity": {"name": ["is required"]}}),
        (lambda one: one["entity"].update(logo="x"), {"entity": {"logo": ["is not a known attribute"]}}),
        (lambda one: one["entity"].update(id="0" * 24), {"entity": {"id": ["Unknown source"]}}),
        (lambda one: one.update(credential_id="0" * 24), {"credential_id": ["Unknown credential"]}),
        (lambda one: one.update(feedback={"rule_set": rule()}), {"feedback": {"integration": ["is required"]}}),
    ],
)
def test_source_refuses(leadconduit: httpx.Client, change: Change, tree: dict[str, Any]) -> None:
    flow = made.flow(leadconduit)
    change(flow["sources"][0])
    answer = leadconduit.post("/flows", json=flow)
    assert (answer.status_code, answer.json()) == (422, {"sources": {"0": tree}})


def test_sources_are_open_and_one_per_entity(leadconduit: httpx.Client) -> None:
    flow = made.flow(leadconduit)
    flow["sources"][0]["colour"] = "red"
    assert made.create(leadconduit, "flows", flow)["sources"][0]["colour"] == "red"
    flow["sources"] *= 2
    assert leadconduit.post("/flows", json=flow).json() == {
        "sources": {"1": {"entity": {"id": ["has already been taken"]}}}
    }


def test_ping_limits_need_the_feature(leadconduit: httpx.Client) -> None:
    account = made.own_id(leadconduit)
    edit = {"platform": "leadconduit", "kind": "account", "id": account, "set": {"features.real_time_bidding": False}}
    assert control(leadconduit, "edit", **edit).status_code == 200
    assert leadconduit.post("/flows", json=made.flow(leadconduit)).status_code == 422


def test_older_version_is_a_conflict(leadconduit: httpx.Client) -> None:
    flow = made.create(leadconduit, "flows", made.flow(leadconduit))
    path = f"/flows/{flow['id']}"
    newer = leadconduit.put(path, json=flow).json()
    conflict = leadconduit.put(path, json={**flow, "name": "Lost"})
    assert conflict.status_code == 409
    assert leadconduit.put(path, json={**newer, "updated_at": "nonsense"}).status_code == 422
    without = {name: value for name, value in flow.items() if name != "updated_at"}
    assert leadconduit.put(path, json=without).status_code == 200
    assert leadconduit.put(path, json={**flow, "id": FLOW_ID, "updated_at": None}).status_code == 422


def test_saving_is_not_publishing(leadconduit: httpx.Client) -> None:
    flow = made.create(leadconduit, "flows", made.flow(leadconduit))
    path = f"/flows/{flow['id']}"
    assert "_deployed" not in dump(leadconduit)["flows"][0]
    deployed = leadconduit.post(f"{path}/deploy")
    assert deployed.status_code == 200
    assert "message" in deployed.json()
    leadconduit.put(path, json={**flow, "name": "Draft"})
    stored = dump(leadconduit)["flows"][0]
    assert (stored["name"], stored["_deployed"]["name"]) == ("Draft", "Web leads")
    assert stored["_deployed_at"]
    assert not [name for name in leadconduit.get(path).json() if name.startswith("_")]
    leadconduit.post(f"{path}/deploy")
    assert dump(leadconduit)["flows"][0]["_deployed"]["name"] == "Draft"


def test_ui_saves_without_deploying(leadconduit: httpx.Client) -> None:
    flow = made.create(leadconduit, "flows", made.flow(leadconduit))
    leadconduit.post(f"/flows/{flow['id']}/deploy")
    edit = {"platform": "leadconduit", "kind": "flows", "id": flow["id"], "user": "kim@example.com"}
    control(leadconduit, "edit", **edit, set={"steps.1.outcome": "error", "enabled": False})
    saved = leadconduit.get(f"/flows/{flow['id']}").json()
    assert (saved["steps"][1]["outcome"], saved["enabled"]) == ("error", False)
    assert saved["updated_at"] > flow["updated_at"]
    assert dump(leadconduit)["flows"][0]["_deployed"]["enabled"] is True
    control(leadconduit, "edit", **edit, set={"name": "Both", "_deploy": True})
    stored = dump(leadconduit)["flows"][0]
    assert stored["_deployed"]["name"] == "Both"
    assert "_deploy" not in stored


def test_deleting_a_field_in_use_breaks_the_flow(leadconduit: httpx.Client) -> None:
    made.create(leadconduit, "fields", made.field())
    flow = made.create(leadconduit, "flows", made.flow(leadconduit, fields=["email", "roof_age_brsol"]))
    leadconduit.post(f"/flows/{flow['id']}/deploy")
    answer = leadconduit.delete("/fields/roof_age_brsol")
    errors = {"fields": {"1": ["Unknown field"]}}
    assert answer.status_code == 202
    assert answer.json()["message"] == "1 flow has errors that need to be fixed"
    assert answer.json()["results"] == {
        "count": 1,
        "success_flows": [],
        "error_flows": [{"id": flow["id"], "name": "Web leads", "errors": errors}],
    }
    assert leadconduit.get("/fields/roof_age_brsol").status_code == 404
    broken = leadconduit.get(f"/flows/{flow['id']}").json()
    assert broken["errors"] == errors
    assert leadconduit.post(f"/flows/{flow['id']}/deploy").status_code == 422
    assert leadconduit.put(f"/flows/{flow['id']}", json=broken).json() == errors
    fixed = leadconduit.put(f"/flows/{flow['id']}", json={**broken, "fields": ["email"]})
    assert "errors" not in fixed.json()
    assert leadconduit.post(f"/flows/{flow['id']}/deploy").status_code == 200


def test_deleting_entity_and_credential_in_use(leadconduit: httpx.Client) -> None:
    crm = made.create(leadconduit, "entities", made.entity())
    token = made.create(leadconduit, "credentials", made.credential())
    step = made.recipient_step(crm["id"])
    step["integration"]["mappings"].append({"property": "credential_id", "value": token["id"]})
    flow = made.create(leadconduit, "flows", made.flow(leadconduit, steps=[made.filter_step(), step]))
    assert leadconduit.delete(f"/credentials/{token['id']}").status_code == 202
    assert leadconduit.delete(f"/entities/{crm['id']}").status_code == 202
    assert leadconduit.get(f"/flows/{flow['id']}").json()["errors"] == {
        "steps": {
            "1": {
                "integration": {"mappings": {"1": {"value": ["Not a valid value"]}}},
                "entity": {"id": ["Unknown recipient"]},
            }
        }
    }


def test_what_a_saved_flow_no_longer_names_may_go(leadconduit: httpx.Client) -> None:
    made.create(leadconduit, "fields", made.field())
    flow = made.create(leadconduit, "flows", made.flow(leadconduit, fields=["roof_age_brsol"]))
    leadconduit.put(f"/flows/{flow['id']}", json={**flow, "fields": []})
    assert leadconduit.delete("/fields/roof_age_brsol").status_code == 200


def test_copies_of_an_entity_go_stale(leadconduit: httpx.Client) -> None:
    crm = made.create(leadconduit, "entities", made.entity())
    flow = made.create(leadconduit, "flows", made.flow(leadconduit, steps=[made.recipient_step(crm["id"])]))
    leadconduit.put(f"/entities/{crm['id']}", json=made.entity("New name"))
    path = f"/flows/{flow['id']}"
    assert leadconduit.get(path).json()["steps"][0]["entity"]["name"] == "Bright CRM"
    assert leadconduit.put(path, json=flow).json()["steps"][0]["entity"]["name"] == "New name"


def test_flow_ids_of_the_own_entity(leadconduit: httpx.Client) -> None:
    path = f"/entities/{made.own_id(leadconduit)}"
    flow = made.create(leadconduit, "flows", made.flow(leadconduit))
    assert leadconduit.get(path).json()["flow_ids"] == [flow["id"]]
    leadconduit.delete(f"/flows/{flow['id']}")
    assert leadconduit.get(path).json()["flow_ids"] == []


def test_delete_answers_with_the_flow(leadconduit: httpx.Client) -> None:
    flow = made.create(leadconduit, "flows", made.flow(leadconduit))
    gone = leadconduit.delete(f"/flows/{flow['id']}")
    assert (gone.status_code, gone.json()["id"]) == (200, flow["id"])
    assert leadconduit.get(f"/flows/{flow['id']}").status_code == 404


def test_fields_of_a_flow(leadconduit: httpx.Client) -> None:
    flow = made.create(leadconduit, "flows", made.flow(leadconduit))
    found = leadconduit.get(f"/flows/{flow['id']}/fields").json()
    assert [one["id"] for one in found] == flow["fields"]
    assert leadconduit.get(f"/flows/{flow['id']}/fields/usage").json() == dict.fromkeys(flow["fields"], 0)
    assert {one["id"] for one in leadconduit.get(f"/fields?flow_id={flow['id']}").json()} == {*flow["fields"]}


def counter(client: httpx.Client, flow: dict[str, Any]) -> dict[str, Any]:
    found = flow["sources"][0]["caps"][0]
    loaded = {**{name: found[name] for name in ("id", "name", "maximum", "type")}, "count": 42, "flow_id": flow["id"]}
    control(client, "load", leadconduit={"caps": [loaded]})
    return {"id": found["id"]}


@pytest.mark.parametrize(
    ("change", "count"),
    [
        (lambda one: one.update(maximum=200), 42),
        (lambda one: one.update(duration=2), 42),
        (lambda one: one.update(duration_units="hour"), 0),
        (lambda one: one.update(rule_set=rule()), 0),
        (lambda one: one.pop("id"), None),
    ],
)
def test_counters_follow_their_caps(leadconduit: httpx.Client, change: Change, count: int | None) -> None:
    flow = made.create(leadconduit, "flows", made.flow(leadconduit))
    cap_id = counter(leadconduit, flow)["id"]
    assert [one["count"] for one in leadconduit.get(f"/caps?flow_id={flow['id']}").json()] == [42]
    assert leadconduit.get(f"/caps?flow_id={FLOW_ID}").json() == []
    change(flow["sources"][0]["caps"][0])
    assert leadconduit.put(f"/flows/{flow['id']}", json=flow).status_code == 200
    answer = leadconduit.get(f"/caps/{cap_id}")
    if count is None:
        assert answer.status_code == 404
    else:
        assert answer.json()["count"] == count


def test_icons_of_destinations_change_with_every_answer(leadconduit: httpx.Client) -> None:
    destination = {"name": "Sheets", "instance_id": "inst-1", "integration_icon_url": "?", "actions": []}
    flow = made.create(leadconduit, "flows", made.flow(leadconduit, destinations=[destination]))
    path = f"/flows/{flow['id']}"
    first, second = leadconduit.get(path).json(), leadconduit.get(path).json()
    assert first["destinations"][0]["integration_icon_url"] != second["destinations"][0]["integration_icon_url"]
    assert first["destinations"][0]["instance_id"] == "inst-1"
