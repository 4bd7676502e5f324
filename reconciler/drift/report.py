"""A drift report as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from reconciler.model.plan import Actor, LeafChange, Note


@dataclass(frozen=True, slots=True)
class ChildDrift:
    """A child that somebody added, or removed, on the platform."""

    text: str
    """Its path, as it is shown."""
    by_hand: Literal["added", "removed"]
    id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Drifted:
    """One resource that somebody changed on the platform."""

    address: str
    account: str
    platform: str
    kind: str
    id: str | None
    leaves: tuple[LeafChange, ...] = ()
    """Each with what we saw last (`before`), what is live (`after`) and what is declared (`previous`)."""
    kept: tuple[LeafChange, ...] = ()
    """Those of them that a plan leaves as they are: switches."""
    children: tuple[ChildDrift, ...] = ()
    gone: bool = False
    """It was deleted."""
    actor: Actor | None = None
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A live object that nobody declared."""

    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Unmanaged:
    """Live objects of one kind in one scope of an account that are neither declared nor in state."""

    account: str
    kind: str
    scope: dict[str, str]
    objects: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Everything one look at the platforms found. Drift is what people did; what engines do by themselves is a note."""

    project: str
    environment: str | None
    tool: str
    created_at: str
    """ISO 8601, UTC."""
    items: tuple[Drifted, ...]
    checked: int
    """How many tracked resources were looked at."""
    notes: tuple[Note, ...] = ()
    errors: tuple[Note, ...] = ()
    unmanaged: tuple[Unmanaged, ...] | None = None
    """None when it was not asked for."""
    calls: int = field(default=0, compare=False)

    @property
    def has_drift(self) -> bool:
        """Whether anything differs; unmanaged objects do not count, they are nobody's promise."""
        return bool(self.items)
