from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.adapters.base.adapter import Raw
from reconciler.adapters.leadconduit.credentials import is_mask
from reconciler.emulator.server import EmulatorServer
from reconciler.http import Conflict, Forbidden, Invalid, NotFound, Unauthorized
from reconciler.model.values import path_text
from tests.adapters.leadconduit.conftest import Account, connect


def test_identity_tells_the_account_and_no_key(account: Account) -> None:
    found = account.adapter.identity()
    assert found.id
    assert found.name
    assert found.details["role"] == "user"
    assert "emulator-leadconduit" not in json.dumps([found.id, found.name, dict(found.details)])


def test_a_wrong_key_is_said(server: EmulatorServer) -> None:
    with pytest.raises(Unauthorized):
        connect(server.url, "nobody").identity()


def test_lists_are_whole_and_null_is_empty(account: Account) -> None:
    assert account.list("credentials") == {}
    assert account.list("flows") == {}
    assert account.list("routers") == {}
    assert "email" in account.list("fields")
    assert "leadconduit-default.inbound" in account.list("modules")
    assert "leadconduit-custom" in account.list("packages")
    assert account.list("destinations") == {}
    assert account.list("services") == {}
    assert account.adapter.get(account.kind("modules"), {}, "leadconduit-default.inbound") is not None
    assert account.adapter.get(account.kind("modules"), {}, "nothing") is None


@pytest.mark.parametrize("kind", ["flows", "entities", "credentials", "reports", "routers", "fields"])
def test_what_is_not_there_is_none(account: Account, kind: str) -> None:
    assert account.adapter.get(account.kind(kind), {}, "5f00000000000000000000ff") is None


def test_a_flow_is_created_under_the_chosen_id(account: Account, made: dict[str, Raw]) -> None:
    flow = made["flow"]
    assert flow["id"] == "5f0000000000000000000001"
    source, step = flow["sources"][0], flow["steps"][0]
    assert source["entity"]["name"] == "Web form"
    assert step["entity"]["name"] == "CRM"
    assert source["submit_url"] == (f"{account.adapter.base_url}/flows/{flow['id']}/sources/{made['web']['id']}/submit")
    assert source["caps"] is None
    assert account.get("flows", flow["id"]) == flow
    assert account.list("flows")[flow["id"]] == flow
    assert "submit_url" not in json.dumps(account.stored("flows"))


def test_an_update_keeps_every_id(account: Account, made: dict[str, Raw]) -> None:
    flow = made["flow"]
    criteria = flow["acceptance_criteria"]
    old = {rule["lhv"]: rule["id"] for rule in criteria["rule_set"]["rules"]}
    bare = {
        "outcome": "failure",
        "rule_set": {
            "op": "and",
            "rules": [
                {"lhv": "lead.zip", "op": "is blank"},
                {"lhv": "lead.email", "op": "format is valid"},
                {"lhv": "lead.state", "op": "is equal to", "rhv": "TX"},
            ],
        },
    }
    saved = account.update("flows", flow, name="Leads 2", acceptance_criteria=bare)
    rules = {rule["lhv"]: rule["id"] for rule in saved["acceptance_criteria"]["rule_set"]["rules"]}
    assert saved["name"] == "Leads 2"
    assert {name: rules[name] for name in old} == old
    assert saved["acceptance_criteria"]["rule_set"]["id"] == criteria["rule_set"]["id"]
    assert saved["sources"] == flow["sources"]
    assert saved["steps"] == flow["steps"]


def test_leftovers_of_another_operator_or_type_are_not_sent(account: Account, made: dict[str, Raw]) -> None:
    flow = made["flow"]
    rule = {**flow["acceptance_criteria"]["rule_set"]["rules"][0], "op": "is blank"}
    criteria = {**flow["acceptance_criteria"], "rule_set": {"op": "or", "rules": [rule]}}
    step = {**flow["steps"][0], "type": "filter", "outcome": "failure", "rule_set": criteria["rule_set"]}
    saved = account.update("flows", flow, acceptance_criteria=criteria, steps=[step])
    assert "rhv" not in saved["acceptance_criteria"]["rule_set"]["rules"][0]
    assert saved["acceptance_criteria"]["rule_set"]["rules"][0]["id"] == rule["id"]
    assert "entity" not in saved["steps"][0]
    assert saved["steps"][0]["id"] == step["id"]


def test_no_caps_are_null_at_every_depth(account: Account, made: dict[str, Raw]) -> None:
    cap = {"name": "A", "maximum": 1, "duration": 1, "duration_units": "day", "caps": []}
    saved = account.update("flows", made["flow"], caps=[cap])
    assert saved["caps"][0]["caps"] is None
    assert account.update("flows", saved, caps=[])["caps"] is None


def test_the_copy_of_a_renamed_entity_is_sent_as_it_is_now(account: Account, made: dict[str, Raw]) -> None:
    account.update("entities", made["crm"], name="Other CRM")
    account.forget_requests()
    saved = account.update("flows", made["flow"], name="x")
    assert saved["steps"][0]["entity"]["name"] == "Other CRM"
    assert [path for method, path, _ in account.requests() if method == "GET"] == []


def test_entities_are_read_when_they_are_not_known(
    server: EmulatorServer, account: Account, made: dict[str, Raw]
) -> None:
    with Account(connect(server.url), server.url) as other:
        live = other.get("flows", made["flow"]["id"])
        live["steps"][0]["entity"] = {"id": made["crm"]["id"]}
        assert other.update("flows", live, name="x")["steps"][0]["entity"]["name"] == "CRM"


@pytest.mark.parametrize("kind", ["flow", "web", "field"])
def test_a_save_in_between_is_a_conflict(account: Account, made: dict[str, Raw], kind: str) -> None:
    plural = {"flow": "flows", "web": "entities", "field": "fields"}[kind]
    account.edit(plural, made[kind]["id"], {"name": "by hand"})
    with pytest.raises(Conflict):
        account.update(plural, made[kind], name="by us")
    assert account.get(plural, made[kind]["id"])["name"] == "by hand"
    account.update(plural, account.get(plural, made[kind]["id"]), name="by us")


def test_publish_makes_the_saved_flow_live(account: Account, made: dict[str, Raw]) -> None:
    flow = account.update("flows", made["flow"], name="Live")
    result = account.adapter.publish(account.kind("flows"), {}, flow["id"], flow, on=True)
    assert result.version == flow["updated_at"] == account.get("flows", flow["id"])["updated_at"]
    stored = next(one for one in account.stored("flows") if one["id"] == flow["id"])
    assert stored["_deployed"]["name"] == "Live"
    with pytest.raises(TypeError):
        account.adapter.publish(account.kind("flows"), {}, flow["id"], flow, on=False)


def test_disabling_a_flow_publishes_that(account: Account, made: dict[str, Raw]) -> None:
    flows, flow = account.kind("flows"), made["flow"]
    account.adapter.publish(flows, {}, flow["id"], flow, on=True)
    assert account.adapter.remove(flows, {}, flow["id"], "disable", flow).warnings == ()
    stored = next(one for one in account.stored("flows") if one["id"] == flow["id"])
    assert stored["enabled"] is False
    assert stored["_deployed"]["enabled"] is False


def test_deleting_is_done_when_it_is_gone(account: Account, made: dict[str, Raw]) -> None:
    flows, flow = account.kind("flows"), made["flow"]
    assert account.adapter.remove(flows, {}, flow["id"], "delete", flow).warnings == ()
    assert account.adapter.remove(flows, {}, flow["id"], "delete", flow).warnings == ()
    assert account.adapter.remove(flows, {}, flow["id"], "disable", flow).warnings == ()


@pytest.mark.parametrize(("name", "plural"), [("web", "entities"), ("token", "credentials"), ("field", "fields")])
def test_what_is_still_used_goes_and_the_flows_are_named(
    account: Account, made: dict[str, Raw], name: str, plural: str
) -> None:
    kind = account.kind(plural)
    (warning,) = account.adapter.remove(kind, {}, made[name]["id"], "delete", made[name]).warnings
    assert "Leads" in warning
    assert made["flow"]["id"] in warning
    assert account.adapter.get(kind, {}, made[name]["id"]) is None
    flow = account.get("flows", made["flow"]["id"])
    assert account.kind("flows").risks[0](flow, {}, frozenset()) == [
        "the saved flow has errors: it can be saved again only when they are gone"
    ]


def test_a_refusal_names_paths(account: Account, made: dict[str, Raw]) -> None:
    step = {**made["flow"]["steps"][0], "description": "x" * 121}
    with pytest.raises(Invalid) as caught:
        account.update("flows", made["flow"], steps=[step], fields=["email", "nonsense"])
    found = account.adapter.field_errors(account.kind("flows"), caught.value)
    assert {path_text(one.path): one.message for one in found} == {
        "steps[0].description": "is too long (maximum is 120 characters)",
        "fields[1]": "Unknown field",
    }


def test_standard_fields_cannot_be_written(account: Account) -> None:
    field = account.get("fields", "email")
    with pytest.raises(Forbidden):
        account.update("fields", field, name="Mail")


def test_fields(account: Account, made: dict[str, Raw]) -> None:
    field = made["field"]
    assert account.kind("fields").is_preset
    assert field["standard"] is False
    saved = account.update("fields", field, description="Years", see="email", deprecated=True)
    assert (saved["description"], saved["see"], saved["name"]) == ("Years", "email", "Roof age")
    assert account.adapter.remove(account.kind("fields"), {}, "roof_age_brsol", "delete", saved).warnings


def test_entities_are_closed_objects(account: Account, made: dict[str, Raw]) -> None:
    saved = account.update("entities", made["web"], website="https://web.example/", module_ids=[])
    assert saved["website"] == "https://web.example/"
    assert saved["module_ids"] == []


def test_secrets_of_credentials(account: Account, made: dict[str, Raw]) -> None:
    assert is_mask(made["token"]["token"])
    assert is_mask(account.get("credentials", made["token"]["id"])["token"])
    with pytest.raises(Invalid, match=r"needs token with every update.*nothing was sent"):
        account.update("credentials", made["token"], name="Other")
    assert account.stored("credentials")[0]["token"] == "t0ps3cret"
    saved = account.update("credentials", made["token"], name="Other", token="another")
    assert saved["name"] == "Other"
    assert is_mask(saved["token"])
    assert account.stored("credentials")[0]["token"] == "another"


def test_a_mask_is_never_sent(account: Account) -> None:
    made = account.create(
        "credentials",
        {"name": "S", "type": "oauth2", "package": "leadconduit-salesforce", "access_token": "a", "refresh_token": "r"},
    )
    saved = account.update("credentials", made, access_token="b")
    assert "refresh_token" not in saved
    assert "*" not in json.dumps([one["access_token"] for one in account.stored("credentials")])


def test_sharing_a_report(account: Account) -> None:
    kind = account.kind("reports")
    facet = kind.facets[0]
    report = account.create(
        "reports", {"name": "R", "columns": ["cost"], "group_by": ["vars.source.id"], "shared": True}
    )
    assert report["shared"] is False
    shared = account.adapter.write_facet(kind, facet, {}, report["id"], {**report, "shared": True}, report)
    assert shared["shared"] is True
    assert shared["token"]
    again = account.adapter.write_facet(kind, facet, {}, report["id"], {**shared, "shared": True}, shared)
    assert again["token"] == shared["token"]
    saved = account.update("reports", account.get("reports", report["id"]), name="R2", description=None)
    assert saved["token"] == shared["token"]
    assert saved["group_by"] == ["vars.source.id"]
    off = account.adapter.write_facet(kind, facet, {}, report["id"], {**saved, "shared": False}, saved)
    assert (off["shared"], off["token"]) == (False, None)
    assert account.adapter.remove(kind, {}, report["id"], "delete", off).warnings == ()


def router_of(account: Account, made: dict[str, Raw]) -> Raw:
    route = {"flow_id": made["flow"]["id"], "source_id": made["web"]["id"]}
    return account.create("routers", {"module_id": "leadconduit-facebook.inbound.apfacebook", "routes": [route]})


def test_routers(account: Account, made: dict[str, Raw]) -> None:
    router = router_of(account, made)
    assert account.get("routers", router["id"]) == router
    rule_set = {"op": "or", "rules": [{"lhv": "facebook.page_id", "op": "is included in", "rhv": ["1"]}]}
    first = account.update("routers", router, routes=[{**router["routes"][0], "rule_set": rule_set}])
    assert first["routes"][0]["id"] == router["routes"][0]["id"]
    second = account.update("routers", first, routes=[{**first["routes"][0], "rule_set": rule_set}])
    assert second["routes"][0]["rule_set"] == first["routes"][0]["rule_set"]
    result = account.adapter.remove(account.kind("routers"), {}, router["id"], "disable", second)
    assert result.warnings == ()
    assert account.get("routers", router["id"])["routes"] == []
    with pytest.raises(TypeError):
        account.adapter.remove(account.kind("routers"), {}, router["id"], "delete", second)


def test_a_router_that_keeps_its_routes_is_said(account: Account, made: dict[str, Raw]) -> None:
    router = router_of(account, made)
    account.faults(
        fail=[{"method": "PUT", "path": "/routers/*", "status": 422, "body": {"routes": ["can't be blank"]}}]
    )
    (warning,) = account.adapter.remove(account.kind("routers"), {}, router["id"], "disable", router).warnings
    assert "leadconduit-facebook.inbound.apfacebook" in warning
    assert "can't be blank" in warning


def test_answers_of_routers_may_be_arrays(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = account.kind("routers")
    rows = [{"id": "1", "module_id": "a"}, {"id": "2", "module_id": "b"}]
    adapter = account.adapter

    class Answer:
        def __init__(self, value: Any) -> None:
            self.value = value

        def json(self) -> Any:
            return self.value

    monkeypatch.setattr(adapter, "call", lambda *_args, **_more: Answer(rows))
    assert adapter.create(kind, {}, {"module_id": "b", "routes": []}, None)["id"] == "2"
    assert adapter.update(kind, {}, "1", {"module_id": "a"}, frozenset(), rows[0])["module_id"] == "a"
    monkeypatch.setattr(adapter, "call", lambda *_args, **_more: Answer(rows[0]))
    assert adapter.list(kind, {}) == [rows[0]]
    monkeypatch.setattr(adapter, "call", lambda *_args, **_more: Answer(None))
    assert adapter.list(kind, {}) == []


def test_who_changed_what(account: Account, made: dict[str, Raw]) -> None:
    flows, flow = account.kind("flows"), made["flow"]
    account.edit("flows", flow["id"], {"enabled": False, "steps.0.description": "x"}, user="jane.doe@acme.example")
    events = account.adapter.history(flows, {}, flow["id"], None)
    assert [one.event for one in events] == ["update", "create"]
    assert events[0].actor == "Jane Doe <jane.doe@acme.example>"
    assert set(events[0].attributes) == {"enabled", "steps"}
    assert events[0].at is not None
    assert not events[0].by_api
    assert account.adapter.history(flows, {}, flow["id"], events[0].at) == [events[0]]
    assert account.adapter.history(flows, {}, flow["id"], datetime.now(UTC) + timedelta(days=1)) == []
    assert "emulator-leadconduit" not in repr(events)


def test_history_of_the_other_kinds(account: Account, made: dict[str, Raw]) -> None:
    report = account.create("reports", {"name": "R"})
    account.edit("entities", made["web"]["id"], {"name": "Other"})
    account.edit("fields", "roof_age_brsol", {"name": "Other"})
    account.edit("reports", report["id"], {"name": "Other"})
    for plural, object_id in (("entities", made["web"]["id"]), ("fields", "roof_age_brsol"), ("reports", report["id"])):
        events = account.adapter.history(account.kind(plural), {}, object_id, None)
        assert [one.event for one in events] == ["update", "create"], plural
        assert events[0].attributes == ("name",)
    assert account.adapter.history(account.kind("credentials"), {}, made["token"]["id"], None) == ()
    assert account.adapter.history(account.kind("routers"), {}, "x", None) == ()


def test_history_outlives_the_object(account: Account, made: dict[str, Raw]) -> None:
    flows, flow = account.kind("flows"), made["flow"]
    account.adapter.remove(flows, {}, flow["id"], "delete", flow)
    assert [one.event for one in account.adapter.history(flows, {}, flow["id"], None)] == ["delete", "create"]


def test_history_is_read_page_by_page(account: Account, made: dict[str, Raw]) -> None:
    for number in range(105):
        account.edit("fields", "roof_age_brsol", {"name": f"n{number}"})
    assert len(account.adapter.history(account.kind("fields"), {}, "roof_age_brsol", None)) == 106


def test_a_read_error_is_never_absence(account: Account, made: dict[str, Raw]) -> None:
    account.faults(fail=[{"method": "GET", "path": "/flows/*", "status": 403, "times": 1}])
    with pytest.raises(Forbidden):
        account.adapter.get(account.kind("flows"), {}, made["flow"]["id"])
    account.faults(fail=[{"method": "GET", "path": "/flows", "status": 404, "times": 1}])
    with pytest.raises(NotFound):
        account.adapter.list(account.kind("flows"), {})
