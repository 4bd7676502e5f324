from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import Bench, bench

PROJECT = """\
convert.goals:
  purchase: {name: Purchase, type: revenue, settings: {triggering_type: manual}}
convert.experiences.bar:
  name: Bar
  type: a/b
  status: draft
  url: https://www.brightsolar.example/
  goals: [purchase]
  variations:
    original: {name: Original, is_baseline: true, traffic_distribution: 50}
    bar: {name: With bar, traffic_distribution: 50}
leadconduit.credentials.crm: {name: CRM, type: token, package: leadconduit-custom, token: "${secret.crm}"}
"""
SECRET = "cr3d-77aa01"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("show")) as found:
        found.environ["RECONCILER_SECRET_CRM"] = SECRET
        found.write(PROJECT)
        found.run("plan", "-o", str(found.root / "plan.bin"), expect=0)
        found.apply()
        found.environ.clear()
        yield found


def test_a_saved_plan_as_it_was_shown(one: Bench) -> None:
    shown = one.run("show", str(one.root / "plan.bin"), expect=0).out
    assert "  + convert.goals.purchase  created  resources/main.yaml:2" in shown
    assert "+ token: <secret secret.crm>" in shown
    assert "3 to create, 0 to update, 0 to remove" in shown


def test_a_saved_plan_in_every_form(one: Bench, tmp_path: Path) -> None:
    plan = str(one.root / "plan.bin")
    before = (one.root / "plan.bin").read_bytes()
    assert one.run("show", "--json", plan, expect=0).json["x_project"] == "tests"
    target = tmp_path / "plan.md"
    assert one.run("show", f"--markdown={target}", plan, expect=0).out == ""
    assert target.read_text("utf-8").startswith("## Plan: tests")
    assert (one.root / "plan.bin").read_bytes() == before


def test_only_one_form_on_stdout(one: Bench) -> None:
    ran = one.run("show", "--json", "--markdown", str(one.root / "plan.bin"), expect=1)
    assert ran.out == ""
    assert "give the other a file" in ran.err


def test_a_file_that_is_no_plan(one: Bench) -> None:
    ran = one.run("show", str(one.root / "reconciler.yaml"), expect=1)
    assert "is not a saved plan" in ran.err


def test_a_resource(one: Bench) -> None:
    shown = one.run("show", "convert.experiences.bar", expect=0).out
    assert shown.startswith("convert.experiences.bar\n  kind: experiences\n")
    assert "refers to: convert.goals.purchase" in shown
    assert 'variations.bar.name: "With bar"' in shown


def test_a_child(one: Bench) -> None:
    shown = one.run("show", "convert.experiences.bar.variations.original", expect=0).out
    assert 'variations.original.name: "Original"' in shown
    assert "With bar" not in shown


def test_no_secret_and_no_fingerprint(one: Bench) -> None:
    for form in ((), ("--json",), ("--markdown",)):
        for what in ((), ("leadconduit.credentials.crm",), (str(one.root / "plan.bin"),)):
            shown = one.run("show", *form, *what, expect=0).out
            assert SECRET not in shown
            assert "hmac_key" not in shown
    assert "token: <secret>  kept as a fingerprint only" in one.run("show", "leadconduit.credentials.crm").out


def test_a_run(one: Bench) -> None:
    runs = one.run("show", "--json", expect=0).json["runs"]
    shown = one.run("show", runs[-1]["id"], expect=0).out
    assert f"run {runs[-1]['id']}: apply by " in shown
    assert "exit code: 0" in shown
    assert one.run("show", runs[-1]["id"][:6], "--json", expect=0).json == runs[-1]


def test_the_whole_state(one: Bench) -> None:
    shown = one.run("show", expect=0).out
    assert shown.startswith("tests: 3 resources")
    assert "convert.goals: 1" in shown
    assert "convert.goals.purchase  id " in shown


def test_what_is_not_there_names_the_nearest(one: Bench) -> None:
    ran = one.run("show", "convert.goals.purchas", expect=1)
    assert "did you mean convert.goals.purchase?" in ran.err


def test_it_asks_no_account(one: Bench) -> None:
    one.requests()
    for what in ((), ("convert.goals.purchase",), (str(one.root / "plan.bin"),)):
        one.run("show", *what, expect=0)
    one.run("graph", expect=0)
    assert one.requests() == []


def test_graph_in_mermaid(one: Bench) -> None:
    assert one.run("graph", expect=0).out.splitlines() == [
        "flowchart LR",
        '  subgraph account0["convert"]',
        '    r0["goals.purchase"]',
        '    r1["experiences.bar"]',
        "  end",
        '  subgraph account1["leadconduit"]',
        '    r2["credentials.crm"]',
        "  end",
        "  r1 --> r0",
    ]


def test_graph_in_dot(one: Bench) -> None:
    drawn = one.run("graph", "--format", "dot", expect=0).out
    assert drawn.startswith("digraph reconciler {")
    assert '    r1 [label="experiences.bar"];' in drawn
    assert "  r1 -> r0;" in drawn
    assert drawn.count("{") == drawn.count("}")


def test_odd_names_in_graphs(tmp_path: Path, one: Bench) -> None:
    project = Bench(tmp_path, one.url)
    project.write((one.root / "reconciler.yaml").read_text("utf-8"), "reconciler.yaml")
    project.write(
        """\
convert.goals:
  g:
    $for_each: ["a|b{c}", "<d>&#", "e\\\\f"]
    key: ${each.key}
    name: G
    type: revenue
    settings: {triggering_type: manual}
  h: {name: H, type: revenue, settings: {triggering_type: manual}, $depends_on: ["convert.goals.g"]}
"""
    )
    drawn = project.run("graph", expect=0).out
    assert "r0[\"goals.g#91;'a#124;b#123;c#125;'#93;\"]" in drawn
    assert "-.->" in drawn
    dot = project.run("graph", "--format", "dot", expect=0).out
    assert json.dumps("goals.g['e\\f']") in dot
