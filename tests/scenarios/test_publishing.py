"""LeadConduit saves and deploys: what `$published` shows, and when it is called."""

from __future__ import annotations

from typing import Any

from tests.harness import Bench
from tests.scenarios.asking import entry, paths, planned, writes

FLOW = "leadconduit.flows.web"
TEXT = """\
leadconduit.entities.form: {{name: Form, source: form, recipient: null, module_ids: [leadconduit-default.inbound]}}
leadconduit.flows.web:
  name: {name}
  enabled: true
{more}  fields: [email]
  sources:
    form: {{entity: form, integration: {{module_id: leadconduit-default.inbound, mappings: []}}}}
  steps: []
"""


def write(shop: Bench, name: str = "Web leads", more: str = "") -> None:
    shop.write(TEXT.format(name=name, more=more))


def flow(shop: Bench) -> dict[str, Any]:
    (found,) = shop.dump("leadconduit", "flows")
    return found


def deployed(shop: Bench) -> dict[str, Any]:
    found: dict[str, Any] = flow(shop).get("_deployed") or {}
    return found


def deploys(shop: Bench) -> int:
    return sum(one.endswith("/deploy") for one in writes(shop))


def test_a_new_flow_is_saved_and_then_deployed(shop: Bench) -> None:
    write(shop)
    steps = [one["id"] for one in shop.plan_json()["x_steps"] if one["address"] == FLOW]
    assert steps == [f"{FLOW}:write", f"{FLOW}:publish"]
    shop.requests()
    shop.apply()
    made = [one for one in writes(shop) if "/flows" in one]
    assert [one.rsplit("/", 1)[-1] for one in made] == ["flows", "deploy"]
    assert deployed(shop)["name"] == "Web leads"
    shop.settled()


def test_a_changed_flow_shows_published_and_deploys_and_an_unchanged_one_does_not(shop: Bench) -> None:
    write(shop)
    shop.apply()
    shop.requests()
    shop.apply()
    assert writes(shop) == []
    write(shop, "Solar leads")
    assert paths(planned(shop, FLOW)) == ["name", "$published"]
    assert "$published" in shop.run("plan").out
    shop.requests()
    shop.apply()
    assert deploys(shop) == 1
    assert deployed(shop)["name"] == "Solar leads"
    shop.settled()


def test_without_published_a_flow_is_saved_only(shop: Bench) -> None:
    write(shop, more="  $published: false\n")
    shop.requests()
    shop.apply()
    assert deploys(shop) == 0
    assert not deployed(shop)
    shop.settled()
    write(shop, "Solar leads", "  $published: false\n")
    assert paths(planned(shop, FLOW)) == ["name"]
    shop.apply()
    assert deploys(shop) == 0
    shop.settled()
    write(shop, "Solar leads")
    assert paths(planned(shop, FLOW)) == ["$published"]
    shop.apply()
    assert deploys(shop) == 1
    assert deployed(shop)["name"] == "Solar leads"
    shop.settled()


def test_saving_only_does_not_withdraw_what_is_live(shop: Bench) -> None:
    write(shop)
    shop.apply()
    write(shop, "Solar leads", "  $published: false\n")
    shop.requests()
    shop.apply()
    assert deploys(shop) == 0
    assert (flow(shop)["name"], deployed(shop)["name"]) == ("Solar leads", "Web leads")
    shop.settled()
    assert planned(shop, FLOW)["x_notes"] == [], "it was us who saved it"
    shop.edit("leadconduit", "flows", flow(shop)["id"], {"ping_enabled": True})
    assert planned(shop, FLOW)["x_notes"] != []


def test_a_deploy_that_failed_is_due_again(shop: Bench) -> None:
    write(shop)
    shop.faults(fail=[{"method": "POST", "path": "*/deploy", "status": 422, "times": 5}])
    shop.apply(3)
    assert not deployed(shop)
    shop.faults()
    assert paths(planned(shop, FLOW)) == ["$published"]
    shop.requests()
    shop.apply()
    assert [one.rsplit("/", 1)[-1] for one in writes(shop)] == ["deploy"]
    shop.settled()


def test_what_others_saved_since_is_a_note_and_a_risk_of_the_next_deploy(shop: Bench) -> None:
    write(shop)
    shop.apply()
    shop.edit("leadconduit", "flows", flow(shop)["id"], {"ping_enabled": True})
    found = planned(shop, FLOW)
    assert found["x_action"] == "no-op"
    assert any("saved" in note for note in found["x_notes"]), found["x_notes"]
    assert found["x_risk"] == []
    shop.settled()
    shop.requests()
    shop.apply()
    assert writes(shop) == [], "what others saved is not ours to deploy"
    write(shop, "Solar leads")
    found = planned(shop, FLOW)
    assert any("saved" in text for text in found["x_risk"]), found
    shop.apply()
    assert deployed(shop)["ping_enabled"] is True, "the deploy takes it live, as the plan said"
    found = planned(shop, FLOW)
    assert found["x_notes"] == []


def test_an_adopted_flow_counts_as_published_until_it_is_written(shop: Bench) -> None:
    write(shop)
    shop.apply()
    identity = flow(shop)["id"]
    shop.run("state", "rm", FLOW, expect=0)
    write(shop, more=f"  $import: {identity}\n")
    found = planned(shop, FLOW)
    assert found["x_action"] == "adopt"
    assert "$published" not in paths(found)
    shop.requests()
    shop.apply()
    assert writes(shop) == []
    assert entry(shop, FLOW)["id"] == identity
    shop.settled()
    write(shop, "Solar leads", f"  $import: {identity}\n")
    assert paths(planned(shop, FLOW)) == ["name", "$published"]
    shop.apply()
    assert deploys(shop) == 1
    shop.settled()


def test_a_removed_flow_is_switched_off_and_that_is_deployed(shop: Bench) -> None:
    write(shop)
    shop.apply()
    shop.write(TEXT.split("leadconduit.flows.web:", maxsplit=1)[0].format())
    shop.requests()
    shop.apply()
    assert [one.split(" ")[0] for one in writes(shop) if "/flows/" in one] == ["PUT", "POST"]
    assert deployed(shop)["enabled"] is False
    shop.settled()
