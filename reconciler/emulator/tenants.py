"""Credentials of the emulator: each account name of a user's project is an account of its own here.

The secret says which: `emulator-leadconduit-acme` belongs to the account `leadconduit-acme`. With `readonly-` in front
of it the same account may be read and not written. Anything else is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PREFIX = "emulator-"
READ_ONLY = "readonly-"

_SECRET = re.compile(r"(readonly-)?emulator-([A-Za-z_][A-Za-z0-9_-]{0,99})")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signed a request."""

    tenant: str
    """The account name, as in the user's project file."""
    read_only: bool


def caller_of(secret: str) -> Caller | None:
    """Return whose secret this is, or None when it is nobody's."""
    match = _SECRET.fullmatch(secret)
    return Caller(match[2], match[1] is not None) if match else None


def secret_of(tenant: str, *, read_only: bool = False) -> str:
    """Return the secret that signs for an account name."""
    return (READ_ONLY if read_only else "") + PREFIX + tenant
