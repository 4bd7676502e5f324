"""Renaming in the files: a move, never a removal and a second creation."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import Bench
from tests.scenarios.asking import busy, entry, paths, planned, tracked, writes

GOAL = "{name: Bought, type: revenue, settings: {triggering_type: manual}"


def moved(*pairs: tuple[str, str]) -> str:
    return "moved:\n" + "".join(f"  - {{from: {source}, to: {target}}}\n" for source, target in pairs)


def nothing_written(shop: Bench) -> None:
    """Apply, and assert that the platform was only read."""
    shop.requests()
    shop.apply()
    assert writes(shop) == []
    shop.settled()


def test_a_resource_with_the_same_unique_key_under_another_name_has_moved(shop: Bench) -> None:
    shop.write(f"convert.goals.bought: {GOAL}, key: bought}}\n")
    shop.apply()
    shop.write(f"convert.goals.purchase: {GOAL}, key: bought}}\n")
    found = planned(shop, "convert.goals.purchase")
    assert (found["x_action"], found["previous_address"]) == ("move", "convert.goals.bought")
    assert busy(shop) == {"convert.goals.purchase": "move"}
    assert shop.run("plan", "--detailed-exitcode").code == 2
    nothing_written(shop)
    assert tracked(shop) == ["convert.goals.purchase"]


def test_a_key_that_was_the_resources_name_stays_after_an_explicit_move(shop: Bench) -> None:
    shop.write(f"convert.goals.bought: {GOAL}}}\n")
    shop.apply()
    assert shop.dump("convert", "goals")[0]["key"] == "bought"
    shop.write(f"convert.goals.purchase: {GOAL}}}\n" + moved(("convert.goals.bought", "convert.goals.purchase")))
    assert busy(shop) == {"convert.goals.purchase": "move"}
    nothing_written(shop)
    shop.write(f"convert.goals.purchase: {GOAL}}}\n")
    nothing_written(shop)
    assert [one["key"] for one in shop.dump("convert", "goals")] == ["bought"]


def test_the_same_name_of_a_kind_whose_names_may_repeat_is_a_move_when_there_is_one_of_each(shop: Bench) -> None:
    shop.write("convert.tags.q1: {name: Campaign}\n")
    shop.apply()
    shop.write("convert.tags.spring: {name: Campaign}\n")
    assert busy(shop) == {"convert.tags.spring": "move"}
    nothing_written(shop)


def test_several_of_the_same_name_stop_and_propose_moved(shop: Bench) -> None:
    shop.write("convert.tags.q1: {name: Campaign}\nconvert.tags.q2: {name: Campaign}\n")
    shop.apply()
    shop.write("convert.tags.one: {name: Campaign}\nconvert.tags.two: {name: Campaign}\n")
    shop.requests()
    ran = shop.run("plan")
    assert ran.code in {1, 5}
    assert "moved:" in ran.out + ran.err
    assert shop.run("apply", "--auto-approve").code == ran.code
    assert writes(shop) == []
    pairs = moved(("convert.tags.q1", "convert.tags.one"), ("convert.tags.q2", "convert.tags.two"))
    shop.write("convert.tags.one: {name: Campaign}\nconvert.tags.two: {name: Campaign}\n" + pairs)
    nothing_written(shop)


def test_two_addresses_trade_places(shop: Bench) -> None:
    shop.write("convert.tags.a: {name: Autumn}\nconvert.tags.b: {name: Bargain}\n")
    shop.apply()
    ids = {name: entry(shop, f"convert.tags.{name}")["id"] for name in "ab"}
    swap = moved(("convert.tags.a", "convert.tags.b"), ("convert.tags.b", "convert.tags.a"))
    shop.write("convert.tags.a: {name: Bargain}\nconvert.tags.b: {name: Autumn}\n" + swap)
    assert busy(shop) == {"convert.tags.a": "move", "convert.tags.b": "move"}
    nothing_written(shop)
    assert {name: entry(shop, f"convert.tags.{name}")["id"] for name in "ab"} == {"a": ids["b"], "b": ids["a"]}


def test_two_whose_keys_are_their_names_trade_places_once(shop: Bench) -> None:
    shop.write("convert.goals.a: {name: A, type: code_trigger}\nconvert.goals.b: {name: B, type: code_trigger}\n")
    shop.apply()
    ids = {name: entry(shop, f"convert.goals.{name}")["id"] for name in "ab"}
    swap = moved(("convert.goals.a", "convert.goals.b"), ("convert.goals.b", "convert.goals.a"))
    shop.write(
        "convert.goals.a: {name: B, type: code_trigger}\nconvert.goals.b: {name: A, type: code_trigger}\n" + swap
    )
    assert busy(shop) == {"convert.goals.a": "move", "convert.goals.b": "move"}
    nothing_written(shop)
    assert {name: entry(shop, f"convert.goals.{name}")["id"] for name in "ab"} == {"a": ids["b"], "b": ids["a"]}
    shop.write("convert.goals.a: {name: B, type: code_trigger}\nconvert.goals.b: {name: A, type: code_trigger}\n")
    nothing_written(shop)
    assert "traded" not in entry(shop, "convert.goals.a")["origin"], "a later swap is one of its own"


def test_two_objects_trade_names_without_moving(shop: Bench) -> None:
    shop.write("convert.tags.a: {name: Autumn}\nconvert.tags.b: {name: Bargain}\n")
    shop.apply()
    before = {one["id"]: one["name"] for one in shop.dump("convert", "tags")}
    shop.write("convert.tags.a: {name: Bargain}\nconvert.tags.b: {name: Autumn}\n")
    assert busy(shop) == {"convert.tags.a": "update", "convert.tags.b": "update"}
    shop.apply()
    shop.settled()
    after = {one["id"]: one["name"] for one in shop.dump("convert", "tags")}
    assert before.keys() == after.keys()
    assert sorted(before.values()) == sorted(after.values())
    assert before != after


def test_who_refers_to_what_moved_is_left_alone(shop: Bench) -> None:
    text = "leadconduit.entities.{0}: {{name: Form, source: form, recipient: null, module_ids: [leadconduit-default.inbound]}}\n"
    flow = (
        "leadconduit.flows.web: {{name: Web, enabled: true, fields: [email], steps: [], sources: {{form: {{entity: {0}, "
        "integration: {{module_id: leadconduit-default.inbound, mappings: []}}}}}}}}\n"
    )
    shop.write((text + flow).format("form"))
    shop.apply()
    shop.write((text + flow).format("website"))
    assert busy(shop) == {"leadconduit.entities.website": "move"}
    nothing_written(shop)


def test_an_existing_object_of_the_same_name_stops_and_is_told(shop: Bench) -> None:
    shop.control(
        "POST",
        "load",
        json={"convert": {"tags": [{"id": 77, "_account": "10001", "project_id": 10002, "name": "Campaign"}]}},
    )
    shop.write("convert.tags.q1: {name: Campaign}\n")
    ran = shop.run("plan", expect=5)
    assert "77" in ran.out + ran.err
    assert "adopt=convert.tags.q1" in ran.out + ran.err
    shop.requests()
    shop.apply(5)
    assert writes(shop) == []
    shop.apply(0, "--allow", "adopt=convert.tags.q1", "--reason", "it is ours")
    assert writes(shop) == []
    assert entry(shop, "convert.tags.q1")["id"] == "77"
    shop.settled()


def test_a_unique_key_that_exists_is_adopted_visibly(shop: Bench) -> None:
    goal = {"id": 77, "_account": "10001", "project_id": 10002, "name": "Old", "key": "bought", "type": "code_trigger"}
    shop.control("POST", "load", json={"convert": {"goals": [goal]}})
    shop.write("convert.goals.bought: {name: Bought, type: code_trigger}\n")
    found = planned(shop, "convert.goals.bought")
    assert found["change"]["importing"] == {"id": "77"}
    assert (paths(found), found["x_cause"]) == (["name"], ["adopting"])
    shop.apply()
    assert [one["name"] for one in shop.dump("convert", "goals")] == ["Bought"]
    shop.settled()


def test_an_archived_one_of_that_key_comes_back(shop: Bench) -> None:
    goal = {
        "id": 77,
        "_account": "10001",
        "project_id": 10002,
        "name": "Bought",
        "key": "bought",
        "type": "code_trigger",
        "status": "archived",
    }
    shop.control("POST", "load", json={"convert": {"goals": [goal]}})
    shop.write("convert.goals.bought: {name: Bought, type: code_trigger}\n")
    assert paths(planned(shop, "convert.goals.bought")) == ["status"]
    shop.apply()
    assert [one["status"] for one in shop.dump("convert", "goals")] == ["active"]
    shop.settled()


# -- children -------------------------------------------------------------------------------------------------------
BAR = "convert.experiences.bar"
TEST = """\
convert.goals.bought: {{name: Bought, type: code_trigger}}
convert.experiences.bar:
  name: Bar
  type: a/b
  status: draft
  url: https://www.shop.example/
  goals: [bought]
  variations:
{variations}"""
ORIGINAL = "    original: {name: Original, is_baseline: true}\n"
BLUE = "    blue: {name: Blue, description: first}\n"
RED = "    red: {name: Red}\n"


def write(shop: Bench, *variations: str, more: str = "") -> None:
    shop.write(TEST.format(variations="".join(variations)) + more)


def live(shop: Bench) -> dict[str, Any]:
    (found,) = shop.dump("convert", "experiences")
    return {one["name"]: one["id"] for one in found["variations"]}


def test_a_variation_that_is_renamed_with_moved_keeps_its_id(shop: Bench) -> None:
    write(shop, ORIGINAL, BLUE)
    shop.apply()
    ids = live(shop)
    rename = moved((f"{BAR}.variations.blue", f"{BAR}.variations.sky"))
    write(shop, ORIGINAL, "    sky: {name: Sky, description: first}\n", more=rename)
    found = planned(shop, BAR)
    assert paths(found) == ["variations.sky.name"]
    assert found["x_children"] == []
    shop.apply()
    assert live(shop) == {"Original": ids["Original"], "Sky": ids["Blue"]}
    shop.settled()
    write(shop, ORIGINAL, "    sky: {name: Sky, description: first}\n")
    shop.settled()


def test_two_variations_trade_places(shop: Bench) -> None:
    write(shop, ORIGINAL, BLUE, RED)
    shop.apply()
    ids = live(shop)
    swap = moved(
        (f"{BAR}.variations.blue", f"{BAR}.variations.red"), (f"{BAR}.variations.red", f"{BAR}.variations.blue")
    )
    write(shop, ORIGINAL, "    red: {name: Blue, description: first}\n", "    blue: {name: Red}\n", more=swap)
    assert set(busy(shop).values()) <= {"move"}
    nothing_written(shop)
    assert live(shop) == ids
    children = entry(shop, BAR)["children"]
    assert children["variations.red"] == str(ids["Blue"])
    assert children["variations.blue"] == str(ids["Red"])


def test_the_order_of_a_map_whose_order_means_nothing_changes_nothing(shop: Bench) -> None:
    write(shop, ORIGINAL, BLUE, RED)
    shop.apply()
    write(shop, RED, BLUE, ORIGINAL)
    nothing_written(shop)


def test_one_live_child_more_than_declared_is_shown_as_its_own_deletion(shop: Bench) -> None:
    write(shop, ORIGINAL, BLUE)
    shop.apply()
    (found,) = shop.dump("convert", "experiences")
    extra = {**found["variations"][1], "id": 4711, "name": "By hand", "key": "by-hand", "traffic_distribution": 0}
    shop.edit("convert", "experiences", found["id"], {"variations": [*found["variations"], extra]})
    change = planned(shop, BAR)
    assert [(one["action"], one["id"]) for one in change["x_children"]] == [("remove", "4711")]
    assert change["x_leaves"] == []
    shop.apply()
    assert "By hand" not in live(shop)
    shop.settled()


def test_others_are_kept_where_that_is_said(shop: Bench) -> None:
    write(shop, ORIGINAL, BLUE)
    shop.apply()
    (found,) = shop.dump("convert", "experiences")
    extra = {**found["variations"][1], "id": 4711, "name": "By hand", "key": "by-hand", "traffic_distribution": 0}
    shop.edit("convert", "experiences", found["id"], {"variations": [*found["variations"], extra]})
    write(shop, "    $others: keep\n", ORIGINAL, "    blue: {name: Azure, description: first}\n")
    assert paths(planned(shop, BAR)) == ["variations.blue.name"]
    shop.apply()
    assert live(shop).keys() == {"Original", "Azure", "By hand"}
    shop.settled()


@pytest.mark.parametrize("target", ["leadconduit.fields.bought_acme", "convert.tags.bought"])
def test_nothing_moves_to_another_account_or_kind(shop: Bench, target: str) -> None:
    shop.write(f"convert.goals.bought: {GOAL}}}\n" + moved(("convert.goals.old", target)))
    assert shop.run("validate").code == 1
