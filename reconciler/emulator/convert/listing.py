"""Lists: the filter body, sorting, paging and the envelope (Convert API v2; page size at most 50, default 30)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from reconciler.emulator.convert.shapes import FLAG, Items, Number, Record, Shape, Text, choice, ids
from reconciler.emulator.platform import Stored

T = TypeVar("T")

DEFAULT_SIZE = 30
LARGEST = 50

Keep = Callable[[Stored], bool]


@dataclass(frozen=True)
class Listing:
    """What the list of one kind takes."""

    sort: tuple[str, ...] = ()
    """Values of `sort_by`; none: neither `sort_by` nor `sort_direction` is taken."""
    default_sort: str = "id"
    filters: Mapping[str, Shape] = field(default_factory=dict)
    """Further attributes of the body."""
    searched: tuple[str, ...] = ()
    """Attributes that `search` looks into; none: there is no `search`."""
    search_length: int = 200
    count: bool = True
    """Whether `onlyCount` is offered."""
    pick: int | None = 100
    """How many ids `only` and `except` take; None: they are not offered."""
    hides_archived: bool = False
    """Whether archived objects are left out unless `status` asks for them."""
    include: frozenset[str] = frozenset()
    expand: frozenset[str] = frozenset()

    def shape(self) -> Record:
        """Return the table of the whole body."""
        fields: dict[str, Shape] = {**page_fields(), **self.filters}
        if self.sort:
            fields["sort_by"] = choice(*self.sort, null=True)
            fields["sort_direction"] = choice("asc", "desc", null=True)
        if self.searched:
            fields["search"] = Text(most=self.search_length, null=True)
        if self.count:
            fields["onlyCount"] = FLAG
        if self.pick is not None:
            fields["only"] = ids(self.pick, null=True)
            fields["except"] = ids(self.pick)
        if self.include:
            fields["include"] = Items(choice(*self.include), null=True)
        if self.expand:
            fields["expand"] = Items(choice(*self.expand), null=True)
        return Record(fields)


def page_fields() -> dict[str, Shape]:
    """Return the attributes that turn pages."""
    return {
        "page": Number(least=1, whole=True),
        "results_per_page": Number(least=0, most=LARGEST, whole=True, null=True),
    }


def cut_page(rows: Sequence[T], body: Mapping[str, Any]) -> tuple[Sequence[T], dict[str, Any]]:
    """Return the page of the rows that a body asks for, and the `extra` of the envelope."""
    asked = body.get("results_per_page")
    size = DEFAULT_SIZE if asked is None else int(asked)
    page = int(body.get("page") or 1)
    pagination = {
        "current_page": page,
        "items_count": len(rows),
        "items_per_page": size,
        "pages_count": -(-len(rows) // size) if size else 0,
    }
    return rows[(page - 1) * size : page * size], {"pagination": pagination}


def picked(body: Mapping[str, Any]) -> list[Keep]:
    """Return the conditions of `only` and `except`."""
    keeps: list[Keep] = []
    if body.get("only") is not None:
        only = frozenset(body["only"])
        keeps.append(lambda stored: stored["id"] in only)
    if body.get("except"):
        without = frozenset(body["except"])
        keeps.append(lambda stored: stored["id"] not in without)
    return keeps


def searching(body: Mapping[str, Any], attributes: Sequence[str]) -> list[Keep]:
    """Return the condition of `search`: the text occurs in one of the attributes, in whatever case."""
    text = (body.get("search") or "").casefold()
    if not text:
        return []
    return [lambda stored: any(text in str(stored.get(name) or "").casefold() for name in attributes)]


def among(body: Mapping[str, Any], attribute: str, name: str) -> list[Keep]:
    """Return the condition that an attribute has one of the values listed in the body, where any are."""
    wanted = body.get(attribute)
    if not wanted:
        return []
    values = frozenset(wanted)
    return [lambda stored: stored.get(name) in values]


def sharing(body: Mapping[str, Any], attribute: str, name: str) -> list[Keep]:
    """Return the condition that a list attribute shares a member with the list in the body, where there is one."""
    wanted = body.get(attribute)
    if not wanted:
        return []
    values = frozenset(wanted)
    return [lambda stored: not values.isdisjoint(stored.get(name) or ())]


def order_of(stored: Stored, name: str) -> tuple[bool, Any]:
    """Return what a row is sorted by; what has no value goes first."""
    value = stored.get(name)
    if value is None:
        return (False, 0)
    return (True, value.casefold() if isinstance(value, str) else value)
