"""A project folder, an emulator and the command line in one place, for tests that go the whole way."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from reconciler.cli.main import run
from reconciler.emulator.server import EmulatorServer

CONFIG = """\
version: 1
name: tests
accounts:
  convert: {account_id: 10001, project_id: 10002, key_id: unused, secret: "${secret.convert}"}
  convert-app: {account_id: 10001, project_id: 10007, key_id: unused, secret: "${secret.convert}"}
  leadconduit: {api_key: "${secret.leadconduit}"}
"""
FULLSTACK = {"convert": {"projects": [{"id": 10007, "account_id": 10001, "project_type": "fullstack"}]}}


@dataclass
class Ran:
    """What one command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)

    def __str__(self) -> str:
        return f"exit {self.code}\n--- out\n{self.out}\n--- err\n{self.err}"


@dataclass
class Bench:
    """One project against one emulator. Commands run in this process, or in one of their own with `spawn`."""

    root: Path
    url: str
    environ: dict[str, str] = field(default_factory=dict)
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))
    """Calls the control API; kept, because making one costs more than any call."""

    def write(self, text: str, name: str = "resources/main.yaml") -> None:
        """Write a file of the project."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(self, *argv: str, expect: int | None = None) -> Ran:
        """Run a command; fails the test with all its output if the exit code is not as expected."""
        out, err = io.StringIO(), io.StringIO()
        with _environ(self.env()), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run([*argv, "--chdir", str(self.root)])
        ran = Ran(code, out.getvalue(), err.getvalue())
        assert expect is None or code == expect, f"{' '.join(argv)}: {ran}"
        return ran

    def spawn(self, *argv: str) -> subprocess.Popen[str]:
        """Start a command as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "reconciler", *argv, "--chdir", str(self.root)],
            env={**os.environ, **self.env()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def env(self) -> dict[str, str]:
        """Return the environment variables of every command."""
        return {"RECONCILER_EMULATOR": self.url, "NO_COLOR": "1", **self.environ}

    def apply(self, expect: int = 0, *argv: str) -> Ran:
        """Apply without asking."""
        return self.run("apply", "--auto-approve", *argv, expect=expect)

    def settled(self) -> None:
        """Assert that there is nothing left to do."""
        ran = self.run("plan", "--detailed-exitcode")
        assert ran.code == 0, f"the plan is not empty: {ran}"

    def plan_json(self, *argv: str, expect: int = 0) -> Any:
        """Return the plan as its JSON document."""
        return self.run("plan", "--json", *argv, expect=expect).json

    def changes(self) -> dict[str, Any]:
        """Return `resource_changes` by address."""
        return {change["address"]: change for change in self.plan_json()["resource_changes"]}

    # -- the other side ---------------------------------------------------------------------------------------------
    def control(self, method: str, path: str, **more: Any) -> Any:
        """Call the emulator's control API."""
        answer = self.client.request(method, f"{self.url}/_control/{path}", **more)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def dump(self, platform: str, kind: str) -> list[dict[str, Any]]:
        """Return the stored objects of a kind."""
        found: list[dict[str, Any]] = self.control("GET", f"dump?platform={platform}")[platform].get(kind, [])
        return found

    def edit(
        self, platform: str, kind: str, identity: Any, values: Mapping[str, Any] | None, user: str = "Anna"
    ) -> None:
        """Change an object as somebody at the UI would, or delete it (`values` None)."""
        body: dict[str, Any] = {"platform": platform, "kind": kind, "id": str(identity), "user": user}
        body |= {"delete": True} if values is None else {"set": dict(values)}
        self.control("POST", "edit", json=body)

    def requests(self) -> list[dict[str, Any]]:
        """Return the log of requests, and forget it."""
        found = self.control("GET", "requests")
        self.control("DELETE", "requests")
        rows: list[dict[str, Any]] = found if isinstance(found, list) else found["requests"]
        return rows

    def faults(self, **values: Any) -> None:
        """Set what goes wrong from now on; nothing without arguments."""
        self.control("POST", "faults", json=values)

    def state(self) -> Any:
        """Return the ledger with its journal replayed, as JSON."""
        return self.run("state", "pull", expect=0).json


@contextlib.contextmanager
def _environ(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def bench(root: Path, config: str = CONFIG, data: Mapping[str, Any] | None = FULLSTACK) -> Iterator[Bench]:
    """Start an emulator and write an empty project."""
    with EmulatorServer(data=dict(data) if data is not None else None) as server:
        one = Bench(root, server.url)
        one.write(config, "reconciler.yaml")
        (root / "resources").mkdir(exist_ok=True)
        try:
            yield one
        finally:
            one.client.close()
