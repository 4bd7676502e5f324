"""Shapes of bodies: closed tables of attributes with their types and limits, as the API reference lists them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from reconciler.emulator.convert.problems import Problems


class Shape(Protocol):
    """What a value must look like."""

    def check(self, value: Any, path: str, problems: Problems) -> None:
        """Note what is wrong with a value."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A text of at most `most` characters, optionally one of `choices` or matching `pattern` as a whole."""

    most: int | None = None
    least: int = 0
    null: bool = False
    choices: frozenset[str] | None = None
    pattern: re.Pattern[str] | None = None

    def check(self, value: Any, path: str, problems: Problems) -> None:
        """Note what is wrong with a value."""
        if value is None and self.null:
            return
        if not isinstance(value, str):
            problems.add(path, "must be a string")
        elif self.choices is not None and value not in self.choices:
            problems.add(path, f"must be one of {', '.join(sorted(self.choices))}")
        elif self.most is not None and len(value) > self.most:
            problems.add(path, f"must have at most {self.most} characters")
        elif len(value) < self.least:
            problems.add(path, f"must have at least {self.least} characters")
        elif self.pattern is not None and not self.pattern.fullmatch(value):
            problems.add(path, "has a wrong format")


@dataclass(frozen=True, slots=True)
class Number:
    """A number within limits; `whole` refuses fractions, `choices` everything else."""

    least: float = -math.inf
    most: float = math.inf
    whole: bool = False
    null: bool = False
    choices: frozenset[float] | None = None

    def check(self, value: Any, path: str, problems: Problems) -> None:
        """Note what is wrong with a value."""
        if value is None and self.null:
            return
        if isinstance(value, bool) or not isinstance(value, int if self.whole else int | float):
            problems.add(path, "must be an integer" if self.whole else "must be a number")
        elif not self.least <= value <= self.most:
            problems.add(path, f"must lie within {self.least:g} and {self.most:g}")
        elif self.choices is not None and value not in self.choices:
            problems.add(path, f"must be one of {sorted(self.choices)}")


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    null: bool = False

    def check(self, value: Any, path: str, problems: Problems) -> None:
        """Note what is wrong with a value."""
        if not isinstance(value, bool) and not (value is None and self.null):
            problems.add(path, "must be a boolean")


@dataclass(frozen=True, slots=True)
class Anything:
    """Any JSON value: checked elsewhere, or not at all."""

    def check(self, value: Any, path: str, problems: Problems) -> None:
        """Accept the value."""


@dataclass(frozen=True, slots=True)
class Either:
    """Any of several shapes; the first decides about the message."""

    shapes: tuple[Shape, ...]

    def check(self, value: Any, path: str, problems: Problems) -> None:
        """Note what is wrong with a value."""
        for shape in self.shapes:
            attempt = Problems()
            shape.check(value, path, attempt)
            if not attempt:
                return
        # an object is judged by the shape for objects, whose message says what is wrong inside
        last = self.shapes[-1] if isinstance(value, dict) else self.shapes[0]
        last.check(value, path, problems)


@dataclass(frozen=True, slots=True)
class Items:
    """A list of one shape."""

    item: Shape
    most: int | None = None
    least: int = 0
    null: bool = False

    def check(self, value: Any, path: str, problems: Problems) -> None:
        """Note what is wrong with a value."""
        if value is None and self.null:
            return
        if not isinstance(value, list):
            problems.add(path, "must be an array")
            return
        if self.most is not None and len(value) > self.most:
            problems.add(path, f"must have at most {self.most} items")
        if len(value) < self.least:
            problems.add(path, f"must have at least {self.least} items")
        for position, item in enumerate(value):
            self.item.check(item, f"{path}.{position}", problems)


@dataclass(frozen=True, slots=True)
class Record:
    """An object with these attributes and no others, unless `others` gives a shape for them."""

    fields: Mapping[str, Shape]
    required: frozenset[str] = frozenset()
    others: Shape | None = None
    null: bool = False

    def check(self, value: Any, path: str, problems: Problems) -> None:
        """Note what is wrong with a value."""
        if value is None and self.null:
            return
        if not isinstance(value, dict):
            problems.add(path, "must be an object")
            return
        prefix = f"{path}." if path else ""
        for name in sorted(self.required - value.keys()):
            problems.add(prefix + name, "is required")
        for name, item in value.items():
            shape = self.fields.get(name, self.others)
            if shape is None:
                problems.add(prefix + name, "is not allowed here")
            else:
                shape.check(item, prefix + name, problems)

    def optional(self, *, required: tuple[str, ...] = (), **fields: Shape) -> Record:
        """Return the same table for an update: nothing required but what is named, with further attributes."""
        return Record({**self.fields, **fields}, frozenset(required), self.others, self.null)

    def without(self, *names: str) -> Record:
        """Return the same table without some attributes."""
        kept = {name: shape for name, shape in self.fields.items() if name not in names}
        return Record(kept, self.required - set(names), self.others, self.null)


@dataclass(frozen=True, slots=True)
class Tagged:
    """One of several tables, chosen by the text in the attribute `tag`."""

    tag: str
    variants: Mapping[str, Record]
    null: bool = False

    def check(self, value: Any, path: str, problems: Problems) -> None:
        """Note what is wrong with a value."""
        if value is None and self.null:
            return
        if not isinstance(value, dict):
            problems.add(path, "must be an object")
            return
        place = f"{path}.{self.tag}" if path else self.tag
        chosen = value.get(self.tag)
        variant = self.variants.get(chosen) if isinstance(chosen, str) else None
        if variant is None:
            problems.add(place, f"must be one of {', '.join(sorted(self.variants))}")
            return
        variant.check({name: item for name, item in value.items() if name != self.tag}, path, problems)


def choice(*values: str, null: bool = False) -> Text:
    """Return the shape of an enumeration."""
    return Text(choices=frozenset(values), null=null)


def ids(most: int | None = None, *, null: bool = False) -> Items:
    """Return the shape of a list of integer ids."""
    return Items(WHOLE, most=most, null=null)


def record(required: str = "", /, **fields: Shape) -> Record:
    """Return a closed table; `required` names attributes, separated by blanks."""
    return Record(fields, frozenset(required.split()))


WHOLE = Number(whole=True)
COUNT = Number(least=0, whole=True)
FLAG = Flag()
TEXT = Text()
NULL_TEXT = Text(null=True)
ANYTHING = Anything()
