"""One resource under consideration: what is declared, what state knows, what is live, and how they were matched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from reconciler.adapters.base.adapter import Adapter, Raw
from reconciler.model.kind import Kind, Removal
from reconciler.project.model import Declaration
from reconciler.state.ledger import Entry


@dataclass(slots=True)
class Item:
    """One address through the steps of planning. Steps fill it in order; nothing is read twice."""

    address: str
    kind: Kind
    adapter: Adapter
    declaration: Declaration | None = None
    entry: Entry | None = None
    scope: dict[str, str] | None = None
    """Parent ids; None when the parent is made in this run, so that there is nothing to read."""
    raw: Raw | None = None
    id: str | None = None
    minted: str | None = None
    previous_address: str | None = None
    traded: list[str] = field(default_factory=list)
    """Digests of the circles in `moved` that it or its children have been through."""
    adopted: str | None = None
    """The id of the object that is taken under management by this run."""
    unarchive: bool = False
    gone: bool = False
    """Tracked, and deleted on the platform by somebody else."""
    preset: bool = False
    replaced: bool = False
    """Its id will be another one after this run."""
    removal: Removal | None = None
    desired: dict[str, Any] = field(default_factory=dict)
    """The declared body with references and secrets resolved as far as they are known."""
    child_ids: dict[str, str] = field(default_factory=dict)
    """Ids of matched children, by path text."""
    depends: tuple[str, ...] = ()
    """Addresses that it refers to in references, in texts and by `$depends_on`, sorted."""
    twins: tuple[str, ...] = ()
    """Ids of live objects that have its natural key already and are not it."""
    notes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def account(self) -> str:
        """The account's name in the project."""
        return self.adapter.account

    @property
    def home(self) -> dict[str, str]:
        """The parent that the live object is in: another than declared while it is to be replaced there."""
        if self.entry is not None and self.entry.scope and self.id == self.entry.id:
            return dict(self.entry.scope)
        return self.scope or {}

    @property
    def known_id(self) -> str | None:
        """The id that references to it can send, if it is known before anything is applied."""
        if self.replaced:
            return self.minted
        return self.id if self.id is not None else self.minted

    @property
    def existing(self) -> bool:
        """Whether it is only looked up, never written."""
        return self.declaration is not None and self.declaration.meta.existing is not None
