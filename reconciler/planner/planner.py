"""Making a plan: the steps of `docs/how-a-run-goes.md` from *identify* to *guard*, in that order.

`make_plan` reads through adapters that cannot write, and returns one frozen `Plan`. It takes no lock, writes no state.
"""

from __future__ import annotations

import time

from reconciler.planner.accounts import Accounts
from reconciler.planner.comparing import compare
from reconciler.planner.complaints import check_secrets
from reconciler.planner.find import check_presets, read_and_match
from reconciler.planner.freeze import freeze
from reconciler.planner.gather import collect, identify
from reconciler.planner.run import Planned, PlanOptions, Run
from reconciler.project.model import Project
from reconciler.state import State

__all__ = ["PlanOptions", "Planned", "make_plan"]


def make_plan(project: Project, state: State, accounts: Accounts, options: PlanOptions | None = None) -> Planned:
    """Make a plan. What stops it at single addresses is in `plan.errors`.

    Raises what stops it altogether: HttpError, AccountError, StateError, SecretError.
    """
    started = time.monotonic()
    run = Run(project, state, accounts, options or PlanOptions())
    try:
        identify(run)
        collect(run)
        read_and_match(run)
        check_presets(run)
        check_secrets(run)
        compare(run)
        plan = freeze(run, started)
    finally:
        run.reader.close()
    return Planned(plan, run.items, run.works, run.entries, run.previous, run.options)
