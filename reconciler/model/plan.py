"""The plan as data: what differs, why, and the one frozen list of steps that is both shown and executed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from reconciler.model.kind import Phase, Removal
from reconciler.model.values import MISSING, Path

Cause = Literal["changed", "drifted", "changed+drifted", "adopting", "recreated", "replaced", "created", "removed"]
"""Who made it differ: *changed* in the files, *drifted* on the platform, or both."""

Action = Literal["create", "update", "replace", "remove", "no-op", "adopt", "move", "forget", "read"]
"""What becomes of a resource as a whole."""

Call = Literal["create", "update", "facet", "publish", "remove", "unarchive", "state"]
"""What a step does: one API call, or `state` for an edit of the ledger only."""

StateEdit = Literal["adopt", "move", "forget", "release", "record", "depose"]


@dataclass(frozen=True, slots=True)
class LeafChange:
    """One leaf that differs. `before` and `after` are canonical; MISSING when there is nothing."""

    path: Path
    text: str
    """The path as it is shown and stored: `variations.bar.name`."""
    before: Any = MISSING
    after: Any = MISSING
    cause: Cause = "changed"
    secret: bool = False
    """Values must not be shown."""
    code: bool = False
    """Show as line diff."""
    switch: bool = False
    immutable: bool = False
    previous: Any = MISSING
    """What we last sent, when that helps to explain drift."""
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ChildChange:
    """A child that comes, goes, or changes its place or local name."""

    path: Path
    text: str
    action: Literal["add", "remove", "move", "rename"]
    id: str | None = None
    value: Any = None
    """Canonical child for `add`; what was seen for `remove`; the order of local names for `move`."""
    previous: str | None = None
    cause: Cause = "changed"


@dataclass(frozen=True, slots=True)
class Overlay:
    """What a step writes; the rest of the body is carried over from the object as read."""

    leaves: tuple[LeafChange, ...] = ()
    children: tuple[ChildChange, ...] = ()
    ids: dict[str, str] = field(default_factory=dict)
    """Ids of the children on the paths of the leaves, by path text."""

    def __bool__(self) -> bool:
        return bool(self.leaves or self.children)


@dataclass(frozen=True, slots=True)
class Step:
    """One API call or one edit of state, frozen at plan time."""

    id: str
    address: str
    call: Call
    phase: Phase = "write"
    needs: tuple[str, ...] = ()
    overlay: Overlay = field(default_factory=Overlay)
    body: Any = None
    """The whole canonical object of a create, slots included."""
    remote_id: str | None = None
    """Known id of the object; for a create, the id minted with the plan."""
    facet: str | None = None
    removal: Removal | None = None
    edit: StateEdit | None = None
    data: dict[str, Any] = field(default_factory=dict)
    """Details of a state edit: the previous address, the adopted id, the released paths."""
    title: str = ""
    """One line for people: `create goal`, `deploy flow`."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something to say about a resource that is no change: engine results, others' unpublished saves, rounding."""

    address: str
    text: str
    kind: Literal["note", "warning", "risk"] = "note"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changed something by hand, and when, as far as the platform's change history tells."""

    name: str | None = None
    at: str | None = None
    """ISO 8601, UTC."""
    event: str | None = None


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """Everything the plan says about one resource."""

    address: str
    account: str
    platform: str
    kind: str
    action: Action
    causes: frozenset[str] = frozenset()
    id: str | None = None
    previous_address: str | None = None
    importing: str | None = None
    removal: Removal | None = None
    leaves: tuple[LeafChange, ...] = ()
    children: tuple[ChildChange, ...] = ()
    kept: tuple[LeafChange, ...] = ()
    """Switches that drifted by hand and are left as they are."""
    drift: tuple[LeafChange, ...] = ()
    """Every leaf that differs on the platform from what we saw last, kept ones included."""
    released: tuple[str, ...] = ()
    converged: tuple[str, ...] = ()
    replace_paths: tuple[str, ...] = ()
    create_before_destroy: bool = False
    publishes: bool = False
    carried: int = 0
    """Top-level attributes carried over unread."""
    risks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    actor: Actor | None = None
    gone: bool = False
    """Deleted by hand on the platform."""
    before: Any = None
    """Canonical live values of the declared leaves, for JSON output."""
    after: Any = None
    """Canonical declared values, slots included."""
    secret_paths: tuple[str, ...] = ()
    file: str | None = None
    line: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One guardrail and what it found."""

    name: str
    status: Literal["pass", "fail", "allowed"]
    message: str = ""
    override: str | None = None
    """The exact `--allow` that lifts it."""
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    """Overrides that a run was given, recorded in plan and history."""

    rules: tuple[tuple[str, str | None], ...] = ()
    reason: str | None = None

    def has(self, rule: str, what: str | None = None) -> bool:
        """Tell whether a rule was lifted, for everything or for this thing."""
        return any(name == rule and (value is None or value == what) for name, value in self.rules)


@dataclass(frozen=True, slots=True)
class OutputChange:
    """One output of the project, before and after."""

    name: str
    before: Any = MISSING
    after: Any = MISSING
    sensitive: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What applying will cost, as far as it can be told beforehand."""

    calls: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything one planning run found out. Frozen: what is shown is what is executed."""

    id: str
    project: str
    environment: str | None
    tool: str
    created_at: str
    """ISO 8601, UTC."""
    mode: Literal["apply", "destroy"]
    resources: tuple[ResourceChange, ...]
    steps: tuple[Step, ...]
    checks: tuple[CheckResult, ...] = ()
    notes: tuple[Note, ...] = ()
    errors: tuple[Note, ...] = ()
    """What stops the plan at single addresses; the rest is still shown."""
    outputs: tuple[OutputChange, ...] = ()
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Per account: platform, identity id and name."""
    variables: dict[str, Any] = field(default_factory=dict)
    estimate: Estimate = field(default_factory=Estimate)
    calls: int = 0
    """Requests that reading took."""
    seconds: float = 0.0
    """Wall time that planning took."""
    cycles: tuple[tuple[str, ...], ...] = ()
    """Reference cycles that were cut, as addresses."""
    allowed: Allowed = field(default_factory=Allowed)
    digests: dict[str, str] = field(default_factory=dict)
    """Per touched address: digest of the resolved declaration and of the state entry."""
    lineage: str = ""
    serial: int = 0
    filters: tuple[str, ...] = ()
    """`--target` and `--exclude`: what the plan was limited to."""

    @property
    def has_changes(self) -> bool:
        """Whether applying would do anything; converged and kept values and notes do not count."""
        return any(step.edit != "record" for step in self.steps)

    @property
    def refused(self) -> bool:
        """Whether a guardrail, or anything else that an `--allow` lifts, stands in the way."""
        return any(check.status == "fail" for check in self.checks)

    @property
    def applyable(self) -> bool:
        """Whether this plan may be applied as it is."""
        return not self.errors and not self.refused
