"""Is this the right ledger? Asked before anything else, so that no environment is run against another's objects."""

from __future__ import annotations

from typing import Any

from reconciler.state.errors import ForeignState
from reconciler.state.ledger import State

LABEL = "label"
"""The part of an account's identity that is for people only, and may change: the account's display name."""


def check_belongs(state: State, project: str, environment: str | None) -> None:
    """Refuse a ledger of another project or environment. Raises `ForeignState` naming both."""
    if (state.project, state.environment) == (project, environment):
        return
    raise ForeignState(
        f"this state is of {_spell(state.project, state.environment)}, but {_spell(project, environment)} is running. "
        "Look at `state:` and `--env`: each environment needs a ledger of its own"
    )


def check_identity(state: State, account: str, identity: dict[str, Any]) -> None:
    """Refuse an account that is not the one whose objects the ledger holds. Raises `ForeignState` naming both.

    An account that the ledger does not know yet passes, and so does a part that only one side has.
    """
    known = state.accounts.get(account)
    if known is None:
        return
    differing = [name for name in known if name != LABEL and name in identity and known[name] != identity[name]]
    if not differing:
        return
    before = ", ".join(f"{name} {known[name]}" for name in differing)
    found = ", ".join(f"{name} {identity[name]}" for name in differing)
    names = [f" ({label})" if label else "" for label in (known.get(LABEL), identity.get(LABEL))]
    raise ForeignState(
        f"account `{account}`: the state holds objects of {before}{names[0]}, but the credentials are of "
        f"{found}{names[1]}. Nothing was done; use the right credentials, or another environment"
    )


def _spell(project: str, environment: str | None) -> str:
    return f"project `{project}`, " + (f"environment `{environment}`" if environment else "no environment")
