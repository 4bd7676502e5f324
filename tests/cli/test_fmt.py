"""`reconciler fmt`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLES, Cli

LONG = """\
convert.audiences:
    germans:   # everybody there
        type: transient
        name: 'Germans'
        rules: {OR: [{AND: [{rule_type: country, matching: {match_type: equals, negated: true}, value: DE}]}]}
"""
SHORT = """\
convert.audiences:
  germans: # everybody there
    type: transient
    name: Germans
    rules: {AND: [{rule_type: country, matching: not equals, value: DE}]}
"""


@pytest.fixture
def messy(project: Path) -> Path:
    (project / "resources" / "messy.yaml").write_text(LONG, encoding="utf-8")
    return project


def test_check_names_the_file_and_writes_nothing(cli: Cli, messy: Path) -> None:
    done = cli("fmt", "--check", "--chdir", messy)

    assert (done.code, done.out) == (1, "resources/messy.yaml\n")
    assert (messy / "resources" / "messy.yaml").read_text(encoding="utf-8") == LONG


def test_layout_and_short_forms_comments_kept(cli: Cli, messy: Path) -> None:
    file = messy / "resources" / "messy.yaml"
    file.chmod(0o640)

    assert cli("fmt", "--chdir", messy).code == 0

    text = file.read_text(encoding="utf-8").replace("germans:     #", "germans: #")
    assert text == SHORT
    assert file.stat().st_mode & 0o777 == 0o640
    assert cli("fmt", "--check", "--chdir", messy).code == 0
    assert [path.name for path in file.parent.glob(".*")] == []


def test_only_the_named_files(cli: Cli, messy: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("a:   1\n", encoding="utf-8")

    done = cli("fmt", "--check", str(other), "--chdir", messy)

    assert done.code == 1
    assert "messy" not in done.out


def test_a_file_that_cannot_be_read_is_named_and_the_rest_is_done(cli: Cli, messy: Path) -> None:
    (messy / "resources" / "broken.yaml").write_text("a: [1\nb: }\n", encoding="utf-8")

    done = cli("fmt", "--chdir", messy)

    assert done.code == 1
    assert "resources/broken.yaml:" in done.err
    assert done.out == "resources/messy.yaml\n"


def test_a_path_that_is_not_there(cli: Cli, project: Path) -> None:
    done = cli("fmt", "nowhere.yaml", "--chdir", project)

    assert done.code == 1
    assert "nowhere.yaml" in done.err


@pytest.mark.parametrize("name", ["quickstart", "convert", "leadconduit"])
def test_examples_are_formatted(cli: Cli, name: str) -> None:
    assert cli("fmt", "--check", "--chdir", EXAMPLES / name).out == ""
