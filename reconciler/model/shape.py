"""Shapes: a kind's pydantic model, compiled once into what the engine walks.

A shape says what may be written (types, limits, enums), how both sides are made comparable, and which markers the
attribute carries. Scalars, lists, sets and free maps are leaves of a diff; objects and children are walked into.
"""

from __future__ import annotations

import re
import types
import typing
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Literal, TypeVar, Union

import annotated_types
from pydantic.fields import FieldInfo

from reconciler.model import markers as m
from reconciler.model.values import MISSING

M = TypeVar("M", bound=m.Marker)
Base = Literal["text", "integer", "number", "boolean", "any"]


@dataclass(eq=False, kw_only=True)
class Shape:
    """What one attribute may be. Compared by identity."""

    name: str = ""
    required: bool = False
    nullable: bool = False
    marks: tuple[m.Marker, ...] = ()
    doc: str = ""

    def mark(self, kind: type[M]) -> M | None:
        """Return the marker of that class, if the attribute carries it."""
        return next((mark for mark in self.marks if isinstance(mark, kind)), None)

    @cached_property
    def immutable(self) -> bool:
        """Whether a difference means a replace."""
        return self.mark(m.Immutable) is not None

    @cached_property
    def secret(self) -> m.Secret | None:
        """The secret marker, if any."""
        return self.mark(m.Secret)

    @cached_property
    def switch(self) -> bool:
        """Whether drift of it is kept rather than turned back."""
        return self.mark(m.Switch) is not None

    @cached_property
    def reference(self) -> m.Reference | None:
        """The typed reference, if the attribute is one."""
        return self.mark(m.Reference)

    @cached_property
    def parent(self) -> m.Parent | None:
        """The parent marker, if the attribute names the scope of the resource."""
        return self.mark(m.Parent)

    @cached_property
    def child_reference(self) -> m.ChildReference | None:
        """The child reference, if the attribute is one."""
        return self.mark(m.ChildReference)

    @cached_property
    def code(self) -> bool:
        """Whether it is source code."""
        return self.mark(m.Code) is not None

    @cached_property
    def deferrable(self) -> m.Deferrable | None:
        """The deferrable marker, if a cycle may be cut here."""
        return self.mark(m.Deferrable)

    @cached_property
    def computed(self) -> m.Computed | None:
        """The output marker, if it is never declared."""
        return self.mark(m.Computed)

    @cached_property
    def engine_owned(self) -> m.EngineOwned | None:
        """The engine-owned marker, if any."""
        return self.mark(m.EngineOwned)

    @cached_property
    def short(self) -> m.Short | None:
        """The short form, if any."""
        return self.mark(m.Short)

    @cached_property
    def wire(self) -> m.Wire | None:
        """The codec between files and wire, if any."""
        return self.mark(m.Wire)

    @cached_property
    def canonical(self) -> m.Canonical | None:
        """The function that brings both sides to one form, if any."""
        return self.mark(m.Canonical)

    @cached_property
    def server_default(self) -> Any:
        """What the platform fills in, else MISSING."""
        mark = self.mark(m.ServerDefault)
        return MISSING if mark is None else mark.value

    @cached_property
    def unset(self) -> Any:
        """What `null` sends."""
        mark = self.mark(m.Unset)
        return None if mark is None else mark.value

    @cached_property
    def rounds(self) -> int | None:
        """Decimals that the platform keeps, if it rounds."""
        mark = self.mark(m.ServerRounds)
        return None if mark is None else mark.decimals


@dataclass(eq=False, kw_only=True)
class Scalar(Shape):
    """Text, a number, a boolean, or any JSON value: one leaf."""

    base: Base = "text"
    choices: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: re.Pattern[str] | None = None


@dataclass(eq=False, kw_only=True)
class ObjectShape(Shape):
    """An object with known members; open: a member that is not declared is not compared."""

    model: type[m.Attributes]

    @cached_property
    def fields(self) -> dict[str, Shape]:
        """Shapes of the members, by name, in the order of the model. Compiled on first use: models may be recursive."""
        return _fields(self.model)

    @cached_property
    def writable(self) -> dict[str, Shape]:
        """The members that can be declared."""
        return {name: shape for name, shape in self.fields.items() if shape.computed is None}


@dataclass(eq=False, kw_only=True)
class ListShape(Shape):
    """A list or set of values: closed, one leaf."""

    item: Shape
    min_length: int | None = None
    max_length: int | None = None

    @cached_property
    def set_like(self) -> bool:
        """Whether order and repetitions mean nothing."""
        return self.mark(m.SetLike) is not None


@dataclass(eq=False, kw_only=True)
class MapShape(Shape):
    """A map of values by free keys: one leaf; closed unless marked free-form."""

    value: Shape

    @cached_property
    def free_form(self) -> bool:
        """Whether members that are not declared are left alone."""
        return self.mark(m.FreeForm) is not None


@dataclass(eq=False, kw_only=True)
class ChildrenShape(Shape):
    """A collection of children, each with an identity of its own: closed unless it says `$others: keep`."""

    item: ObjectShape
    form: Literal["map", "list"]
    min_length: int | None = None
    max_length: int | None = None

    @cached_property
    def named(self) -> m.Named | None:
        """Set when keys are local names."""
        return self.mark(m.Named)

    @cached_property
    def keyed(self) -> m.KeyedBy | None:
        """Set when keys are an attribute of the wire."""
        return self.mark(m.KeyedBy)

    @cached_property
    def config(self) -> m.Children:
        """How children are matched and ordered; lists are ordered unless told otherwise."""
        return self.mark(m.Children) or m.Children(ordered=self.form == "list")


@cache
def compile_model(model: type[m.Attributes]) -> ObjectShape:
    """Compile a model of attributes; the result is shared by all users of the model.

    Raises TypeError when an annotation has no meaning to the engine.
    """
    return ObjectShape(model=model)


@cache
def _fields(model: type[m.Attributes]) -> dict[str, Shape]:
    hints = typing.get_type_hints(model, include_extras=True)
    out: dict[str, Shape] = {}
    for name, info in model.model_fields.items():
        wire_name = info.alias or name
        out[wire_name] = _compile(wire_name, hints[name], info)
    return out


def _compile(name: str, annotation: Any, info: FieldInfo | None) -> Shape:
    metadata: list[Any] = list(info.metadata) if info is not None else []
    nullable = False
    while True:
        origin = typing.get_origin(annotation)
        if origin is typing.Annotated:
            annotation, *more = typing.get_args(annotation)
            metadata.extend(item for item in more if item not in metadata)
        elif origin in (Union, types.UnionType) and type(None) in typing.get_args(annotation):
            rest = tuple(arg for arg in typing.get_args(annotation) if arg is not type(None))
            annotation = rest[0] if len(rest) == 1 else Union[rest]  # noqa: UP007 - built from values
            nullable = True
        else:
            break
    flat = [part for item in metadata for part in (item.metadata if isinstance(item, FieldInfo) else [item])]
    marks: tuple[m.Marker, ...] = ()
    for item in flat:
        if isinstance(item, m.Marker) and item not in marks:  # a marker may hold a list, so no set of them
            marks = (*marks, item)
    common: dict[str, Any] = {
        "name": name,
        "required": info is not None and info.is_required() and not any(isinstance(mark, m.Computed) for mark in marks),
        "nullable": nullable,
        "marks": marks,
        "doc": (info.description or "") if info is not None else "",
    }
    limits = _limits(flat)
    return _by_type(annotation, common, limits, marks)


def _by_type(annotation: Any, common: dict[str, Any], limits: dict[str, Any], marks: tuple[m.Marker, ...]) -> Shape:
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    lengths = {key: limits[key] for key in ("min_length", "max_length") if key in limits}
    if origin is Literal:
        kinds = {type(arg) for arg in args}
        base: Base = (
            "boolean" if kinds == {bool} else "integer" if kinds == {int} else "text" if kinds == {str} else "any"
        )
        if kinds == {int, float}:
            base = "number"
        return Scalar(**common, base=base, choices=args)
    if origin in (list, tuple):
        item = _compile(common["name"], args[0], None)
        if isinstance(item, ObjectShape) and any(isinstance(mark, m.Children) for mark in marks):
            return ChildrenShape(**common, **lengths, item=item, form="list")
        moved = tuple(mark for mark in marks if isinstance(mark, m.Reference | m.ChildReference | m.TextReference))
        item.marks = (*item.marks, *moved)
        return ListShape(**common, **lengths, item=item)
    if origin is dict:
        value = _compile(common["name"], args[1], None)
        if isinstance(value, ObjectShape) and any(isinstance(mark, m.Named | m.KeyedBy) for mark in marks):
            return ChildrenShape(**common, **lengths, item=value, form="map")
        return MapShape(**common, value=value)
    if isinstance(annotation, type) and issubclass(annotation, m.Attributes):
        return ObjectShape(**common, model=annotation)
    scalars: dict[Any, Base] = {str: "text", int: "integer", float: "number", bool: "boolean", Any: "any"}
    if annotation in scalars:
        return Scalar(**common, base=scalars[annotation], **limits)
    if origin in (Union, types.UnionType):
        return Scalar(**common, base="any", **limits)
    raise TypeError(f"attribute {common['name']!r}: {annotation!r} has no meaning to the engine")


def _limits(metadata: list[Any]) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    for item in metadata:
        match item:
            case annotated_types.Ge():
                limits["minimum"] = item.ge
            case annotated_types.Le():
                limits["maximum"] = item.le
            case annotated_types.Gt():
                limits["exclusive_minimum"] = item.gt
            case annotated_types.MinLen():
                limits["min_length"] = item.min_length
            case annotated_types.MaxLen():
                limits["max_length"] = item.max_length
            case _:
                pattern = getattr(item, "pattern", None)
                if isinstance(pattern, str):
                    limits["pattern"] = re.compile(pattern)
    return limits


__all__ = [
    "Base",
    "ChildrenShape",
    "ListShape",
    "MapShape",
    "ObjectShape",
    "Scalar",
    "Shape",
    "compile_model",
]
