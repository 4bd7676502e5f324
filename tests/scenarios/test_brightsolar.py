"""A whole project of a solar company, as its user writes it, through its whole life."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import Bench, bench
from tests.scenarios.asking import busy, planned, tracked, writes

HERE = Path(__file__).parent / "brightsolar"
BAR = "convert.experiences.free-shipping"
FLOW = "leadconduit.flows.web_leads"
SECRETS = {
    "BRIGHT_KEY_ID": "unused",
    "BRIGHTSOLAR_CONVERT": "unused",
    "BRIGHTSOLAR_LEADCONDUIT": "unused",
    "BRIGHTSOLAR_BRIGHT_CRM_TOKEN": "tok3n-of-the-crm",
    "BRIGHTSOLAR_CRM_HMAC": "hm4c-of-the-crm",
}


@pytest.fixture
def solar(tmp_path: Path) -> Iterator[Bench]:
    """The project, its emulator begun with `--data`."""
    root = tmp_path / "brightsolar"
    shutil.copytree(HERE, root)
    data = json.loads((HERE / "emulator.json").read_text())
    with bench(root, (HERE / "reconciler.yaml").read_text(), data) as one:
        one.environ |= SECRETS
        yield one


def flow(solar: Bench) -> dict[str, Any]:
    (found,) = solar.dump("leadconduit", "flows")
    return found


def named(solar: Bench, kind: str, name: str) -> dict[str, Any]:
    return next(one for one in solar.dump("convert", kind) if one["name"] == name)


def test_its_life(solar: Bench) -> None:
    solar.run("validate", expect=0)
    solar.run("validate", "--online", expect=0)
    solar.requests()
    document = solar.plan_json()
    assert writes(solar) == []
    count = len([one for one in document["resource_changes"] if one["x_action"] == "create"])
    assert count == 19
    solar.apply()
    solar.settled()
    assert len(tracked(solar)) == count
    solar.requests()
    solar.apply()
    assert writes(solar) == []
    solar.run("fmt", expect=0)
    solar.run("fmt", "--check", expect=0)
    solar.settled()
    for text in (solar.run("state", "pull").out, solar.run("plan", "--json").out, solar.run("show").out):
        assert "tok3n" not in text
        assert "hm4c" not in text
    _by_hand(solar)
    solar.run("destroy", "--auto-approve", expect=0)
    assert tracked(solar) == []
    assert {one["status"] for one in solar.dump("convert", "goals")} == {"archived"}
    assert (flow(solar)["enabled"], flow(solar)["_deployed"]["enabled"]) == (False, False)


def _by_hand(solar: Bench) -> None:
    """Two people change four objects; the plan says which, and an apply turns back what is not a switch."""
    bar = named(solar, "experiences", "Free shipping bar")
    solar.edit("convert", "experiences", bar["id"], {"status": "paused", "name": "Bar (test)"}, user="Nina")
    solar.edit("convert", "goals", named(solar, "goals", "Add to cart")["id"], {"settings.selector": ".cart"})
    solar.edit(
        "convert", "features", named(solar, "features", "New checkout")["id"], {"variables.0.default_value": True}
    )
    solar.edit("leadconduit", "flows", flow(solar)["id"], {"caps.0.maximum": 1, "steps.1.reason": "Twice"})
    wanted = {BAR, "convert.goals.add_to_cart", "convert-app.features.new_checkout", FLOW}
    assert set(busy(solar)) == wanted
    assert planned(solar, BAR)["x_kept"] == ["status"]
    out = solar.run("drift", expect=2).out
    assert all(address in out for address in wanted)
    assert "Nina" in out
    solar.apply()
    solar.settled()
    bar = named(solar, "experiences", "Free shipping bar")
    assert bar["status"] == "paused", "somebody paused it: that stays"
    assert flow(solar)["_deployed"]["caps"][0]["maximum"] == 3000
    solar.run("drift", expect=2)


def test_what_the_server_holds_is_what_is_written(solar: Bench) -> None:
    solar.apply()
    mvt = named(solar, "experiences", "Home headline x hero")
    assert [one["id"] for one in mvt["sections"]] == ["a", "b"]
    assert len(mvt["variations"]) == 4
    bar = named(solar, "experiences", "Free shipping bar")
    assert bar["status"] == "active"
    code = bar["variations"][2]["changes"][0]["data"]["js"]
    assert "`Only ${left} hours left`" in code
    assert [one["traffic_distribution"] for one in bar["variations"]] == [33.34, 33.33, 33.33]
    audience = named(solar, "audiences", "Mobile from Germany or Austria, gold or bought before")
    text = json.dumps(audience["rules"])
    assert '"negated": true' in text
    assert '"17.10"' in text
    assert str(named(solar, "goals", "Bright Solar purchase")["id"]) in text
    feature = named(solar, "features", "New checkout")
    assert json.loads(feature["variables"][2]["default_value"]) == {"mode": "light"}
    stored = flow(solar)
    mapped = {one["property"]: one["value"] for one in stored["steps"][3]["integration"]["mappings"]}
    (credential,) = solar.dump("leadconduit", "credentials")
    assert mapped["credential_id"] == credential["id"]
    assert mapped["header.X-Secret"] == "Bearer hm4c-of-the-crm"
    assert mapped["json_property.phone"] == "+4930123456"
    assert stored["acceptance_criteria"]["rule_set"]["rules"][2]["rhv"] == ["01234", "02110"]
    (router,) = solar.dump("leadconduit", "routers")
    assert router["routes"][0]["source_id"] == stored["sources"][2]["entity"]["id"]
    output = solar.run("output", "web_submit_url", expect=0).out
    assert f"/flows/{stored['id']}/sources/{stored['sources'][0]['entity']['id']}/submit" in output


def test_a_step_in_between_keeps_the_ids_of_the_others(solar: Bench) -> None:
    solar.apply()
    before = {one.get("description"): one["id"] for one in flow(solar)["steps"]}
    caps = [one["id"] for one in flow(solar)["caps"]]
    path = solar.root / "resources" / "leadconduit.yaml"
    more = "    - {$name: early, type: filter, description: Early end, outcome: error, rule_set: {op: and, rules: [{lhv: lead.city, op: is blank}]}}\n"
    path.write_text(path.read_text().replace("  steps:\n", f"  steps:\n{more}"))
    found = planned(solar, FLOW)
    assert [one["action"] for one in found["x_children"]] == ["add"]
    solar.apply()
    solar.settled()
    after = {one.get("description"): one["id"] for one in flow(solar)["steps"]}
    assert flow(solar)["steps"][0]["description"] == "Early end"
    assert {name: after[name] for name in before} == before
    assert [one["id"] for one in flow(solar)["caps"]] == caps
