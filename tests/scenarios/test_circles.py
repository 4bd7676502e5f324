"""Objects that refer to each other in a circle, and chains that are longer than any stack."""

from __future__ import annotations

import pytest

from tests.harness import Bench
from tests.scenarios.asking import busy, tracked

RULE = "{{AND: [{{rule_type: {sort}, matching: equals, value: {target}}}]}}"


def rule(sort: str, target: str) -> str:
    return RULE.format(sort=sort, target=target)


CIRCLE = f"""\
convert.goals:
  first: {{name: First, type: advanced, triggering_rule: {rule("bucketed_into_segment", "fans")}}}
  second: {{name: Second, type: advanced, triggering_rule: {rule("goal_triggered", "first")}}}
convert.audiences:
  fans: {{name: Fans, type: segmentation, rules: {rule("goal_triggered", "second")}}}
"""
FIELDS = """\
leadconduit.fields:
  a_acme: {name: A, type: string, deprecated: true, see: b_acme}
  b_acme: {name: B, type: string, deprecated: true, see: c_acme}
  c_acme: {name: C, type: string, deprecated: true, see: a_acme}
"""
ENTITIES = """\
leadconduit.entities:
  a: {name: A, source: form, recipient: null, module_ids: [leadconduit-default.inbound], see: b}
  b: {name: B, source: form, recipient: null, module_ids: [leadconduit-default.inbound], see: c}
  c: {name: C, source: form, recipient: null, module_ids: [leadconduit-default.inbound], see: a}
"""
ITSELF = f"""\
convert.goals.again: {{name: Again, type: advanced, triggering_rule: {rule("goal_triggered", "again")}}}
leadconduit.entities.me: {{name: Me, source: form, recipient: null, module_ids: [leadconduit-default.inbound], see: me}}
leadconduit.fields.me_acme: {{name: Me, type: string, see: me_acme}}
"""


@pytest.mark.parametrize("text", [CIRCLE, ENTITIES], ids=["rules", "entities"])
@pytest.mark.parametrize("purge", [False, True])
def test_a_circle_of_three_is_made_and_taken_apart(shop: Bench, text: str, purge: bool) -> None:
    shop.write(text)
    document = shop.plan_json()
    assert [len(cycle) for cycle in document["x_cycles"]] == [3]
    steps = [one["id"] for one in document["x_steps"]]
    assert sum(one.endswith(":write") for one in steps) == 3
    (link,) = [one for one in steps if one.endswith(":link")]
    shown = shop.run("plan").out
    assert "written later" in shown
    shop.apply()
    shop.settled()
    argv = ["--purge"] if purge else []
    shop.run("destroy", "--auto-approve", *argv, expect=0)
    assert tracked(shop) == [], link
    kinds = [("leadconduit", "entities")] if text == ENTITIES else [("convert", "goals"), ("convert", "audiences")]
    left = [one for platform, kind in kinds for one in shop.dump(platform, kind)]
    deleted = purge or text == ENTITIES
    assert [one.get("status") for one in left if not one.get("standard") and not one.get("account")] == (
        [] if deleted else ["archived"] * 3
    )


def test_a_circle_by_ids_that_are_known_needs_no_second_call(shop: Bench) -> None:
    shop.write(FIELDS)
    shop.apply()
    assert sorted((one["id"], one["see"]) for one in shop.dump("leadconduit", "fields")) == [
        ("a_acme", "b_acme"),
        ("b_acme", "c_acme"),
        ("c_acme", "a_acme"),
    ]
    shop.settled()
    shop.run("destroy", "--auto-approve", expect=0)
    assert shop.dump("leadconduit", "fields") == []


def test_what_refers_to_itself_is_made_first_and_linked_then(shop: Bench) -> None:
    shop.write(ITSELF)
    shop.apply()
    shop.settled()
    (goal,) = shop.dump("convert", "goals")
    assert str(goal["triggering_rule"]["OR"][0]["AND"][0]["OR_WHEN"][0]["value"]) == str(goal["id"])
    (entity,) = [one for one in shop.dump("leadconduit", "entities") if one["name"] == "Me"]
    assert entity["see"] == entity["id"]
    shop.run("destroy", "--auto-approve", "--purge", expect=0)
    assert tracked(shop) == []


def test_a_circle_that_nothing_can_cut_is_an_error_with_places(shop: Bench) -> None:
    shop.write(
        "convert.tags:\n  a: {name: A, $depends_on: [convert.tags.b]}\n  b: {name: B, $depends_on: [convert.tags.a]}\n"
    )
    ran = shop.run("plan", expect=1)
    assert "convert.tags.a" in ran.out + ran.err
    assert "convert.tags.b" in ran.out + ran.err


def test_a_circle_that_comes_about_later_is_written_in_one_go(shop: Bench) -> None:
    shop.write(
        CIRCLE.replace(
            f"triggering_rule: {rule('bucketed_into_segment', 'fans')}", "triggering_rule: " + rule("country", "DE")
        )
    )
    shop.apply()
    shop.write(CIRCLE)
    assert busy(shop) == {"convert.goals.first": "update"}
    shop.apply()
    shop.settled()


def test_two_flows_that_post_to_each_other_are_made_with_ids_chosen_beforehand(shop: Bench) -> None:
    flow = """\
leadconduit.flows.{0}:
  name: Flow {0}
  enabled: true
  fields: [email]
  sources: {{form: {{entity: form, integration: {{module_id: leadconduit-default.inbound, mappings: []}}}}}}
  steps:
    - $name: other
      type: recipient
      entity: crm
      integration: {{module_id: leadconduit-custom.outbound.json, mappings: {{url: "${{leadconduit.flows.{1}.sources.form.submit_url}}"}}}}
"""
    entities = """\
leadconduit.entities:
  form: {name: Form, source: form, recipient: null, module_ids: [leadconduit-default.inbound]}
  crm: {name: CRM, source: null, recipient: crm, module_ids: [leadconduit-custom.outbound.json]}
"""
    shop.write(entities + flow.format("a", "b") + flow.format("b", "a"))
    ran = shop.run("plan")
    if ran.code == 0:
        shop.apply()
        shop.settled()
        flows = {one["name"]: one for one in shop.dump("leadconduit", "flows")}
        (mapping,) = flows["Flow a"]["steps"][0]["integration"]["mappings"]
        assert flows["Flow b"]["id"] in mapping["value"]
    else:
        assert "circle" in ran.out + ran.err


@pytest.mark.parametrize("how", ["see", "depends"])
def test_a_chain_of_ten_thousand(shop: Bench, how: str) -> None:
    count = 10_000
    lines = ["leadconduit.fields:"]
    for i in range(count):
        more = (
            ""
            if i == 0
            else f", see: f{i - 1}_acme"
            if how == "see"
            else f", $depends_on: [leadconduit.fields.f{i - 1}_acme]"
        )
        lines.append(f"  f{i}_acme: {{name: Field {i}, type: string{more}}}")
    shop.write("\n".join(lines) + "\n")
    steps = shop.plan_json()["x_steps"]
    order = [one["address"] for one in steps]
    assert order == [f"leadconduit.fields.f{i}_acme" for i in range(count)]
