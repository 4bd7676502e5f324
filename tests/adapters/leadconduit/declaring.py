"""A body as a user writes it, through the walk that the engine makes, with a context that knows a few names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

import yaml

from reconciler.adapters.base.declare import Declare
from reconciler.adapters.leadconduit import PLATFORM
from reconciler.model.kind import Problem
from reconciler.model.markers import Reference
from reconciler.model.shape import Shape
from reconciler.model.values import Path, Ref, SecretRef, Template

SAMPLE = FilePath(__file__).with_name("sample.yaml")
_EXPRESSION = re.compile(r"\$\{([^}]*)\}")


class Names:
    """A context that takes every bare name for a declared resource, and collects problems."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.references: list[tuple[tuple[str, ...], Any]] = []

    def problem(self, path: Path, text: str, fix: str = "", *, warning: bool = False) -> None:
        self.problems.append(Problem(path, text, fix, "warning" if warning else "error"))

    def reference(self, value: Any, shape: Shape, reference: Reference, path: Path) -> Any:
        self.references.append((reference.kinds, value))
        if isinstance(value, Template):
            return value
        if isinstance(value, dict):
            return value["$id"]
        if reference.presets:
            return value
        if not isinstance(value, str):
            self.problem(path, f"{shape.name} must be a name")
        return Template((Ref(f"leadconduit.{reference.kinds[0]}.{value}"),))

    def child_reference(self, value: Any, shape: Shape, path: Path, siblings: Mapping[str, Any]) -> Any:
        return Template((Ref(str(siblings["flow_id"]), ("sources", str(value))),))


def declare(kind: str, body: Mapping[str, Any], *, creating: bool = True) -> tuple[dict[str, Any], list[Problem]]:
    """Return the canonical body, and the problems of types and of the kind's own checks."""
    names = Names()
    found = PLATFORM.kinds[kind]
    declared = Declare(names, creating=creating).body(found.shape, dict(body))
    problems = [*names.problems, *(problem for check in found.checks for problem in check(declared))]
    return declared, problems


def texts(problems: list[Problem], severity: str = "error") -> list[tuple[str, str]]:
    return [(".".join(map(str, one.path)), one.text) for one in problems if one.severity == severity]


def evaluated(value: Any, files: Mapping[str, list[str]]) -> Any:
    """Turn `${…}` into what the loader makes of it: templates, and the lines of a file."""
    if isinstance(value, dict):
        return {key: evaluated(item, files) for key, item in value.items()}
    if isinstance(value, list):
        return [evaluated(item, files) for item in value]
    if not isinstance(value, str) or "${" not in value:
        return value
    parts: list[Any] = []
    position = 0
    for match in _EXPRESSION.finditer(value):
        if value[position : match.start()]:
            parts.append(value[position : match.start()])
        inner = match[1]
        if inner.startswith("lines("):
            return files[inner[len("lines('") : -len("')")]]
        parts.append(SecretRef(inner[7:]) if inner.startswith("secret.") else Ref(inner))
        position = match.end()
    if value[position:]:
        parts.append(value[position:])
    return Template(tuple(parts))


def sample() -> list[tuple[str, str, dict[str, Any]]]:
    """Return the resources of the sample file as (kind, name, body)."""
    document = yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))
    files = {"../data/excluded_zips.txt": ["75001", "75002"]}
    out: list[tuple[str, str, dict[str, Any]]] = []
    for key, value in document.items():
        _, kind, *name = key.split(".")
        for resource, body in {name[0]: value}.items() if name else value.items():
            out.append((kind, resource, evaluated(body, files)))
    return out
