"""The ledger of one project and environment: what we made, under which ids, and what was written and seen last.

Plain slotted dataclasses, not validated models: ten thousand entries are built on every run. What comes from a file is
checked by `reconciler.state.load`. Entries are values: a change puts a new entry in the place of the old one
(`dataclasses.replace`), never edits one in place.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any

from reconciler.state import codec

FORMAT_VERSION = 1
ASSUMED = "assumed"
_HMAC_PREFIX = "hmac:"


@codec.written
@dataclass(slots=True)
class Entry:
    """What the ledger knows of one resource.

    `children`: path of a child to its remote id · `sent`, `seen`: per declared leaf, what was written last and what the
    platform showed right after · `secrets`: leaf path to `hmac:…` or `assumed` · `published`: mark of our last publish
    (digest and time) · `deps`: addresses that this one refers to · `protect`: `prevent_destroy` · `deposed`: objects
    that were replaced and are not gone yet · `origin`: file and line of the declaration · `key`: natural key.
    """

    kind: str
    id: str
    scope: dict[str, str] = field(default_factory=dict)
    children: dict[str, str] = field(default_factory=dict)
    sent: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    published: dict[str, Any] | None = None
    deps: list[str] = field(default_factory=list)
    protect: bool = False
    on_remove: str | None = None
    deposed: list[dict[str, Any]] = field(default_factory=list)
    origin: dict[str, Any] | None = None
    key: str | None = None
    account: str = ""


@codec.written
@dataclass(slots=True)
class RunRecord:
    """One past run, for `history`. Times are UTC in ISO 8601; `counts` are steps by outcome.

    `details` holds what the writer of a run wants back later; it stays in the ledger for `MAX_RUNS` runs, so keep it
    small.
    """

    id: str
    command: str
    started: str
    finished: str
    who: str
    exit_code: int
    counts: dict[str, int] = field(default_factory=dict)
    allowed: list[str] = field(default_factory=list)
    reason: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


MAX_RUNS = 200


@codec.written
@dataclass(slots=True)
class State:
    """The whole ledger. `serial` grows with every snapshot, `lineage` never changes, `hmac_key` is 32 bytes in hex.

    `accounts` holds, per account, the identity that the platform gave; see `reconciler.state.checks`.
    """

    version: int
    tool: str
    project: str
    environment: str | None
    lineage: str
    serial: int
    hmac_key: str
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    resources: dict[str, Entry] = field(default_factory=dict)
    runs: list[RunRecord] = field(default_factory=list)

    @classmethod
    def new(cls, project: str, environment: str | None, tool: str) -> State:
        """Begin an empty ledger with a lineage and an HMAC key of its own."""
        return cls(
            version=FORMAT_VERSION,
            tool=tool,
            project=project,
            environment=environment,
            lineage=str(uuid.uuid4()),
            serial=0,
            hmac_key=secrets.token_hex(32),
        )

    def to_bytes(self) -> bytes:
        """Serialise: equal ledgers are equal bytes, addresses and keys are sorted, one leaf a line."""
        return codec.dumps_pretty(self)

    def add_run(self, run: RunRecord) -> None:
        """Remember a run, newest last, and forget the oldest beyond `MAX_RUNS`."""
        self.runs = [*self.runs, run][-MAX_RUNS:]


def hmac_of(state: State, value: Any) -> str:
    """Fingerprint a secret (HMAC-SHA256 under the ledger's own key), so that a change is seen without the secret.

    The value's type counts: the text `"1"` and the number `1` differ.
    """
    digest = hmac.digest(bytes.fromhex(state.hmac_key), codec.dumps(value), "sha256")
    return _HMAC_PREFIX + digest.hex()


def hmac_matches(state: State, stored: str, value: Any) -> bool:
    """Tell whether `value` is the secret behind `stored`; one that is only *assumed* matches anything."""
    return stored == ASSUMED or hmac.compare_digest(stored, hmac_of(state, value))
