"""Checks of request bodies, and the tree of messages that a 422 answer carries.

LeadConduit maps lists of messages onto the shape of the submitted document; positions in arrays become keys (`{"steps":
{"0": {"outcome": ["is required"]}}}`). Checks are small functions put together into the shape of a document.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol, TypeAlias

Tree: TypeAlias = dict[str, Any] | list[str]
"""Messages in the shape of the document: objects of trees, leaves are lists of texts."""


class Known(Protocol):
    """What an account has, as far as references need it."""

    def has(self, kind: str, object_id: str) -> bool:
        """Tell whether there is an object of this kind and id."""
        ...


Check: TypeAlias = Callable[[Any, Known], Tree | None]
"""Returns the messages about a value, None when it is fine."""

OBJECT_ID = re.compile(r"[0-9a-fA-F]{24}")
SHORT_ID = re.compile(r"[0-9a-zA-Z]{6}")
REQUIRED = ["is required"]


def anything(_value: Any, _known: Known) -> Tree | None:
    """Let every value pass: attributes that the server ignores or stores as they are."""
    return None


def text(
    *, least: int = 0, most: int | None = None, pattern: str | re.Pattern[str] | None = None, nullable: bool = False
) -> Check:
    """Check a text by length in characters and by a pattern for the whole of it."""
    compiled = re.compile(pattern) if pattern else None

    def check(value: Any, _known: Known) -> Tree | None:
        if value is None and nullable:
            return None
        if not isinstance(value, str):
            return ["must be a string"]
        if len(value) < least:
            return ["can't be blank"] if least == 1 else [f"is too short (minimum is {least} characters)"]
        if most is not None and len(value) > most:
            return [f"is too long (maximum is {most} characters)"]
        if compiled is not None and not compiled.fullmatch(value):
            return ["is invalid"]
        return None

    return check


def number(
    *,
    whole: bool = False,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    nullable: bool = False,
) -> Check:
    """Check a number and its limits; a boolean is none."""

    def check(value: Any, _known: Known) -> Tree | None:
        if value is None and nullable:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return ["must be a number"]
        if whole and value != int(value):
            return ["must be an integer"]
        if least is not None and value < least:
            return [f"must be greater than or equal to {least:g}"]
        if above is not None and value <= above:
            return [f"must be greater than {above:g}"]
        if most is not None and value > most:
            return [f"must be less than or equal to {most:g}"]
        return None

    return check


def flag(*, nullable: bool = False) -> Check:
    """Check a boolean: `"true"` is none."""

    def check(value: Any, _known: Known) -> Tree | None:
        if isinstance(value, bool) or (value is None and nullable):
            return None
        return ["must be a boolean"]

    return check


def one_of(values: Collection[str | None]) -> Check:
    """Check that a value is one of a few."""

    def check(value: Any, _known: Known) -> Tree | None:
        if (value is None or isinstance(value, str)) and value in values:
            return None
        return ["is not included in the list"]

    return check


def refers(kind: str, message: str, *, nullable: bool = False) -> Check:
    """Check a reference to an object that must exist, by ObjectId."""

    def check(value: Any, known: Known) -> Tree | None:
        if value is None and nullable:
            return None
        if not isinstance(value, str) or not OBJECT_ID.fullmatch(value):
            return ["is invalid"]
        return None if known.has(kind, value.lower()) else [message]

    return check


def named(kind: str, message: str) -> Check:
    """Check a reference to something that must exist, by its name: a field, a module, a package."""

    def check(value: Any, known: Known) -> Tree | None:
        if not isinstance(value, str):
            return ["must be a string"]
        return None if known.has(kind, value) else [message]

    return check


def array(item: Check, *, least: int = 0, nullable: bool = False) -> Check:
    """Check an array and each of its items."""

    def check(value: Any, known: Known) -> Tree | None:
        if value is None and nullable:
            return None
        if not isinstance(value, list):
            return ["must be an array"]
        if len(value) < least:
            return ["must not be empty"]
        tree = {str(index): found for index, one in enumerate(value) if (found := item(one, known))}
        return tree or None

    return check


def shape(
    required: Mapping[str, Check],
    optional: Mapping[str, Check] | None = None,
    *,
    closed: bool = True,
    nullable: bool = False,
    also: Check | None = None,
) -> Check:
    """Check an object: what must be there, what may be, and whether anything else may.

    `also` looks at the object as a whole once its attributes are fine.
    """
    allowed = {**required, **(optional or {})}

    def check(value: Any, known: Known) -> Tree | None:
        if value is None and nullable:
            return None
        if not isinstance(value, dict):
            return ["must be an object"]
        tree: dict[str, Any] = {name: REQUIRED for name in required if name not in value}
        for name, item in value.items():
            checked = allowed.get(name)
            if checked is not None:
                if found := checked(item, known):
                    tree[name] = found
            elif closed:
                tree[name] = ["is not a known attribute"]
        if tree:
            return tree
        return also(value, known) if also else None

    return check


def merge(into: dict[str, Any], tree: Mapping[str, Any]) -> dict[str, Any]:
    """Merge a tree of messages into another; messages at one place are put together."""
    for key, value in tree.items():
        before = into.get(key)
        if isinstance(before, dict) and isinstance(value, Mapping):
            merge(before, value)
        elif isinstance(before, list) and isinstance(value, list):
            into[key] = [*before, *(one for one in value if one not in before)]
        else:
            into[key] = merge({}, value) if isinstance(value, Mapping) else value
    return into
