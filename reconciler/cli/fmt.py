"""`reconciler fmt`: files in the canonical layout, comments kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import runtime
from reconciler.cli.options import Common, common

if TYPE_CHECKING:
    from reconciler.project.fmt import Shorten

_SUFFIXES = frozenset({".yaml", ".yml"})
_ROOTS = ("reconciler.yaml", "resources", "modules")
"""What is formatted when no path is given, where it exists."""


@click.command("fmt")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; name the files with work to do, and exit with 1.")
@common
def command(common: Common, paths: tuple[Path, ...], check: bool) -> int:
    """Bring files into the canonical layout. Folders are searched for *.yaml and *.yml, at any depth."""
    with runtime.errors():
        from reconciler.cli.shortening import shorten_with
        from reconciler.project.diagnostics import ProjectError

        shorten = shorten_with(common.root)
        changed: list[str] = []
        problems: list[str] = []
        for path in _files(common.root, paths):
            shown = _shown(path, common.root)
            try:
                if _format(path, shown, shorten, write=not check):
                    changed.append(shown)
            except ProjectError as error:
                problems.append(str(error))
        for name in changed:
            runtime.emit(name)
        for text in problems:
            click.echo(text, err=True)
        if changed:
            runtime.say(f"{len(changed)} file(s) {'would be' if check else 'were'} formatted", common)
        return 1 if problems or (check and changed) else 0


def _files(root: Path, paths: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the files below the paths, each once, in order. Raises ClickException for a path that is not there."""
    given = paths or tuple(path for path in _default(root) if path.exists())
    if not given:
        raise click.ClickException(f"there is nothing to format in {root}; name files or folders")
    seen: set[Path] = set()
    for path in given:
        if not path.exists():
            raise click.ClickException(f"there is no {path}")
        for file in _below(path) if path.is_dir() else [path]:
            real = file.resolve()
            if real not in seen:
                seen.add(real)
                yield file


def _default(root: Path) -> list[Path]:
    """Return what belongs to the project: its files as `reconciler.yaml` names them, else the usual folders."""
    from reconciler.project.diagnostics import Diagnostics
    from reconciler.project.yaml.document import normalised, read_document

    paths = [root / name for name in _ROOTS]
    config = root / "reconciler.yaml"
    if config.is_file():
        document = read_document(
            normalised(config.read_text(encoding="utf-8", errors="replace")), config.name, Diagnostics()
        )
        value = document.value if document is not None else None
        named = value.get("resources") if isinstance(value, dict) else None
        paths += [root / name for name in named or () if isinstance(name, str)] if isinstance(named, list) else []
    return paths


def _below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix in _SUFFIXES and path.is_file() and not hidden:
            yield path


def _shown(path: Path, root: Path) -> str:
    real, base = path.resolve(), root.resolve()
    return str(real.relative_to(base)) if real.is_relative_to(base) else str(path)


def _format(path: Path, shown: str, shorten: Shorten | None, *, write: bool) -> bool:
    """Format one file and tell whether that changes it. Raises ProjectError, OSError."""
    from reconciler.project.diagnostics import Diagnostics, ProjectError
    from reconciler.project.fmt import format_text
    from reconciler.project.yaml.files import decode

    before = path.read_bytes()
    found = Diagnostics()
    text = decode(before, shown, found)
    if text is None:
        raise ProjectError(found.sorted())
    after = format_text(text, shown, shorten).encode("utf-8")
    if after == before:
        return False
    if write:
        _replace(path.resolve(), after)
    return True


def _replace(path: Path, content: bytes) -> None:
    """Put new content in a file's place at once, its permissions kept; a killed run leaves the old file."""
    spare = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        spare.write_bytes(content)
        spare.chmod(path.stat().st_mode & 0o7777)
        spare.replace(path)
    finally:
        spare.unlink(missing_ok=True)
