"""Plans that time has overtaken: nothing is written on a state of things that nobody has seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.faults.terminal import Terminal
from tests.harness import CONFIG, Bench

SHOP = """\
convert.goals.one: {name: One, type: revenue, settings: {triggering_type: manual}}
convert.goals.two: {name: Two, type: revenue, settings: {triggering_type: manual}}
convert.audiences.de:
  name: Germany
  type: transient
  rules: {AND: [{rule_type: country, matching: equals, value: DE}]}
convert.experiences.bar:
  name: Bar
  type: a/b
  status: draft
  url: https://shop.example/
  goals: [one]
  audiences: [de]
  variations:
    original: {name: Original, is_baseline: true, traffic_distribution: 50}
    bar:
      name: With bar
      traffic_distribution: 50
      changes: [{$name: bar, type: customCode, data: {js: "bar()"}}]
leadconduit.fields.roof_brsol: {name: Roof, type: number}
"""
WANTED = SHOP.replace("name: One", "name: One new").replace("name: Roof", "name: Roof new")


@pytest.fixture
def saved(shop: Bench) -> Path:
    """Return a saved plan that renames a goal and a field, over a project that was applied."""
    shop.write(SHOP)
    shop.apply()
    shop.write(WANTED)
    file = shop.root / "saved.plan"
    shop.run("plan", "-o", str(file), expect=0)
    shop.requests()
    return file


def writes(shop: Bench) -> list[str]:
    paths = [(row["method"], row["path"]) for row in shop.requests()]
    tails = ("/add", "/update", "/delete")
    return [f"{m} {p}" for m, p in paths if m in {"PUT", "DELETE"} or (m == "POST" and p.endswith(tails))]


def found(shop: Bench, kind: str, name: str) -> dict[str, Any]:
    return next(raw for raw in shop.dump("convert", kind) if raw.get("name") == name)


def test_a_saved_plan_is_applied_as_it_is(shop: Bench, saved: Path) -> None:
    shop.run("apply", str(saved), expect=0)
    assert found(shop, "goals", "One new")
    shop.settled()


def test_after_an_edit_by_hand_of_what_it_changes_it_is_stale(shop: Bench, saved: Path) -> None:
    shop.edit("convert", "goals", found(shop, "goals", "One")["id"], {"name": "One by hand"}, user="anna@shop.example")
    ran = shop.run("apply", str(saved))
    assert ran.code == 4, str(ran)
    assert writes(shop) == []
    said = ran.out + ran.err
    assert "convert.goals.one" in said
    assert "One by hand" in said
    assert "anna@shop.example" in said
    assert "leadconduit.fields.roof_brsol" not in ran.err, "that one is as planned"


def test_after_an_edit_of_other_things_it_is_applied(shop: Bench, saved: Path) -> None:
    one = found(shop, "goals", "One")
    shop.edit("convert", "goals", one["id"], {"description": "not declared"})
    shop.edit("convert", "goals", found(shop, "goals", "Two")["id"], {"name": "Two by hand"})
    shop.run("apply", str(saved), expect=0)
    assert found(shop, "goals", "One new")["description"] == "not declared"
    assert found(shop, "goals", "Two by hand"), "what the plan did not touch is left alone"


def test_after_an_unrelated_change_of_the_files_it_is_applied(shop: Bench, saved: Path) -> None:
    shop.write(
        "convert.goals.three: {name: Three, type: revenue, settings: {triggering_type: manual}}\n", "resources/b.yaml"
    )
    shop.run("apply", str(saved), expect=0)
    assert [goal for goal in shop.dump("convert", "goals") if goal["name"] == "Three"] == []


def test_after_an_unrelated_apply_it_is_applied(shop: Bench, saved: Path) -> None:
    shop.write(SHOP.replace("name: Two", "name: Two new"))
    shop.apply()
    shop.write(WANTED.replace("name: Two", "name: Two new"))
    shop.run("apply", str(saved), expect=0)
    assert found(shop, "goals", "One new")
    shop.settled()


def test_after_a_change_of_the_declaration_it_is_stale(shop: Bench, saved: Path) -> None:
    shop.write(WANTED.replace("One new", "One newer"))
    ran = shop.run("apply", str(saved))
    assert ran.code == 4, str(ran)
    assert "convert.goals.one" in ran.err
    assert writes(shop) == []


def test_after_it_was_applied_it_is_stale(shop: Bench, saved: Path) -> None:
    shop.run("apply", str(saved), expect=0)
    shop.requests()
    ran = shop.run("apply", str(saved))
    assert ran.code == 4, str(ran)
    assert writes(shop) == []


def test_after_what_it_changes_was_deleted_it_is_stale(shop: Bench, saved: Path) -> None:
    shop.edit("convert", "goals", found(shop, "goals", "One")["id"], None)
    ran = shop.run("apply", str(saved))
    assert ran.code == 4, str(ran)
    assert writes(shop) == []


def test_a_plan_that_creates_is_stale_once_somebody_made_the_object(shop: Bench) -> None:
    shop.write("leadconduit.fields.roof_brsol: {name: Roof, type: number}\n")
    file = shop.root / "saved.plan"
    shop.run("plan", "-o", str(file), expect=0)
    shop.control(
        "POST",
        "load",
        json={"leadconduit": {"fields": [{"id": "roof_brsol", "name": "Roof by hand", "type": "string"}]}},
    )
    ran = shop.run("apply", str(file))
    assert ran.code in {1, 4}, str(ran)
    assert writes(shop) == []


@pytest.mark.parametrize("place", ["x_steps", "x_options", "x_allowed", "resource_changes", "x_minted"])
def test_a_plan_file_that_was_tampered_with_is_refused(shop: Bench, saved: Path, place: str) -> None:
    document = json.loads(saved.read_text())
    match place:
        case "x_steps":
            document["x_steps"] = document["x_steps"][:-1]
        case "x_options":
            document["x_options"]["mode"] = "destroy"
        case "x_allowed":
            document["x_allowed"] = ["deletes=1000"]
        case "resource_changes":
            document["resource_changes"] = []
        case "x_minted":
            document["x_minted"] = {"convert.goals.one": "7"}
    saved.write_text(json.dumps(document))
    ran = shop.run("apply", str(saved))
    assert ran.code == 1, str(ran)
    assert "plan" in ran.err
    assert shop.requests() == []


@pytest.mark.parametrize("text", ["", "{}", "not a plan", '{"format_version": "1.2"}', '{"a": ', "[]", "\x00\x01"])
def test_what_is_no_plan_is_refused(shop: Bench, saved: Path, text: str) -> None:
    saved.write_text(text)
    ran = shop.run("apply", str(saved))
    assert ran.code == 1, str(ran)
    assert str(saved) in ran.err
    assert "Traceback" not in ran.err
    assert shop.requests() == []


def test_a_plan_of_another_project_is_refused(shop: Bench, saved: Path) -> None:
    shop.write(CONFIG.replace("name: tests", "name: other"), "reconciler.yaml")
    (shop.root / ".reconciler").rename(shop.root / ".before")
    ran = shop.run("apply", str(saved))
    assert ran.code == 1, str(ran)
    assert "tests" in ran.err
    assert "other" in ran.err
    assert writes(shop) == []


def test_a_plan_of_another_environment_is_refused(shop: Bench) -> None:
    shop.write(CONFIG + "environments: {staging: {}, production: {}}\n", "reconciler.yaml")
    shop.write(SHOP)
    file = shop.root / "saved.plan"
    shop.run("plan", "--env", "staging", "-o", str(file), expect=0)
    shop.requests()
    ran = shop.run("apply", "--env", "production", str(file))
    assert ran.code == 1, str(ran)
    assert "staging" in ran.err
    assert writes(shop) == []
    shop.run("apply", "--env", "staging", str(file), expect=0)


def _while_it_asks(shop: Bench, edit: Any, *argv: str) -> tuple[int, str]:
    shop.write(SHOP)
    shop.apply()
    shop.write(WANTED.replace("status: draft", "status: active"))
    with Terminal(shop, "apply", *argv) as terminal:
        terminal.until("Apply this?")
        edit()
        shop.requests()
        terminal.say("y")
        return terminal.wait(), terminal.seen


def test_an_edit_while_the_question_stands_makes_the_plan_stale(shop: Bench) -> None:
    def edit() -> None:
        identity = found(shop, "goals", "One")["id"]
        shop.edit("convert", "goals", identity, {"name": "One by hand"}, user="anna@shop.example")

    code, seen = _while_it_asks(shop, edit)
    assert code == 4, seen
    assert writes(shop) == []
    told = seen.rpartition("Apply this?")[2]
    assert "One by hand" in told
    assert "anna@shop.example" in told


def test_a_status_that_changes_while_the_question_stands_makes_the_plan_stale(shop: Bench) -> None:
    def edit() -> None:
        shop.edit("convert", "experiences", found(shop, "experiences", "Bar")["id"], {"status": "active"})

    code, seen = _while_it_asks(shop, edit)
    assert code == 4, seen
    assert writes(shop) == []


def test_a_delete_while_the_question_stands_makes_the_plan_stale(shop: Bench) -> None:
    code, seen = _while_it_asks(shop, lambda: shop.edit("convert", "goals", found(shop, "goals", "One")["id"], None))
    assert code == 4, seen
    assert writes(shop) == []
    assert "deleted" in seen.rpartition("Apply this?")[2]


def test_on_stale_skip_leaves_out_what_is_stale_and_what_needs_it(shop: Bench) -> None:
    def edit() -> None:
        shop.edit("convert", "goals", found(shop, "goals", "One")["id"], {"name": "One by hand"})

    code, seen = _while_it_asks(shop, edit, "--on-stale", "skip")
    assert code == 3, seen
    assert found(shop, "goals", "One by hand")
    assert found(shop, "experiences", "Bar")["status"] == "draft", "it refers to the goal"
    fields = {field["id"]: field["name"] for field in shop.dump("leadconduit", "fields")}
    assert fields["roof_brsol"] == "Roof new"
    shop.apply()
    shop.settled()


def test_no_terminal_and_no_approval_is_an_error(shop: Bench) -> None:
    shop.write(SHOP)
    process = shop.spawn("apply")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "--auto-approve" in err
    assert writes(shop) == []


def test_declining_writes_nothing(shop: Bench) -> None:
    shop.write(SHOP)
    with Terminal(shop, "apply") as terminal:
        terminal.until("Apply this?")
        terminal.say("n")
        assert terminal.wait() == 1
    assert writes(shop) == []
