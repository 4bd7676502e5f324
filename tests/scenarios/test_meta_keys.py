"""Meta keys: what they make of a resource, and what state remembers of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import Bench
from tests.scenarios.asking import busy, entry, paths, planned, tracked, writes

ACCOUNT = {"_account": "10001", "project_id": 10002}
FORM = "{name: Form, source: form, recipient: null, module_ids: [leadconduit-default.inbound]}"


def load(shop: Bench, kind: str, **values: Any) -> None:
    shop.control("POST", "load", json={"convert": {kind: [{**ACCOUNT, **values}]}})


def goals(shop: Bench) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in shop.dump("convert", "goals")}


# -- finding --------------------------------------------------------------------------------------------------------
def test_existing_is_looked_up_and_never_written_nor_removed(shop: Bench) -> None:
    load(shop, "goals", id=77, name="Bought", key="bought", type="code_trigger")
    test = "convert.experiences.bar: {name: Bar, type: a/b, status: draft, url: 'https://x.example', goals: [bought]}\n"
    shop.write("convert.goals.bought: {$existing: {key: bought}}\n" + test)
    found = planned(shop, "convert.goals.bought")
    assert (found["mode"], found["change"]["actions"], found["x_id"]) == ("data", ["read"], "77")
    shop.apply()
    assert shop.dump("convert", "experiences")[0]["goals"] == [77]
    assert tracked(shop) == ["convert.experiences.bar"]
    shop.settled()
    shop.edit("convert", "goals", 77, {"description": "by hand"})
    shop.settled()
    shop.run("destroy", "--auto-approve", "--purge", expect=0)
    assert goals(shop)["Bought"]["status"] == "active"


def test_existing_that_is_not_there_or_twice_is_an_error(shop: Bench) -> None:
    shop.write("convert.tags.sale: {$existing: {name: Sale}}\n")
    ran = shop.run("plan", expect=1)
    assert "there is no tag" in ran.out + ran.err
    for identity in (71, 72):
        load(shop, "tags", id=identity, name="Sale")
    ran = shop.run("plan", expect=1)
    assert "71" in ran.out + ran.err
    assert "72" in ran.out + ran.err


def test_import_takes_that_very_object_and_then_does_nothing(shop: Bench) -> None:
    for identity in (71, 72):
        load(shop, "tags", id=identity, name="Sale")
    shop.write("convert.tags.sale: {$import: 72, name: Autumn sale}\n")
    found = planned(shop, "convert.tags.sale")
    assert (found["change"]["importing"], paths(found)) == ({"id": "72"}, ["name"])
    shop.apply()
    assert {one["id"]: one["name"] for one in shop.dump("convert", "tags")} == {71: "Sale", 72: "Autumn sale"}
    shop.settled()
    shop.write("convert.tags.sale: {$import: 71, name: Autumn sale}\n")
    ran = shop.run("plan", expect=1)
    assert "already tracks 72" in ran.out + ran.err
    shop.write("convert.tags.other: {$import: 4711, name: Other}\nconvert.tags.sale: {name: Autumn sale}\n")
    ran = shop.run("plan", expect=1)
    assert "no such tag" in ran.out + ran.err


def test_import_and_adopt_may_leave_out_what_a_create_requires(shop: Bench) -> None:
    load(shop, "goals", id=77, name="Bought", key="bought", type="revenue", settings={"triggering_type": "manual"})
    shop.write("convert.goals.bought: {$import: 77, description: Paid}\nconvert.tags.lost: {$adopt: true}\n")
    ran = shop.run("plan", expect=1)
    assert "name is missing" in ran.out + ran.err, "nothing to adopt, and not enough to create"
    shop.write("convert.goals.bought: {$import: 77, description: Paid}\n")
    shop.run("validate", expect=0)
    shop.apply()
    assert goals(shop)["Bought"]["description"] == "Paid"
    shop.settled()


def test_adopt_takes_the_one_of_that_name(shop: Bench) -> None:
    load(shop, "tags", id=71, name="Sale")
    shop.write("convert.tags.sale: {$adopt: true, name: Sale, description: Autumn}\n")
    assert paths(planned(shop, "convert.tags.sale")) == ["description"]
    shop.apply()
    assert len(shop.dump("convert", "tags")) == 1
    shop.settled()
    load(shop, "tags", id=72, name="Winter")
    load(shop, "tags", id=73, name="Winter")
    shop.write("convert.tags.sale: {name: Sale}\nconvert.tags.winter: {$adopt: true, name: Winter}\n")
    ran = shop.run("plan", expect=1)
    assert "$import" in ran.out + ran.err


def test_raw_is_passed_through_and_warned_of(shop: Bench) -> None:
    text = "convert.experiences.bar: {{name: Bar, type: a/b, status: draft, url: 'https://x.example', $raw: {{version: {0}}}}}\n"
    shop.write(text.format(3))
    ran = shop.run("validate", expect=0)
    assert "$raw" in ran.out + ran.err
    shop.write(f"leadconduit.entities.form: {FORM}\n".replace("}", ", $raw: {logo_url: 'https://x.example/a.png'}}", 1))
    shop.apply()
    (found,) = [one for one in shop.dump("leadconduit", "entities") if one["name"] == "Form"]
    assert found["logo_url"] == "https://x.example/a.png"
    shop.settled()


def test_enabled_false_is_as_not_declared(shop: Bench) -> None:
    text = "variables: {on: {type: bool, default: true}}\n"
    shop.write((shop.root / "reconciler.yaml").read_text() + text, "reconciler.yaml")
    shop.write("convert.tags.a: {name: A}\nconvert.tags.b: {name: B, $enabled: '${var.on}'}\n")
    shop.apply()
    assert tracked(shop) == ["convert.tags.a", "convert.tags.b"]
    assert busy(shop, "--var", "on=false") == {"convert.tags.b": "remove"}
    shop.apply(0, "--var", "on=false")
    assert [one["name"] for one in shop.dump("convert", "tags")] == ["A"]


def test_for_each_makes_one_of_each_and_keys_may_move(shop: Bench) -> None:
    shop.write("convert.tags.country: {$for_each: {de: Germany, at: Austria}, name: 'In ${each.value}'}\n")
    shop.apply()
    assert tracked(shop) == ["convert.tags.country['at']", "convert.tags.country['de']"]
    shop.settled()
    shop.write(
        "convert.tags.country: {$for_each: {de: Germany, aut: Austria}, name: 'In ${each.value}'}\n"
        "moved: [{from: \"convert.tags.country['at']\", to: \"convert.tags.country['aut']\"}]\n"
    )
    assert busy(shop) == {"convert.tags.country['aut']": "move"}
    shop.apply()
    shop.write("convert.tags.country: {$for_each: [x, y], name: 'In ${each.key}'}\n")
    assert sorted(busy(shop).values()) == ["create", "create", "remove", "remove"]


# -- lifecycle ------------------------------------------------------------------------------------------------------
def test_ignored_changes_are_neither_shown_nor_written(shop: Bench) -> None:
    text = "convert.goals.a: {{name: {0}, type: code_trigger, description: {1}, $lifecycle: {{ignore_changes: [description]}}}}\n"
    shop.write(text.format("A", "first"))
    shop.apply()
    assert goals(shop)["A"]["description"] == "first"
    shop.edit("convert", "goals", goals(shop)["A"]["id"], {"description": "by hand"})
    shop.settled()
    shop.write(text.format("B", "second"))
    assert paths(planned(shop, "convert.goals.a")) == ["name"]
    shop.apply()
    assert goals(shop)["B"]["description"] == "by hand"
    shop.settled()


def test_ignored_children_are_left_alone(shop: Bench) -> None:
    text = """\
convert.experiences.bar:
  $lifecycle: {ignore_changes: ["variations.*.traffic_distribution"]}
  name: Bar
  type: a/b
  status: draft
  url: https://x.example
  variations:
    a: {name: A, is_baseline: true, traffic_distribution: 50}
    b: {name: B, traffic_distribution: 50}
"""
    shop.write(text)
    shop.apply()
    (found,) = shop.dump("convert", "experiences")
    split = {"variations.0.traffic_distribution": 90, "variations.1.traffic_distribution": 10}
    shop.edit("convert", "experiences", found["id"], split)
    shop.settled()
    shop.write(text.replace("name: B,", "name: C,"))
    assert paths(planned(shop, "convert.experiences.bar")) == ["variations.b.name"]
    shop.apply()
    (found,) = shop.dump("convert", "experiences")
    assert [one["traffic_distribution"] for one in found["variations"]] == [90, 10]


def test_protection_is_kept_in_state_when_its_declaration_is_gone(shop: Bench) -> None:
    shop.write("convert.tags:\n  a: {name: A}\n  b: {name: B, $lifecycle: {prevent_destroy: true}}\n")
    shop.apply()
    assert entry(shop, "convert.tags.b")["protect"] is True
    shop.write("convert.tags.a: {name: A}\n")
    ran = shop.run("plan", expect=5)
    assert "destroy=convert.tags.b" in ran.out + ran.err
    shop.requests()
    shop.apply(5)
    shop.run("destroy", "--auto-approve", expect=5)
    assert writes(shop) == []
    shop.apply(0, "--allow", "destroy=convert.tags.b")
    assert tracked(shop) == ["convert.tags.a"]


def test_protection_that_is_declared_away_is_gone(shop: Bench) -> None:
    shop.write("convert.tags:\n  a: {name: A}\n  b: {name: B, $lifecycle: {prevent_destroy: true}}\n")
    shop.apply()
    shop.write("convert.tags:\n  a: {name: A}\n  b: {name: B}\n")
    shop.apply()
    assert entry(shop, "convert.tags.b").get("protect", False) is False
    shop.write("convert.tags.a: {name: A}\n")
    shop.apply()
    assert tracked(shop) == ["convert.tags.a"]


@pytest.mark.parametrize(("verb", "left"), [("delete", []), ("archive", ["archived"]), ("forget", ["active"])])
def test_how_to_remove_is_remembered_in_state(shop: Bench, verb: str, left: list[str]) -> None:
    goal = f"convert.goals.a: {{name: A, type: code_trigger, $lifecycle: {{on_remove: {verb}}}}}\n"
    shop.write("convert.tags.t: {name: T}\n" + goal)
    shop.apply()
    shop.write("convert.tags.t: {name: T}\n")
    found = planned(shop, "convert.goals.a")
    assert found["x_removal"] == verb
    assert verb in shop.run("plan").out
    shop.apply()
    assert [one["status"] for one in shop.dump("convert", "goals")] == left
    assert tracked(shop) == ["convert.tags.t"]
    shop.settled()


def test_how_to_remove_holds_for_destroy_and_purge_overrides_it(shop: Bench) -> None:
    goal = "convert.goals.{0}: {{name: {0}, type: code_trigger}}\n"
    shop.write(goal.format("a") + goal.format("b").replace("}", ", $lifecycle: {on_remove: delete}}"))
    shop.apply()
    shop.run("destroy", "--auto-approve", expect=0)
    assert {name: one["status"] for name, one in goals(shop).items()} == {"a": "archived"}
    shop.write(goal.format("c"))
    shop.apply()
    shop.run("destroy", "--auto-approve", "--purge", expect=0)
    assert "c" not in goals(shop)


def test_removed_forgets_or_destroys(shop: Bench) -> None:
    shop.write("convert.tags:\n  a: {name: A}\n  b: {name: B}\n  c: {name: C}\n")
    shop.apply()
    shop.write(
        "convert.tags.a: {name: A}\nremoved: [{address: convert.tags.b}, {address: convert.tags.c, destroy: true}]\n"
    )
    assert planned(shop, "convert.tags.b")["change"]["actions"] == ["forget"]
    assert planned(shop, "convert.tags.c")["change"]["actions"] == ["delete"]
    shop.apply()
    assert sorted(one["name"] for one in shop.dump("convert", "tags")) == ["A", "B"]
    assert tracked(shop) == ["convert.tags.a"]
    shop.settled()
    shop.write("convert.tags.a: {name: A}\nremoved: [{address: convert.tags.a}]\n")
    assert shop.run("plan").code == 1


def test_what_is_no_longer_written_is_released_once(shop: Bench) -> None:
    shop.write("convert.tags.a: {name: A, description: first}\n")
    shop.apply()
    shop.write("convert.tags.a: {name: A}\n")
    found = planned(shop, "convert.tags.a")
    assert (found["x_released"], found["change"]["actions"]) == (["description"], ["no-op"])
    assert shop.run("plan", "--detailed-exitcode").code == 2
    shop.requests()
    shop.apply()
    assert writes(shop) == []
    shop.settled()
    assert shop.dump("convert", "tags")[0]["description"] == "first"
