"""Commands run in this process, against an emulator with a real socket."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.cli.main import run
from reconciler.emulator.server import EmulatorServer

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code and what it said."""

    code: int
    out: str
    err: str


Cli = Callable[..., Done]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.setenv("NO_COLOR", "1")

    def call(*arguments: str) -> Done:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return call


@dataclass(frozen=True)
class Emulator:
    """An emulator of a test's own."""

    url: str

    def dump(self) -> Any:
        return httpx.get(f"{self.url}/_control/dump", trust_env=False).json()

    def edit(self, platform: str, kind: str, identity: Any, **values: Any) -> None:
        body = {"platform": platform, "kind": kind, "id": str(identity), "set": values, "user": "dana@example.com"}
        httpx.post(f"{self.url}/_control/edit", json=body, trust_env=False).raise_for_status()

    def writes(self) -> int:
        rows = httpx.get(f"{self.url}/_control/requests", trust_env=False).json()
        return sum(row["method"] != "GET" and not _reads(row["path"]) for row in rows)


def _reads(path: str) -> bool:
    """Tell Convert's lists, which are POST, from its writes."""
    return not path.rstrip("/").endswith(("add", "update", "delete"))


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with EmulatorServer() as server:
        monkeypatch.setenv("RECONCILER_EMULATOR", server.url)
        monkeypatch.setenv("QUICKSTART_CRM_TOKEN", "made-up-token")
        yield Emulator(server.url)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of the quickstart."""
    shutil.copytree(EXAMPLES / "quickstart", tmp_path / "quickstart")
    return tmp_path / "quickstart"


@pytest.fixture
def applied(project: Path, emulator: Emulator, cli: Cli) -> Path:
    """Return the quickstart with everything in it made."""
    del emulator
    done = cli("apply", "--auto-approve", "--chdir", str(project))
    assert done.code == 0, done.out + done.err
    return project
