"""Short forms are written only where they are read back as what stood there."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import pytest

from reconciler.cli.shortening import shorten_with
from reconciler.model.markers import Attributes, Short
from reconciler.model.shape import compile_model
from reconciler.project.platforms import Platforms


def doubled(value: Any) -> Any:
    return f"{value}{value}" if isinstance(value, str) and value.islower() else value


def halved(value: Any) -> Any:
    return value[: len(value) // 2] if isinstance(value, str) else value


class Thing(Attributes):
    """Text whose short form is its first half; that holds only for texts that are something twice."""

    text: Annotated[str, Short(doubled, halved)] = ""


@pytest.mark.parametrize(("written", "wanted"), [("ABAB", "ABAB"), ("AB", "AB")])
def test_what_would_mean_something_else_stays(
    written: str, wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = SimpleNamespace(kinds={"things": SimpleNamespace(shape=compile_model(Thing))})
    monkeypatch.setattr(Platforms, "get", lambda _self, _name: platform)

    assert shorten_with(tmp_path)("toy.things", {"text": written}) == {"text": wanted}


def test_a_kind_that_nobody_knows_stays(tmp_path: Path) -> None:
    body: dict[str, Any] = {"rules": {"OR": [{"AND": []}]}}

    assert shorten_with(tmp_path)("nowhere.things", body) is body


def test_an_account_that_says_its_platform(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text("accounts: {shop: {platform: convert}}\n", encoding="utf-8")
    rule = {"rule_type": "country", "matching": {"match_type": "equals", "negated": True}, "value": "DE"}

    short = shorten_with(tmp_path)("shop.audiences", {"rules": {"OR": [{"AND": [{"OR_WHEN": [rule]}]}]}})

    assert short == {"rules": {"AND": [{**rule, "matching": "not equals"}]}}
