"""Each example is taken through a whole life against the emulator."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from reconciler.emulator.server import EmulatorServer
from tests.cli.conftest import EXAMPLES, Cli

PROJECTS = sorted(path.parent.name for path in EXAMPLES.glob("*/reconciler.yaml"))


def test_there_is_one_per_platform() -> None:
    assert {"quickstart", "convert", "leadconduit"} <= set(PROJECTS)


@pytest.mark.parametrize("name", PROJECTS)
def test_a_whole_life(name: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder)
    data, secrets = folder / "emulator.json", folder / "emulator.env"
    for line in secrets.read_text(encoding="utf-8").splitlines() if secrets.exists() else ():
        monkeypatch.setenv(*line.split("=", 1))
    with EmulatorServer(data=json.loads(data.read_bytes()) if data.exists() else None) as server:
        monkeypatch.setenv("RECONCILER_EMULATOR", server.url)

        def must(*arguments: str) -> str:
            done = cli(*arguments, "--chdir", folder)
            assert done.code == 0, f"{arguments}: {done.out}{done.err}"
            return done.out

        must("validate")
        must("plan")
        must("apply", "--auto-approve")
        must("plan", "--detailed-exitcode")
        must("drift")
        must("destroy", "--auto-approve")
        assert must("state", "list") == ""
