"""What README and docs show works as shown: blocks marked as runnable are run, and links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.main import COMMANDS
from reconciler.emulator.server import EmulatorServer
from tests.cli.conftest import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
BLOCK = re.compile(r"<!-- runnable( emulator)? -->\n```console\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\((?!https?://)([^)#\s]+)(?:#[^)]*)?\)")
CODE = re.compile(r"`((?:reconciler|tests|examples|docs|benchmarks)/[\w./-]+)`")
SHOWN_PORT = "http://127.0.0.1:8765"


def runnable() -> list[tuple[str, list[tuple[bool, str]]]]:
    pages = [(str(page.relative_to(ROOT)), page.read_text(encoding="utf-8")) for page in PAGES]
    return [(name, [(bool(m[1]), m[2]) for m in BLOCK.finditer(text)]) for name, text in pages if BLOCK.search(text)]


@pytest.mark.parametrize(("name", "blocks"), runnable(), ids=lambda value: value if isinstance(value, str) else "")
def test_blocks_run_in_order(name: str, blocks: list[tuple[bool, str]], tmp_path: Path) -> None:
    bin_folder = str(Path(sys.executable).parent)
    environ = {**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
    environ.pop("RECONCILER_EMULATOR", None)
    with EmulatorServer() as server:
        for needs_emulator, script in blocks:
            assert needs_emulator or SHOWN_PORT not in script
            done = subprocess.run(
                ["bash", "-eu", "-c", script.replace(SHOWN_PORT, server.url)],
                cwd=tmp_path,
                env=environ,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert done.returncode == 0, f"{name}: {script}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_paths_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    missing = [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    missing += [path for path in CODE.findall(text) if not (ROOT / path).exists()]

    assert missing == []


def test_every_command_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert [name for name in COMMANDS if not re.search(rf"`{name}\b", text)] == []
