"""One planning run: what the command line asked for, and everything its steps leave for each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from reconciler.model.plan import Allowed, CheckResult, Note, Plan
from reconciler.model.values import MISSING, Ref, has_slot
from reconciler.planner.accounts import Accounts
from reconciler.planner.item import Item
from reconciler.planner.order import Dependencies
from reconciler.planner.read import Reader
from reconciler.planner.resolve import Resolver, output_of
from reconciler.planner.steps import Work
from reconciler.project.model import Project
from reconciler.state import State
from reconciler.state.ledger import Entry


@dataclass(frozen=True)
class PlanOptions:
    """What the command line adds to a plan."""

    mode: Literal["apply", "destroy"] = "apply"
    purge: bool = False
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    resend_secrets: tuple[str, ...] = ()
    allowed: Allowed = field(default_factory=Allowed)
    progress: Callable[[str], None] = lambda _text: None
    minted: Mapping[str, str] = field(default_factory=dict)
    """Ids to use again for objects that do not exist yet: those of a saved plan."""
    attribute: bool = True
    """Ask change histories who made what drifted."""


@dataclass
class Planned:
    """A plan, and what the applier needs besides it: items by address, works, entries under this plan's addresses."""

    plan: Plan
    items: dict[str, Item]
    works: dict[str, Work]
    entries: dict[str, Entry]
    previous: dict[str, str] = field(default_factory=dict)
    """Where entries that are renamed come from, by their new address."""
    options: PlanOptions = field(default_factory=PlanOptions)


@dataclass
class Run:
    """One planning run. Its steps fill it in order: identify, collect, find, compare, freeze."""

    project: Project
    state: State
    accounts: Accounts
    options: PlanOptions
    reader: Reader = field(default_factory=Reader)
    items: dict[str, Item] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    previous: dict[str, str] = field(default_factory=dict)
    checks: list[CheckResult] = field(default_factory=list)
    errors: list[Note] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    works: dict[str, Work] = field(default_factory=dict)
    deps: Dependencies = field(default_factory=Dependencies)
    computed: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Outputs that adapters computed, by address."""

    def resolver(self) -> Resolver:
        """Return a resolver of references by what is known so far, and of secrets."""
        return Resolver(lambda ref: lookup(self, ref), self.accounts.secret)


def lookup(run: Run, ref: Ref) -> Any:
    """Return what a reference stands for, MISSING while it is not known."""
    item = run.items.get(ref.address)
    if item is None:
        return MISSING
    if not ref.output:
        return MISSING if item.known_id is None else item.known_id
    if item.replaced:
        return MISSING
    raw = item.raw
    if raw is not None and ref.address not in run.computed:
        run.computed[ref.address] = item.adapter.computed(item.kind, item.scope or {}, raw)
    desired = item.desired or (item.declaration.body if item.declaration is not None else {})
    value = output_of(item.kind, desired, raw, run.computed.get(ref.address, {}), _ids(item), ref.output)
    return MISSING if value is MISSING or has_slot(value) else value


def _ids(item: Item) -> Mapping[str, str]:
    return item.child_ids or (item.entry.children if item.entry is not None else {})
