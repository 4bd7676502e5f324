"""A made-up kind with every sort of attribute that the engine knows, and a platform of it that lives in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.adapters.base.compare import Compare, Comparison
from reconciler.adapters.base.declare import ChildMap, Declare
from reconciler.model.kind import Endpoints, HintKey, Kind
from reconciler.model.markers import (
    Attributes,
    Canonical,
    ChildReference,
    Children,
    Code,
    FreeForm,
    Immutable,
    KeyedBy,
    MayBeMasked,
    Named,
    Reference,
    Secret,
    SecretWhen,
    ServerDefault,
    ServerRounds,
    SetLike,
    Switch,
    Unset,
    Variant,
    Wire,
)
from reconciler.model.plan import LeafChange, Overlay
from reconciler.model.shape import ChildrenShape, ObjectShape, compile_model
from reconciler.model.values import Path


def json_text(value: Any) -> Any:
    return None if value is None else json.dumps(value, sort_keys=True)


def from_json_text(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value else None


def text_of(attributes: Mapping[str, Any]) -> str:
    kind = attributes.get("sort")
    return str(kind) if kind in {"text", "integer", "json"} else "any"


class Rule(Attributes):
    """One item of a plain list: the live side gives it an id that nobody declares."""

    field: str
    value: str | None = None
    weight: Annotated[float, ServerRounds(2)] = 0
    rules: list[Rule] | None = None
    keys: Annotated[list[str] | None, SetLike(), Reference("targets", wire="integer")] = None


class Cap(Attributes):
    """A child of a child."""

    name: str
    limit: int = 0


class Part(Attributes):
    """A child with a name, an id, a fixed attribute and children of its own."""

    name: str
    weight: Annotated[float, ServerRounds(2)] = 0
    type: Annotated[str, Immutable()] = "plain"
    style: Annotated[Literal["Small", "Large"] | None, ServerDefault("Small")] = None
    caps: Annotated[dict[str, Cap], Named(), Children(match=("name",))] = Field(default_factory=dict)
    change: Annotated[list[Rule] | None, Field()] = None


class Step(Attributes):
    """An item of a list of children, with or without a `$name`."""

    type: str
    text: str = ""
    caps: Annotated[list[Cap], Children(match=("name",), ordered=True)] = Field(default_factory=list)


class Mapped(Attributes):
    """A child that has no id at all on the wire."""

    property: str
    value: str | None = None


class Keyed(Attributes):
    """A child whose key is on the wire."""

    key: str
    on: bool = False


class Bare(Attributes):
    """A child in a wire object."""

    on: bool = False
    note: str | None = None


class Nested(Attributes):
    """An open object."""

    color: Annotated[str | None, Canonical(str.casefold)] = None
    size: int = 0
    deep: Annotated[Deep | None, Wire(json_text, from_json_text)] = None


class Deep(Attributes):
    """An object that the wire has as JSON in a text."""

    a: int = 0
    b: list[str] | None = None


class Toy(Attributes):
    """Everything at once."""

    name: str
    note: Annotated[str | None, Unset("")] = None
    size: Annotated[int, ServerDefault(7)] = 7
    share: Annotated[float, ServerRounds(2)] = 0
    live: Annotated[bool, Switch()] = False
    level: Literal["Low", "High"] | None = None
    anything: Any = None
    sort: str | None = None
    varied: Annotated[Any, Variant(text_of)] = None
    fixed: Annotated[str | None, Immutable()] = None
    code: Annotated[str | None, Code("js")] = None
    owner: Annotated[str | None, Reference("targets", wire="integer")] = None
    main: Annotated[str | None, ChildReference("parts")] = None
    targets: Annotated[list[str] | None, SetLike(), Reference("targets", wire="integer")] = None
    tags: Annotated[list[str], ServerDefault(("x",))] = Field(default_factory=list)
    nested: Nested | None = None
    rules: list[Rule] | None = None
    bag: Annotated[list[Rule] | None, SetLike()] = None
    settings: Annotated[dict[str, str | None], FreeForm()] = Field(default_factory=dict)
    closed: dict[str, Rule] = Field(default_factory=dict)
    password: Annotated[str | None, Secret()] = None
    shown: Annotated[str | None, Secret(reads="clear")] = None
    header: Annotated[str | None, SecretWhen(lambda toy: toy.get("sort") == "text")] = None
    masked: Annotated[str | None, MayBeMasked()] = None
    parts: Annotated[dict[str, Part], Named(), Children(match=("name",))] = Field(default_factory=dict)
    ranked: Annotated[dict[str, Part], Named(), Children(match=("name",), ordered=True)] = Field(default_factory=dict)
    steps: Annotated[list[Step], Children(ordered=True)] = Field(default_factory=list)
    mapped: Annotated[list[Mapped], Children(match=("property",), ordered=True)] = Field(default_factory=list)
    keyed: Annotated[dict[str, Keyed], KeyedBy("key"), Children(id=None)] = Field(default_factory=dict)
    bare: Annotated[dict[str, Bare], KeyedBy("name", wire_map=True), Children(id=None, ordered=True)] = Field(
        default_factory=dict
    )


SHAPE = compile_model(Toy)
TOYS = Kind("toy", "toys", "toy", Toy, HintKey("name"), Endpoints())


class Context:
    """Takes ids as they stand, and keeps what was wrong."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def problem(self, path: Path, text: str, fix: str = "", *, warning: bool = False) -> None:
        self.problems.append(f"{path}: {text}")

    def reference(self, value: Any, shape: Any, reference: Reference, path: Path) -> Any:
        return value if not isinstance(value, int) else str(value)

    def child_reference(self, value: Any, shape: Any, path: Path, siblings: Mapping[str, Any]) -> Any:
        return value


def declared(body: Mapping[str, Any], *, shape: ObjectShape = SHAPE, creating: bool = False) -> dict[str, Any]:
    """Return the canonical form of a body, as the loader makes it."""
    context = Context()
    out = Declare(context, creating=creating).body(shape, dict(body))
    assert context.problems == []
    return out


def compare(
    body: Mapping[str, Any],
    raw: Mapping[str, Any],
    *,
    sent: Mapping[str, Any] | None = None,
    ids: Mapping[str, str] | None = None,
    secret: bool | None = None,
    everything: bool = False,
    shape: ObjectShape = SHAPE,
) -> Comparison:
    """Compare what the user would write with what a platform would return."""
    walk = Compare(sent or {}, ids or {}, lambda _text, _value, _live: secret, everything=everything)
    return walk.run(shape, declared(body, shape=shape), raw, frozenset())


def overlay_of(found: Comparison) -> Overlay:
    """Return what a step would write for a comparison."""
    leaves = tuple(
        LeafChange(leaf.path, leaf.text, before=leaf.live, after=leaf.desired)
        for leaf in found.leaves
        if not leaf.equal
    )
    return Overlay(leaves, tuple(found.children), found.located)


def differences(found: Comparison) -> list[str]:
    """Return in words what a comparison says is to be done."""
    return [
        *(f"{leaf.text}: {leaf.live!r} -> {leaf.desired!r}" for leaf in found.leaves if not leaf.equal),
        *(f"{child.action} {child.text}" for child in found.children),
        *(f"problem: {problem}" for problem in found.problems),
    ]


def give_ids(shape: ObjectShape, raw: dict[str, Any], fresh: Iterable[int]) -> dict[str, Any]:
    """Do what a platform does to new children: give an id to those that have none and may have one."""
    numbers = iter(fresh)

    def walk(one: ObjectShape, value: Any) -> None:
        if not isinstance(value, dict):
            return
        for name, field in one.fields.items():
            if isinstance(field, ChildrenShape) and isinstance(value.get(name), list):
                for child in value[name]:
                    walk(field.item, child)
                    if field.config.id is not None and field.item.model is not Mapped:
                        child.setdefault(field.config.id, f"new{next(numbers)}")

    walk(shape, raw)
    return raw


__all__ = [
    "SHAPE",
    "TOYS",
    "ChildMap",
    "Context",
    "Declare",
    "Toy",
    "compare",
    "declared",
    "differences",
    "give_ids",
    "overlay_of",
]
