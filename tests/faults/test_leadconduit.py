"""LeadConduit's save and deploy when things go wrong: what is saved goes live in the end, and nobody's work is overwritten."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.applier.verify import verify
from tests.faults.mixed import assert_same_copy
from tests.harness import Bench

FIELDS = "leadconduit.fields.roof_brsol: {name: Roof, type: number}\n"
REST = """\
leadconduit.entities.web: {name: Form, source: form, recipient: null, module_ids: [leadconduit-default.inbound]}
leadconduit.flows.web:
  name: Web
  enabled: true
  fields: [first_name, roof_brsol]
  sources:
    web: {entity: web, enabled: true, integration: {module_id: leadconduit-default.inbound, mappings: []}}
  steps:
    - $name: stop
      type: filter
      description: Stop
      outcome: failure
      reason: No roof
      rule_set: {op: and, rules: [{lhv: lead.roof_brsol, op: is blank}]}
"""
WITHOUT = REST.replace("[first_name, roof_brsol]", "[first_name]").replace(
    "lead.roof_brsol, op: is blank", "lead.first_name, op: is blank"
)
ADDRESS = "leadconduit.flows.web"


@pytest.fixture
def leads(shop: Bench) -> Bench:
    """Return a project with one flow that uses a field of ours, applied."""
    shop.write(FIELDS + REST)
    shop.apply()
    shop.requests()
    return shop


def flow(shop: Bench, name: str = "Web") -> dict[str, Any]:
    return next(one for one in shop.dump("leadconduit", "flows") if one["name"] == name)


def writing(shop: Bench) -> list[tuple[str, str]]:
    rows = [(row["method"], row["path"].removeprefix("/leadconduit")) for row in shop.requests()]
    return [row for row in rows if row[0] != "GET" and row[1].startswith("/")]


@pytest.mark.parametrize("status", [422, 403, 500, 502])
@pytest.mark.usefixtures("_impatient")
def test_a_deploy_that_failed_is_in_the_next_plan_and_then_done(leads: Bench, status: int) -> None:
    leads.write(FIELDS + REST.replace("reason: No roof", "reason: Roof is missing"))
    leads.faults(fail=[{"method": "POST", "path": "/flows/*/deploy", "status": status, "times": 99}])
    ran = leads.run("apply", "--auto-approve")
    assert ran.code == 3, str(ran)
    leads.faults()
    assert flow(leads)["_deployed"]["steps"][0]["reason"] == "No roof"
    leads.requests()

    change = leads.changes()[ADDRESS]
    assert change["change"]["actions"] == ["update"]
    assert change["change"]["after"]["$published"] is True
    assert change["change"]["before"].get("$published") is not True
    ran = leads.apply()
    assert [path.rpartition("/")[2] for _, path in writing(leads)] == ["deploy"], "it was saved already"
    assert_same_copy(flow(leads))
    leads.settled()


@pytest.mark.usefixtures("_impatient")
def test_a_first_deploy_that_failed_is_done_by_the_next_apply(shop: Bench) -> None:
    shop.write(FIELDS + REST)
    shop.faults(fail=[{"method": "POST", "path": "/flows/*/deploy", "status": 422, "times": 1}])
    ran = shop.run("apply", "--auto-approve")
    assert ran.code == 3, str(ran)
    assert "_deployed" not in flow(shop)
    shop.apply()
    assert_same_copy(flow(shop))
    shop.settled()
    assert len([one for one in shop.dump("leadconduit", "flows") if one["name"] == "Web"]) == 1


def test_a_refused_save_does_not_make_a_publish_due(leads: Bench) -> None:
    leads.write(FIELDS + REST.replace("reason: No roof", "reason: Roof is missing"))
    leads.faults(fail=[{"method": "PUT", "path": "/flows/*", "status": 422, "times": 1}])
    ran = leads.run("apply", "--auto-approve")
    assert ran.code == 1, str(ran)
    leads.write(FIELDS + REST)
    leads.settled()


def test_a_field_goes_only_after_the_flow_without_it_is_live(leads: Bench) -> None:
    leads.write(WITHOUT)
    leads.apply(0, "--allow", "deletes=1")
    identity = flow(leads)["id"]
    assert writing(leads) == [
        ("PUT", f"/flows/{identity}"),
        ("POST", f"/flows/{identity}/deploy"),
        ("DELETE", "/fields/roof_brsol"),
    ]
    assert_same_copy(flow(leads))
    leads.settled()


@pytest.mark.parametrize("path", ["/flows/*", "/flows/*/deploy"])
def test_a_field_stays_when_the_flow_without_it_did_not_go_live(leads: Bench, path: str) -> None:
    leads.write(WITHOUT)
    method = "PUT" if path == "/flows/*" else "POST"
    leads.faults(fail=[{"method": method, "path": path, "status": 422, "times": 99}])
    ran = leads.run("apply", "--auto-approve", "--allow", "deletes=1", "--json")
    assert ran.code in {1, 3}, str(ran)
    skipped = [step for step in ran.json["steps"] if step["address"] == "leadconduit.fields.roof_brsol"]
    assert [step["status"] for step in skipped] == ["skipped"]
    assert ADDRESS in skipped[0]["cause"]
    assert any(field["id"] == "roof_brsol" for field in leads.dump("leadconduit", "fields"))
    leads.faults()
    leads.apply(0, "--allow", "deletes=1")
    leads.settled()
    assert_same_copy(flow(leads))


def test_flows_that_are_not_managed_and_still_use_what_goes_are_told(leads: Bench) -> None:
    leads.write("removed: [{address: leadconduit.flows.web}]\n" + FIELDS + REST.partition("leadconduit.flows.web:")[0])
    leads.apply()
    assert flow(leads)["enabled"], "forgetting leaves it as it is"
    leads.write("{}\n", "resources/main.yaml")
    ran = leads.run("plan", "--allow", "empty")
    assert "still referred to by flow Web" in ran.out, str(ran)
    ran = leads.apply(0, "--allow", "empty")
    warned = " ".join((ran.out + ran.err).split())
    assert f"flow Web ({flow(leads)['id']}) still refers to it" in warned
    leads.settled()


def test_an_edit_between_read_and_write_is_not_overwritten(leads: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    leads.write(FIELDS + REST.replace("reason: No roof", "reason: Roof is missing"))
    identity = flow(leads)["id"]

    def late(*args: Any) -> Any:
        found = verify(*args)
        leads.edit("leadconduit", "flows", identity, {"name": "Web by hand"})
        return found

    monkeypatch.setattr("reconciler.applier.applier.verify", late)
    ran = leads.run("apply", "--auto-approve")
    assert ran.code == 1, str(ran)
    assert "somebody saved it" in ran.out
    now = flow(leads, "Web by hand")
    assert now["steps"][0]["reason"] == "No roof"
    assert ("POST", f"/flows/{identity}/deploy") not in writing(leads)
    monkeypatch.undo()
    change = leads.changes()[ADDRESS]["change"]
    assert change["before"]["name"] == "Web by hand"
    leads.apply()
    assert_same_copy(flow(leads))
    leads.settled()


def test_a_refusal_is_told_at_the_line_of_the_attribute(leads: Bench) -> None:
    leads.write(FIELDS + REST.replace("reason: No roof", "reason: Roof is missing"))
    body = {"errors": {"steps": {"0": {"reason": ["is rude"]}}, "name": ["is taken"]}}
    leads.faults(fail=[{"method": "PUT", "path": "/flows/*", "status": 422, "times": 1, "body": body}])
    ran = leads.run("apply", "--auto-approve")
    assert ran.code == 1, str(ran)
    lines = (leads.root / "resources/main.yaml").read_text().splitlines()
    reason = next(n for n, line in enumerate(lines, 1) if "reason:" in line)
    name = next(n for n, line in enumerate(lines, 1) if "name: Web" in line)
    assert f"main.yaml:{reason}:" in ran.out, ran.out
    assert "is rude" in ran.out
    assert f"main.yaml:{name}:" in ran.out, ran.out
    assert "is taken" in ran.out
