from __future__ import annotations

import os
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from reconciler.applier.result import RunResult, Stale, StepResult
from reconciler.model.plan import Plan, Step
from reconciler.model.values import MISSING, Sensitive
from reconciler.report.display import show
from reconciler.report.lines import leaf_lines, text_lines
from reconciler.report.markdown import plan_markdown
from reconciler.report.text import plan_summary, render_result
from tests.report.plans import BAR, EVERY, FLOW, SECRET, full, leaf, plan, plans, resource, text_of, values

SNAPSHOTS = Path(__file__).parent / "snapshots"


def check_snapshot(name: str, text: str) -> None:
    """Compare with a file; `UPDATE_SNAPSHOTS=1` writes it anew, to be looked at before it is committed."""
    path = SNAPSHOTS / name
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_mark() -> None:
    check_snapshot("full.txt", text_of(full()))


def test_verbose_also_lists_steps() -> None:
    check_snapshot("full-verbose.txt", text_of(full(), verbose=True))


def test_nothing_to_do() -> None:
    text = text_of(plan(resource("convert.goals.a", "no-op", after={"name": "A"})))
    assert text.splitlines() == ["No changes: what is live is as declared."]


@pytest.mark.parametrize(
    ("change", "head"),
    [
        (EVERY[0], "  + convert.goals.purchase  created  resources/checkout.yaml:7"),
        (BAR, "  ~ convert.experiences.bar  updated: changed here and drifted (by ana@brightsolar.example at 2026-"),
        (EVERY[3], "  + convert.goals.back  created again: it was deleted on the platform by ana@brightsolar.example"),
        (EVERY[5], "-/+ convert.goals.typed  replaced because type cannot be changed in place: the old one goes first"),
        (EVERY[6], "+/- convert.goals.asked  replaced as asked for: the new one first"),
        (EVERY[7], "  - convert.goals.away  archived: it is no longer declared"),
        (EVERY[9], "  → convert.goals.went  moved from convert.goals.here"),
        (EVERY[10], "  ⇐ convert.goals.mine  adopted: id 4711"),
        (EVERY[11], "  ∅ convert.goals.let  forgotten: it stays on the platform, unmanaged"),
        (EVERY[12], "  ∅ convert.goals.dead  forgotten: it was deleted on the platform by ana"),
        (EVERY[13], "  ○ convert.goals.freed  released"),
    ],
)
def test_each_mark_has_its_head(change: Any, head: str) -> None:
    assert text_of(plan(change)).startswith(head)


def test_colours_only_where_the_console_has_them() -> None:
    assert "\x1b" not in text_of(full())
    colored = text_of(full(), color=True)
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == text_of(full())


def test_markup_in_values_is_text() -> None:
    found = plan(
        resource("convert.goals.a", "update", leaves=(leaf("name", "[bold]x[/bold]", "[/] :smile: [link=a]"),))
    )
    for color in (True, False):
        assert 'name: "[bold]x[/bold]" → "[/] :smile: [link=a]"' in re.sub(
            r"\x1b\[[0-9;]*m", "", text_of(found, color=color)
        )


def test_values_cannot_steer_the_terminal() -> None:
    found = plan(resource("convert.goals.a", "update", leaves=(leaf("name", "\x1b[2J", "a\u202eb\x9b"),)))
    text = text_of(found)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert "u001b[2J" in text


def test_a_line_diff_has_two_lines_of_context() -> None:
    lines = [str(line) for line in text_lines("a\nb\nc\nd\ne\nf\ng", "a\nb\nc\nX\ne\nf\ng", 0)]
    assert lines == ["@@ -2,5 +2,5 @@", "  b", "  c", "- d", "+ X", "  e", "  f"]


def test_far_changes_are_separate_hunks() -> None:
    old = [str(n) for n in range(100)]
    new = [*old]
    new[3], new[90] = "three", "ninety"
    lines = [str(line) for line in text_lines("\n".join(old), "\n".join(new), 0)]
    assert [line for line in lines if line.startswith("@@")] == ["@@ -2,5 +2,5 @@", "@@ -89,5 +89,5 @@"]


def test_a_minified_line_shows_the_surroundings_of_the_change() -> None:
    old = "x" * 5_000 + "OLD" + "y" * 5_000
    text = "\n".join(map(str, text_lines(old, old.replace("OLD", "NEW"), 0)))
    assert "OLD" in text
    assert "NEW" in text
    assert len(text) < 1_000


def test_secrets_are_told_by_where_they_come_from() -> None:
    said = [
        str(leaf_lines(leaf("k", before, after, secret=True), 0)[0])
        for before, after in (
            (Sensitive("a", "k"), Sensitive(SECRET, "secret.k")),
            (MISSING, Sensitive(SECRET, "secret.k")),
            (Sensitive("a", "k"), None),
            ("plain", "plain too"),
        )
    ]
    assert said == [
        "~ k: <secret secret.k, changed>",
        "+ k: <secret secret.k>",
        "~ k: <secret k, removed>",
        "~ k: <secret, changed>",
    ]


def test_summary_counts_everything() -> None:
    assert plan_summary(full()) == (
        "2 to create, 3 to update, 2 to replace, 2 to remove (1 archived, 1 deleted), 2 to adopt, 2 to move, "
        "2 to forget, 2 to release; 1 kept as set by hand · about 13 calls, 3.0 s"
    )


def test_a_destroy_does_not_speak_of_declarations() -> None:
    assert "  - convert.goals.away  archived  resources" in text_of(plan(EVERY[7], mode="destroy"))


def test_what_goes_live_is_said() -> None:
    step = Step("x:publish", FLOW.address, "publish", "publish", title="deploy flow")
    text = text_of(plan(FLOW, steps=(step,)))
    assert "↑ $published: false → true" in text
    assert "↑ goes live: deploy flow" in text


@given(plans(), st.booleans())
def test_no_secret_in_any_text(found: Plan, verbose: bool) -> None:
    assert SECRET not in text_of(found, verbose=verbose)
    assert SECRET not in plan_markdown(found)


@given(values())
def test_any_value_stands_on_one_line(value: Any) -> None:
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", show(value))


def result_text(result: RunResult, *, quiet: bool = False) -> str:
    out = StringIO()
    render_result(result, Console(file=out, width=100, no_color=True, color_system=None), quiet=quiet)
    return out.getvalue()


def run() -> RunResult:
    def step(name: str, **more: Any) -> Step:
        return Step(f"{name}:write", f"convert.goals.{name}", "create", title="create goal", **more)

    return RunResult(
        "8f3a",
        [
            StepResult(step("a"), "done", wrote=True, warnings=("it came back as [x]",)),
            StepResult(step("b"), "failed", "422 name is taken\nresources/a.yaml:3:5: name: is taken"),
            StepResult(step("c"), "skipped", cause="convert.goals.b"),
            StepResult(step("d"), "not started"),
            StepResult(Step("e:state", "convert.goals.e", "state", edit="record", title="record"), "done"),
            StepResult(step("f"), "done", wrote=True),
        ],
        [Stale("convert.goals.z", 'name is "X" now', "ana")],
        ["convert.goals.y was made by run 1"],
        calls=1,
        seconds=1.25,
    )


def test_result_tells_every_step() -> None:
    check_snapshot("result.txt", result_text(run()))


def test_quiet_result_tells_what_went_wrong() -> None:
    text = result_text(run(), quiet=True)
    assert "convert.goals.f" not in text
    assert "✗ convert.goals.b  create goal: 422 name is taken" in text
    assert "2 done, 1 failed, 1 skipped, 1 not started, 1 stale · 1 call in 1.2 s · run 8f3a" in text


def test_an_interrupted_run_says_so() -> None:
    found = RunResult("8f3a", interrupted=True, refused="the state file is\nread only")
    text = result_text(found)
    assert "Interrupted: 0 done" in text
    assert "✗ the state file is" in text
