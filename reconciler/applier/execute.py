"""Executing the steps of a plan one by one: whatever happens, each comes to a result that can be told."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from reconciler.adapters.base.wire import ChildGone
from reconciler.applier.context import Context, StepFailed
from reconciler.applier.create import create
from reconciler.applier.ledger import edit
from reconciler.applier.recover import Undecided
from reconciler.applier.remove import remove
from reconciler.applier.result import StepResult
from reconciler.applier.write import publish, write
from reconciler.model.plan import Step
from reconciler.planner.item import Item
from reconciler.project.secrets import SecretError
from reconciler.state import StateError


@dataclass(frozen=True)
class Executor:
    """Executes the steps of one plan. Safe to call from many threads: the steps of one address run one by one."""

    run: Context
    describe: Callable[[Item, Exception], str] = lambda _item, error: str(error)
    """How a failure is told to the user."""

    def __call__(self, step: Step) -> StepResult:
        """Execute a step; every error becomes a failed result with its message."""
        from reconciler.http import HttpError

        started = time.monotonic()
        result = StepResult(step, "done")
        item = self.run.planned.items[step.address]
        try:
            result.warnings = tuple(self._execute(step, item))
        except (HttpError, StepFailed, ChildGone, Undecided, StateError, SecretError) as error:
            result.status = "failed"
            result.error = self.describe(item, error)
        except Exception as error:  # noqa: BLE001 - a mistake of ours at one step must not hide what the others did
            result.status = "failed"
            result.error = _mistake(error)
        result.wrote = step.id in self.run.written or (step.call == "state" and step.edit != "record")
        result.seconds = time.monotonic() - started
        return result

    def _execute(self, step: Step, item: Item) -> list[str]:
        match step.call:
            case "state":
                return edit(self.run, step, item)
            case "create":
                return create(self.run, step, item)
            case "update" | "unarchive" | "facet":
                return write(self.run, step, item)
            case "publish":
                return publish(self.run, step, item)
            case "remove":
                return remove(self.run, step, item)


def _mistake(error: Exception) -> str:
    """Tell a mistake of the program by its sort and place: the message of an unexpected error may hold values."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = frame.filename.rpartition("reconciler/")[2]
    return f"a mistake of reconciler itself, please report it: {type(error).__name__} at {place}:{frame.lineno}"
