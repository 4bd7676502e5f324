"""Declares bodies the way the planner does, with names that all exist: problems are collected as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.adapters.base.declare import Declare
from reconciler.adapters.convert.kind import ConvertKind
from reconciler.model.markers import Reference
from reconciler.model.shape import Shape
from reconciler.model.values import Path, Ref, Template, path_text


@dataclass
class Names:
    """A context in which every bare name is a declared resource."""

    account: str = "convert"
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def problem(self, path: Path, text: str, fix: str = "", *, warning: bool = False) -> None:
        (self.warnings if warning else self.problems).append(f"{path_text(path)}: {text}")

    def reference(self, value: Any, shape: Shape, reference: Reference, path: Path) -> Any:
        if isinstance(value, Template):
            return value
        if isinstance(value, dict):
            return str(value["$id"])
        if not isinstance(value, str):
            self.problem(path, f"{shape.name} must be a name")
            return None
        return Template((Ref(f"{self.account}.{reference.kinds[0]}.{value}"),))

    def child_reference(self, value: Any, shape: Shape, path: Path, siblings: Mapping[str, Any]) -> Any:
        return value


def declare(kind: ConvertKind, body: dict[str, Any], *, creating: bool = True, account: str = "convert") -> Any:
    """Return the canonical object and everything that was found wrong with it."""
    names = Names(account)
    declared = Declare(names, creating=creating).body(kind.shape, body)
    for check in kind.checks:
        for problem in check(declared):
            names.problem(problem.path, problem.text, problem.fix, warning=problem.severity == "warning")
    return declared, names


def problems_of(kind: ConvertKind, body: dict[str, Any], *, creating: bool = True) -> list[str]:
    return list(declare(kind, body, creating=creating)[1].problems)


def warnings_of(kind: ConvertKind, body: dict[str, Any]) -> list[str]:
    return list(declare(kind, body)[1].warnings)
