"""Secrets that cannot be had, all of them before anything is compared; and where in the files an error belongs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from reconciler.model.plan import Note
from reconciler.model.values import SecretRef, Template
from reconciler.planner.run import Run
from reconciler.project.model import Declaration
from reconciler.project.secrets import SecretError


def check_secrets(run: Run) -> None:
    """Resolve every secret that will be compared, so that all that are missing are told at once. Raises SecretError."""
    problems: dict[str, None] = {}
    for item in run.items.values():
        declaration = item.declaration
        if declaration is None or item.removal is not None or not declaration.secret_paths:
            continue
        for path in declaration.secret_paths:
            for problem in _missing(run, _part(declaration.body, path)):
                problems[f"{declaration.place_of(path)}: {item.address}: {problem}"] = None
    for output in run.project.outputs.values():
        for problem in _missing(run, output.value):
            where = f"{output.place}: " if output.place is not None else ""
            problems[f"{where}outputs.{output.name}: {problem}"] = None
    if problems:
        raise SecretError("\n".join(problems))


def placed(run: Run, note: Note) -> Note:
    """Return an error with the place of the resource that it is about, unless it names one."""
    item = run.items.get(note.address)
    declaration: Declaration | None = item.declaration if item is not None else None
    if declaration is None or note.text.startswith(f"{declaration.file}:"):
        return note
    return replace(note, text=f"{declaration.place_of()}: {note.text}")


def _part(value: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        value = value[part]
    return value


def _missing(run: Run, value: Any) -> Iterator[str]:
    for reference in _secrets(value):
        try:
            run.accounts.secret(reference)
        except SecretError as error:
            yield str(error)


def _secrets(value: Any) -> Iterator[SecretRef]:
    if isinstance(value, Template):
        yield from (part for part in value.parts if isinstance(part, SecretRef))
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _secrets(part)
