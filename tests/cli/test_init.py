"""`reconciler init`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.cli.story import QUICKSTART
from tests.cli.conftest import EXAMPLES, ROOT, Cli, Emulator


def files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".reconciler" not in path.parts
    }


def test_what_ships_is_the_example() -> None:
    assert files(QUICKSTART) == files(EXAMPLES / "quickstart")
    workflow = (ROOT / "reconciler" / "cli" / "starter" / "github.yml").read_text(encoding="utf-8")
    assert workflow == (EXAMPLES / "ci" / "github" / "reconciler.yml").read_text(encoding="utf-8")


def test_a_new_project_works(cli: Cli, tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "My shop"
    monkeypatch.setenv("MY_SHOP_CRM_TOKEN", "made-up")

    done = cli("init", folder)

    assert done.code == 0
    assert f"{folder}/reconciler.yaml\n" in done.out
    assert "name: My-shop" in (folder / "reconciler.yaml").read_text(encoding="utf-8")
    assert ".reconciler/" in (folder / ".gitignore").read_text(encoding="utf-8")
    assert "MY_SHOP_CRM_TOKEN" in (folder / ".github/workflows/reconciler.yml").read_text(encoding="utf-8")
    assert json.loads((folder / "schemas/resources.schema.json").read_text(encoding="utf-8"))
    assert cli("fmt", "--check", "--chdir", folder).code == 0
    assert cli("validate", "--chdir", folder).code == 0
    assert cli("apply", "--auto-approve", "--chdir", folder).code == 0
    assert cli("plan", "--detailed-exitcode", "--chdir", folder).code == 0
    assert emulator.dump()["leadconduit"]["flows"]


def test_it_writes_over_nothing(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text("mine\n", encoding="utf-8")

    first = cli("init", tmp_path)
    second = cli("init", tmp_path)

    assert first.code == second.code == 0
    assert (tmp_path / "reconciler.yaml").read_text(encoding="utf-8") == "mine\n"
    assert "left as it is" in first.err
    assert second.out == ""
