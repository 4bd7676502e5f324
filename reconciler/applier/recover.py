"""Finding out whether a create arrived: after a lost answer, and after a run that was killed.

In this order: the id that we chose, else a key that the platform keeps unique, else the name together with "was not
there before the call" and an equal body. Found: it is ours. Not found: it did not arrive. Several: a person decides.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.adapters.base.adapter import Adapter, Raw
from reconciler.adapters.base.compare import covers
from reconciler.model.kind import Kind, UniqueKey
from reconciler.model.values import has_slot, is_secret
from reconciler.planner.match import key_of


class Undecided(Exception):
    """Several objects could be the one that a create made."""


@dataclass(frozen=True)
class Attempt:
    """What is known of a create whose answer is missing."""

    kind: Kind
    scope: Mapping[str, str]
    address: str
    minted: str | None
    key: str | None
    twins: Sequence[str]
    """Ids that had the same key before the call: none of them can be its effect."""
    body: Mapping[str, Any] | None
    """The declared body, where it is still what was sent."""


def find_created(adapter: Adapter, attempt: Attempt, tracked: Mapping[str, str]) -> Raw | None:
    """Return the object that a create made, None when it made none. Raises Undecided, HttpError."""
    found = _look(adapter, attempt, tracked)
    if found is None and attempt.kind.consistency > 0 and attempt.minted is None:
        time.sleep(attempt.kind.consistency)  # the platform's lists lag behind by so much
        found = _look(adapter, attempt, tracked)
    return found


def _look(adapter: Adapter, attempt: Attempt, tracked: Mapping[str, str]) -> Raw | None:
    kind = attempt.kind
    if attempt.minted is not None:
        return adapter.get(kind, attempt.scope, attempt.minted)
    if attempt.key is None:
        return None
    candidates = [
        raw
        for raw in adapter.list(kind, attempt.scope)
        if key_of(kind, raw, live=True) == attempt.key
        and adapter.id_of(kind, raw) not in tracked
        and adapter.id_of(kind, raw) not in attempt.twins
    ]
    if isinstance(kind.key, UniqueKey):
        return candidates[0] if candidates else None
    if attempt.body is not None:
        comparable = {
            name: value
            for name, value in attempt.body.items()
            if not has_slot(value) and not is_secret(value) and kind.facet_of(name) is None and not name.startswith("$")
        }
        candidates = [raw for raw in candidates if covers(kind.shape, _without_state(kind, comparable), raw)]
    if len(candidates) > 1:
        ids = ", ".join(adapter.id_of(kind, raw) for raw in candidates)
        raise Undecided(
            f"a create was sent and its answer was lost; {len(candidates)} new {kind.title}s could be its effect ({ids}). "
            f"Take the right one with `reconciler import {attempt.address} ID`, delete the others, and apply again"
        )
    return candidates[0] if candidates else None


def _without_state(kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is written after the create: the lifecycle's state, and attributes that may be deferred."""
    gone = {kind.lifecycle.attribute} if kind.lifecycle is not None else set()
    gone |= {
        name for name, shape in kind.shape.fields.items() if shape.deferrable is not None or shape.parent is not None
    }
    return {name: value for name, value in body.items() if name not in gone}
