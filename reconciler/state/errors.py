"""What can go wrong with a ledger, each case with what a caller needs to act on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.state.locks import LockInfo


class StateError(Exception):
    """Anything about the ledger that stops a run; the text is meant for the user."""


class StateDamaged(StateError):  # noqa: N818 - it says what is the case
    """A state or journal file cannot be trusted: nothing was read from it and nothing may be written to it.

    `line` and `column` count from 1; 0 means that the damage has no such place (a missing file, a whole line).
    """

    def __init__(self, file: str, line: int, column: int, problem: str, advice: str) -> None:
        place = ":".join([file, *(str(number) for number in (line, column) if number)])
        super().__init__(f"{place}: {problem}. {advice}")
        self.file = file
        self.line = line
        self.column = column
        self.problem = problem
        self.advice = advice


class ForeignState(StateError):  # noqa: N818 - it says what is the case
    """The ledger belongs to another project, environment or account than the one that runs."""


class VersionConflict(StateError):  # noqa: N818 - it says what is the case
    """A write was refused because the ledger is no longer at the version that the writer read."""


class StateWriteRefused(StateError):  # noqa: N818 - it says what is the case
    """This run can write no more state: no further call may be started. `__cause__` has the reason."""


class LockLost(StateError):  # noqa: N818 - it says what is the case
    """The lock to be released or broken is not there, or is somebody else's."""


class Locked(StateError):  # noqa: N818 - it says what is the case
    """Somebody else holds the lock; `info` says who and since when."""

    def __init__(self, info: LockInfo) -> None:
        doing = f" for `{info.operation}`" if info.operation else ""
        run = f", run {info.run}" if info.run else ""
        super().__init__(
            f"the state is locked by {info.who} (process {info.pid}){doing} since {info.since}{run}. "
            f"Wait with --lock-timeout, or if that run is gone for good: reconciler unlock {info.id}"
        )
        self.info = info


class SurgeryRefused(StateError):  # noqa: N818 - it says what is the case
    """An edit of the ledger that was asked for by hand would break it."""
