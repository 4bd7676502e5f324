"""What became of each step of a run: done, failed, skipped, or not started, always said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from reconciler.model.plan import Step

Status = Literal["done", "failed", "skipped", "not started"]


@dataclass(slots=True)
class StepResult:
    """The outcome of one step. `error` says why it failed, `cause` which failed step it waited for in vain."""

    step: Step
    status: Status = "not started"
    error: str = ""
    cause: str = ""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    wrote: bool = False
    """Whether a platform or the ledger surely was changed; also of a step that failed after that."""


@dataclass(slots=True)
class Stale:
    """One object that is no longer as planned: what differs, and who made it, if the platform tells."""

    address: str
    text: str
    actor: str = ""


@dataclass(slots=True)
class RunResult:
    """The outcome of a whole run."""

    run: str
    results: list[StepResult] = field(default_factory=list)
    stale: list[Stale] = field(default_factory=list)
    recovered: list[str] = field(default_factory=list)
    """What earlier, interrupted runs had made and this one found again."""
    calls: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    refused: str = ""
    """Why state could not be written any more, if that ended the run."""

    def count(self, status: Status) -> int:
        """Return how many steps ended so."""
        return sum(1 for result in self.results if result.status == status)

    @property
    def wrote(self) -> bool:
        """Whether anything was changed; taking note of what holds already is no change."""
        return any(result.wrote for result in self.results)

    @property
    def exit_code(self) -> int:
        """0 all done · 1 nothing written and something failed · 3 something written and something not · 4 stale."""
        incomplete = any(result.status != "done" for result in self.results)
        if self.stale and not self.wrote:
            return 4
        if incomplete or self.stale or self.refused:
            return 3 if self.wrote else 1
        return 0
