from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import Bench, bench

GOALS = """\
convert.goals:
  purchase: {name: Purchase, type: revenue, settings: {triggering_type: manual}}
  signup: {name: Signup, type: submits_form, settings: {action: /signup}}
"""


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as found:
        found.write(GOALS)
        found.apply()
        yield found


def ids(one: Bench) -> dict[str, str]:
    return {row["key"]: str(row["id"]) for row in one.dump("convert", "goals") if row.get("key")}


def test_nothing_drifted(one: Bench) -> None:
    ran = one.run("drift", expect=0)
    assert ran.out == "No drift: 2 resources looked at\n"


def test_who_and_what(one: Bench) -> None:
    one.edit("convert", "goals", ids(one)["purchase"], {"name": "By hand"}, user="dana@x.example")
    ran = one.run("drift", expect=2)
    assert "~ convert.goals.purchase  changed by dana@x.example at 20" in ran.out
    assert '~ name: "Purchase" → "By hand"' in ran.out
    found = one.run("drift", "--json", expect=2).json
    assert [item["address"] for item in found["resources"]] == ["convert.goals.purchase"]
    assert found["resources"][0]["actor"]["name"] == "dana@x.example"


def test_what_the_file_says_now_is_no_drift(one: Bench) -> None:
    one.edit("convert", "goals", ids(one)["purchase"], {"name": "By hand"})
    one.write(GOALS.replace("name: Purchase", "name: By hand"))
    one.run("drift", expect=0)


def test_deleted(one: Bench) -> None:
    one.edit("convert", "goals", ids(one)["signup"], None)
    ran = one.run("drift", expect=2)
    assert "- convert.goals.signup  deleted on the platform" in ran.out


def test_unmanaged(one: Bench) -> None:
    one.write(GOALS.replace("signup:", "other:"))
    one.write("removed: [{address: convert.goals.signup}]", "resources/gone.yaml")
    one.write("convert.goals: {purchase: {name: Purchase, type: revenue, settings: {triggering_type: manual}}}")
    one.apply()
    ran = one.run("drift", "--unmanaged", expect=0)
    assert '"Signup"' in ran.out
    assert '"Purchase"' not in ran.out
    found = one.run("drift", "--unmanaged", "--json", expect=0).json
    (group,) = [group for group in found["unmanaged"] if group["kind"] == "goals"]
    assert "Signup" in [item["name"] for item in group["objects"]]
    assert group["count"] == len(group["objects"])


def test_it_writes_nothing(one: Bench) -> None:
    one.edit("convert", "goals", ids(one)["purchase"], {"name": "By hand"})
    before = {path: path.read_bytes() for path in one.root.rglob("*.json*") if ".reconciler/cache" not in str(path)}
    one.requests()
    one.run("drift", "--unmanaged", expect=2)
    assert {row["method"] for row in one.requests()} <= {"GET", "POST"}
    assert {path: path.read_bytes() for path in before} == before
    assert ids(one)["purchase"]


def test_a_file_for_the_report(one: Bench, tmp_path: Path) -> None:
    target = tmp_path / "drift.json"
    ran = one.run("drift", f"--json={target}", expect=0)
    assert '"drifted":false' in target.read_text("utf-8")
    assert ran.out.startswith("No drift")
