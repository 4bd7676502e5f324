"""The story that `reconciler demo` tells: chapters of real commands, each with the exit code that it must end with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

QUICKSTART = Path(__file__).parent / "quickstart"
"""The project of the story, shipped with the package; `examples/quickstart` is the same."""
PERSON = "dana@brightsolar.example"
SECRETS = {"QUICKSTART_CRM_TOKEN": "made-up-token"}
"""Made up; the emulator's own credentials take the place of the accounts'."""
SECONDS = 120
"""No command of the story takes as long as this."""
GONE = frozenset({"archived"})


class WrongTurnError(Exception):
    """The story did not go as it must; the message says where."""


def copy_quickstart(target: Path) -> None:
    """Copy the project of the story to a new folder."""
    shutil.copytree(QUICKSTART, target, dirs_exist_ok=True)


class Story:
    """One telling: an emulator of its own, a project folder, and the chapters in order."""

    def __init__(self, folder: Path, *, color: bool) -> None:
        self.folder = folder
        self.color = color and sys.stdout.isatty()
        self.url = ""

    def tell(self) -> int:
        """Tell the story; 0 when everything went as it must, else 1 with what did not."""
        from reconciler.emulator.server import EmulatorServer

        copy_quickstart(self.folder)
        with EmulatorServer() as server:
            self.url = server.url
            try:
                self._chapters()
            except WrongTurnError as error:
                click.echo(f"\ndemo: {error}", err=True)
                return 1
        self._say("That is all. Your own project begins with: reconciler init")
        return 0

    def _chapters(self) -> None:
        self._say(f"A project with a test at Convert and a flow at LeadConduit. Both run here, at {self.url}.")
        self._run("validate")
        self._say("What would be done? Reading is all that a plan does.")
        self._run("plan")
        self._run("apply", "--auto-approve")
        self._say("A plan after a full apply is empty.")
        self._run("plan", "--detailed-exitcode")
        self._somebody()
        self._say("Drift: what is different, who did it, and when.")
        self._run("drift", code=2, tells=(PERSON,))
        self._say("The plan puts the name back. The test stays paused: whoever stopped it at night had a reason.")
        self._run("plan", "--detailed-exitcode", code=2)
        self._run("apply", "--auto-approve")
        self._agree()
        self._run("plan", "--detailed-exitcode")
        self._run("drift")
        self._say("And away with it. What has a history is archived or switched off, the rest is deleted.")
        self._run("destroy", "--auto-approve")
        self._run("state", "list", silent=True)
        self._left()

    # -- the parts of a chapter ---------------------------------------------------------------------------------------
    def _say(self, text: str) -> None:
        click.echo(click.style(f"\n{text}", bold=True) if self.color else f"\n{text}")

    def _run(self, *arguments: str, code: int = 0, tells: tuple[str, ...] = (), silent: bool = False) -> None:
        """Run a command of ours as a process of its own, show it and what it said, and hold it to its exit code."""
        shown = f"$ reconciler {' '.join(arguments)}"
        click.echo(f"\n{click.style(shown, fg='cyan') if self.color else shown}")
        environ = {**os.environ, **SECRETS, "RECONCILER_EMULATOR": self.url}
        if self.color:
            environ["FORCE_COLOR"] = "1"
        else:
            environ["NO_COLOR"] = "1"
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=self.folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
        text = done.stdout.decode("utf-8", "replace")
        click.echo(text, nl=False)
        if done.returncode != code:
            raise WrongTurnError(f"`{shown[2:]}` ended with {done.returncode}, not with {code}")
        if silent and text.strip():
            raise WrongTurnError(f"`{shown[2:]}` shows something that should be gone")
        for word in tells:
            if word not in text:
                raise WrongTurnError(f"`{shown[2:]}` does not say {word}")

    def _somebody(self) -> None:
        """Play the colleague at the user interface of Convert."""
        self._say(f"Now {PERSON} renames a goal in Convert's app, and pauses the test.")
        goal = self._find("goals", "quote requested")
        test = self._find("experiences", "Short quote form")
        self._edit("goals", goal["id"], {"name": "Quote (Dana)"})
        self._edit("experiences", test["id"], {"status": "paused"})

    def _agree(self) -> None:
        """Say in the file what the colleague did: then the pause is no drift any more."""
        self._say("We agree with the pause, and say so in the file (status: active → status: paused).")
        file = self.folder / "resources" / "experiment.yaml"
        text = file.read_text(encoding="utf-8")
        if text.count("status: active") != 1:
            raise WrongTurnError("experiment.yaml has not the one `status: active` that the story needs")
        file.write_text(text.replace("status: active", "status: paused"), encoding="utf-8")

    def _left(self) -> None:
        """Look at what the platforms still have: nothing of ours that is not archived or switched off."""
        kept = [
            f"{platform} {kind}: {row.get('name') or row.get('id')} ({_condition(row)})"
            for platform, kind, row in self._ours()
        ]
        alive = [line for line in kept if line.endswith("(alive)")]
        if alive:
            raise WrongTurnError(f"these are still there: {'; '.join(alive)}")
        self._say("Left on the platforms, with its history:")
        for line in kept:
            click.echo(f"  {line}")

    def _ours(self) -> list[tuple[str, str, Mapping[str, Any]]]:
        """Return what is stored of the kinds that the project has, without what the platforms bring along."""
        own = {
            "convert": ("goals", "audiences", "locations", "experiences"),
            "leadconduit": ("fields", "entities", "credentials", "flows"),
        }
        dump = self._get("/_control/dump")
        return [
            (platform, kind, row)
            for platform, kinds in own.items()
            for kind in kinds
            for row in dump[platform].get(kind, ())
            if not (row.get("is_system") or row.get("preset") or row.get("standard", kind == "fields"))
            and row.get("account") is None
        ]

    # -- the control API ----------------------------------------------------------------------------------------------
    def _find(self, kind: str, name: str) -> Mapping[str, Any]:
        rows = [row for row in self._get("/_control/dump")["convert"][kind] if name in row["name"]]
        if len(rows) != 1:
            raise WrongTurnError(f"{len(rows)} {kind} are called {name}, there should be one")
        found: Mapping[str, Any] = rows[0]
        return found

    def _get(self, path: str) -> Any:
        import httpx

        return httpx.get(self.url + path, timeout=SECONDS, trust_env=False).raise_for_status().json()

    def _edit(self, kind: str, identity: Any, values: Mapping[str, Any]) -> None:
        import httpx

        body = {"platform": "convert", "kind": kind, "id": str(identity), "set": dict(values), "user": PERSON}
        httpx.post(self.url + "/_control/edit", json=body, timeout=SECONDS, trust_env=False).raise_for_status()


def _condition(row: Mapping[str, Any]) -> str:
    if row.get("status") in GONE:
        return "archived"
    return "switched off" if row.get("enabled") is False else "alive"


__all__ = ["QUICKSTART", "Story", "WrongTurnError", "copy_quickstart"]
