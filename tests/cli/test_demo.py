"""`reconciler demo` and `reconciler emulator`, as processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from reconciler.cli import story
from reconciler.cli.story import Story, WrongTurnError


def reconciler(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "reconciler", *arguments]


def test_the_story_is_told_to_its_end() -> None:
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("RECONCILER_", "QUICKSTART_"))}

    done = subprocess.run(reconciler("demo"), capture_output=True, text=True, env=environ, timeout=180, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    told = [line for line in done.stdout.splitlines() if line.startswith("$ reconciler")]
    assert told == [
        "$ reconciler validate",
        "$ reconciler plan",
        "$ reconciler apply --auto-approve",
        "$ reconciler plan --detailed-exitcode",
        "$ reconciler drift",
        "$ reconciler plan --detailed-exitcode",
        "$ reconciler apply --auto-approve",
        "$ reconciler plan --detailed-exitcode",
        "$ reconciler drift",
        "$ reconciler destroy --auto-approve",
        "$ reconciler state list",
    ]
    assert "Short quote form (archived)" in done.stdout
    assert "(alive)" not in done.stdout
    assert "made-up-token" not in done.stdout


def test_a_command_that_ends_otherwise_ends_the_story(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_it(target: Path) -> None:
        (target / "resources").mkdir(parents=True)
        (target / "reconciler.yaml").write_text("version: 1\n", encoding="utf-8")

    monkeypatch.setattr(story, "copy_quickstart", break_it)

    assert Story(tmp_path / "project", color=False).tell() == 1
    assert "`reconciler validate` ended with 1, not with 0" in capsys.readouterr().err


def test_a_command_must_say_what_the_story_needs(tmp_path: Path) -> None:
    told = Story(tmp_path, color=False)

    with pytest.raises(WrongTurnError, match="does not say"):
        told._run("--version", tells=("something else",))


def test_the_emulator_prints_where_it_is_and_ends_when_told(tmp_path: Path) -> None:
    data = tmp_path / "data.json"
    data.write_text('{"convert": {"projects": [{"id": 77, "name": "Loaded"}]}}', encoding="utf-8")
    command = reconciler("emulator", "--port", "0", "--data", str(data))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().removeprefix("emulator at ").strip()
            dump = httpx.get(f"{url}/_control/dump", trust_env=False).json()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
    assert [row["name"] for row in dump["convert"]["projects"]] == ["Loaded"]
    assert process.returncode == 0


def test_data_of_another_form_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data.json"
    data.write_text('{"nowhere": {}}', encoding="utf-8")
    command = reconciler("emulator", "--port", "0", "--data", str(data))

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert "nowhere" in done.stderr
