"""Kinds: everything the engine needs to know about one kind of remote object, as data.

A platform is a set of kinds plus what an account of it looks like. The engine reads these and knows no platform.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from reconciler.model.markers import Attributes
from reconciler.model.shape import ObjectShape, compile_model
from reconciler.model.values import Path

Removal = Literal["delete", "archive", "disable", "forget", "refuse"]
"""What becomes of an object that is no longer declared."""

Phase = Literal["write", "link", "publish"]
"""Up to three nodes per resource: the object, its deferred attributes, its going live."""


@dataclass(frozen=True)
class UniqueKey:
    """A natural key that the platform refuses a second time within one parent: a match is adopted, visibly.

    `client_chosen`: not written, it is the resource's name, sent on create and kept afterwards.
    `sole` marks the key as the id itself (LeadConduit field `id`).
    """

    attribute: str
    client_chosen: bool = True
    sole: bool = False
    canonical: Callable[[str], str] | None = None


@dataclass(frozen=True)
class HintKey:
    """A name that may repeat: a match is adopted only when the user says so.

    `attributes` together are the key (`("package", "name")`).
    """

    attributes: tuple[str, ...]

    def __init__(self, *attributes: str) -> None:
        object.__setattr__(self, "attributes", attributes)


@dataclass(frozen=True)
class Edge:
    """One transition of a lifecycle. `by` says who may make it; `way_round` what to do instead when it is not there."""

    source: str
    target: str
    by: Literal["user", "engine"] = "user"


@dataclass(frozen=True)
class Lifecycle:
    """A state machine over one attribute.

    `initial` is the state an object is created in before it is complete; `live` are the states that start traffic
    and so are entered in the publish phase. `refused` names the way round for transitions that do not exist.
    """

    attribute: str
    initial: str
    live: frozenset[str]
    edges: tuple[Edge, ...]
    ways_round: Mapping[tuple[str, str], str] = field(default_factory=dict)
    archived: str | None = None

    def allows(self, source: str, target: str) -> bool:
        """Tell whether a user may take an object from one state to another."""
        return source == target or any(e.source == source and e.target == target and e.by == "user" for e in self.edges)

    def by_engine(self, source: str, target: str) -> bool:
        """Tell whether the platform makes this transition by itself, in any number of its own steps."""
        reached, frontier = {source}, [source]
        while frontier:
            state = frontier.pop()
            for edge in self.edges:
                if edge.by == "engine" and edge.source == state and edge.target not in reached:
                    reached.add(edge.target)
                    frontier.append(edge.target)
        return target in reached

    def way_round(self, source: str, target: str) -> str:
        """Say what to do instead of a transition that the platform does not make."""
        known = self.ways_round.get((source, target)) or self.ways_round.get((source, "*"))
        targets = sorted({e.target for e in self.edges if e.source == source and e.by == "user"})
        return known or (f"from {source} it can go to {', '.join(targets)}" if targets else f"{source} is final")


@dataclass(frozen=True)
class Facet:
    """Attributes written by a call of their own rather than with the object (sections of a test, sharing of a report).

    `on_create`: the create call takes them too. `name` is what the adapter's hook is told.
    """

    name: str
    attributes: tuple[str, ...]
    phase: Phase = "write"
    on_create: bool = False
    effect: str = ""


@dataclass(frozen=True)
class Publish:
    """The virtual attribute `$published`: saving is not going live, a call of its own is.

    `withdraws`: the platform can take a published object back. `enabled_attribute` must be part of what is published.
    """

    effect: str
    withdraws: bool = False


@dataclass(frozen=True)
class Method:
    """One REST call: method, and path template over the scope's names and `{id}`; `reads` marks a POST that reads."""

    method: str
    path: str
    reads: bool = False
    source: str = ""
    """Where the vendor documents it: "Convert API v2, Create Goal"."""


@dataclass(frozen=True)
class Endpoints:
    """The calls of a kind. A missing one means that the platform has none (or that the adapter writes it in code).

    `page_size` is the largest page of the list call; 0 when the list is not paged. `slim` says that list rows lack
    attributes, so that objects are got one by one.
    """

    list: Method | None = None
    get: Method | None = None
    create: Method | None = None
    update: Method | None = None
    delete: Method | None = None
    page_size: int = 0
    slim: bool = False
    style: Literal["partial", "full"] = "partial"
    """Partial: an update sends touched top-level attributes, each whole. Full: it sends the whole object."""
    always: tuple[str, ...] = ()
    """Attributes that every update must repeat (Convert goals: `type`)."""
    read_only: frozenset[str] = frozenset()
    """Attributes of a read that a full update must leave out."""


@dataclass(frozen=True)
class Problem:
    """What a kind's own check found: where, what is wrong, what would be right."""

    path: Path
    text: str
    fix: str = ""
    severity: Literal["error", "warning"] = "error"
    create_only: bool = False
    """It matters only when the object is made: one that exists may leave the attribute out."""


Check = Callable[[Mapping[str, Any]], Sequence[Problem]]
"""Sees the canonical declared object; values may be templates or references."""

Risk = Callable[[Mapping[str, Any], Mapping[str, Any], frozenset[str]], Sequence[str]]
"""Sees the live object as read, the declared object, and the touched top-level attributes; says what could go wrong."""


@dataclass(frozen=True)
class Kind:
    """One kind of remote object."""

    platform: str
    name: str
    """Plural, as in addresses: `goals`."""
    title: str
    """Singular, for people: `goal`."""
    model: type[Attributes]
    key: UniqueKey | HintKey | None
    endpoints: Endpoints
    on_remove: Removal = "delete"
    removals: tuple[Removal, ...] = ("delete", "forget")
    """What `$lifecycle.on_remove` may say, and what `destroy --purge` may use."""
    archive_with: Mapping[str, Any] = field(default_factory=dict)
    """Attributes that an update sets to archive an object."""
    restore_with: Mapping[str, Any] = field(default_factory=dict)
    """Attributes that bring an archived object back."""
    disable_with: Mapping[str, Any] = field(default_factory=dict)
    """Attributes that switch an object off."""
    parent: str | None = None
    """Kind of the scope the object lives in (`projects`); the model then has an attribute marked Parent."""
    mint: Callable[[], str] | None = None
    """Makes an id when the client chooses it; ids are minted with the plan."""
    id_attribute: str = "id"
    presets: bool = False
    """Whether names that are not declared may be objects of the platform's own catalogue."""
    get_by_key: bool = False
    """The get call takes the natural key too, and finds objects that lists hide (archived Convert features)."""
    is_preset: Callable[[Mapping[str, Any]], bool] | None = None
    """Tells a platform's own object, which can be referred to but not written."""
    is_archived: Callable[[Mapping[str, Any]], bool] | None = None
    lifecycle: Lifecycle | None = None
    facets: tuple[Facet, ...] = ()
    publish: Publish | None = None
    checks: tuple[Check, ...] = ()
    risks: tuple[Risk, ...] = ()
    consistency: float = 0.0
    """Seconds until a created object is sure to be in the platform's lists."""
    has_history: bool = False
    managed: bool = True
    """False for catalogues that are only looked up."""
    destroy_keeps: str = ""
    """Why an object of this kind stays behind after `destroy --purge`, when it does."""
    assumptions: tuple[str, ...] = ()
    """What the vendor does not document and we assume; an account can override it."""
    created_attribute: str = "created_at"

    @cached_property
    def shape(self) -> ObjectShape:
        """The compiled model."""
        return compile_model(self.model)

    @cached_property
    def key_attributes(self) -> tuple[str, ...]:
        """The attributes of the natural key, in order; empty when there is none."""
        match self.key:
            case UniqueKey(attribute=attribute):
                return (attribute,)
            case HintKey(attributes=attributes):
                return attributes
            case _:
                return ()

    @property
    def type_name(self) -> str:
        """Platform and kind in one word, as in Terraform's plan format: `convert_goals`."""
        return f"{self.platform}_{self.name}"

    def facet_of(self, attribute: str) -> Facet | None:
        """Return the facet that writes a top-level attribute, if it is not part of the object's own calls."""
        return next((facet for facet in self.facets if attribute in facet.attributes), None)
