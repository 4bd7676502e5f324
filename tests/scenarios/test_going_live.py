"""What goes live, when, and what nobody starts again: Convert experiments and LeadConduit deploys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import Bench, bench

TEST = """\
convert.goals.sale: {name: Sale, type: revenue, settings: {triggering_type: manual}}
convert.experiences.bar:
  name: Bar
  description: first
  type: a/b
  status: active
  url: https://shop.example/
  goals: [sale]
  variations:
    original: {name: Original, is_baseline: true, traffic_distribution: 50}
    bar: {name: With bar, traffic_distribution: 50, changes: [{$name: css, type: customCode, data: {css: ".bar{}"}}]}
"""
FLOW = """\
leadconduit.entities.web: {name: Web form, source: form, recipient: null, module_ids: [leadconduit-default.inbound]}
leadconduit.flows.leads:
  name: Leads
  enabled: true
  fields: [first_name, email]
  sources:
    web: {entity: web, integration: {module_id: leadconduit-default.inbound, mappings: []}}
  steps: []
"""


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as found:
        yield found


def experience(one: Bench) -> dict[str, Any]:
    return one.dump("convert", "experiences")[0]


def test_a_new_active_experiment_is_a_draft_until_it_is_complete(one: Bench) -> None:
    one.write(TEST)
    one.apply()
    history = [
        (row["event"], row["changes"].get("new", {}).get("status"))
        for row in one.dump("convert", "change_history")
        if row["object"] == "experience"
    ]
    assert history[0][0] == "create"
    assert history[0][1] in {"draft", None}
    assert history[-1][0] == "activate" or history[-1][1] == "active"
    assert experience(one)["status"] == "active"
    one.settled()


@pytest.mark.parametrize("status", ["paused", "completed"])
def test_what_was_stopped_is_not_started_again_by_an_unrelated_apply(one: Bench, status: str) -> None:
    one.write(TEST)
    one.apply()
    values: dict[str, Any] = {"status": status}
    if status == "completed":
        values["_engine"] = True
    one.edit("convert", "experiences", experience(one)["id"], values, "Bob")
    plan = one.run("plan", "--detailed-exitcode", expect=0)
    assert ("Bob" in plan.out and "paused" in plan.out) if status == "paused" else "platform itself" in plan.out
    one.write(TEST.replace("first", "second"))
    one.apply()
    assert experience(one)["status"] == status
    assert experience(one)["description"] == "second"
    one.settled()
    assert one.run("drift").code == (2 if status == "paused" else 0)


def test_on_drift_revert_starts_it_again(one: Bench) -> None:
    revert = TEST.replace("  name: Bar\n", "  $lifecycle: {on_drift: revert}\n  name: Bar\n")
    one.write(revert)
    one.apply()
    one.edit("convert", "experiences", experience(one)["id"], {"status": "paused"}, "Bob")
    one.apply()
    assert experience(one)["status"] == "active"


def test_a_change_of_the_file_acts_on_the_switch(one: Bench) -> None:
    one.write(TEST)
    one.apply()
    one.write(TEST.replace("status: active", "status: paused"))
    one.apply()
    assert experience(one)["status"] == "paused"
    one.settled()


def test_a_way_that_does_not_exist_is_refused_by_the_plan(one: Bench) -> None:
    one.write(TEST)
    one.apply()
    one.requests()
    one.write(TEST.replace("status: active", "status: archived"))
    ran = one.run("plan", expect=1)
    assert "cannot go from active to archived" in ran.out + ran.err
    assert "pause" in ran.out + ran.err


def test_a_changed_flow_shows_published_and_deploys(one: Bench) -> None:
    one.write(FLOW)
    one.apply()
    one.settled()
    one.requests()
    one.write(FLOW.replace("first_name, email", "first_name, last_name, email"))
    changes = one.changes()["leadconduit.flows.leads"]
    assert "$published" in {leaf["path"] for leaf in changes["x_leaves"]}
    one.apply()
    assert [row["path"] for row in one.requests() if row["path"].endswith("/deploy")]
    flow = one.dump("leadconduit", "flows")[0]
    assert flow["_deployed"]["fields"] == ["first_name", "last_name", "email"]
    one.settled()


def test_a_deploy_that_failed_is_in_the_next_plan(one: Bench) -> None:
    one.write(FLOW)
    one.apply()
    one.write(FLOW.replace("name: Leads", "name: More leads"))
    one.faults(fail=[{"method": "POST", "path": "*/deploy", "status": 422, "times": 1}])
    one.apply(3)
    one.faults()
    flow = one.dump("leadconduit", "flows")[0]
    assert (flow["name"], flow["_deployed"]["name"]) == ("More leads", "Leads")
    leaves = one.changes()["leadconduit.flows.leads"]["x_leaves"]
    assert [leaf["path"] for leaf in leaves] == ["$published"]
    one.apply()
    assert one.dump("leadconduit", "flows")[0]["_deployed"]["name"] == "More leads"
    one.settled()


def test_published_false_saves_and_does_not_deploy(one: Bench) -> None:
    one.write(FLOW.replace("  name: Leads", "  $published: false\n  name: Leads"))
    one.apply()
    assert not one.dump("leadconduit", "flows")[0].get("_deployed")
    one.settled()
    one.write(FLOW)
    one.apply()
    assert one.dump("leadconduit", "flows")[0]["_deployed"]["name"] == "Leads"


def test_a_field_goes_only_after_the_flow_without_it_is_live(one: Bench) -> None:
    field = "leadconduit.fields.roof_abc: {name: Roof, type: string}\n"
    one.write(field + FLOW.replace("first_name, email", "first_name, roof_abc"))
    one.apply()
    one.requests()
    one.write(FLOW)
    one.apply()
    wrote = [(row["method"], row["path"].rsplit("/", 1)[-1]) for row in one.requests() if row["method"] != "GET"]
    assert [method for method, _ in wrote] == ["PUT", "POST", "DELETE"]
    assert [last for _, last in wrote[1:]] == ["deploy", "roof_abc"]
    one.settled()


def test_an_adopted_flow_counts_as_published_until_we_write_to_it(one: Bench) -> None:
    one.write(FLOW)
    one.apply()
    flow = one.dump("leadconduit", "flows")[0]
    one.run("state", "rm", "leadconduit.flows.leads", expect=0)
    one.requests()
    one.apply(5)  # a name that may repeat is not taken over silently
    one.apply(0, "--allow", "adopt=leadconduit.flows.leads")
    assert not [row for row in one.requests() if row["path"].endswith("/deploy")]
    assert one.dump("leadconduit", "flows")[0]["id"] == flow["id"]
    one.settled()
