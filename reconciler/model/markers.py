"""Markers: what a kind's attributes tell the engine, as annotations of a pydantic model.

    class Goal(Attributes):
        name: Annotated[str, Field(max_length=100)]
        type: Annotated[Literal["advanced", "revenue"], Immutable()]
        goals: Annotated[list[str] | None, SetLike(), Reference("goals", wire="integer")] = None

An attribute without a default is required when the object is created. `| None` makes it one that `null` unsets.
Lengths, bounds, patterns and enums come from pydantic's own `Field(...)` and `Literal`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from reconciler.model.values import MISSING


class Attributes(BaseModel):
    """Base of every model of declared attributes, of resources and of children."""

    # The engine walks compiled shapes; pydantic's own validators would be built at every start and never run.
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, defer_build=True)


class Marker:
    """Base of all markers."""

    __slots__ = ()


@dataclass(frozen=True)
class Immutable(Marker):
    """The platform cannot change it on an existing object: a difference is a replace."""


@dataclass(frozen=True)
class ServerDefault(Marker):
    """What the platform fills in when nothing is written. Fills the live side of a comparison only; never sent."""

    value: Any = MISSING


@dataclass(frozen=True)
class Secret(Marker):
    """A credential. Must come from `${secret.…}`; never printed or stored.

    `reads` says what a read returns: the value itself (`clear`), asterisks (`masked`) or nothing (`hidden`).
    """

    reads: Literal["clear", "masked", "hidden"] = "masked"


@dataclass(frozen=True)
class Reference(Marker):
    """The id of another resource of the same account. Written as a bare name, a full address, or `{$id: …}`.

    `kinds` are plural kind names of the same platform; more than one where an id may mean either.
    `sends` is what of the target is sent: its id, or one of its outputs. `wire` is how an id looks on the wire.
    `presets` says that a name not declared may be one of the platform's own catalogue, by its id.
    """

    kinds: tuple[str, ...]
    sends: str = "id"
    wire: Literal["text", "integer"] = "text"
    presets: bool = False

    def __init__(
        self, *kinds: str, sends: str = "id", wire: Literal["text", "integer"] = "text", presets: bool = False
    ) -> None:
        object.__setattr__(self, "kinds", kinds)
        object.__setattr__(self, "sends", sends)
        object.__setattr__(self, "wire", wire)
        object.__setattr__(self, "presets", presets)


@dataclass(frozen=True)
class ChildReference(Marker):
    """A local name of a child: of this resource, or of the resource that the attribute `of` refers to.

    `collection` is the path of the children (`sources`, `variations`). `sends` is the child's attribute that is sent.
    """

    collection: str
    of: str | None = None
    sends: str = "id"
    wire: Literal["text", "integer"] = "text"


TextExtractor = Callable[[str], Iterable[tuple[str, str]]]
"""From a text to the (kind, natural key or id) pairs that it mentions."""


@dataclass(frozen=True)
class TextReference(Marker):
    """Free text that may mention other objects: it orders and guards, and never changes the value."""

    extract: TextExtractor


@dataclass(frozen=True)
class Named(Marker):
    """A map of children whose keys are local names, never sent.

    A child's required `name_attribute` that is not written is its local name, sent on create and kept afterwards.
    """

    name_attribute: str = "name"


@dataclass(frozen=True)
class KeyedBy(Marker):
    """A map of children whose key is one of the wire's attributes (or, with `wire_map`, the key of a wire object)."""

    attribute: str
    wire_map: bool = False


@dataclass(frozen=True)
class Children(Marker):
    """How children in a map or list are found again on the live side, and whether their order is ours.

    `match` are attributes (dotted paths allowed) that together identify a child when its id is not known.
    `ordered`: the order is sent and compared. Without it order is written once and never compared.
    `id` is the wire attribute that holds the child's id; None when children have no id.
    """

    match: tuple[str, ...] = ()
    ordered: bool = False
    id: str | None = "id"


@dataclass(frozen=True)
class SetLike(Marker):
    """A list whose order and repetitions mean nothing."""


@dataclass(frozen=True)
class Code(Marker):
    """Source code or markup, shown as line diffs. `${…}` inside is left alone unless the whole value is one."""

    language: str = ""


@dataclass(frozen=True)
class Switch(Marker):
    """Turned by hand in daily work (status, enabled): drift is kept and reported, not turned back by itself."""


@dataclass(frozen=True)
class EngineOwned(Marker):
    """The platform's engine may change it by itself: such a change is a note, never drift.

    `when(root, before, after)` sees the live object as read, the value we saw last, and the live value.
    """

    when: Callable[[Mapping[str, Any], Any, Any], bool]


@dataclass(frozen=True)
class Deferrable(Marker):
    """May be left out of the create call and written by a later one, so that reference cycles can be cut.

    `initial` is what the create call sends in its place; nothing when MISSING.
    """

    initial: Any = MISSING


@dataclass(frozen=True)
class Computed(Marker):
    """An output: told by the platform (or computed from what it tells), never declared.

    `compute(child_or_root, root)` derives it; without it the attribute is read as it stands.
    """

    compute: Callable[[Mapping[str, Any], Mapping[str, Any]], Any] | None = None
    secret: bool = False


@dataclass(frozen=True)
class Parent(Marker):
    """The scope that a resource lives in: a reference to its parent kind, by default the account's own scope id."""

    kind: str
    wire: Literal["text", "integer"] = "text"


@dataclass(frozen=True)
class Unset(Marker):
    """What `null` sends: the value that clears the attribute on this platform. Default is null itself."""

    value: Any = None


@dataclass(frozen=True)
class Wire(Marker):
    """How a value looks on the wire when that is not how it is written: `to_wire(declared)`, `from_wire(live)`."""

    to_wire: Callable[[Any], Any]
    from_wire: Callable[[Any], Any]


@dataclass(frozen=True)
class Canonical(Marker):
    """One function that brings both sides of a comparison to one form (case, trailing slash, order of rules)."""

    function: Callable[[Any], Any]


@dataclass(frozen=True)
class Short(Marker):
    """Short forms in YAML: `expand` turns what the user wrote into the full form; `shorten` is its inverse."""

    expand: Callable[[Any], Any]
    shorten: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Virtual(Marker):
    """An attribute of ours that stands for a call of the platform (`shared` of a report); the kind's facet makes it."""


@dataclass(frozen=True)
class FreeForm(Marker):
    """A map whose members not declared are not ours: open, unlike maps of children."""


@dataclass(frozen=True)
class ServerRounds(Marker):
    """The platform rounds numbers to so many decimals; both sides are compared after rounding."""

    decimals: int


@dataclass(frozen=True)
class Variant(Marker):
    """The type of an attribute of any type depends on its siblings.

    `choose(siblings)` sees the object as written and returns `text`, `integer`, `number`, `boolean`, `any`, `json`
    (YAML here, JSON text on the wire), or a `Reference` when the value is the id of another resource.
    """

    choose: Callable[[Mapping[str, Any]], str | Reference]


@dataclass(frozen=True)
class SecretWhen(Marker):
    """A value that is a credential or not depending on its siblings (a mapping to `basic_password`).

    `test(siblings)` sees the object as written or as read. Where it says yes, the live value is treated as one marked
    `Secret(reads="clear")`: never printed, stored or exported; a literal is a warning, not an error.
    """

    test: Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True)
class SetOnce(Marker):
    """The platform keeps the first value it got: a difference from a live value that is not null cannot be written.

    Unlike `Immutable` it is no reason to replace the object: the plan refuses it, naming the attribute.
    """


@dataclass(frozen=True)
class MayBeMasked(Marker):
    """A read may show asterisks in its place; a live value of nothing but asterisks counts as the one seen last."""
