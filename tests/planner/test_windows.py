"""Freeze windows: nothing is written while one is open, but for what it allows or an `--allow` lifts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import CONFIG, Bench, bench

FREEZE = (
    CONFIG
    + """\
guardrails:
  freeze:
    - {name: always, from: 2020-01-01, to: 2100-01-01, reason: Black Friday, allow: ["convert.tags.*.description"]}
"""
)
TAG = "convert.tags.sale: {name: sale, description: one}\n"


@pytest.fixture
def frozen(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as one:
        one.write(TAG)
        one.apply()
        one.write(FREEZE, "reconciler.yaml")
        yield one


def test_nothing_is_written_in_a_freeze(frozen: Bench) -> None:
    frozen.write(TAG + "convert.tags.other: {name: other}\n")
    frozen.requests()
    ran = frozen.apply(expect=5)
    assert "freeze always (Black Friday)" in ran.out
    assert "--allow freeze" in ran.out
    assert not [row for row in frozen.requests() if row["path"].endswith("/add")]


def test_what_the_window_allows_is_written(frozen: Bench) -> None:
    frozen.write(TAG.replace("one", "two"))
    frozen.apply()
    assert [tag["description"] for tag in frozen.dump("convert", "tags")] == ["two"]


def test_allow_freeze_lifts_it_and_is_recorded(frozen: Bench) -> None:
    frozen.write(TAG.replace("sale,", "sale now,"))
    assert frozen.run("plan").code == 5
    plan = frozen.plan_json("--allow", "freeze", "--reason", "the CEO asked")
    assert plan["applyable"] is True
    assert plan["x_allowed"] == ["freeze"]
    assert plan["x_reason"] == "the CEO asked"
    frozen.apply(0, "--allow", "freeze")


def test_a_window_that_is_over_holds_nothing(frozen: Bench) -> None:
    frozen.write(FREEZE.replace("2100-01-01", "2020-12-31"), "reconciler.yaml")
    frozen.write(TAG.replace("sale,", "sale now,"))
    frozen.apply()
