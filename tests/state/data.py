"""Data for the tests of the ledger."""

from typing import Any

from reconciler.state import Entry, LocalBackend, Session, State, open_session


def entry(id_: str = "1", **fields: Any) -> Entry:
    return Entry(**{"kind": "goals", "id": id_, "account": "convert", **fields})


def new_state() -> State:
    return State.new("shop", "production", "0.1.0")


def start(backend: LocalBackend, run: str = "r1") -> Session:
    return open_session(backend, run=run, operation="apply", new=new_state())
