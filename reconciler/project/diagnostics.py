"""What is wrong in a project's files, where, and how to put it right: collected, so that one run reports everything."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file: the file as shown to the user (relative to the project root), line and column from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: where it is, whose it is, what is wrong (`problem`) and what would be right (`fix`).

    `code` is a stable word for tests and machine output (`duplicate-key`, `empty-value`). `address` is the resource or
    account concerned, where one is known.
    """

    place: Place | None
    address: str | None
    problem: str
    fix: str | None = None
    severity: Severity = "error"
    code: str = "invalid"

    def __str__(self) -> str:
        parts = [str(self.place)] if self.place else []
        if self.severity == "warning":
            parts.append("warning")
        if self.address:
            parts.append(self.address)
        parts.append(self.problem)
        line = ": ".join(parts)
        return f"{line} ({self.fix})" if self.fix else line


def _order(finding: Diagnostic) -> tuple[str, int, int, str, str]:
    place = finding.place
    if place is None:
        return ("", 0, 0, finding.address or "", finding.problem)
    return (place.file, place.line, place.column, finding.address or "", finding.problem)


@dataclass(slots=True)
class Diagnostics:
    """A growing collection of findings; iterating yields them in the order they were found."""

    findings: list[Diagnostic] = field(default_factory=list)

    def add(self, finding: Diagnostic) -> None:
        """Add one finding; one that is already there word for word is not repeated."""
        if finding not in self.findings[-20:]:
            self.findings.append(finding)

    def error(
        self, problem: str, *, place: Place | None = None, address: str | None = None, fix: str | None = None, code: str
    ) -> None:
        """Add an error: the run stops before anything is read from or written to a platform."""
        self.add(Diagnostic(place, address, problem, fix, "error", code))

    def warning(
        self, problem: str, *, place: Place | None = None, address: str | None = None, fix: str | None = None, code: str
    ) -> None:
        """Add a warning: said, and the run goes on."""
        self.add(Diagnostic(place, address, problem, fix, "warning", code))

    def merge(self, others: Iterable[Diagnostic]) -> None:
        """Add all findings of another collection."""
        for finding in others:
            self.add(finding)

    def sorted(self) -> list[Diagnostic]:
        """Return the findings by file, line, column and address; those without a place come first."""
        return sorted(self.findings, key=_order)

    @property
    def has_errors(self) -> bool:
        """Whether any finding is an error."""
        return any(finding.severity == "error" for finding in self.findings)

    @property
    def errors(self) -> list[Diagnostic]:
        """The errors among the findings, in the order they were found."""
        return [finding for finding in self.findings if finding.severity == "error"]

    def raise_errors(self) -> None:
        """Raise `ProjectError` with all findings if any of them is an error."""
        if self.has_errors:
            raise ProjectError(self.sorted())

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)


class ProjectError(Exception):
    """The project cannot be used as it stands; `diagnostics` says why, all findings of the run at once."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(map(str, self.diagnostics)))


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that `name` is most likely a misspelling of, or None when nothing is close.

    Wrong case and `-` for `_` count as no difference. The costly comparison is made only with names of similar length.
    """
    folded = name.casefold().replace("-", "_")
    close: list[str] = []
    for candidate in candidates:
        if candidate.casefold().replace("-", "_") == folded:
            return candidate
        if abs(len(candidate) - len(name)) <= max(2, len(name) // 3):
            close.append(candidate)
    found = difflib.get_close_matches(name, close, n=1, cutoff=0.7)
    return found[0] if found else None
