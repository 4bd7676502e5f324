"""`reconciler init`: a new project with a working example, schemas and a CI workflow. It writes over nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from reconciler.cli import runtime

_IGNORED = (".reconciler/", "*.plan", "*.plan.json")
_STARTER = Path(__file__).parent / "starter"
_LEFT_OUT = frozenset({"README.md", ".gitignore", "emulator.env"})
"""Files of the quickstart that a project of one's own does not want."""


@click.command("init")
@click.argument("folder", default=".", metavar="[DIR]", type=click.Path(file_okay=False, path_type=Path))
def command(folder: Path) -> int:
    """Begin a new project in DIR. Files that are there already stay as they are, and are named."""
    with runtime.errors():
        folder.mkdir(parents=True, exist_ok=True)
        written, left = 0, 0
        for name, text in _files(folder):
            path = folder / name
            if path.exists() or path.is_symlink():
                runtime.say(f"left as it is: {path}")
                left += 1
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            runtime.emit(str(path))
            written += 1
        runtime.say(
            f"{written} file{'' if written == 1 else 's'} written" + (f", {left} left as they were" if left else "")
        )
        there = "" if folder == Path() else f" --chdir {folder}"
        runtime.say(f"next: reconciler validate{there}; to try it without an account: reconciler emulator")
    return 0


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the files of a new project, by path below its folder."""
    from reconciler.cli.schema import schema_files
    from reconciler.cli.story import QUICKSTART

    name = _name(folder)
    for path in sorted(QUICKSTART.rglob("*")):
        if path.is_file() and path.name not in _LEFT_OUT and ".reconciler" not in path.parts:
            yield str(path.relative_to(QUICKSTART)), _named(path.read_text(encoding="utf-8"), name)
    for file, text in schema_files().items():
        yield f"schemas/{file}", text
    yield ".gitignore", "".join(f"{line}\n" for line in _IGNORED)
    workflow = (_STARTER / "github.yml").read_text(encoding="utf-8")
    yield ".github/workflows/reconciler.yml", _named(workflow, name)


def _named(text: str, name: str) -> str:
    """Return a file of the quickstart with another project's name in it."""
    return text.replace("quickstart", name).replace("QUICKSTART_", f"{name.upper().replace('-', '_')}_")


def _name(folder: Path) -> str:
    """Make a project's name out of its folder's."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", folder.resolve().name).strip("-")
    if not name:
        return "project"
    return (name if re.match(r"[A-Za-z_]", name) else f"p-{name}")[:100]
