"""Convert's experiences: when they start, who stops them, and what a run does about it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import Bench
from tests.scenarios.asking import paths, planned, writes

BAR = "convert.experiences.bar"
TEXT = """\
convert.goals.bought: {{name: Bought, type: code_trigger}}
convert.experiences.bar:
  name: {name}
  type: a/b
  status: {status}
{more}  url: https://www.shop.example/
  goals: [bought]
  settings: {settings}
  variations:
    original: {{name: Original, is_baseline: true, traffic_distribution: 50}}
    bar:
      name: With bar
      traffic_distribution: 50
      changes: [{{$name: bar, type: customCode, data: {{js: "bar();"}}}}]
"""


def write(
    shop: Bench, status: str = "active", name: str = "Bar", more: str = "", settings: str = "{min_running_time: 7}"
) -> None:
    shop.write(TEXT.format(status=status, name=name, more=more, settings=settings))


def bar(shop: Bench) -> dict[str, Any]:
    return next(one for one in shop.dump("convert", "experiences") if one["status"] != "archived")


def edit(shop: Bench, values: dict[str, Any]) -> None:
    shop.edit("convert", "experiences", bar(shop)["id"], values, user="Nina")


def test_a_new_active_experiment_is_made_as_a_draft_completed_and_then_started(shop: Bench) -> None:
    write(shop)
    shop.requests()
    shop.apply()
    made = [one for one in writes(shop) if "/experiences" in one or "/goals" in one]
    assert made[0].rsplit("/", 2)[-2:] == ["goals", "add"]
    assert made[1].endswith("/experiences/add")
    assert made[-1].endswith(f"/{bar(shop)['id']}/update")
    history = [one for one in shop.dump("convert", "change_history") if one["object"] == "experience"]
    history.sort(key=lambda one: int(one["timestamp"]))
    assert history[0]["changes"]["new"]["status"] == "draft"
    assert history[-1]["changes"]["new"]["status"] == "active"
    assert len(bar(shop)["variations"]) == 2
    assert bar(shop)["variations"][1]["changes"], "it was complete before it started"
    shop.settled()


@pytest.mark.parametrize("engine", [True, False])
def test_a_stopped_experiment_is_not_restarted_by_an_unrelated_apply(shop: Bench, engine: bool) -> None:
    write(shop)
    shop.apply()
    stopped = "completed" if engine else "paused"
    edit(shop, {"status": stopped, **({"_engine": True} if engine else {})})
    shop.settled()
    found = planned(shop, BAR)
    assert found["x_kept"] == ([] if engine else ["status"])
    assert any("platform itself" in note for note in found["x_notes"]) is engine
    write(shop, name="Free shipping bar", more="  description: Above the fold\n")
    found = planned(shop, BAR)
    assert sorted(paths(found)) == ["description", "name"]
    shop.apply()
    assert (bar(shop)["status"], bar(shop)["name"]) == (stopped, "Free shipping bar")
    shop.settled()


def test_drift_counts_what_somebody_paused_and_not_what_the_platform_completed(shop: Bench) -> None:
    write(shop)
    shop.apply()
    edit(shop, {"status": "completed", "_engine": True})
    assert shop.run("drift").code == 0
    edit(shop, {"status": "active", "_engine": True})
    edit(shop, {"status": "paused"})
    ran = shop.run("drift", expect=2)
    assert BAR in ran.out
    assert "Nina" in ran.out


def test_a_kept_status_is_named_with_who_did_it_and_how_to_revert(shop: Bench) -> None:
    write(shop)
    shop.apply()
    edit(shop, {"status": "paused"})
    out = shop.run("plan", "--detailed-exitcode", expect=0).out
    assert "kept" in out
    assert "Nina" in out
    assert "revert" in out


def test_revert_on_drift_starts_it_again(shop: Bench) -> None:
    write(shop, more="  $lifecycle: {on_drift: revert}\n")
    shop.apply()
    edit(shop, {"status": "paused"})
    assert paths(planned(shop, BAR)) == ["status"]
    shop.apply()
    assert bar(shop)["status"] == "active"
    shop.settled()


def test_a_change_of_the_declared_status_acts_after_all(shop: Bench) -> None:
    write(shop, "draft")
    shop.apply()
    write(shop)
    shop.apply()
    edit(shop, {"status": "paused"})
    write(shop, "paused")
    found = planned(shop, BAR)
    assert (found["x_action"], found.get("x_converged")) == ("no-op", ["status"])
    shop.apply()
    write(shop)
    found = planned(shop, BAR)
    assert paths(found) == ["status"]
    assert any("starts traffic" in risk for risk in found["x_risk"])
    shop.apply()
    assert bar(shop)["status"] == "active"
    shop.settled()


def test_completed_by_the_platform_and_declared_completed_agree(shop: Bench) -> None:
    write(shop)
    shop.apply()
    edit(shop, {"status": "completed", "_engine": True})
    write(shop, "completed")
    assert planned(shop, BAR)["x_action"] == "no-op"
    shop.apply()
    shop.settled()
    write(shop)
    assert paths(planned(shop, BAR)) == ["status"], "now it is asked to run again"
    shop.apply()
    assert bar(shop)["status"] == "active"


def test_a_loser_stopped_by_the_platform_is_a_note(shop: Bench) -> None:
    write(shop, settings="{stop_loser: true}")
    shop.apply()
    edit(shop, {"variations.1.status": "stopped", "_engine": True})
    found = planned(shop, BAR)
    assert found["x_action"] == "no-op"
    assert shop.run("drift").code == 0
    write(shop, settings="{stop_loser: true}", name="Other name")
    shop.apply()
    assert bar(shop)["variations"][1]["status"] == "stopped"
    shop.settled()


def test_traffic_moved_by_a_bandit_is_a_note(shop: Bench) -> None:
    bandit = "{stats_engine_processing: {stats_type: bayesian, decision_threshold: 95, risk_threshold: 5, "
    write(shop, settings=bandit + "mab_settings: {strategy: ucb}}}")
    shop.apply()
    edit(
        shop,
        {"variations.0.traffic_distribution": 80, "variations.1.traffic_distribution": 20, "_engine": True},
    )
    found = planned(shop, BAR)
    assert found["x_action"] == "no-op"
    assert len(found["x_notes"]) == 2
    assert shop.run("drift").code == 0
    write(shop, settings=bandit + "mab_settings: {strategy: ucb}}}", name="Other name")
    shop.apply()
    assert [one["traffic_distribution"] for one in bar(shop)["variations"]] == [80, 20]
    shop.settled()


def test_traffic_moved_by_hand_is_drift(shop: Bench) -> None:
    write(shop)
    shop.apply()
    edit(shop, {"variations.0.traffic_distribution": 80, "variations.1.traffic_distribution": 20})
    assert len(paths(planned(shop, BAR))) == 2
    shop.apply()
    assert [one["traffic_distribution"] for one in bar(shop)["variations"]] == [50, 50]
    shop.settled()


@pytest.mark.parametrize(
    ("before", "after", "way"),
    [
        (["archived"], "active", "clone"),
        (["active"], "archived", "pause"),
        (["active"], "draft", "clone"),
        (["active", "paused"], "completed", "active first"),
        (["draft"], "paused", "active first"),
    ],
)
def test_a_transition_that_does_not_exist_fails_at_plan_time_and_names_the_way(
    shop: Bench, before: list[str], after: str, way: str
) -> None:
    for status in before:
        write(shop, status)
        shop.apply()
    write(shop, after)
    shop.requests()
    ran = shop.run("plan", expect=1)
    assert way in ran.out + ran.err
    assert shop.run("apply", "--auto-approve").code == 1
    assert writes(shop) == []


def test_an_archived_experiment_that_is_declared_active_again_is_not_made_twice(shop: Bench) -> None:
    write(shop)
    shop.apply()
    shop.write("convert.goals.bought: {name: Bought, type: code_trigger}\n")
    shop.apply()
    assert [one["status"] for one in shop.dump("convert", "experiences")] == ["archived"]
    write(shop)
    ran = shop.run("plan", expect=1)
    assert "clone" in ran.out + ran.err
