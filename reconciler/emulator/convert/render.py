"""Answers: which optional attributes were asked for, and the bytes of objects and lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from starlette.responses import Response

from reconciler.emulator.convert.call import Call
from reconciler.emulator.convert.listing import Listing, cut_page, order_of, searching
from reconciler.emulator.convert.problems import Problems, Refusal
from reconciler.emulator.convert.shapes import Items, Text, ids
from reconciler.emulator.convert.store import Account, Key, Row, Space
from reconciler.emulator.faults import active
from reconciler.emulator.platform import Stored
from reconciler.emulator.wire import raw

if TYPE_CHECKING:
    from reconciler.emulator.convert.kind import Kind

Ref = Callable[[str, Key], Any]
"""Gives the expanded object for a kind and an id: without its optional attributes."""


class Want(NamedTuple):
    """The optional attributes and the expanded references of an answer."""

    include: frozenset[str] = frozenset()
    expand: frozenset[str] = frozenset()

    def expands(self, name: str) -> bool:
        """Tell whether a reference comes as an object: asked for, or included (which expands it)."""
        return name in self.expand or name in self.include


PLAIN = Want()
ACROSS = Listing(
    sort=("id", "conversions", "improvement", "name", "start_time", "end_time", "status", "project_id", "primary_goal"),
    filters={"projects": ids(null=True), "type": Items(Text(), null=True)},
    searched=("name", "description"),
    pick=None,
    include=frozenset(
        [
            "alerts",
            "goals",
            "stats",
            "variations",
            "variations.changes",
            "min_running_timestamp",
            "max_running_timestamp",
            "audiences",
            "locations",
            "collaborators",
        ]
    ),
    expand=frozenset(["project", "audiences", "goals", "locations", "variations", "variations.changes", "tags"]),
)
"""The list of running and finished experiences of a whole account."""


def asked_in_query(call: Call, include: frozenset[str], expand: frozenset[str]) -> Want:
    """Return what the query asks for: repeated `include[]=x` and `expand[]=y`.

    Raises a 422 that names `parameters` for `include=x` and for values that the operation does not have.
    """
    found: dict[str, set[str]] = {"include": set(), "expand": set()}
    allowed = {"include": include, "expand": expand}
    for name, value in call.query:
        plain = name.partition("[")[0]
        if plain not in found:
            continue
        if not allowed[plain]:
            continue
        if name != f"{plain}[]":
            raise Refusal(422, f"{plain} must be an array", [plain], parameters=True)
        if value not in allowed[plain]:
            raise Refusal(422, f"{plain}: unknown value {value}", [plain], parameters=True)
        found[plain].add(value)
    return Want(frozenset(found["include"]), frozenset(found["expand"]))


def asked_in_body(body: dict[str, Any]) -> Want:
    """Return what the body of a list asks for (already validated)."""
    return Want(frozenset(body.get("include") or ()), frozenset(body.get("expand") or ()))


class Renderer:
    """Makes the bytes of answers, and keeps those of objects until a write makes them wrong."""

    def __init__(self, kinds: dict[str, Kind]) -> None:
        self._kinds = kinds

    def kind(self, name: str) -> Kind:
        """Return a kind by its name."""
        return self._kinds[name]

    def value(self, kind: Kind, space: Space, stored: Stored, want: Want) -> Any:
        """Return an object as an answer shows it, as plain data; disguised where that is asked for."""

        def ref(name: str, key: Key) -> Any:
            other = space.get(name, key)
            return key if other is None else self._kinds[name].show(space, other, PLAIN, ref)

        shown = kind.show(space, stored, want, ref)
        disguise = active().disguise
        return kind.dress(disguise.dress(shown, kind.loose), disguise.names) if disguise else shown

    def body(self, kind: Kind, space: Space, row: Row, want: Want) -> bytes:
        """Return the bytes of an object."""
        if active().disguise:
            return orjson.dumps(self.value(kind, space, row.stored, want))
        hit = row.bodies.get(want)
        stamp = kind.stamp(space, row.stored, want)
        if hit is not None and hit[0] == stamp:
            return hit[1]

        def ref(name: str, key: Key) -> Any:
            other = space.shelf(name).rows.get(key)
            return key if other is None else orjson.Fragment(self.body(self._kinds[name], space, other, PLAIN))

        body = orjson.dumps(kind.show(space, row.stored, want, ref))
        row.bodies[want] = (stamp, body)
        return body

    def one(self, kind: Kind, space: Space, key: Key, want: Want, status: int = 200) -> Response:
        """Return the answer that shows one object."""
        return raw(self.body(kind, space, space.shelf(kind.name).rows[key], want), status)

    def page(self, kind: Kind, space: Space, body: dict[str, Any]) -> Response:
        """Return a page of a list; `body` is the filter as received."""
        problems = Problems()
        kind.listing.shape().check(body, "", problems)
        problems.stop()
        rows, extra = cut_page(self._rows(kind, space, body), body)
        tail = b'"extra":' + orjson.dumps(extra) + b"}"
        if body.get("onlyCount"):
            return raw(b"{" + tail)
        want = asked_in_body(body)
        if disguise := active().disguise:
            values = [kind.show(space, row.stored, want, self._plain_ref(space)) for row in rows]
            dressed = disguise.dress_list(values, kind.loose, ordered=bool(kind.listing.sort))
            return raw(b'{"data":' + orjson.dumps([kind.dress(one, disguise.names) for one in dressed]) + b"," + tail)
        return raw(b'{"data":[' + b",".join([self.body(kind, space, row, want) for row in rows]) + b"]," + tail)

    def across(self, kind: Kind, account: Account, body: dict[str, Any]) -> Response:
        """Return a page of the active and completed objects of all projects of an account."""
        problems = Problems()
        ACROSS.shape().check(body, "", problems)
        problems.stop()
        wanted, types = body.get("projects"), body.get("type")
        found = []
        for part in account.partitions.values():
            if wanted and part.id not in wanted:
                continue
            keeps = searching(body, ("name", "description"))
            for row in part.shelf(kind.name).rows.values():
                running = row.stored["status"] in {"active", "completed"}
                if running and (not types or row.stored["type"] in types) and all(one(row.stored) for one in keeps):
                    found.append((part, row))
        name = body.get("sort_by") or "id"
        down = (body.get("sort_direction") or "desc") == "desc"
        found.sort(key=lambda one: order_of(one[1].stored, name), reverse=down)
        page, extra = cut_page(found, body)
        tail = b'"extra":' + orjson.dumps(extra) + b"}"
        if body.get("onlyCount"):
            return raw(b"{" + tail)
        want = asked_in_body(body)
        return raw(b'{"data":[' + b",".join([self.body(kind, part, row, want) for part, row in page]) + b"]," + tail)

    def everything(self, kind: Kind, space: Space) -> Response:
        """Return a list that has no pages: the GET lists."""
        stale = active().stale
        rows = list(space.shelf(kind.name).rows.values())
        if stale:
            rows = list(stale.rows(id(space.shelf(kind.name)), rows))
        values = [kind.show(space, row.stored, PLAIN, self._plain_ref(space)) for row in rows]
        if disguise := active().disguise:
            values = disguise.dress_list(values, kind.loose)
        return raw(orjson.dumps({"data": values}))

    def _plain_ref(self, space: Space) -> Ref:
        def ref(name: str, key: Key) -> Any:
            other = space.get(name, key)
            return key if other is None else self._kinds[name].show(space, other, PLAIN, ref)

        return ref

    def _rows(self, kind: Kind, space: Space, body: dict[str, Any]) -> Sequence[Row]:
        """Return all rows that a filter lets pass, in order; kept until the next write."""
        shelf = space.shelf(kind.name)
        stale = active().stale
        if stale:
            current = list(shelf.rows.values())
            return _arranged(kind, space, list(stale.rows(id(shelf), current)), body)
        paging = {"page", "results_per_page", "include", "expand", "onlyCount"}
        key = orjson.dumps({k: v for k, v in body.items() if k not in paging}, option=orjson.OPT_SORT_KEYS)
        hit = shelf.views.get(key)
        if hit is not None and hit[0] == space.version:
            return hit[1]
        found = _arranged(kind, space, list(shelf.rows.values()), body)
        if len(shelf.views) > 64:
            shelf.views.clear()
        shelf.views[key] = (space.version, found)
        return found


def _arranged(kind: Kind, space: Space, rows: list[Row], body: dict[str, Any]) -> list[Row]:
    keeps = kind.keeps(space, body)
    if keeps:
        rows = [row for row in rows if all(keep(row.stored) for keep in keeps)]
    if not kind.listing.sort:
        return rows
    name = body.get("sort_by") or kind.listing.default_sort
    down = (body.get("sort_direction") or "desc") == "desc"
    rows.sort(key=lambda row: row.stored["id"], reverse=down)
    if name != "id":
        column = kind.columns.get(name, name)
        rows.sort(key=lambda row: order_of(row.stored, column), reverse=down)
    return rows
