"""An empty list where state has objects is believed only when each of them says itself that it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.adapters.convert.kind import ConvertKind
from tests.harness import Bench, bench

TAGS = "convert.tags:\n  one: {name: one}\n  two: {name: two}\n"


@pytest.fixture
def tagged(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as one:
        one.write(TAGS)
        one.apply()
        yield one


def test_a_list_that_stays_empty_stops_the_plan(tagged: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.adapters.convert.adapter.ConvertAdapter.list", lambda *_args, **_more: [])
    monkeypatch.setattr(ConvertKind, "consistency", 0.0)
    tagged.write(TAGS + "  three: {name: three}\n")
    ran = tagged.apply(5)
    assert "--allow empty-read=convert.tags" in ran.out
    tagged.apply(0, "--allow", "empty-read=convert.tags")


def test_objects_that_are_gone_are_made_again(tagged: Bench) -> None:
    for tag in tagged.dump("convert", "tags"):
        tagged.edit("convert", "tags", tag["id"], None)
    tagged.apply()
    assert sorted(tag["name"] for tag in tagged.dump("convert", "tags")) == ["one", "two"]
    tagged.settled()
