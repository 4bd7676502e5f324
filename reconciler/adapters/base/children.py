"""Which live child is which declared one: by id in state, wire key, matching attributes, content, or likeness.

Nothing is guessed for children that have a name: two live ones that could be meant are a problem to be told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from reconciler.adapters.base.declare import ChildMap, at
from reconciler.adapters.base.observe import project
from reconciler.model.shape import ChildrenShape, ObjectShape, Scalar, Shape
from reconciler.model.values import MISSING

Item = tuple[str | None, dict[str, Any]]
"""A live child: its key where the wire has an object of children, and the child as returned."""

CLOSEST = 4096
"""So many pairs of edited unnamed items are compared to find the closest; beyond that they pair up in order."""


class Contents(Protocol):
    """How much of a declared child a live one already is; told by the walk that compares."""

    def covers(self, shape: ObjectShape, desired: Mapping[str, Any], raw: Mapping[str, Any]) -> bool:
        """Tell whether a live item already is what is declared."""

    def likeness(self, shape: ObjectShape, desired: Mapping[str, Any], raw: Mapping[str, Any]) -> int:
        """Count the declared leaves that a live item has already."""


@dataclass(slots=True, eq=False)
class Live:
    """One live child. Compared by identity: two children may look the same."""

    key: str | None
    raw: dict[str, Any]
    identity: str | None
    """Its id, or its wire key where it has none; None when it has neither."""
    place: str
    """The identity, or else what finds the child again in the same object: matching attributes or a digest."""
    index: int


@dataclass(slots=True)
class Matched:
    """Declared children by name with their live ones, live ones that nobody declared, and what could not be decided."""

    pairs: dict[str, Live] = field(default_factory=dict)
    extras: list[Live] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def unwrapped(shape: ChildrenShape, raw: Any) -> list[tuple[str | None, Any]]:
    """Return all that a live collection holds, codecs undone, with the keys of the wire."""
    if shape.wire is not None and raw is not MISSING and raw is not None:
        raw = shape.wire.from_wire(raw)
    item = shape.item.wire
    if isinstance(raw, dict):
        pairs: Iterator[tuple[str | None, Any]] = iter(raw.items())
    else:
        pairs = ((None, value) for value in (raw if isinstance(raw, list) else ()))
    return [(key, value if item is None or value is None else item.from_wire(value)) for key, value in pairs]


def wire_items(shape: ChildrenShape, raw: Any) -> list[Item]:
    """Return the live items of a collection with their wire keys (None where the wire has a list)."""
    return [
        (key, value if isinstance(value, dict) else {})
        for key, value in unwrapped(shape, raw)
        if key is not None or isinstance(value, dict)
    ]


def live_children(shape: ChildrenShape, items: list[tuple[str | None, Any]]) -> list[Live]:
    """Return the children among unwrapped items; `index` is the place among all items."""
    out: list[Live] = []
    times: dict[str, int] = {}
    for index, (key, value) in enumerate(items):
        if key is None and not isinstance(value, dict):
            continue
        raw = value if isinstance(value, dict) else {}
        identity = identity_of(shape, key, raw)
        place = identity if identity is not None else _stand_in(shape, raw)
        times[place] = times.get(place, 0) + 1
        if times[place] > 1:
            place = f"{place}~{times[place]}"
        out.append(Live(key, raw, identity, place, index))
    return out


def _stand_in(shape: ChildrenShape, raw: Mapping[str, Any]) -> str:
    values = [at(dict(raw), attribute) for attribute in shape.config.match]
    if values and all(isinstance(value, str | int) for value in values):
        return "~" + "|".join(str(value) for value in values)
    digest = hashlib.blake2b(orjson.dumps(raw, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS), digest_size=8)
    return f"~{digest.hexdigest()}"


def identity_of(shape: ChildrenShape, key: str | None, raw: Mapping[str, Any]) -> str | None:
    """Return what a live child is known by: its id, or its wire key where it has none."""
    if shape.keyed is not None:
        return key if shape.keyed.wire_map else _text(raw.get(shape.keyed.attribute))
    return _text(raw.get(shape.config.id)) if shape.config.id is not None else None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def child_text(shape: ChildrenShape, prefix: str, name: str) -> str:
    """Spell the path of a child: `variations.bar`, `steps["crm"]`."""
    if shape.form == "list" or not name.replace("_", "a").replace("-", "a").isalnum():
        return f'{prefix}["{name}"]'
    return f"{prefix}.{name}"


def split_child(text: str) -> tuple[str, str]:
    """Split a child's path text into its collection and its name."""
    if text.endswith('"]'):
        start = text.rfind('["')
        if start >= 0:
            return text[:start], text[start + 2 : -2]
    prefix, _, name = text.rpartition(".")
    return prefix, name


class Known:
    """Ids of children as state has them, by collection."""

    def __init__(self, ids: Mapping[str, str]) -> None:
        self._names: dict[str, dict[str, str]] = {}
        for text, identity in ids.items():
            prefix, name = split_child(text)
            self._names.setdefault(prefix, {})[name] = identity

    def collection(self, prefix: str) -> dict[str, str]:
        """Return the ids of one collection's children by local name, those without a name of their own included."""
        return self._names.get(prefix, {})


def label(shape: ChildrenShape, live: Live, tracked: str | None, taken: set[str]) -> str:
    """Return a name for a child that nobody declares; never one that a declared child has."""
    for name in (tracked, _natural(shape, live), f"#{live.identity}" if live.identity is not None else None):
        if name and name not in taken:
            return name
    name = live.place if live.place.startswith("~") else f"~{live.place}"
    while name in taken:
        name += "~"
    return name


def _natural(shape: ChildrenShape, live: Live) -> str | None:
    if shape.keyed is not None:
        return live.key or live.identity
    for attribute in ("name", "key", "description", *shape.config.match):
        value = at(live.raw, attribute)
        if isinstance(value, str) and value:
            return value
    return None


def match(
    shape: ChildrenShape,
    desired: ChildMap,
    lives: list[Live],
    tracked: Mapping[str, str],
    prefix: str,
    contents: Contents,
) -> Matched:
    """Find the live child of each declared one. `tracked` are the ids that state has for names of this collection."""
    return _Matching(shape, desired, lives, tracked, prefix, contents).run()


class _Matching:
    def __init__(
        self,
        shape: ChildrenShape,
        desired: ChildMap,
        lives: list[Live],
        tracked: Mapping[str, str],
        prefix: str,
        contents: Contents,
    ) -> None:
        self.shape = shape
        self.desired = desired
        self.lives = lives
        self.tracked = tracked
        self.prefix = prefix
        self.contents = contents
        self.free = dict.fromkeys(lives)
        self.result = Matched()

    def run(self) -> Matched:
        self._by_id()
        if self._left() and self.free:
            if self.shape.keyed is not None:
                self._by_wire_key()
            else:
                self._by_attributes()
                self._by_content()
                self._by_likeness()
        pairs = self.result.pairs
        self.result.pairs = {name: pairs[name] for name in self.desired if name in pairs}
        self.result.extras = list(self.free)
        return self.result

    def _left(self) -> list[str]:
        return [name for name in self.desired if name not in self.result.pairs]

    def _claim(self, name: str, live: Live) -> None:
        self.result.pairs[name] = live
        del self.free[live]

    def _problem(self, name: str, text: str) -> None:
        self.result.problems.append(f"{child_text(self.shape, self.prefix, name)}: {text}")

    def _by_id(self) -> None:
        by_id = {live.identity: live for live in self.lives if live.identity is not None}
        own_names = self.shape.form == "map"
        for name, child in self.desired.items():
            chosen = child.get("$id")
            if chosen is not None:
                live = by_id.get(chosen)
                if live is None:
                    self._problem(name, f"$id says {chosen}, and no live one has that id; correct it or remove it")
                elif live not in self.free:
                    self._problem(name, f"$id says {chosen}, which another one of {self.shape.name} has already")
                else:
                    self._claim(name, live)
        for name in self._left():
            # a place in a list is no name: what state knows of the third item says nothing about today's third
            identity = self.tracked.get(name) if own_names or not name.startswith("#") else None
            live = by_id.get(identity) if identity is not None else None
            if live is not None and live in self.free and "$id" not in self.desired[name]:
                self._claim(name, live)

    def _by_wire_key(self) -> None:
        by_key = {live.identity: live for live in self.free}
        for name in self._left():
            live = by_key.get(name)
            if live is not None and live in self.free:
                self._claim(name, live)

    # -- by matching attributes -----------------------------------------------------------------------------------
    def _by_attributes(self) -> None:
        if not self.shape.config.match:
            return
        found = self._candidates()
        self._singles(found)
        several = {name: lives for name, lives in found.items() if name not in self.result.pairs}
        for name, lives in several.items():
            exact = [live for live in self._free(lives) if self._covers(name, live)]
            if len(exact) == 1 or (exact and name in self.desired.aligned):
                self._claim(name, exact[0])
        for name, lives in several.items():
            free = self._free(lives)
            if name in self.result.pairs or not free:
                continue
            if len(free) > 1 and name not in self.desired.aligned:
                ids = ", ".join(live.identity or live.place for live in free)
                self._problem(name, f"live ones that match it: {ids}; write $id to choose one")
            self._claim(name, free[0])

    def _free(self, lives: list[Live]) -> list[Live]:
        return [live for live in lives if live in self.free]

    def _candidates(self) -> dict[str, list[Live]]:
        attributes = self.shape.config.match
        keys = {
            live: tuple(_live_at(self.shape.item, live.raw, attribute) for attribute in attributes)
            for live in self.free
        }
        by_key: dict[tuple[Any, ...], list[Live]] = {}
        for live, key in keys.items():
            by_key.setdefault(key, []).append(live)
        found: dict[str, list[Live]] = {}
        for name in self._left():
            wanted = tuple(_wanted_at(self.desired[name], attribute) for attribute in attributes)
            if MISSING not in wanted:
                found[name] = by_key.get(wanted, [])
            elif any(value is not MISSING for value in wanted):
                found[name] = [live for live, key in keys.items() if _agree(wanted, key)]
        return {name: lives for name, lives in found.items() if lives}

    # -- by content, for what has no name or nothing to match by ---------------------------------------------------
    def _covers(self, name: str, live: Live) -> bool:
        return self.contents.covers(self.shape.item, self.desired[name], live.raw)

    def _by_content(self) -> None:
        names = [
            name
            for name in self._left()
            if name in self.desired.aligned or not self.shape.config.match or not self._says_match(name)
        ]
        few = len(names) * len(self.free) <= CLOSEST
        found = {name: [live for live in self.free if self._covers(name, live)] for name in names} if few else {}
        self._singles(found)
        for name in names:
            if name in self.result.pairs:
                continue
            lives = self._free(found[name]) if few else [live for live in self.free if self._covers(name, live)]
            if len(lives) > 1 and name not in self.desired.aligned and self.shape.form == "map":
                ids = ", ".join(live.identity or live.place for live in lives)
                self._problem(name, f"live ones that it could be: {ids}; write $id to choose one")
            if lives:
                self._claim(name, lives[0])  # among equal ones the first: in a list the place decides

    def _singles(self, found: Mapping[str, list[Live]]) -> None:
        """Give each name that has only one candidate left that one, until there is none."""
        progress = True
        while progress:
            progress = False
            for name, lives in found.items():
                free = [] if name in self.result.pairs else self._free(lives)
                if len(free) == 1:
                    self._claim(name, free[0])
                    progress = True

    def _says_match(self, name: str) -> bool:
        child = self.desired[name]
        return any(_wanted_at(child, attribute) is not MISSING for attribute in self.shape.config.match)

    def _by_likeness(self) -> None:
        """Let unnamed items that were edited take the live ones of their type that are most like them: ids survive."""
        if self.shape.config.id in self.shape.config.match:
            return  # what identifies them is written in them: another id is another child
        left = [name for name in self._left() if name in self.desired.aligned]
        few = len(left) * len(self.free) <= CLOSEST
        for name in left:
            child = self.desired[name]
            of_type = [live for live in self.free if child.get("type", live.raw.get("type")) == live.raw.get("type")]
            if of_type:
                best = of_type[0]
                if few and len(of_type) > 1:
                    best = max(of_type, key=self._likeness_to(child))  # the first among equals
                self._claim(name, best)

    def _likeness_to(self, child: Mapping[str, Any]) -> Callable[[Live], int]:
        return lambda live: self.contents.likeness(self.shape.item, child, live.raw)


def _wanted_at(child: Mapping[str, Any], attribute: str) -> Any:
    value = at(child, attribute)
    return MISSING if value is None or isinstance(value, dict | list) else value


def _live_at(shape: ObjectShape, raw: Mapping[str, Any], attribute: str) -> Any:
    *before, last = attribute.split(".")
    current: Shape | None = shape
    here: Any = raw
    for part in before:
        current = current.fields.get(part) if isinstance(current, ObjectShape) else None
        here = here.get(part) if isinstance(here, Mapping) else None
    found = current.fields.get(last) if isinstance(current, ObjectShape) else None
    if not isinstance(found, Scalar) or not isinstance(here, Mapping):
        return None
    value = project(found, None, here.get(last, MISSING), here)
    return value if isinstance(value, str | int | float) else None


def _agree(wanted: tuple[Any, ...], key: tuple[Any, ...]) -> bool:
    return all(want is MISSING or want == have for want, have in zip(wanted, key, strict=True))
