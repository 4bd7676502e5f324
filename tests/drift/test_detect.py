from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from typing import Any

from hypothesis import given
from rich.console import Console

from reconciler.cli.drift import exit_code
from reconciler.drift import DriftReport, Found, Unmanaged, detect
from reconciler.model.plan import ChildChange, Plan, ResourceChange
from reconciler.planner.planner import Planned
from reconciler.report.drift_text import drift_summary, render_drift
from reconciler.report.plan_json import dump
from reconciler.report.run_json import drift_document
from reconciler.state.ledger import Entry
from tests.report.plans import ANA, SECRET, full, leaf, plan, plans, resource


def planned(found: Plan, tracked: bool = True) -> Planned:
    entries = {c.address: Entry(c.kind, c.id or "1", account=c.account) for c in found.resources} if tracked else {}
    return Planned(found, {}, {}, entries)


def looked(*changes: ResourceChange, tracked: bool = True, **more: Any) -> DriftReport:
    return detect(planned(plan(*changes, **more), tracked))


def text_of(report: DriftReport, *, verbose: bool = False) -> str:
    out = StringIO()
    render_drift(report, Console(file=out, width=100, no_color=True, color_system=None), verbose=verbose)
    return out.getvalue()


DRIFTED = leaf("name", "Theirs", "Ours", cause="drifted", previous="Ours")
SWITCH = leaf("status", "paused", "active", cause="drifted", switch=True, previous="active")


def test_a_leaf_goes_from_seen_to_live() -> None:
    report = looked(resource("convert.goals.a", "update", leaves=(DRIFTED,), drift=(DRIFTED,), actor=ANA))
    (item,) = report.items
    assert [(found.text, found.before, found.after, found.previous) for found in item.leaves] == [
        ("name", "Ours", "Theirs", "Ours")
    ]
    assert text_of(report).splitlines() == [
        f"  ~ convert.goals.a  changed by {ANA.name} at {ANA.at}  resources/checkout.yaml:7",
        '      ~ name: "Ours" → "Theirs"',
        "",
        "1 drifted; 1 resource looked at",
    ]
    assert exit_code(report) == 2


def test_kept_switches_count() -> None:
    report = looked(resource("convert.goals.a", "no-op", kept=(SWITCH,), drift=(SWITCH,)))
    assert exit_code(report) == 2
    assert '~ status: "active" → "paused"  kept: a plan leaves it so' in text_of(report)
    assert drift_summary(report) == "1 drifted, 1 switch kept as set by hand; 1 resource looked at"


def test_what_the_files_say_already_and_what_engines_do_is_no_drift() -> None:
    here = leaf("name", "a", "b")
    report = looked(
        resource("convert.goals.a", "no-op", converged=("name",)),
        resource("convert.goals.b", "no-op", notes=("the platform itself changed status: active → completed",)),
        resource("convert.goals.c", "update", leaves=(here,), causes=frozenset({"changed"})),
    )
    assert report.items == ()
    assert exit_code(report) == 0
    text = text_of(report)
    assert "the platform itself changed status" in text
    assert text.endswith("No drift: 3 resources looked at\n")


def test_children_by_hand() -> None:
    report = looked(
        resource(
            "convert.experiences.a",
            "update",
            children=(
                ChildChange(("variations", "x"), "variations.x", "remove", "9", {"name": "Extra"}, cause="drifted"),
                ChildChange(("variations", "y"), "variations.y", "add", None, {"name": "Y"}, cause="drifted"),
                ChildChange(("variations", "z"), "variations.z", "add", None, {"name": "Z"}, cause="changed"),
            ),
        )
    )
    assert [(child.text, child.by_hand) for child in report.items[0].children] == [
        ("variations.x", "added"),
        ("variations.y", "removed"),
    ]
    text = text_of(report)
    assert '+ variations.x  added by hand, "Extra", id 9' in text
    assert "- variations.y  removed by hand" in text
    assert "variations.z" not in text


def test_what_is_gone() -> None:
    gone = resource("convert.goals.a", "create", gone=True, causes=frozenset({"recreated"}), actor=ANA)
    forgotten = resource("convert.goals.b", "forget", gone=True, removal="forget")
    report = looked(gone, forgotten)
    assert [item.gone for item in report.items] == [True, True]
    text = text_of(report)
    assert "  - convert.goals.a  deleted on the platform by ana@brightsolar.example" in text
    assert "  - convert.goals.b  deleted on the platform by whom is not known" in text


def test_what_is_not_tracked_yet_has_not_drifted() -> None:
    extra = ChildChange(("variations", "x"), "variations.x", "remove", "9", None, cause="drifted")
    report = looked(resource("convert.goals.a", "update", importing="1", children=(extra,)), tracked=False)
    assert report.items == ()
    assert report.checked == 0


def test_changed_here_as_well_says_what_the_file_says() -> None:
    both = leaf("name", "Theirs", "New", cause="changed+drifted", previous="Ours")
    report = looked(resource("convert.goals.a", "update", leaves=(both,), drift=(both,)))
    assert '~ name: "Ours" → "Theirs"  the file now says "New"' in text_of(report)


def test_errors_without_drift_are_an_error() -> None:
    report = looked(resource("convert.goals.a", "no-op"), errors=full().errors)
    assert exit_code(report) == 1
    assert "✗ convert.goals.bad" in text_of(report)


def test_unmanaged_is_counted_and_named_and_is_no_drift() -> None:
    many = tuple(Found(str(n), f"Goal {n}") for n in range(25))
    report = replace(looked(), unmanaged=(Unmanaged("convert", "goals", {"project_id": "10002"}, many),))
    assert exit_code(report) == 0
    text = text_of(report)
    assert "  convert.goals: 25  project_id 10002" in text
    assert '    "Goal 19"  id 19' in text
    assert "Goal 20" not in text
    assert "5 more; --verbose names them all" in text
    assert '"Goal 24"' in text_of(report, verbose=True)


def test_document() -> None:
    report = looked(
        resource("convert.goals.a", "update", leaves=(DRIFTED,), kept=(SWITCH,), drift=(DRIFTED, SWITCH), actor=ANA)
    )
    found = json.loads(dump(drift_document(report)))
    assert found["drifted"] is True
    assert "unmanaged" not in found
    (item,) = found["resources"]
    assert item["attributes"] == [
        {"path": "name", "seen": "Ours", "live": "Theirs", "declared": "Ours", "secret": False, "kept": False},
        {"path": "status", "seen": "active", "live": "paused", "declared": "active", "secret": False, "kept": True},
    ]
    assert item["actor"] == {"name": ANA.name, "at": ANA.at, "event": ANA.event}
    assert item["source"] == {"file": "resources/checkout.yaml", "line": 7}


@given(plans())
def test_no_secret_in_any_report(found: Plan) -> None:
    report = detect(planned(found))
    assert SECRET not in text_of(report, verbose=True)
    assert SECRET not in dump(drift_document(report))
