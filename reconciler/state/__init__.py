"""The ledger of what this tool made: snapshot, journal, lock, and the one writer of a run.

A reader: `LocalBackend(path).load()`. A writer: `open_session(...)`, then `intent` / `done` / `failed` / `unknown` for
each call, `finish` at the end, `abandon` if the state could not be written.
"""

from reconciler.state.backend import Backend, Reading, Version
from reconciler.state.checks import check_belongs, check_identity
from reconciler.state.errored import Errored, is_errored, read_errored
from reconciler.state.errors import (
    ForeignState,
    Locked,
    LockLost,
    StateDamaged,
    StateError,
    StateWriteRefused,
    SurgeryRefused,
    VersionConflict,
)
from reconciler.state.ledger import ASSUMED, Entry, RunRecord, State, hmac_matches, hmac_of
from reconciler.state.load import load_state
from reconciler.state.local import LocalBackend
from reconciler.state.locks import Lock, LockInfo
from reconciler.state.pending import PendingIntent
from reconciler.state.records import Event, Record
from reconciler.state.session import Change, Session, open_session

__all__ = [
    "ASSUMED",
    "Backend",
    "Change",
    "Entry",
    "Errored",
    "Event",
    "ForeignState",
    "LocalBackend",
    "Lock",
    "LockInfo",
    "LockLost",
    "Locked",
    "PendingIntent",
    "Reading",
    "Record",
    "RunRecord",
    "Session",
    "State",
    "StateDamaged",
    "StateError",
    "StateWriteRefused",
    "SurgeryRefused",
    "Version",
    "VersionConflict",
    "check_belongs",
    "check_identity",
    "hmac_matches",
    "hmac_of",
    "is_errored",
    "load_state",
    "open_session",
    "read_errored",
]
