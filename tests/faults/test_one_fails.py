"""One object that the platform refuses: the others are made, what needs it is skipped with the cause, the next run ends it."""

from __future__ import annotations

import pytest

from tests.harness import Bench

NUMBER = 100
BAD = "field_042_brsol"


def fields() -> str:
    rows = [f"  field_{n:03}_brsol: {{name: Field {n}, type: string}}\n" for n in range(NUMBER)]
    return "leadconduit.fields:\n" + "".join(rows)


FLOW = f"""\
leadconduit.entities.web: {{name: Form, source: form, recipient: null, module_ids: [leadconduit-default.inbound]}}
leadconduit.flows.needs_it:
  name: Needs it
  enabled: true
  fields: [first_name, {BAD}]
  sources:
    web: {{entity: web, enabled: true, integration: {{module_id: leadconduit-default.inbound, mappings: []}}}}
  steps: []
leadconduit.routers.facebook:
  module_id: leadconduit-facebook.inbound.apfacebook
  routes: [{{$name: all, flow_id: needs_it, source_id: web}}]
"""


@pytest.mark.parametrize(("status", "body"), [(422, {"name": ["is not to our taste"]}), (403, None), (500, None)])
@pytest.mark.usefixtures("_impatient")
def test_one_object_of_a_hundred_fails_and_the_rest_is_done(shop: Bench, status: int, body: object) -> None:
    # A create's path does not name its object: the one that fails is updated, the others are made.
    shop.write("leadconduit.fields:\n" + f"  {BAD}: {{name: Before, type: string}}\n")
    shop.apply()
    shop.write(fields() + FLOW)
    shop.faults(fail=[{"method": "PUT", "path": f"/fields/{BAD}", "status": status, "times": 999, "body": body}])
    ran = shop.run("apply", "--auto-approve", "--json")
    assert ran.code == 3, str(ran)
    summary = ran.json
    outcomes = {(step["address"], step["call"]): step for step in summary["steps"]}
    failed = [step for step in outcomes.values() if step["status"] == "failed"]
    assert [step["address"] for step in failed] == [f"leadconduit.fields.{BAD}"]
    assert str(status) in failed[0]["error"]
    if body is not None:
        assert "is not to our taste" in failed[0]["error"]
    done = {step["address"] for step in outcomes.values() if step["status"] == "done"}
    skipped = {step["address"]: step for step in outcomes.values() if step["status"] == "skipped"}
    assert len([address for address in done if ".fields." in address]) == NUMBER - 1
    assert set(skipped) == {"leadconduit.flows.needs_it", "leadconduit.routers.facebook"}
    assert all(f"leadconduit.fields.{BAD}" in step["cause"] for step in skipped.values())
    assert not shop.dump("leadconduit", "routers")

    ran = shop.run("apply", "--auto-approve")
    assert ran.code == 1, f"nothing is done while it still fails: {ran}"
    assert BAD in ran.out
    shop.faults()
    shop.apply()
    shop.settled()
    assert len(shop.dump("leadconduit", "routers")) == 1


@pytest.mark.usefixtures("_impatient")
def test_on_error_stop_begins_nothing_more(shop: Bench) -> None:
    shop.write(fields())
    shop.faults(fail=[{"method": "POST", "path": "/fields", "status": 422, "times": 1}])
    ran = shop.run("apply", "--auto-approve", "--on-error", "stop", "--parallelism", "1", "--json")
    assert ran.code == 1, str(ran)
    statuses = [step["status"] for step in ran.json["steps"]]
    assert statuses == ["failed", *["not_started"] * (NUMBER - 1)]
    shop.apply()
    shop.settled()
