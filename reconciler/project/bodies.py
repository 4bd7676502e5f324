"""A resource's body before it is checked: defaults under it, expressions in it worked out.

The shape is followed along, because source code keeps its own `${…}`: only a value that is one `${…}` and nothing else
is an expression there.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from reconciler.adapters.base.declare import FAILED
from reconciler.model.shape import ChildrenShape, ListShape, MapShape, ObjectShape, Scalar, Shape
from reconciler.project.evaluate import Frame, Key, Report, code_value, text_value
from reconciler.project.expressions import ExpressionError


@cache
def code_names(shape: ObjectShape) -> frozenset[str]:
    """Return the names of all attributes with source code, at any depth: for short forms, which no shape shows."""
    found: set[str] = set()
    seen: set[type] = set()
    stack: list[Shape] = [shape]
    while stack:
        one = stack.pop()
        match one:
            case ObjectShape():
                if one.model not in seen:  # models may be recursive
                    seen.add(one.model)
                    stack.extend(one.fields.values())
            case ListShape() | ChildrenShape():
                stack.append(one.item)
            case MapShape():
                stack.append(one.value)
            case Scalar() if one.code:
                found.add(one.name)
    return frozenset(found)


class Interpolation:
    """One walk over a body; errors are told to `report`, and what failed becomes `FAILED`."""

    __slots__ = ("codes", "frame", "report", "templates")

    def __init__(self, frame: Frame, report: Report, codes: frozenset[str]) -> None:
        self.frame = frame
        self.report = report
        self.codes = codes
        self.templates = False
        """Whether any value waits for something: a resource or a secret."""

    def body(self, body: dict[str, Any], shape: ObjectShape) -> dict[str, Any]:
        """Return the body with every expression in it worked out."""
        fields = shape.fields
        return {key: self._value(item, fields.get(key), (key,), key) for key, item in body.items()}

    def _value(self, value: Any, shape: Shape | None, path: tuple[Key, ...], name: str) -> Any:
        if isinstance(value, str):
            if "${" not in value:
                return value
            try:
                code = shape.code if isinstance(shape, Scalar) else shape is None and name in self.codes
                found = code_value(value, self.frame) if code else text_value(value, self.frame)
            except ExpressionError as error:
                self.report(path, error)
                return FAILED
            if type(found) is not str:
                self.templates = True
            return found
        if isinstance(value, dict):
            if isinstance(shape, ObjectShape):
                fields = shape.fields
                return {key: self._value(item, fields.get(key), (*path, key), key) for key, item in value.items()}
            inner = shape.item if isinstance(shape, ChildrenShape) and shape.form == "map" else None
            if isinstance(shape, MapShape):
                inner = shape.value  # type: ignore[assignment]  # any shape may be inside a map
            return {key: self._value(item, inner, (*path, key), key) for key, item in value.items()}
        if isinstance(value, list):
            item_shape = shape.item if isinstance(shape, ListShape | ChildrenShape) else None
            return [self._value(item, item_shape, (*path, i), name) for i, item in enumerate(value)]
        return value


def with_defaults(body: dict[str, Any], defaults: dict[str, Any], shape: ObjectShape) -> dict[str, Any]:
    """Return a body with defaults under it: objects are merged, anything else that is written replaces its default."""
    out = dict(defaults)
    for key, value in body.items():
        below = out.get(key)
        field = shape.fields.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            if isinstance(field, ObjectShape):
                value = with_defaults(value, below, field)  # noqa: PLW2901 - the merged value takes its place
            elif isinstance(field, MapShape) or key == "$lifecycle":
                value = {**below, **value}  # noqa: PLW2901 - the merged value takes its place
        out[key] = value
    return out
