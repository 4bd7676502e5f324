"""Bodies that were found good are not checked again; everything else is, and nothing ever reads differently."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from reconciler.adapters.base import declare
from reconciler.project.diagnostics import ProjectError
from reconciler.project.loader import load
from reconciler.project.model import Declaration, LoadOptions

CONFIG = """\
version: 1
name: cached
accounts:
  convert: {account_id: 1, project_id: 2, key_id: k, secret: "${secret.convert}"}
variables: {brand: {type: string, default: Acme}}
"""
PLAIN = "convert.tags.sale: {name: 017, description: all of it}\n"
BRANDED = 'convert.tags.brand: {name: "${var.brand}"}\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "reconciler.yaml").write_text(CONFIG)
    (tmp_path / "resources").mkdir()
    (tmp_path / "resources" / "tags.yaml").write_text(PLAIN + BRANDED)
    return tmp_path


def declared(root: Path, **options: object) -> dict[str, Declaration]:
    return load(root, LoadOptions(environ={}, **options)).declarations  # type: ignore[arg-type]  # passed on


def test_a_second_load_reads_the_same_without_checking_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = declared(root)
    walked: list[object] = []
    real = declare.Declare.body

    def body(self: declare.Declare, *args: object, **more: object) -> object:
        walked.append(args)
        return real(self, *args, **more)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(declare.Declare, "body", body)
    second = declared(root)
    assert {a: d.body for a, d in first.items()} == {a: d.body for a, d in second.items()}
    assert {a: d.digest for a, d in first.items()} == {a: d.digest for a, d in second.items()}
    assert len(walked) == 1, "only the body with an expression is worked out again"


def test_a_text_and_a_number_of_the_same_letters_are_two_bodies(root: Path) -> None:
    declared(root)
    (root / "resources" / "tags.yaml").write_text(
        'convert.goals.g: {name: g, type: scroll_percentage, settings: {percentage: "75"}}\n'
    )
    with pytest.raises(ProjectError, match="percentage"):
        declared(root)
    (root / "resources" / "tags.yaml").write_text(
        "convert.goals.g: {name: g, type: scroll_percentage, settings: {percentage: 75}}\n"
    )
    assert declared(root)["convert.goals.g"].body["settings"] == {"percentage": 75}


def test_what_is_wrong_is_said_every_time(root: Path) -> None:
    (root / "resources" / "tags.yaml").write_text("convert.tags.sale: {nam: x}\n")
    for _ in range(2):
        with pytest.raises(ProjectError, match="did you mean name"):
            declared(root)


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", orjson.dumps({"x": 1})])
def test_a_damaged_cache_is_ignored(root: Path, damage: bytes) -> None:
    first = declared(root)
    (root / ".reconciler" / "cache" / "bodies.json").write_bytes(damage)
    assert {a: d.body for a, d in declared(root).items()} == {a: d.body for a, d in first.items()}


def test_no_expression_and_no_secret_is_ever_kept(root: Path) -> None:
    declared(root)
    kept = (root / ".reconciler" / "cache" / "bodies.json").read_text()
    assert "Acme" not in kept
    assert "all of it" in kept
