"""Hostile but legal renderings: what a server may do to an answer without changing what it means.

A client that compares answers byte by byte sees differences that are none. Each platform says, kind by kind, what it
leaves open (`Loose`); the disguises in force touch only that.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import translate
from typing import Any

import orjson

NAMES = frozenset(
    {
        "fill_defaults",
        "sort_lists",
        "change_case",
        "numbers_as_text",
        "unknown_attributes",
        "shuffle_sets",
        "timestamps",
    }
)

EXTRA = "x_served_by"
"""The attribute that `unknown_attributes` adds to every object: none that any platform has."""
TOUCHED = "x_last_seen_at"
"""The attribute that `timestamps` adds to the outermost object."""


@dataclass(frozen=True)
class Loose:
    """What a platform leaves open in the answers of one kind.

    Places are dotted globs over the attribute names from the outermost object inwards, without positions in lists:
    `sources.entity.id`, `*.rule_set.id`, `fields`. `*` also crosses dots.
    """

    sets: tuple[str, ...] = ()
    """Lists whose order means nothing."""
    case: tuple[str, ...] = ()
    """Texts whose case means nothing."""
    numbers: tuple[str, ...] = ()
    """Numbers that may come back as text."""
    times: tuple[str, ...] = ()
    """Times that may be spelt differently."""
    opaque: tuple[str, ...] = ()
    """Free-form data that comes back exactly as it was sent: nothing below is touched."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What the server fills in where the attribute is absent; the place ends in the attribute's name."""


@functools.lru_cache(maxsize=256)
def _matcher(globs: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(translate(glob) for glob in globs)) if globs else None


@functools.lru_cache(maxsize=65_536)
def _matches(globs: tuple[str, ...], place: str) -> bool:
    pattern = _matcher(globs)
    return pattern is not None and pattern.match(place) is not None


class Disguise:
    """The disguises in force."""

    __slots__ = ("_random", "names")

    def __init__(self, names: Iterable[str] = (), seed: int = 0) -> None:
        """Take the disguises by name; raises ValueError for one that does not exist."""
        self.names = frozenset(names)
        if unknown := self.names - NAMES:
            raise ValueError(f"unknown disguise {min(unknown)!r}, known: {', '.join(sorted(NAMES))}")
        self._random = random.Random(seed)  # noqa: S311 - repeatable test data, nothing secret

    def __bool__(self) -> bool:
        return bool(self.names)

    def dress(self, value: Any, loose: Loose) -> Any:
        """Return the value as a hostile server might show it; the argument is left alone."""
        if not self.names:
            return value
        dressed = self._dress(value, "", loose)
        if "timestamps" in self.names and isinstance(dressed, dict):
            dressed[TOUCHED] = f"2030-01-01T00:00:{self._random.randrange(60):02d}Z"
        return dressed

    def dress_list(self, values: list[Any], loose: Loose, *, ordered: bool = False) -> list[Any]:
        """Return a list answer: each member dressed, and reordered where the list's order is not promised."""
        dressed = [self.dress(value, loose) for value in values]
        return dressed if ordered else self._reorder(dressed)

    def undress(self, value: Any, loose: Loose, place: str = "") -> Any:
        """Return what a client sent back without what the disguises put on it.

        A server that shows an attribute takes it back, and reads numbers in the spellings in which it writes them.
        """
        if isinstance(value, dict):
            prefix = f"{place}." if place else ""
            return {
                key: self.undress(item, loose, prefix + key)
                for key, item in value.items()
                if key not in {EXTRA, TOUCHED}
            }
        if isinstance(value, list):
            return [self.undress(item, loose, place) for item in value]
        if isinstance(value, str) and "numbers_as_text" in self.names and _matches(loose.numbers, place):
            return _number(value)
        return value

    def _reorder(self, values: list[Any]) -> list[Any]:
        if "shuffle_sets" in self.names:
            self._random.shuffle(values)
        elif "sort_lists" in self.names:
            values.sort(key=lambda item: orjson.dumps(item, option=orjson.OPT_SORT_KEYS))
        return values

    def _dress(self, value: Any, place: str, loose: Loose) -> Any:
        if place and _matches(loose.opaque, place):
            return value
        if isinstance(value, dict):
            return self._dress_object(value, place, loose)
        if isinstance(value, list):
            items = [self._dress(item, place, loose) for item in value]
            return self._reorder(items) if _matches(loose.sets, place) else items
        if isinstance(value, str):
            if "change_case" in self.names and _matches(loose.case, place):
                return value.upper() if self._random.random() < 0.5 else value.swapcase()
            if "timestamps" in self.names and _matches(loose.times, place):
                return respell_time(value)
            return value
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and "numbers_as_text" in self.names and _matches(loose.numbers, place):
            return str(value)
        return value

    def _dress_object(self, value: dict[str, Any], place: str, loose: Loose) -> dict[str, Any]:
        prefix = f"{place}." if place else ""
        out = {key: self._dress(item, prefix + key, loose) for key, item in value.items()}
        if "fill_defaults" in self.names:
            for glob, default in loose.defaults.items():
                attribute = glob.rpartition(".")[2]
                if attribute not in out and _matches((glob,), prefix + attribute):
                    out[attribute] = default
        if "unknown_attributes" in self.names:
            out[EXTRA] = {"node": self._random.randrange(1000), "tags": ["a", "b"]}
        return out


_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


def _number(text: str) -> Any:
    if not _NUMBER.fullmatch(text):
        return text
    return int(text) if text.lstrip("-").isdigit() else float(text)


def respell_time(text: str) -> str:
    """Return the same moment in another legal spelling (`+00:00` with six decimals); other text as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.isoformat(timespec="microseconds") if moment.tzinfo else text
