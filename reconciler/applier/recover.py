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
from reconciler.adapters.base.compare import Compare
from reconciler.adapters.base.observe import same
from reconciler.model.kind import Kind, UniqueKey
from reconciler.model.values import has_slot, is_secret
from reconciler.planner.match import key_of


class Undecided(Exception):  # noqa: N818 - a state of knowledge, told to a person
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


def find_created(adapter: Adapter, attempt: Attempt, tracked: Mapping[str, str], *, elapsed: float = 0.0) -> Raw | None:
    """Return the object that a create made, None when it made none. Raises Undecided, HttpError.

    `elapsed` are the seconds that have surely gone by since the call.
    """
    lag = attempt.kind.consistency - elapsed
    found = _look(adapter, attempt, tracked)
    if found is None and lag > 0 and attempt.minted is None:
        time.sleep(lag)  # the platform's lists lag behind by so much
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
        candidates = [raw for raw in candidates if _holds(kind, _without_state(kind, comparable), raw)]
    if len(candidates) > 1:
        ids = ", ".join(adapter.id_of(kind, raw) for raw in candidates)
        raise Undecided(
            f"a create was sent and its answer was lost; {len(candidates)} new {kind.title}s may be its work ({ids}). "
            f"Take the right one with `reconciler import {attempt.address} ID`, delete the others, and apply again"
        )
    return candidates[0] if candidates else None


def _holds(kind: Kind, body: Mapping[str, Any], raw: Raw) -> bool:
    """Tell whether an object holds all that was sent; what the platform put in by itself does not count against it."""
    walk = Compare({}, {}, lambda _text, _value, _live: None, everything=True)
    found = walk.run(kind.shape, body, raw, frozenset())
    if found.problems or any(child.action == "add" for child in found.children):
        return False
    return all(leaf.equal or leaf.path[-1] == "$order" or _within(leaf.desired, leaf.live) for leaf in found.leaves)


def _within(desired: Any, live: Any) -> bool:
    lists = isinstance(desired, list) and isinstance(live, list)
    return lists and all(any(same(want, have) for have in live) for want in desired)


def _without_state(kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is written after the create: the lifecycle's state, and attributes that may be deferred."""
    gone = {kind.lifecycle.attribute} if kind.lifecycle is not None else set()
    gone |= {
        name for name, shape in kind.shape.fields.items() if shape.deferrable is not None or shape.parent is not None
    }
    return {name: value for name, value in body.items() if name not in gone}
