"""What all kinds of objects in a project have in common: list, get, add, update, delete, bulk operations."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from starlette.responses import Response

from reconciler.emulator.convert import history
from reconciler.emulator.convert.call import Actor, Call, Endpoint
from reconciler.emulator.convert.listing import Keep, Listing, among, picked, searching
from reconciler.emulator.convert.problems import Problems, Refusal, not_found, refuse
from reconciler.emulator.convert.render import PLAIN, Ref, Renderer, Want, asked_in_query
from reconciler.emulator.convert.shapes import Items, Record, Shape, Text, ids, record
from reconciler.emulator.convert.store import Key, Partition, Space, identity
from reconciler.emulator.disguise import Loose
from reconciler.emulator.platform import Stored
from reconciler.emulator.wire import answer


def slug(name: str) -> str:
    """Return the key that the server makes of a name: lower case, `-` between words, at most 32 characters."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:32].rstrip("-") or "untitled"


def done(message: str) -> Response:
    """Return the answer of an operation that has nothing to show."""
    return answer({"code": 200, "message": message})


class Kind:
    """One kind of object inside a project."""

    name: ClassVar[str]
    """Plural, as in addresses."""
    word: ClassVar[str]
    """Singular, as in messages and in the change history."""
    segment: ClassVar[str]
    """The kind's part of the path."""
    create: ClassVar[Record]
    update: ClassVar[Record]
    listing: ClassVar[Listing]
    include: ClassVar[frozenset[str]] = frozenset()
    expand: ClassVar[frozenset[str]] = frozenset()
    loose: ClassVar[Loose] = Loose()
    columns: ClassVar[Mapping[str, str]] = {}
    """Values of `sort_by` that are not the name of an attribute, and the attribute they mean."""
    tracked: ClassVar[bool] = True
    """Whether the change history records it."""
    keyed: ClassVar[bool] = False
    """Whether it has a `key`, unique in the project, by which it can be got."""
    write_include: ClassVar[bool] = False
    write_expand: ClassVar[bool] = False
    """Whether `include` and `expand` stand in the query of create and update."""
    bulk_statuses: ClassVar[tuple[str, ...]] = ()
    bulk_delete: ClassVar[bool] = True
    defaults: ClassVar[Mapping[str, Any]] = {}
    """What the server fills in when an attribute is not sent."""
    returns_deleted: ClassVar[bool] = False

    def __init__(self, renderer: Renderer) -> None:
        self.renderer = renderer

    @property
    def parameter(self) -> str:
        """The name of the id in path templates."""
        return f"{self.word.replace(' ', '_')}_id"

    # ---- what a kind says of itself

    def show(self, space: Space, stored: Stored, want: Want, ref: Ref) -> dict[str, Any]:
        """Return an object as answers show it."""
        hidden = self.include - want.include
        shown = {k: v for k, v in stored.items() if k[0] != "_" and k != "project_id" and k not in hidden}
        if "tags" in shown and want.expands("tags"):
            shown["tags"] = [ref("tags", one) for one in shown["tags"]]
        if "project" in self.expand:
            shown["project"] = project_of(space, want)
        return shown

    def dress(self, shown: Any, names: frozenset[str]) -> Any:
        """Disguise what the general disguises cannot; the argument may be changed."""
        del names
        return shown

    def stamp(self, space: Space, stored: Stored, want: Want) -> int:
        """Return what the bytes of an object depend on beside it: -1 for nothing, else the version of the space."""
        del stored
        return space.version if want.expand or any("stats" in one for one in want.include) else -1

    def keeps(self, space: Space, body: dict[str, Any]) -> list[Keep]:
        """Return the conditions of a list's filter."""
        del space
        keeps = [*picked(body), *searching(body, self.listing.searched), *among(body, "status", "status")]
        if self.listing.hides_archived and not body.get("status"):
            keeps.append(lambda stored: stored["status"] != "archived")
        return keeps

    def make(self, call: Call, body: dict[str, Any]) -> Stored:
        """Return a new object, validated, of a body whose shape is right."""
        stored: Stored = {"id": 0, **self.defaults, **body}
        self.check(call, stored, None, body)
        return stored

    def merge(self, call: Call, stored: Stored, body: dict[str, Any]) -> Stored:
        """Return the object after an update: sent attributes replace stored ones as a whole."""
        merged = {**stored, **body}
        self.check(call, merged, stored, body)
        return merged

    def check(self, call: Call, new: Stored, old: Stored | None, body: dict[str, Any]) -> None:
        """Raise a 422 for what a shape cannot say; may complete `new`."""

    def guard(self, stored: Stored) -> None:
        """Raise a 422 for objects that nobody may change or delete."""

    def in_use(self, part: Partition, stored: Stored) -> None:
        """Raise a 422 when an object is needed by others."""

    def written(self, part: Partition, old: Stored | None, new: Stored | None) -> None:
        """Do what a write brings with it in other objects."""

    def fill(self, part: Partition, stored: Stored) -> Stored:
        """Return an object that was loaded, with everything that is missing."""
        filled = {**self.defaults, **stored}
        if self.keyed and not filled.get("key"):
            filled["key"] = part.free_key(self.name, slug(str(filled.get("name", ""))))
        return filled

    def loaded(self, part: Partition, stored: Stored) -> None:
        """Do what a loaded object brings with it in others."""

    # ---- operations

    def endpoints(self) -> list[Endpoint]:
        """Return the operations of this kind."""
        base, one = f"P/{self.segment}", f"P/{self.segment}/{{{self.parameter}}}"
        found = [
            Endpoint("POST", base, self.index),
            Endpoint("GET", one, self.get),
            Endpoint("POST", f"{base}/add", self.add, writes=True),
            Endpoint("POST", f"{one}/update", self.change, writes=True),
            Endpoint("DELETE", f"{one}/delete", self.remove, writes=True),
        ]
        if self.bulk_statuses:
            found.append(Endpoint("POST", f"{base}/bulk-update", self.bulk_update, writes=True))
        if self.bulk_delete:
            found.append(Endpoint("POST", f"{base}/bulk-delete", self.bulk_remove, writes=True))
        return found

    def index(self, call: Call) -> Response:
        """Answer a list."""
        return self.renderer.page(self, call.part, call.filter_body())

    def get(self, call: Call) -> Response:
        """Answer one object, by id or (where the kind has one) by key."""
        text = call.params[self.parameter]
        key: Key | None = int(text) if text.isascii() and text.isdigit() else None
        if key is None and self.keyed:
            key = call.part.owner_of_key(self.name, text)
        if key is None or call.part.get(self.name, key) is None:
            raise not_found(self.word, text)
        want = asked_in_query(call, self.include, self.expand)
        return self.renderer.one(self, call.part, key, want)

    def add(self, call: Call) -> Response:
        """Create an object."""
        body, want = call.body(), self.want_of_write(call)
        self._shaped(self.create, body)
        stored = {**self.make(call, body), "id": call.store.mint(), "project_id": call.part.id}
        stored["_account"] = call.account.id
        self.save(call, None, stored)
        return self.renderer.one(self, call.part, identity(self.name, stored), want, 201)

    def change(self, call: Call) -> Response:
        """Update an object."""
        stored = self.found(call)
        body, want = call.body(), self.want_of_write(call)
        self.guard(stored)
        self._shaped(self.update, body)
        self.save(call, stored, self.merge(call, stored, body))
        return self.renderer.one(self, call.part, identity(self.name, stored), want)

    def remove(self, call: Call) -> Response:
        """Delete an object."""
        stored = self.found(call)
        self.guard(stored)
        self.in_use(call.part, stored)
        shown = self.renderer.value(self, call.part, stored, PLAIN) if self.returns_deleted else None
        self.save(call, stored, None)
        return answer(shown) if shown is not None else done(f"The {self.word} was deleted")

    def bulk_update(self, call: Call) -> Response:
        """Set the status of up to a hundred objects; what cannot be done is told in `errors` of a 200."""
        shape = record("id status", id=Items(ids().item, most=100, least=1), status=_enum(self.bulk_statuses))
        body = call.body()
        self._shaped(shape, body)

        def one(stored: Stored) -> None:
            self.guard(stored)
            self.save(call, stored, self.merge(call, stored, {"status": body["status"]}))

        return self._bulk(call, body["id"], one)

    def bulk_remove(self, call: Call) -> Response:
        """Delete up to a hundred objects; what cannot be done is told in `errors` of a 200."""
        body = call.body()
        self._shaped(record("id", id=Items(ids().item, most=100, least=1)), body)

        def one(stored: Stored) -> None:
            self.guard(stored)
            self.in_use(call.part, stored)
            self.save(call, stored, None)

        return self._bulk(call, body["id"], one)

    def clone(self, call: Call) -> Response:
        """Copy an object under a new id and key (201)."""
        stored = self.found(call)
        want = asked_in_query(call, self.include, frozenset())
        copied = {
            **stored,
            "id": call.store.mint(),
            "name": f"{stored['name']} - copy"[:100],
            "selected_default": False,
        }
        if self.keyed:
            copied["key"] = call.part.free_key(self.name, slug(copied["name"]))
        for flag in ("is_system", "preset"):
            if flag in copied:
                copied[flag] = False
        self.save(call, None, copied)
        return self.renderer.one(self, call.part, copied["id"], want, 201)

    # ---- shared parts

    def found(self, call: Call) -> Stored:
        """Return the object that the path names; raises a 404."""
        key = call.number(self.parameter, self.word)
        stored = call.part.get(self.name, key)
        if stored is None:
            raise not_found(self.word, key)
        return stored

    def want_of_write(self, call: Call) -> Want:
        """Return what the answer of a create or an update shows: all optional attributes, without asking."""
        include = self.include if self.write_include else frozenset()
        expand = self.expand if self.write_expand else frozenset()
        asked = asked_in_query(call, include, expand)
        return Want(self.include, asked.expand)

    def save(self, call: Call, old: Stored | None, new: Stored | None) -> None:
        """Store a write and record it."""
        self.store(call.part, old, new, call.actor)

    def store(self, part: Partition, old: Stored | None, new: Stored | None, actor: Actor) -> None:
        """Store a write (None: it is gone) by somebody, and record it."""
        if new is not None:
            if new == old:
                return
            part.put(self.name, new)
        elif old is not None:
            part.drop(self.name, identity(self.name, old))
        self.written(part, old, new)
        if self.tracked:
            history.record(part.account, part, self.word, old, new, actor)

    def claim_key(self, call: Call, new: Stored, old: Stored | None) -> None:
        """Give an object its key: the one sent, if nobody has it, else one made of the name."""
        part = call.part
        if not new.get("key"):
            new["key"] = old["key"] if old is not None else part.free_key(self.name, slug(new["name"]))
        owner = part.owner_of_key(self.name, new["key"])
        if owner is not None and (old is None or owner != old["id"]):
            raise refuse("key", f"the key {new['key']!r} is already used by another {self.word} of the project")

    def _bulk(self, call: Call, wanted: list[int], act: Callable[[Stored], None]) -> Response:
        errors = []
        for one in wanted:
            stored = call.part.get(self.name, one)
            try:
                if stored is None:
                    raise not_found(self.word, one)
                act(stored)
            except Refusal as refusal:
                errors.append({"id": one, "message": refusal.text()})
        message = "Some items were not processed" if errors else "All items were processed"
        return answer({"code": 200, "message": message, "errors": errors})

    def _shaped(self, shape: Shape, body: dict[str, Any]) -> None:
        problems = Problems()
        shape.check(body, "", problems)
        problems.stop()


def project_of(space: Space, want: Want) -> Any:
    """Return the reference to the project as answers show it: its id, or an object where that is asked for."""
    assert isinstance(space, Partition)
    if "project" not in want.expand:
        return space.id
    project = space.project
    return {"id": space.id, "name": project["name"], "project_type": project["project_type"]}


def check_ids(part: Partition, kind: str, wanted: list[Any] | None, field: str, problems: Problems) -> None:
    """Note ids of objects that the project does not have."""
    missing = [one for one in wanted or () if part.get(kind, one) is None]
    if missing:
        problems.add(field, f"unknown id {', '.join(str(one) for one in missing)}")


def used_message(word: str, users: Mapping[str, int]) -> str:
    """Return the text of a refusal to delete something in use."""
    parts = [f"{count} {name if count == 1 else _plural(name)}" for name, count in users.items() if count]
    return f"The {word} cannot be deleted: it is used by {' and '.join(parts)}"


def _plural(word: str) -> str:
    return f"{word[:-2]}es" if word.endswith("sis") else f"{word}s"


def _enum(values: tuple[str, ...]) -> Text:
    return Text(choices=frozenset(values))
